"""Adding a profile to `config.toml` and leaving every other line as the person wrote it."""

from __future__ import annotations

import os

from ..errors import ConfigError
from .private_folder import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def profile_text(name: str, settings: Mapping[str, Any], client_secret_env: str | None) -> str:
    """Write a profile as TOML. No secret is among *settings*; a secret's variable is named."""
    import tomlkit

    table = tomlkit.table()
    for key, value in {
        **settings,
        **({"client_secret_env": client_secret_env} if client_secret_env else {}),
    }.items():
        table.add(key, value)
    document = tomlkit.document()
    document.add("profiles", tomlkit.table(is_super_table=True).add(name, table))
    return tomlkit.dumps(document).strip()


def add_profile(path: str, name: str, settings: Mapping[str, Any], client_secret_env: str | None) -> None:
    """
    Append the profile to the file at *path*, atomically, 0600.

    Raises `ConfigError` when the result would not be TOML (the file was broken before), or a `StoreError`.
    """
    from .config import parse_config

    with opened(os.path.dirname(path), create=True) as folder:
        assert folder is not None  # noqa: S101 - it was created
        before = (folder.read(os.path.basename(path)) or b"").decode("utf-8")
        gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
        text = f"{before}{gap}{profile_text(name, settings, client_secret_env)}\n"
        if name not in parse_config(path, text).profiles:
            raise ConfigError(f"{path}:1:1: error: the profile {name} could not be added")
        folder.replace(os.path.basename(path), text.encode(), temporary=f".config~{os.urandom(8).hex()}.tmp")


def replace_profile(path: str, name: str, settings: Mapping[str, Any], client_secret_env: str | None) -> None:
    """
    Put *settings* in place of those of the profile that the file at *path* has, or add it; what is around it stays, comments too.

    Raises as `add_profile` does.
    """
    import tomlkit

    from .config import load_config, parse_config

    if name not in load_config(os.path.dirname(path)).profiles:
        add_profile(path, name, settings, client_secret_env)
        return
    wanted = {**settings, **({"client_secret_env": client_secret_env} if client_secret_env else {})}
    with opened(os.path.dirname(path), create=True) as folder:
        assert folder is not None  # noqa: S101 - it was created
        document = tomlkit.parse((folder.read(os.path.basename(path)) or b"").decode("utf-8"))
        table: Any = document["profiles"][name]
        for key in [key for key in table if key not in wanted]:
            del table[key]
        table.update(wanted)
        text = tomlkit.dumps(document)
        # The storage may be that of all profiles.
        if parse_config(path, text).profile(name).keys() - {"storage"} != wanted.keys() - {"storage"}:
            raise ConfigError(f"{path}:1:1: error: the profile {name} could not be replaced")
        folder.replace(os.path.basename(path), text.encode(), temporary=f".config~{os.urandom(8).hex()}.tmp")
