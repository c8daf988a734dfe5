"""Settings that a profile has and nothing uses: whoever gave one meant something by it."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..errors import UsageError
from .table import GRANT, MACHINE_FLOWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..providers import Provider
    from .setting import Setting

_FACTS = ("provider", "issuer", "login_url", "audience")

_ISSUER = "use only the issuer: `loopback-auth login {profile} --issuer {issuer}`"
_LOGIN_URL = "`loopback-auth login {profile} --provider {provider} --login-url {issuer}`"
_ONE_HOST = (
    "leave it out: `loopback-auth login {profile} --provider {provider}`; for another server:"
    " `loopback-auth login {profile} --issuer {login_url}`"
)
_BY_ISSUER = "`loopback-auth login {profile} --provider {provider} --issuer {login_url}`"
_NO_PROVIDER = (
    "name the provider: `loopback-auth login {profile} --provider NAME --login-url {login_url}`"
)
_OR_ISSUER = "; or, if this is an issuer: `loopback-auth login {profile} --issuer {login_url}`"
_FLOW = (
    "name the flow: `loopback-auth login {profile} --flow {flow}`; the others:"
    " `loopback-auth help ci`"
)
_AUDIENCE = "to send it as a parameter: `loopback-auth login {profile} --param audience={audience}`"

_HTTPS = (
    "leave it out, or give the https address that is registered:"
    " `loopback-auth login {profile} --redirect-uri https://localhost:8765/callback`;"
    " how: `loopback-auth help https`"
)


def refuse_unused(
    settings: Mapping[str, Setting], provider: Provider | None, *, profile: str
) -> None:
    """
    Check that each of *settings* that was given as an option is of use.

    Raises:
        UsageError: One is not.
    """
    facts = {name: setting.value for name, setting in settings.items() if name in _FACTS}
    for name, why, fix in unused(settings, provider):
        if settings[name].source.startswith("--"):
            raise UsageError(
                f"{settings[name].source} has no use here: {why}",
                cause="You gave it for a reason, but it would change nothing.",
                fix=fix,
                profile=profile,
                flow="token-exchange" if name == "subject_token" else "jwt-bearer",
                **facts,
            )


def unused(
    settings: Mapping[str, Setting], provider: Provider | None
) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each setting that nothing uses, the reason, and a fix."""
    server = provider.server if provider else {}
    if "login_url" in settings and not (provider and provider.takes_login_url):
        if provider and provider.issuer_form:
            yield "login_url", f"{provider.title} is found by its issuer", _BY_ISSUER
        elif provider:
            host = urlsplit(server.get("authorization_endpoint") or server.get("issuer", ""))
            yield "login_url", f"{provider.title} signs everybody in at {host.netloc}", _ONE_HOST
        else:
            is_address = "." in str(settings["login_url"].value)
            fix = _NO_PROVIDER + (_OR_ISSUER if is_address else "")
            fix = _ISSUER if "issuer" in settings else fix
            yield "login_url", "it needs a --provider", fix
    if provider and "issuer" in settings and "token_endpoint" in server:
        login_url = settings.get("login_url")
        own = provider.server_for(login_url.value if login_url else None).get("issuer")
        # A file may have one for the check of ID tokens, where the provider has none.
        if settings["issuer"].value != own and (own or settings["issuer"].source.startswith("--")):
            fix = _LOGIN_URL if server.get("issuer") == "{login_url}" else _ISSUER
            yield "issuer", f"{provider.title} has endpoints of its own", fix
    flow, callbacks = settings.get("flow"), settings.get("redirect_uris")
    if not (flow and flow.value in MACHINE_FLOWS):
        why = "it is only for a --flow without a person"
        for name in (name for name in GRANT if name in settings and name != "flow"):
            yield name, why, _AUDIENCE if name == "audience" else _FLOW
    uris = callbacks.value if callbacks else provider.redirect_uris if provider else ()
    if not any(uri.lower().startswith("https:") for uri in uris):
        for name in (name for name in ("callback_cert", "callback_key") if name in settings):
            yield name, "it is for an https redirect URI, and this one is http", _HTTPS
