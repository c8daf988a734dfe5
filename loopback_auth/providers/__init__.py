"""
Kinds of server, as data: one TOML file each, in the format that users write into `<home>/providers/`.

    title = "Example"                       # for people
    sources = ["https://..."]               # where these facts come from
    register = "..."                        # which redirect URI to register, and where
    login_url = "https://id.example"        # optional: what {login_url} below means unless --login-url says otherwise
    redirect_uris = ["http://127.0.0.1:0/callback"]
    scope = "openid offline_access"
    names = ["email"]                       # optional: claims that name a person, the most telling first
    token_endpoint_auth_method = "none"     # optional
    [server]                                # RFC 8414 members; with only `issuer`, the rest is discovered
    [parameters]                            # optional: added to the authorization request
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from ..errors import ConfigError, ProviderUnknown
from ..oauth.id_token import NAME_CLAIMS
from ..oauth.wire import check_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_MEMBERS = frozenset(
    {
        "title",
        "sources",
        "register",
        "login_url",
        "redirect_uris",
        "scope",
        "names",
        "token_endpoint_auth_method",
        "server",
        "parameters",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What one file says. *server* may hold `{login_url}`; `server_for` fills it in."""

    name: str
    title: str
    register: str
    path: str
    sources: tuple[str, ...] = ()
    login_url: str | None = None
    redirect_uris: tuple[str, ...] = ("http://127.0.0.1:0/callback",)
    scope: str | None = None
    names: tuple[str, ...] = NAME_CLAIMS
    token_endpoint_auth_method: str | None = None
    server: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    def server_for(self, login_url: str | None) -> dict[str, Any]:
        """Give the server's metadata with *login_url* (or the file's own) in its place."""
        base = check_url(login_url or self.login_url or "https://unset.invalid", name="login_url").rstrip("/")
        return {
            name: value.replace("{login_url}", base) if isinstance(value, str) else value
            for name, value in self.server.items()
        }


def _folders(home: str | None) -> list[str]:
    own = os.path.dirname(__file__)
    return [os.path.join(home, "providers"), own] if home else [own]


def provider_names(home: str | None = None) -> list[str]:
    """List the providers there are: those of this package and those in *home*`/providers`."""
    files = [name for folder in _folders(home) if os.path.isdir(folder) for name in os.listdir(folder)]
    return sorted({name.removesuffix(".toml") for name in files if name.endswith(".toml")})


def load_provider(name: str, home: str | None = None) -> Provider:
    """
    Read the provider *name*; a file of the user's goes before ours.

    Raises `ProviderUnknown`, or `ConfigError` naming file and member when a file is not as it should be.
    """
    if name.replace("-", "").replace("_", "").isalnum():
        for folder in _folders(home):
            path = os.path.join(folder, f"{name}.toml")
            if os.path.isfile(path):
                return read_provider(name, path)
    names = ", ".join(provider_names(home))
    raise ProviderUnknown(f"there is no provider {name[:80]!r}; there are: {names}", name=name[:80])


def read_provider(name: str, path: str) -> Provider:
    """Read one provider file."""
    import tomllib

    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise _invalid(path, str(error)) from error
    for member in document.keys() - _MEMBERS:
        raise _invalid(path, f"unknown member {member!r}")
    for member in ("title", "register", "server"):
        if not document.get(member):
            raise _invalid(path, f"{member} is missing")
    lists = ("sources", "redirect_uris", "names")
    for member in document.keys() - {"server", "parameters", *lists}:
        if not isinstance(document[member], str):
            raise _invalid(path, f"{member} must be a string")
    for member in lists:
        values = document.get(member, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise _invalid(path, f"{member} must be a list of strings")
    members: dict[str, Any] = {m: tuple(v) if m in lists else v for m, v in document.items()}
    return Provider(name=name, path=path, **members)


def _invalid(path: str, why: str) -> ConfigError:
    return ConfigError(
        f"{path}: error: {why}",
        cause="A provider file has a fixed set of members.",
        fix="compare it with the files that are shipped: loopback-auth providers",
    )
