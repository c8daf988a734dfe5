"""
Writing a profile into `config.toml`, giving it another name and taking it out, while every other
line stays as the person wrote it.

The file is read, changed and replaced under one lock, so that of two writers neither loses what the
other wrote.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import partial
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
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

_LOCK = "config.lock"


def profile_text(name: str, settings: Mapping[str, Any]) -> str:
    """Return a profile as TOML. No secret is among *settings*."""
    import tomlkit

    table = tomlkit.table()
    for key, value in settings.items():
        table.add(key, value)
    document = tomlkit.document()
    document.add("profiles", tomlkit.table(is_super_table=True).add(name, table))
    return tomlkit.dumps(document).strip()


def write_profile(
    home: str,
    name: str,
    settings: Mapping[str, Any],
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

    def change(path: str, text: str) -> str:
        if name in parse_config(path, text).profiles and not may_replace:
            raise profile_exists(name)
        return with_profile(path, text, name, settings)

    change_config(home, change, timeout_s=timeout_s)


def change_config(
    home: str, change: Callable[[str, str], str], *, timeout_s: float = LOCK_TIMEOUT_S
) -> None:
    """
    Replace the text of `config.toml` by what *change* makes of its path and its text.

    Raises:
        ConfigError: The file cannot be used as it is.
        StoreError: The file cannot be written, or another process does not end writing it.
    """
    # Before the lock: loading it takes longer than all that is done under it.
    import_module("tomlkit")
    path = config_path(home)
    if not os.path.lexists(path) and not change(path, ""):
        # Nor is a lock left where there is nothing to write.
        return
    with (
        create_private_folder(home, parent_counts=False) as folder,
        lock_file(folder, _LOCK, timeout_s=timeout_s),
    ):
        text, has_mark = read_config(home)
        if (changed := change(path, text)) != text:
            _replace(folder, path, (BOM if has_mark else b"") + changed.encode())


def profile_exists(name: str, **given: object) -> UsageError:
    """Return the error for a profile that would be replaced unasked; *given* is what `init` got."""
    return UsageError(
        f"there is a profile {name} already",
        cause="What you wrote is not replaced without asking.",
        fix="give another name, or replace it: `loopback-auth init [{provider}] {profile} --force`;"
        " what it says now: `loopback-auth config show {profile}`",
        **{"provider": "PROVIDER", "profile": name, **given},
    )


def with_profile(path: str, text: str, name: str, wanted: Mapping[str, Any]) -> str:
    """
    Return *text* with the profile, having read it again: nothing else in it says anything else.

    Raises:
        ConfigError: The profile cannot be put into the file at *path*.
    """
    import tomllib

    document = tomllib.loads(text)
    profiles = document.setdefault("profiles", {})
    ways = (_edited, _moved) if name in profiles else (_appended, _edited)
    # As TOML has it, which knows no tuples.
    profiles.update(tomllib.loads(profile_text(name, wanted))["profiles"])
    changed = _first_that_says(document, [partial(way, text, name, wanted) for way in ways])
    if changed is None:
        raise _unchangeable(
            f"{path}:1:1: error: the profile {name} cannot be put into this file",
            fix="put it in by hand, below [profiles.{profile}]: {lines}",
            profile=name,
            lines=", ".join(wanted),
        )
    return changed


def renamed_profile(path: str, text: str, old: str, new: str, moved: Mapping[str, str]) -> str:
    """
    Return *text* with *old* under the name *new*, and with the paths of files that have *moved*.

    An empty *new* removes it. A text without *old* stays as it is.

    Raises:
        ConfigError: It cannot be done without changing the rest.
    """
    import tomllib

    document = tomllib.loads(text)
    if old not in (profiles := document.get("profiles", {})):
        return text
    table = {
        key: moved.get(value, value) if isinstance(value, str) else value
        for key, value in profiles.pop(old).items()
    }
    if new:
        profiles[new] = table
    ways = (_renamed_headers, _renamed_table)
    changed = _first_that_says(document, [partial(way, text, old, new, moved) for way in ways])
    if changed is None:
        raise _unchangeable(
            f"{path}:1:1: error: the profile {old} cannot be taken out of its place in this file",
            fix="do it by hand, at [profiles.{profile}], then run the command again",
            profile=old,
        )
    return changed


def _unchangeable(message: str, *, fix: str, **facts: str) -> ConfigError:
    return ConfigError(
        message,
        cause="It is written in a way that this program cannot edit without changing the rest.",
        fix=fix,
        **facts,
    )


def _first_that_says(document: Mapping[str, Any], ways: Sequence[Callable[[], str]]) -> str | None:
    """Return the first text of *ways* that, read again, says *document*, which has `profiles`."""
    import tomllib

    from tomlkit.exceptions import TOMLKitError

    for way in ways:
        # Where profiles are a table in one line, none can be appended; tomlkit does not know
        # all of TOML.
        with suppress(ValueError, LookupError, TypeError, TOMLKitError):
            changed = way()
            if {"profiles": {}, **tomllib.loads(changed)} == document:
                return changed
    return None


def _renamed_headers(text: str, old: str, new: str, moved: Mapping[str, str]) -> str:
    """Change nothing but the names in headers, and the paths."""
    name = "|".join(re.escape(form) for form in (old, f'"{old}"', f"'{old}'"))
    header = re.compile(rf"(?m)^(\s*\[\s*profiles\s*\.\s*)(?:{name})(?=\s*[.\]])")
    key = new if re.fullmatch(r"[\w-]+", new, re.ASCII) else f'"{new}"'
    text = header.sub(lambda match: match[1] + key, text)
    for path, other in moved.items():
        text = text.replace(path, other)
    return text


def _renamed_table(text: str, old: str, new: str, moved: Mapping[str, str]) -> str:
    """Take the table out, and put it at the end under its *new* name, if it has one."""
    import tomlkit

    document: Any = tomlkit.parse(text)
    table = document["profiles"].pop(old)
    for key in [key for key, value in table.items() if str(value) in moved]:
        table[key] = moved[str(table[key])]
    if new:
        document["profiles"][new] = table
    return _with_ends_of(text, tomlkit.dumps(document))


def _appended(text: str, name: str, wanted: Mapping[str, Any], *, newline: str = "") -> str:
    newline = newline or _newline(text)
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return text + f"{gap}{profile_text(name, wanted)}\n".replace("\n", newline)


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
    return _with_ends_of(text, tomlkit.dumps(document))


def _moved(text: str, name: str, wanted: Mapping[str, Any]) -> str:
    """Take the profile out where it is, and put it at the end."""
    import tomlkit

    document: Any = tomlkit.parse(text)
    del document["profiles"][name]
    return _appended(tomlkit.dumps(document), name, wanted, newline=_newline(text))


def _newline(text: str) -> str:
    """Return how the lines of *text* end, if all end so."""
    return "\r\n" if "\r\n" in text and not re.search(r"(?<!\r)\n", text) else "\n"


def _with_ends_of(text: str, changed: str) -> str:
    return re.sub(r"(?<!\r)\n", "\r\n", changed) if _newline(text) == "\r\n" else changed


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
