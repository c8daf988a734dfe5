"""
Kinds of server, as data: one TOML file each, in the format that users write into
`<home>/providers/`.

    title = "Example"                       # for people sources = ["https://..."]               #
    where these facts come from register = "..."                        # which redirect URI to
    register, and where setup = '''...'''                       # optional: what to click there, for
    `init`; {redirect_uris} stands alone on its line, {scope} anywhere login_url =
    "https://id.example"        # optional: what {login_url} below means unless --login-url says
    otherwise [login_hosts]                           # optional: how such hosts are called
    (login_host.py tells the members) redirect_uris = ["http://127.0.0.1:0/callback"] scope =
    "openid offline_access" names = ["email"]                       # optional: claims that name a
    person, the most telling first token_endpoint_auth_method = "none"     # optional
    access_token_lifetime = 7200            # optional: seconds that a token usually lasts, where
    the server does not say session_timeouts = [900, 7200]          # optional: all lifetimes that
    the server can be set to, where it does not say which; a token # that is refused then teaches
    which one it is
    grants_per_user = 5                     # optional: each sign-in is a grant of its own, and the
    server keeps so many revocation_ends_all = true              # optional: revoking one token ends
    all of the person's sign-ins to the client pitfalls = "salesforce"                 # optional:
    the file in explain/ that knows this server's own errors [refusals]
    # optional: what refusals mean, each told by the server's code or a part of its words final =
    ["expired access/refresh token"]    # of a refresh: these end the sign-in, keeps = ["ip
    restricted"]               # these do not; after any other invalid_grant a sign-in is asked for
    and the token kept retry = ["unknown_error"]               # these are worth one more request
    expired_session = ["Session expired"]   # of an API's 401: those that a refresh mends; without
    the list, all flows = ["code-credentials"]            # optional: other ways to a code that the
    server has, for `login --flow` preflight = true                        # optional: ask the
    server for its sign-in page before a browser does, since its errors do not come back silence =
    "..."                         # optional: for who waits in vain, what this server tells to the
    browser alone api_base = "https://api.example"        # optional: what `api /path` is below;
    {instance_url} is that member of the token answer [environment]                           #
    optional: the variables of `exec` and `env`, each with the member it is filled from #
    (environment.py says which names may stand there)
    EXAMPLE_TOKEN = "access_token" [details."Org ID"]                      # optional: a line of
    `status`, from a member of the token answer, or a part of it member = "id" pattern =
    "/id/([0-9A-Za-z]+)/"         # optional: its first group is shown [server]
    # RFC 8414 members; with only `issuer`, the rest is discovered [parameters]
    # optional: added to the authorization request; a list is sent as often as it has values
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .. import resources
from ..errors import ConfigError, ProviderUnknown
from ..oauth.http.url import check_url
from ..oauth.identity import NAME_CLAIMS
from ..oauth.refusal import Refusals
from ..oauth.text import is_variable_name, one_line
from .environment import why_unfit
from .members import why_unfit_member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_MEMBERS = frozenset(
    {
        "title",
        "sources",
        "register",
        "setup",
        "login_url",
        "login_hosts",
        "redirect_uris",
        "scope",
        "names",
        "token_endpoint_auth_method",
        "access_token_lifetime",
        "session_timeouts",
        "grants_per_user",
        "revocation_ends_all",
        "refusals",
        "pitfalls",
        "flows",
        "preflight",
        "silence",
        "api_base",
        "environment",
        "details",
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
    setup: str = ""
    sources: tuple[str, ...] = ()
    login_url: str | None = None
    login_hosts: Mapping[str, Any] = field(default_factory=dict)
    redirect_uris: tuple[str, ...] = ("http://127.0.0.1:0/callback",)
    scope: str | None = None
    names: tuple[str, ...] = NAME_CLAIMS
    token_endpoint_auth_method: str | None = None
    access_token_lifetime: int | None = None
    session_timeouts: tuple[int, ...] = ()
    grants_per_user: int | None = None
    revocation_ends_all: bool = False
    refusals: Refusals | None = None
    pitfalls: str | None = None
    flows: tuple[str, ...] = ()
    preflight: bool = False
    silence: str = ""
    api_base: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    server: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    def server_for(self, login_url: str | None) -> dict[str, Any]:
        """Give the server's metadata with *login_url* (or the file's own) in its place."""
        base = check_url(
            login_url or self.login_url or "https://unset.invalid", name="login_url"
        ).rstrip("/")
        return {
            name: value.replace("{login_url}", base) if isinstance(value, str) else value
            for name, value in self.server.items()
        }

    def setup_for(self, redirect_uris: Sequence[str], scope: str) -> str:
        """
        Give what to click at the provider so that an app takes *redirect_uris* and *scope*; where
        the file does not say, how to register one.
        """
        import re

        def lines(place: re.Match[str]) -> str:
            return "\n".join(place[1] + uri for uri in redirect_uris)

        text = re.sub(
            r"^( *)\{redirect_uris\}", lines, self.setup or self.register, flags=re.MULTILINE
        )
        return text.replace("{scope}", scope).strip()

    def details_of(self, members: Mapping[str, Any]) -> dict[str, str]:
        """
        Give what `status` shows of the *members* of a token answer that no standard knows, by the
        names people know.
        """
        import re

        found = {}
        for name, where in self.details.items():
            value = members.get(where["member"])
            part = (
                re.search(where.get("pattern", "(.*)"), value) if isinstance(value, str) else None
            )
            if part and part[1]:
                found[name] = one_line(part[1], limit=200)
        return found


def provider_names() -> list[str]:
    """List the providers of this package."""
    return resources.names("providers", ".toml")


def provider_at(host: str) -> str | None:
    """
    Return the name of the provider of this package whose sign-in page is at *host*, if there is
    one.
    """
    for name in provider_names():
        page = load_provider(name).server_for(None).get("authorization_endpoint", "")
        if urlsplit(page).hostname == host.lower():
            return name
    return None


def load_provider(name: str) -> Provider:
    """Return the provider *name* of this package; raises `ProviderUnknown`."""
    if is_provider_name(name):
        file = f"providers/{name}.toml"
        with suppress(OSError):
            return read_provider(name, resources.location(file), resources.read(file).decode())
    raise unknown_provider(name, provider_names())


def is_provider_name(name: str) -> bool:
    """Return whether *name* can be that of a provider's file: no other file is reached by it."""
    return name.replace("-", "").replace("_", "").isalnum()


def unknown_provider(name: str, names: Sequence[str]) -> ProviderUnknown:
    """Return the error for a *name* that is none of *names*."""
    return ProviderUnknown(
        f"there is no provider {name[:80]!r}; there are: {', '.join(names)}", name=name[:80]
    )


def read_provider(name: str, path: str, text: str) -> Provider:
    """Read the *text* of a provider file; raises `ConfigError` with its path and the member."""
    import tomllib

    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise invalid_provider(path, "nested too deep") from None
    except ValueError as error:
        raise invalid_provider(path, str(error)) from error
    for member in document.keys() - _MEMBERS:
        raise invalid_provider(path, f"unknown member {member!r}")
    for member in ("title", "register", "server"):
        if not document.get(member):
            raise invalid_provider(path, f"{member} is missing")
    for member, value in document.items():
        if why := why_unfit_member(member, value):
            raise invalid_provider(path, f"{member} must be {why}")
    for variable in document.get("environment", ()):
        if why := why_unfit(variable, name):
            raise _variable_refused(path, variable, why)
    members: dict[str, Any] = {m: _held(m, value) for m, value in document.items()}
    return Provider(name=name, path=path, **members)


def _held(member: str, value: Any) -> Any:
    """Return *value* as `Provider` holds it."""
    if member == "refusals":
        return Refusals(**{name: tuple(texts) for name, texts in value.items()})
    return tuple(value) if isinstance(value, list) else value


def _variable_refused(path: str, variable: str, why: str) -> ConfigError:
    return ConfigError(
        f"{path}: error: [environment] {why}",
        cause="Other variables change how programs run, and this file may be somebody else's work.",
        fix="take it out of the file; to fill any variable: loopback-auth exec --set"
        f" {variable if is_variable_name(variable) else 'NAME'}=access_token -- COMMAND",
    )


def invalid_provider(path: str, why: str) -> ConfigError:
    """Return the error for a provider file that cannot be used."""
    return ConfigError(
        f"{path}: error: {why}",
        cause="A provider file has a fixed set of members.",
        fix="compare it with the files that are shipped: loopback-auth providers",
    )
