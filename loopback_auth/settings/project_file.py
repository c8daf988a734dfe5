"""
The project file: profiles that come with a repository, which is somebody else's work.

It says where to sign in and as which client, and nothing else: no setting of it has a command run,
a file read or a certificate believed. Its profiles have names of their own in the store, so that
none takes the tokens of another's.
"""

from __future__ import annotations

import os

from .. import errors
from ..edge.project.repository import PYPROJECT
from .config_toml import Config, parse_toml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ..edge.project.repository import ProjectText

MAY_SET = (
    "provider",
    "login_url",
    "issuer",
    "client_id",
    "flow",
    "subject",
    "audience",
    "scope",
    "redirect_uris",
    "port",
    "api_base",
)
"""The settings that a project file may have."""

PROFILES = 20
"""The most of one file: who is asked to trust them has to read them."""

CHARACTERS = 500
"""The most of one value, for the same reason."""

NAME_CHARACTERS = 47
"""The longest name of a profile: in the store, `@` and the project's ID stand after it."""


_CAUSE = "A repository's project file may say where its people sign in, and nothing else."
_FIX = (
    "correct it (`loopback-auth help team`), or name a profile that you have already:"
    " `loopback-auth login NAME`"
)


class ProjectFile(Config):
    """A project file that was read; *project_id* is that of its path."""

    _TOP = ("version", "default_profile", "profiles")

    def __init__(
        self,
        found: ProjectText,
        document: dict[str, Any],
        project_id: str,
        *,
        is_checked: bool = False,
    ) -> None:
        self.text = found.text
        self.document = document
        self._id = project_id
        if os.path.basename(found.path) == PYPROJECT:
            self._tables = ("tool", "loopback-auth")
        super().__init__(found.path, found.text, document, is_checked=is_checked)

    @property
    def default_profile(self) -> str | None:
        """The profile that is meant where none is named: as said, else the only one."""
        names = self.profiles
        return super().default_profile or (names[0] if len(names) == 1 else None)

    def stored_name(self, profile: str) -> str:
        """Return the name that *profile* has in the store, and no other project's has."""
        return f"{profile}@{self._id}"

    def named(self, name: str) -> str | None:
        """Return which profile *name* means: its own name, or the one in the store."""
        own = name.removesuffix(f"@{self._id}")
        return own if own in self.profiles else None

    def _check(self) -> None:
        super()._check()
        names = self.profiles
        if len(names) > PROFILES:
            what = f"a project file may have {PROFILES} profiles at most"
            raise self._error("profiles", (), what)
        for name in names:
            if not self._is_name(name) or len(name) > NAME_CHARACTERS:
                what = f"this cannot be the name of a profile of {NAME_CHARACTERS} characters"
                raise self._error(name, ("profiles",), what)
            if len({"provider", "issuer"} & self.document["profiles"][name].keys()) != 1:
                # Both: a familiar name before a stranger's server.
                what = f"the profile {name} must have a provider or an issuer, and not both"
                raise self._error(name, ("profiles",), what)
        default = super().default_profile
        if default is not None and default not in names:
            # Else a repository could choose among the profiles that the person has.
            what = "default_profile must be a profile of this file"
            raise self._error("default_profile", (), what)

    def _error(self, key: str, table: tuple[str, ...], message: str) -> errors.ConfigError:
        return _of_project(super()._error(key, table, message))

    def _known(self) -> Iterable[str]:
        from .table import SETTINGS

        return [each for name in MAY_SET for each in (name, *SETTINGS[name].aliases)]

    def _check_setting(self, profile: str, key: str, value: object) -> None:
        table = ("profiles", profile)
        if key in self._definitions() and key not in self._known():
            known = ", ".join(MAY_SET)
            what = f"a repository may not set {key}; a project file may set {known}"
            raise self._error(key, table, what)
        super()._check_setting(profile, key, value)
        try:
            _check_value(self._definitions()[key].name, value)
        except ValueError as error:
            raise self._error(key, table, f"{key} {error}") from None


def read_project(found: ProjectText, project_id: str) -> ProjectFile:
    """
    Return the project file *found*, trusted or not.

    Raises:
        ConfigError: It is no TOML, or says what a project file may not.
    """
    try:
        document: Any = parse_toml(found.path, found.text)
    except errors.ConfigError as error:
        raise _of_project(error) from None
    for name in ("tool", "loopback-auth") if os.path.basename(found.path) == PYPROJECT else ():
        document = document.get(name, {})
        if not isinstance(document, dict):
            what = "[tool.loopback-auth] must be a table"
            raise _of_project(errors.ConfigError(f"{found.path}:1:1: error: {what}"))
    return ProjectFile(found, document, project_id)


def _of_project(error: errors.ConfigError) -> errors.ConfigError:
    return errors.ConfigError(error.message, cause=_CAUSE, fix=_FIX)


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what *now* says otherwise than *before*: `acme.scope: openid -> openid api`."""
    old, new = _flat(before), _flat(now)
    return [
        f"{name}: {old.get(name, '(nothing)')} -> {new.get(name, '(nothing)')}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _flat(document: Mapping[str, Any]) -> dict[str, Any]:
    profiles = document.get("profiles", {})
    found = {f"{name}.{key}": value for name, t in profiles.items() for key, value in t.items()}
    return {**{key: value for key, value in document.items() if key != "profiles"}, **found}


def _check_value(name: str, value: Any) -> None:
    """Raise `ValueError` where *value* is nothing that a person can read and agree to."""
    from ..edge.callback.listeners import check_redirect_uri
    from ..oauth.http.url import check_url

    texts = [str(each) for each in (value if isinstance(value, list) else [value])]
    if sum(map(len, texts)) > CHARACTERS:
        raise ValueError(f"is longer than {CHARACTERS} characters")
    for text in texts:
        # Letters of other alphabets look like ours.
        if not (text.isascii() and text.isprintable()):
            raise ValueError(f"must be ASCII{_in_ascii(text)}")
        if name not in ("scope", "redirect_uris") and " " in text:
            raise ValueError("must have no space in it")
        try:
            if name in ("issuer", "api_base"):
                check_url(text, name=name)
            for uri in text.split() if name == "redirect_uris" else ():
                check_redirect_uri(uri)
        except errors.UsageError as error:
            raise ValueError(f"cannot be used: {error.message}") from None


def _in_ascii(url: str) -> str:
    from urllib.parse import urlsplit

    try:
        host = (urlsplit(url if "//" in url else f"//{url}").hostname or "").encode("idna").decode()
    except ValueError:
        return ""
    return f"; its host is {host}" if host.startswith("xn--") or ".xn--" in host else ""
