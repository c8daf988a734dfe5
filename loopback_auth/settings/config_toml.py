"""
`config.toml`: profiles, written by people; one reader and one rule for every command.

Whatever is wrong with it is a `ConfigError` that begins `path:line:col: error: `; only a file that
is not there says nothing.
"""

from __future__ import annotations

import os
import re

from .. import errors
from ..edge.files.config_file import BOM, read_below, text_of
from ..edge.files.plain_toml import parse_plain
from ..edge.store.file_store import check_profile_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .table import Definition

_FILE = "config.toml"
_RULE = ("dir", "git_remote", "profile")
_AT = r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$"


class Config:
    """
    A `config.toml` that was read; an absent file is an empty one.

    One that was checked before *is_checked*.

    Raises:
        ConfigError: *document* has a setting that does not exist, or that cannot have its value.
    """

    _TOP: tuple[str, ...] = ("version", "default_profile", "storage", "rules", "profiles")
    _tables: tuple[str, ...] = ()

    def __init__(
        self, path: str, text: str, document: Mapping[str, Any], *, is_checked: bool = False
    ) -> None:
        self.path = path
        self._text = text
        self._document = document
        if not is_checked:
            self._check()

    @property
    def default_profile(self) -> str | None:
        """The profile that is meant where none is named, if that is said."""
        return self._document.get("default_profile")

    @property
    def profiles(self) -> list[str]:
        """The names of the profiles."""
        return list(self._document.get("profiles", {}))

    @property
    def rules(self) -> list[dict[str, str]]:
        """The `[[rules]]`: `profile`, and the `dir` or `git_remote` that it is meant for."""
        return list(self._document.get("rules", []))

    def storage(self, profile: str) -> str | None:
        """Return where the tokens of *profile* shall be kept, if that is said."""
        table = self._document.get("profiles", {}).get(profile, {})
        chosen: str | None = table.get("storage", self._document.get("storage"))
        return chosen

    def profile(self, profile: str) -> dict[str, tuple[Any, str]]:
        """Return the settings of *profile*, each with where it stands: `config.toml:7`."""
        from ..oauth.secret import Secret

        table = self._document.get("profiles", {}).get(profile, {})
        found = {}
        for key, value in table.items():
            setting = self._definitions()[key]
            own = setting.kind.check(value)
            source = (
                f"{os.path.basename(self.path)}:{self._position(key, ('profiles', profile))[0]}"
            )
            found[setting.name] = (Secret(own) if setting.name == "client_secret" else own, source)
        if "storage" in self._document:
            source = f"{os.path.basename(self.path)}:{self._position('storage', ())[0]}"
            found.setdefault("storage", (self._document["storage"], source))
        return found

    def _check(self) -> None:
        for key in self._document:
            if key not in self._TOP:
                raise self._error(key, (), f"unknown setting {key!r}{self._hint_at_top(key)}")
        if self._document.get("version", 1) != 1:
            raise self._error("version", (), "this file is for another version of loopback-auth")
        if (name := self._document.get("default_profile")) is not None:
            self._check_default_profile(name)
        if "storage" in self._document:
            self._check_kind("storage", self._document["storage"], ())
        if "rules" in self._document:
            self._check_rules(self._document["rules"])
        self._check_profiles(self._document.get("profiles", {}))

    def _check_profiles(self, profiles: object) -> None:
        if not isinstance(profiles, dict):
            raise self._error("profiles", (), "profiles must be tables: [profiles.NAME]")
        for name, table in profiles.items():
            if not isinstance(table, dict):
                raise self._error(name, ("profiles",), f"profiles.{name} must be a table")
            for key, value in table.items():
                self._check_setting(name, key, value)

    def _check_default_profile(self, name: object) -> None:
        if not self._is_name(name):
            what = "default_profile must be the name of a profile"
            raise self._error("default_profile", (), what)

    def _check_rules(self, rules: object) -> None:
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise self._error("rules", (), "rules must be tables: [[rules]]")
        for number, rule in enumerate(rules, 1):
            for key, value in rule.items():
                if key not in _RULE:
                    hint = _did_you_mean(key, _RULE) or f"; known are {', '.join(_RULE)}"
                    raise self._error(key, ("rules",), f"unknown setting {key!r}{hint}")
                if not isinstance(value, str) or not value:
                    raise self._error(key, ("rules",), f"{key} must be a string")
            if not self._is_name(rule.get("profile")) or len(rule) == 1:
                what = f"rule {number} must have a profile, and dir or git_remote"
                raise self._error("rules", (), what)
            if not os.path.isabs(os.path.expanduser(rule.get("dir", "/"))):
                raise self._error("dir", ("rules",), "dir must be absolute, or begin with ~/")

    @staticmethod
    def _is_name(name: object) -> bool:
        try:
            return isinstance(name, str) and bool(check_profile_name(name))
        except errors.UsageError:
            return False

    @staticmethod
    def _definitions() -> dict[str, Definition]:
        """Return the settings by all their names."""
        # Late: `token` needs none of them where the file says nothing.
        from .table import ALIASES, SETTINGS

        return SETTINGS | {alias: SETTINGS[name] for alias, name in ALIASES.items()}

    def _known(self) -> Iterable[str]:
        return self._definitions()

    def _check_setting(self, profile: str, key: str, value: object) -> None:
        if key not in self._definitions():
            hint = _did_you_mean(key, self._known())
            if not hint and (top := _near(key, self._TOP)):
                hint = f"; {top} stands above the first table"
            raise self._error(key, ("profiles", profile), f"unknown setting {key!r}{hint}")
        self._check_kind(key, value, ("profiles", profile))

    def _check_kind(self, key: str, value: object, table: tuple[str, ...]) -> None:
        try:
            self._definitions()[key].kind.check(value)
        except ValueError as error:
            # The value is not shown: it may be a secret in the wrong place.
            raise self._error(key, table, f"{key} must be {error}") from None

    def _error(self, key: str, table: tuple[str, ...], message: str) -> errors.ConfigError:
        line, column = self._position(key, table)
        return errors.ConfigError(f"{self.path}:{line}:{column}: error: {message}")

    def _position(self, key: str, table: tuple[str, ...]) -> tuple[int, int]:
        from ..edge.files.toml_position import position

        return position(self._text, key, (*self._tables, *table))

    def _hint_at_top(self, key: str) -> str:
        if key in self._known():
            return "; settings of a profile go below [profiles.NAME]"
        return _did_you_mean(key, self._TOP) or f"; known are {', '.join(self._TOP)}"


def _did_you_mean(key: str, known: Iterable[str]) -> str:
    near = _near(key, known)
    return f"; did you mean {near!r}?" if near else ""


def _near(key: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(key, known, n=1)), "")


def config_path(home: str) -> str:
    """Return the path of the user's configuration file."""
    return os.path.join(home, _FILE)


def load_config(home: str) -> Config:
    """
    Return the `config.toml` of *home*.

    Raises:
        ConfigError: It cannot be read, is no TOML, or says something impossible.
        FileUnsafe: Another user owns or can write it, or a folder on the way.
    """
    return parse_config(config_path(home), read_config(home)[0])


def read_config(home: str) -> tuple[str, bool]:
    """
    Return the text of `config.toml`, and whether a byte order mark is before it.

    Raises:
        ConfigError: It cannot be read.
        FileUnsafe: As `load_config`.
    """
    path = config_path(home)
    try:
        content = read_below(home, _FILE) or b""
        return text_of(content), content.startswith(BOM)
    except OSError as error:
        fix = "look at it: `ls -ld {path}`"
        raise _unreadable(path, error.strerror or str(error), fix) from error
    except ValueError as error:
        raise _unreadable(path, str(error), "save {path} as UTF-8, in an editor") from None


def _unreadable(path: str, why: str, fix: str) -> errors.ConfigError:
    cause = "It says which profile to use, so it must be readable. Only a missing file is ignored."
    message = f"{path}:1:1: error: cannot be read: {why}"
    return errors.ConfigError(message, cause=cause, fix=fix, path=os.path.abspath(path))


def parse_config(path: str, text: str) -> Config:
    """
    Return *text* as the `config.toml` at *path*.

    Raises:
        ConfigError: It is no TOML, or says something impossible.
    """
    return Config(path, text, parse_toml(path, text))


def parse_toml(path: str, text: str) -> dict[str, Any]:
    """
    Return what *text*, of the file at *path*, says.

    Raises:
        ConfigError: It is no TOML.
    """
    if (plain := parse_plain(text)) is not None:
        return plain
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.match(_AT, str(error))
        message = found[1] if found else str(error)
        lines = text.splitlines() or [""]
        line, column = len(lines), len(lines[-1]) + 1
        if found and found[2]:
            line, column = int(found[2]), int(found[3])
        raise errors.ConfigError(f"{path}:{line}:{column}: error: {message}") from None
    except RecursionError:
        raise errors.ConfigError(f"{path}:1:1: error: nested too deep") from None
    except ValueError as error:
        # A number of thousands of digits.
        raise errors.ConfigError(f"{path}:1:1: error: {error}") from None
