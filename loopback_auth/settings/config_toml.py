"""
`config.toml`: profiles, written by people; one reader and one rule for every command.

Whatever is wrong with it is a `ConfigError` that begins `path:line:col: error: `; only a file that
is not there says nothing.
"""

from __future__ import annotations

import os
import re

from ..edge.files.believed_file import BOM, read_below, text_of
from ..edge.files.permissions import quoted
from ..edge.files.plain_toml import parse_plain
from ..edge.store.document import STORAGES
from ..edge.store.file_store import check_profile_name
from ..errors import ConfigError, UsageError
from ..oauth.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

TEXT, TEXTS, HOSTS, PORTS, TABLE, DURATION, FLAG, STORAGE = (
    "a string",
    "a list of strings",
    "a host name or a list of them, without scheme and path",
    "a port or a list of ports",
    "a table of strings, or of lists of strings",
    'a duration such as "5m"',
    "true or false",
    '"file" or "keyring"',
)

SETTINGS: dict[str, str] = {
    "provider": TEXT,
    "issuer": TEXT,
    "login_url": TEXT,
    "client_id": TEXT,
    "client_secret": TEXT,
    "client_secret_env": TEXT,
    "client_secret_file": TEXT,
    "token_endpoint_auth_method": TEXT,
    "scope": TEXTS,
    "redirect_uris": TEXTS,
    "port": PORTS,
    "response_mode": TEXT,
    "parameters": TABLE,
    "authorization_endpoint": TEXT,
    "token_endpoint": TEXT,
    "revocation_endpoint": TEXT,
    "introspection_endpoint": TEXT,
    "userinfo_endpoint": TEXT,
    "trust_hosts": HOSTS,
    "access_token_lifetime": DURATION,
    "api_base": TEXT,
    "ca_bundle": TEXT,
    "browser": TEXT,
    "timeout": DURATION,
    "strict_scope": FLAG,
    "storage": STORAGE,
}
"""What a profile may say, and of what kind each setting is."""

ALIASES = {"scopes": "scope", "redirect_uri": "redirect_uris", "ports": "port"}
"""Other names that people reach for first."""

_FILE = "config.toml"
_TOP = ("version", "default_profile", "storage", "profiles")
_AT = r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$"


class Config:
    """A `config.toml` that was read; an absent file is an empty one."""

    def __init__(self, path: str, text: str, document: Mapping[str, Any]) -> None:
        self.path = path
        self._text = text
        self._document = document
        self._check()

    @property
    def default_profile(self) -> str | None:
        return self._document.get("default_profile")

    @property
    def profiles(self) -> list[str]:
        return list(self._document.get("profiles", {}))

    def storage(self, profile: str) -> str | None:
        """Return where the tokens of *profile* shall be kept, if that is said."""
        table = self._document.get("profiles", {}).get(profile, {})
        chosen: str | None = table.get("storage", self._document.get("storage"))
        return chosen

    def profile(self, profile: str) -> dict[str, tuple[Any, str]]:
        """
        Give the settings of a profile under their canonical names, each with the place it was read
        from.
        """
        table = self._document.get("profiles", {}).get(profile, {})
        found = {}
        for key, value in table.items():
            name = ALIASES.get(key, key)
            own = checked(value, SETTINGS[name])
            place = f"{os.path.basename(self.path)}:{self._place(key, ('profiles', profile))[0]}"
            found[name] = (Secret(own) if name == "client_secret" else own, place)
        if "storage" in self._document:
            place = f"{os.path.basename(self.path)}:{self._place('storage', ())[0]}"
            found.setdefault("storage", (self._document["storage"], place))
        return found

    def _check(self) -> None:
        for key in self._document:
            if key not in _TOP:
                raise self._error(key, (), f"unknown setting {key!r}{_hint_at_top(key)}")
        if self._document.get("version", 1) != 1:
            raise self._error("version", (), "this file is for another version of loopback-auth")
        if (name := self._document.get("default_profile")) is not None:
            self._check_default_profile(name)
        if self._document.get("storage", "file") not in STORAGES:
            raise self._error("storage", (), f"storage must be {STORAGE}")
        profiles = self._document.get("profiles", {})
        if not isinstance(profiles, dict):
            raise self._error("profiles", (), "profiles must be tables: [profiles.NAME]")
        for name, table in profiles.items():
            if not isinstance(table, dict):
                raise self._error(name, ("profiles",), f"profiles.{name} must be a table")
            for key, value in table.items():
                self._check_setting(name, key, value)

    def _check_default_profile(self, name: object) -> None:
        try:
            if isinstance(name, str) and check_profile_name(name):
                return
        except UsageError:
            pass
        raise self._error("default_profile", (), "default_profile must be the name of a profile")

    def _check_setting(self, profile: str, key: str, value: object) -> None:
        kind = SETTINGS.get(ALIASES.get(key, key))
        if kind is None:
            hint = _did_you_mean(key, [*SETTINGS, *ALIASES])
            if not hint and (top := _near(key, _TOP)):
                hint = f"; {top} stands above the first table"
            raise self._error(key, ("profiles", profile), f"unknown setting {key!r}{hint}")
        try:
            checked(value, kind)
        except ValueError:
            # The value is not shown: it may be a secret in the wrong place.
            raise self._error(key, ("profiles", profile), f"{key} must be {kind}") from None

    def _error(self, key: str, table: tuple[str, ...], message: str) -> ConfigError:
        line, column = self._place(key, table)
        return ConfigError(f"{self.path}:{line}:{column}: error: {message}")

    def _place(self, key: str, table: tuple[str, ...]) -> tuple[int, int]:
        from ..edge.files.toml_position import position

        return position(self._text, key, table)


def _hint_at_top(key: str) -> str:
    if key in SETTINGS or key in ALIASES:
        return "; settings of a profile go below [profiles.NAME]"
    return _did_you_mean(key, _TOP) or f"; known are {', '.join(_TOP)}"


def _did_you_mean(key: str, known: Iterable[str]) -> str:
    near = _near(key, known)
    return f"; did you mean {near!r}?" if near else ""


def _near(key: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(key, known, n=1)), "")


def checked(value: Any, kind: str) -> Any:
    """
    Give *value* in the one form a setting of *kind* has (scope: a string; lists: tuples; durations:
    seconds); raises `ValueError`.
    """
    if kind == TEXT and isinstance(value, str) and value:
        return value
    if (kind == FLAG and isinstance(value, bool)) or (kind == STORAGE and value in STORAGES):
        return value
    if kind in (TEXTS, HOSTS):
        values = value.split() if isinstance(value, str) else value
        if isinstance(values, (list, tuple)) and all(
            isinstance(each, str) and each for each in values
        ):
            return tuple(host_name(each) for each in values) if kind == HOSTS else tuple(values)
    if kind == PORTS:
        values = value if isinstance(value, (list, tuple)) else [value]
        if values and all(
            isinstance(n, int) and not isinstance(n, bool) and n in range(2**16) for n in values
        ):
            return tuple(values)
    if kind == TABLE and isinstance(value, dict):
        return {name: _repeated(each) for name, each in value.items()}
    if kind == DURATION:
        return seconds(value)
    raise ValueError(kind)


def _repeated(value: Any) -> str | tuple[str, ...]:
    """
    Give a string, or the strings of a list of them as a tuple; a list of one is that one. Raises
    `ValueError`.
    """
    values = [value] if isinstance(value, str) else value
    if not (
        isinstance(values, (list, tuple))
        and values
        and all(isinstance(each, str) for each in values)
    ):
        raise ValueError(value)
    return tuple(values) if len(values) > 1 else str(values[0])


def host_name(text: str) -> str:
    """
    Return *text* in lower case if it is the name or the address of a host, without a port; raises
    `ValueError`.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", text):
        raise ValueError(text)
    return text.lower().removesuffix(".")


def seconds(value: object) -> float:
    """
    Read `300`, `"90s"`, `"5m"`, `"1h"` as seconds, more than zero and at most a day; raises
    `ValueError`.
    """
    match = (
        re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", str(value).strip())
        if not isinstance(value, bool)
        else None
    )
    if match is None:
        raise ValueError(value)
    result = float(match[1]) * {"s": 1, "m": 60, "h": 3600, None: 1}[match[2]]
    if not 0 < result <= 86400:  # noqa: PLR2004 - a day in seconds
        raise ValueError(value)
    return result


def config_path(home: str) -> str:
    """Name the user's configuration file."""
    return os.path.join(home, _FILE)


def load_config(home: str) -> Config:
    """
    Read `config.toml`.

    Raises:
        ConfigError: it cannot be read, is no TOML, or says something impossible.
        FileUnsafe: another user owns or can write it, or a folder on the way.
    """
    return parse_config(config_path(home), read_config(home)[0])


def read_config(home: str) -> tuple[str, bool]:
    """
    Return the text of `config.toml`, and whether a byte order mark is before it; raises as
    `load_config`.
    """
    path = config_path(home)
    try:
        content = read_below(home, _FILE) or b""
        return text_of(content), content.startswith(BOM)
    except OSError as error:
        fix = f"look at it: ls -ld {quoted(path)}"
        raise _unreadable(path, error.strerror or str(error), fix) from error
    except ValueError as error:
        raise _unreadable(path, str(error), f"save {path} as UTF-8, in an editor") from None


def _unreadable(path: str, why: str, fix: str) -> ConfigError:
    cause = "It says which profile is meant; only a file that is not there says nothing."
    return ConfigError(f"{path}:1:1: error: cannot be read: {why}", cause=cause, fix=fix)


def parse_config(path: str, text: str) -> Config:
    """Read *text* as the `config.toml` at *path*."""
    if (plain := parse_plain(text)) is not None:
        return Config(path, text, plain)
    import tomllib

    try:
        return Config(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        told = re.match(_AT, str(error))
        message = told[1] if told else str(error)
        lines = text.splitlines() or [""]
        line, column = (told[2], told[3]) if told and told[2] else (len(lines), len(lines[-1]) + 1)
        raise ConfigError(f"{path}:{line}:{column}: error: {message}") from None
    except RecursionError:
        raise ConfigError(f"{path}:1:1: error: nested too deep") from None
    except ValueError as error:
        # A number of thousands of digits.
        raise ConfigError(f"{path}:1:1: error: {error}") from None
