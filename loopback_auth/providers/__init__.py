"""
Kinds of server, as data: one TOML file each, in the format that users write into
`<home>/providers/`.

    # Every other member is taken from that file: a table is added to its table, member by member.
    extends = "other"
    # For people.
    title = "Example"
    # Where these facts come from.
    sources = ["https://..."]
    # Which redirect URI to register, and where.
    register = "..."

    # All below is optional.

    # What to click there, for `init`: {redirect_uris} stands alone on its line, {scope} anywhere.
    setup = '''...'''
    # Where to do that: it comes before `setup`.
    where = "..."
    # What the server calls a client ID.
    client_id_label = "Consumer Key"
    # What {login_url} below means unless --login-url says otherwise.
    login_url = "https://id.example"
    # How `init` asks for it.
    login_url_label = "Tenant's address"
    # How issuers look (a regular expression), by which `init --issuer` knows the kind of server; a
    # group named login_url is that setting.
    issuer_pattern = '(?P<login_url>https://[^/]+[.]id[.]example)/?'
    # The same for people, where each company has its own: then [server] may be left out, and the
    # issuer is given by --issuer.
    issuer_form = "https://YOUR-NAME.id.example"
    redirect_uris = ["http://127.0.0.1:0/callback"]
    scope = "openid offline_access"
    # The claims that name a person, the most telling first.
    names = ["email"]
    token_endpoint_auth_method = "none"
    # Seconds that a token usually lasts, where the server does not say.
    access_token_lifetime = 7200
    # All lifetimes that the server can be set to, where it does not say which; a token that is
    # refused then teaches which one it is.
    session_timeouts = [900, 7200]
    # Each sign-in is a grant of its own, and the server keeps so many.
    grants_per_user = 5
    # A refresh token ends when nobody has used it for so many days.
    idle_days = 90
    # Revoking one token ends all of the person's sign-ins to the client.
    revocation_ends_all = true
    # Whether a refresh token is replaced when it is used, where that is the same for all apps.
    refresh_token_rotates = false
    # The file in explain/ that knows this server's own errors.
    pitfalls = "salesforce"
    # Other ways to a code that the server has, for `login --flow`.
    flows = ["code-credentials"]
    # Hosts of the page where a device flow's code is entered, where their names do not tell that
    # they are the server's.
    verification_hosts = ["example.net"]
    # Ask the server for its sign-in page before a browser does: its errors do not come back.
    preflight = true
    # For who waits in vain: what this server tells to the browser alone.
    silence = "..."
    # What `api /path` is below; {instance_url} is that member of the token answer.
    api_base = "https://api.example"
    # Other addresses whose tools get the token of `credential`.
    credential_urls = ["https://git.example"]
    # How this server's codes and tokens look (regular expressions): they are taken out of what
    # people paste. Client IDs are no secrets, and stay.
    secret_patterns = ["sk_[0-9a-z]{20,}"]
    client_id_pattern = "app_[0-9a-z]+"

    # How the hosts are called where people sign in: login_host.py tells the members.
    [login_hosts]
    # What refusals mean, each known by the server's code or a part of its words.
    [refusals]
    # Of a refresh: these end the sign-in, ...
    final = ["expired access/refresh token"]
    # ... these do not. After any other invalid_grant a sign-in is asked for and the token kept.
    keeps = ["ip restricted"]
    # These are worth one more request.
    retry = ["unknown_error"]
    # Of an API's 401: those that a refresh mends; without the list, all.
    expired_session = ["Session expired"]
    # The variables of `exec` and `env`, each with the member of the token answer that fills it.
    # environment.py says which names may stand there.
    [environment]
    EXAMPLE_TOKEN = "access_token"
    # A line of `status`, from a member of the token answer, or its part that is the first group.
    [details."Org ID"]
    member = "id"
    pattern = "/id/([0-9A-Za-z]+)/"
    # The `aud` of an assertion, with what the login host's address has in it, where it is not the
    # token endpoint; the first that fits.
    [assertion_audiences]
    "https://test.example.com" = 'sandbox'
    # What to click for each flow of machine profiles, with {certificate}, a file, and {subject}.
    [machine_setup]
    jwt-bearer = "..."
    # RFC 8414 members; with only `issuer`, the rest is discovered.
    [server]
    # Added to the authorization request; a list is sent as often as it has values.
    [parameters]
"""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from .. import resources
from ..errors import ProviderUnknown
from .file import ProviderFile, is_provider_name, read_provider
from .provider import Provider

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MEANT = (
    "did you mean {near}? `loopback-auth login {profile} --provider={near}`; all names:"
    " `loopback-auth providers`"
)

__all__ = [
    "Provider",
    "is_provider_name",
    "load_provider",
    "provider_at",
    "provider_names",
    "shipped",
    "unknown_provider",
]


def provider_names() -> list[str]:
    """Return the names of the providers of this package."""
    return resources.names("providers", ".toml")


def provider_at(host: str) -> str | None:
    """Return the name of the provider whose sign-in page is at *host*, of those of this package."""
    for name in provider_names():
        page = load_provider(name).server_for(None).get("authorization_endpoint", "")
        if urlsplit(page).hostname == host.lower():
            return name
    return None


def load_provider(name: str) -> Provider:
    """
    Return the provider *name* of this package.

    Raises:
        ProviderUnknown: There is none.
    """
    provider = read_provider(name, shipped) if is_provider_name(name) else None
    if provider is None:
        raise unknown_provider(name, provider_names())
    return provider


def shipped(name: str) -> Iterator[ProviderFile]:
    """Yield the file of this package for the provider *name*, if there is one."""
    file = f"providers/{name}.toml"
    with suppress(OSError):
        yield ProviderFile(name, resources.location(file), resources.read(file).decode())


def unknown_provider(name: str, names: Sequence[str], fix: str = _MEANT) -> ProviderUnknown:
    """Return the error for a *name* that is none of *names*; *fix* is for one that is near."""
    from ..explain.spelling import choice_meant

    near = choice_meant(name[:80], names)
    return ProviderUnknown(
        f"there is no provider {name[:80]!r}; there are: {', '.join(names)}",
        fix=fix if near else "",
        name=name[:80],
        near=near,
    )
