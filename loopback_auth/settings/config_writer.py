"""
Writing a profile into `config.toml`, and leaving every other line as the person wrote it.

The file is read, changed and replaced under one lock, so that of two writers neither loses what the
other wrote.
"""

from __future__ import annotations

import os
import re
from importlib import import_module

from ..edge.files.config_file import BOM, follow_links
from ..edge.files.file_lock import lock_file
from ..edge.files.private_folder import (
    LOCK_TIMEOUT_S,
    PrivateFolder,
    create_private_folder,
    open_folder,
    temporary_name,
)
from ..errors import ConfigError, UsageError
from .config_toml import config_path, parse_config, read_config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_LOCK = "config.lock"


def profile_text(name: str, settings: Mapping[str, Any], client_secret_env: str | None) -> str:
    """Return a profile as TOML. No secret is among *settings*; a secret's variable is named."""
    import tomlkit

    table = tomlkit.table()
    for key, value in _named(settings, client_secret_env).items():
        table.add(key, value)
    document = tomlkit.document()
    document.add("profiles", tomlkit.table(is_super_table=True).add(name, table))
    return tomlkit.dumps(document).strip()


def write_profile(
    home: str,
    name: str,
    settings: Mapping[str, Any],
    client_secret_env: str | None,
    *,
    may_replace: bool,
    timeout_s: float = LOCK_TIMEOUT_S,
) -> None:
    """
    Add the profile *name* to `config.toml`, or put *settings* in the place of those it has there.

    Raises:
        UsageError: There is one of that name, and it may not be replaced.
        ConfigError: The file cannot be used as it is, or the profile cannot be put into it.
        StoreError: The file cannot be written, or another process does not end writing it.
    """
    # Before the lock: loading it takes longer than all that is done under it.
    import_module("tomlkit")
    path = config_path(home)
    wanted = _named(settings, client_secret_env)
    with (
        create_private_folder(home, parent_counts=False) as folder,
        lock_file(folder, _LOCK, timeout_s=timeout_s),
    ):
        text, has_mark = read_config(home)
        if name in parse_config(path, text).profiles and not may_replace:
            raise profile_exists(name)
        changed = with_profile(path, text, name, wanted)
        _replace(folder, path, (BOM if has_mark else b"") + changed.encode())


def profile_exists(name: str, *, in_project: bool = False) -> UsageError:
    """Return the error for a profile that would be replaced unasked."""
    fix = (
        "give another name, or replace it: `loopback-auth init PROVIDER {profile} --force`;"
        " what it says now: `loopback-auth config show {profile}`"
    )
    of_project = (
        "give another name, or replace it:"
        " `loopback-auth init PROVIDER {profile} --project --force`"
    )
    return UsageError(
        f"there is a profile {name} already",
        cause="What somebody wrote is not replaced unasked.",
        fix=of_project if in_project else fix,
        profile=name,
    )


def _named(settings: Mapping[str, Any], client_secret_env: str | None) -> dict[str, Any]:
    return {**settings, **({"client_secret_env": client_secret_env} if client_secret_env else {})}


def with_profile(path: str, text: str, name: str, wanted: Mapping[str, Any]) -> str:
    """
    Return *text* with the profile, having read it again: nothing else in it says anything else.

    Raises:
        ConfigError: The profile cannot be put into the file at *path*.
    """
    import tomllib

    from tomlkit.exceptions import TOMLKitError

    document = tomllib.loads(text)
    profiles = document.setdefault("profiles", {})
    ways = (_edited, _moved) if name in profiles else (_appended, _edited)
    # As TOML has it, which knows no tuples.
    profiles.update(tomllib.loads(profile_text(name, wanted, None))["profiles"])
    for way in ways:
        try:
            changed = way(text, name, wanted)
            if tomllib.loads(changed) == document:
                return changed
        except (ValueError, LookupError, TypeError, TOMLKitError):
            # Where profiles are a table in one line, none can be appended; tomlkit does not know
            # all of TOML.
            continue
    raise ConfigError(
        f"{path}:1:1: error: the profile {name} cannot be put into this file",
        cause="The way it is written leaves no place that can be changed without changing the"
        " rest.",
        fix="put it in by hand, below [profiles.{profile}]: {lines}",
        profile=name,
        lines=", ".join(wanted),
    )


def _appended(text: str, name: str, wanted: Mapping[str, Any], *, newline: str = "") -> str:
    newline = newline or _newline(text)
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return text + f"{gap}{profile_text(name, wanted, None)}\n".replace("\n", newline)


def _edited(text: str, name: str, wanted: Mapping[str, Any]) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    profiles: Any = document.setdefault("profiles", tomlkit.table(is_super_table=True))
    if name not in profiles:
        is_inline = isinstance(profiles, tomlkit.items.InlineTable)
        profiles[name] = tomlkit.inline_table() if is_inline else tomlkit.table()
    table = profiles[name]
    for key in [key for key in table if key not in wanted]:
        del table[key]
    table.update(wanted)
    changed = tomlkit.dumps(document)
    return re.sub(r"(?<!\r)\n", "\r\n", changed) if _newline(text) == "\r\n" else changed


def _moved(text: str, name: str, wanted: Mapping[str, Any]) -> str:
    """Take the profile out where it is, and put it at the end."""
    import tomlkit

    document: Any = tomlkit.parse(text)
    del document["profiles"][name]
    return _appended(tomlkit.dumps(document), name, wanted, newline=_newline(text))


def _newline(text: str) -> str:
    """Return how the lines of *text* end, if all end so."""
    return "\r\n" if "\r\n" in text and not re.search(r"(?<!\r)\n", text) else "\n"


def _replace(folder: PrivateFolder, path: str, content: bytes) -> None:
    # A process that was killed left them.
    folder.remove_temporary_files("config")
    temporary = temporary_name("config")
    if not os.path.islink(path):
        folder.replace(os.path.basename(path), content, temporary=temporary)
        return
    where, name = os.path.split(follow_links(path))
    with open_folder(where) as dotfiles:
        dotfiles.replace(name, content, temporary=temporary)
