"""
Where a profile's tokens shall be kept, for a refresh.

It has no settings at hand, and is often one of many that wait.
"""

from __future__ import annotations

from ..edge.files.home import variable
from ..edge.store.document import STORAGES
from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def chosen_storage(home: str, profile: str, environ: Mapping[str, str] | None = None) -> str | None:
    """
    Return what the environment or `config.toml` says; `None` leaves the tokens where they are.

    Raises:
        UsageError: The environment names something else.
        ConfigError: config.toml cannot be used.
        FileUnsafe: Somebody else can write config.toml.
    """
    chosen = variable("LOOPBACK_AUTH_STORAGE", environ)
    if chosen and chosen not in STORAGES:
        raise UsageError(
            f"LOOPBACK_AUTH_STORAGE must be one of {', '.join(STORAGES)}",
            cause="It says where tokens are kept from their next save on.",
            fix="correct or unset LOOPBACK_AUTH_STORAGE",
        )
    if chosen:
        return chosen
    from .config_toml import load_config

    return load_config(home).storage(profile)
