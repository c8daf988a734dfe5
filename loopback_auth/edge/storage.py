"""Where a profile's tokens shall be kept, for a refresh: that has no settings at hand, and is often one of many that wait."""

from __future__ import annotations

import os

from ..errors import ConfigError, UsageError
from .document import STORAGES
from .home import variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def chosen_storage(home: str, profile: str, environ: Mapping[str, str] | None = None) -> str | None:
    """
    Give what the environment or `config.toml` says; `None` leaves the tokens where they are.

    A `config.toml` that cannot be read moves nothing, and keeps nobody from a refresh. Raises `UsageError`.
    """
    told = variable("LOOPBACK_AUTH_STORAGE", environ)
    if told and told not in STORAGES:
        raise UsageError(
            f"LOOPBACK_AUTH_STORAGE must be one of {', '.join(STORAGES)}",
            cause="It says where tokens are kept from their next save on.",
            fix="correct or unset LOOPBACK_AUTH_STORAGE",
        )
    return told or _configured(home, profile)


def _configured(home: str, profile: str) -> str | None:
    path = os.path.join(home, "config.toml")
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        # Nearly no file says so, and to parse one costs as much as all else, or, with ten thousand profiles, far more.
        if "storage" not in text:
            return None
        from .config import parse_config

        chosen: str | None = parse_config(path, text).profile(profile).get("storage", (None,))[0]
    except (OSError, UnicodeDecodeError, ConfigError):
        return None
    return chosen
