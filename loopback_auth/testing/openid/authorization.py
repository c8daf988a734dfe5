"""
The authorization endpoint and the two pages behind it.

A request whose client or redirect URI is not known to be right is refused on a page; every other
refusal goes to the client (RFC 6749 section 4.1.2.1).
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from ..http.answers import HtmlPage, SentBack
from . import pages
from .authorization_request import is_registered, one, problem, read_request
from .registry import Code, Grant, Session
from .tenant import Interaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..http.answers import Answer
    from ..http.records import Request
    from .authorization_request import AuthorizationRequest
    from .registry import User
    from .tenant import Tenant


def authorize(tenant: Tenant, request: Request) -> Answer:
    """Check an authorization request; return a page that asks the person, or the answer."""
    sent = request.form if request.method == "POST" else request.query
    client = tenant.registry.clients.get(one(sent, "client_id") or "")
    if client is None:
        return _refusal_page("invalid_client", "No such client is registered here.")
    redirect_uri = one(sent, "redirect_uri") or ""
    if not is_registered(redirect_uri, client):
        return _refusal_page(
            "invalid_redirect_uri", "The redirect_uri is not one that this client registered."
        )
    asked = read_request(sent, client, redirect_uri)
    if wrong := problem(sent, client):
        return _sent_back(tenant, asked, error=wrong[0], error_description=wrong[1])
    return _ask(tenant, asked, request.cookie(tenant.cookie))


def sign_in(tenant: Tenant, request: Request) -> Answer:
    """Take a name and a password from the sign-in page; return the consent page."""
    interaction = tenant.interactions.get(one(request.form, "interaction") or "")
    if interaction is None:
        return _too_late()
    username, password = one(request.form, "username") or "", one(request.form, "password") or ""
    user = tenant.registry.users.get(username)
    if user is None or not secrets.compare_digest(user.password.encode(), password.encode()):
        return _sign_in_page(tenant, interaction.request, hint=username, wrong=True)
    session = secrets.token_urlsafe(24)
    tenant.registry.sessions[session] = Session(user=user, auth_time=int(tenant.registry.clock()))
    page = _consent_page(tenant, interaction.request, user, session)
    cookie = f"{tenant.cookie}={session}; Path={tenant.path or '/'}; HttpOnly; SameSite=Lax"
    return replace(page, headers={"Set-Cookie": cookie})


def consent(tenant: Tenant, request: Request) -> Answer:
    """Take the decision from the consent page, once, and from the browser that signed in."""
    name, decision = one(request.form, "interaction") or "", one(request.form, "decision")
    interaction, cookie = tenant.interactions.get(name), request.cookie(tenant.cookie)
    session = tenant.registry.sessions.get(cookie)
    if (
        interaction is None
        or session is None
        or interaction.session != cookie
        or decision not in {"allow", "deny"}
    ):
        return _too_late()
    del tenant.interactions[name]
    asked = interaction.request
    if decision == "deny":
        return _sent_back(
            tenant, asked, error="access_denied", error_description="The person said no."
        )
    tenant.registry.consents.add((asked.client.client_id, session.user.sub, asked.scope))
    return _sent_back(tenant, asked, code=_code(tenant, asked, session))


def _ask(tenant: Tenant, asked: AuthorizationRequest, cookie: str) -> Answer:
    registry = tenant.registry
    session = registry.sessions.get(cookie)
    if session is None or _must_sign_in_again(asked, session, registry.clock()):
        if "none" in asked.prompt:
            return _sent_back(
                tenant, asked, error="login_required", error_description="Nobody is signed in."
            )
        return _sign_in_page(tenant, asked, hint=asked.login_hint, wrong=False)
    if "none" not in asked.prompt:
        return _consent_page(tenant, asked, session.user, cookie)
    if (asked.client.client_id, session.user.sub, asked.scope) in registry.consents:
        return _sent_back(tenant, asked, code=_code(tenant, asked, session))
    return _sent_back(
        tenant, asked, error="consent_required", error_description="The person was not asked yet."
    )


def _must_sign_in_again(asked: AuthorizationRequest, session: Session, now: float) -> bool:
    if asked.prompt & {"login", "select_account"}:
        return True
    return asked.max_age is not None and now - session.auth_time > asked.max_age


def _code(tenant: Tenant, asked: AuthorizationRequest, session: Session) -> str:
    grant = Grant(
        client=asked.client,
        user=session.user,
        scope=asked.scope,
        auth_time=session.auth_time,
        nonce=asked.nonce,
    )
    return tenant.registry.add_code(
        Code(
            grant=grant,
            redirect_uri=asked.redirect_uri,
            code_challenge=asked.code_challenge,
            expires_at=tenant.registry.clock() + tenant.policy.code_ttl_s,
        )
    )


def _sent_back(tenant: Tenant, asked: AuthorizationRequest, **members: str) -> SentBack:
    """
    Return the response with *members*, the state and the issuer.

    RFC 9207 asks for the issuer in success and error alike.
    """
    response: dict[str, str | None] = {
        **members,
        "state": asked.state,
        "iss": tenant.issuer if tenant.policy.iss else None,
    }
    present = {name: value for name, value in response.items() if value is not None}
    return SentBack(
        redirect_uri=asked.redirect_uri, members=present, response_mode=asked.response_mode
    )


def _sign_in_page(
    tenant: Tenant, asked: AuthorizationRequest, *, hint: str, wrong: bool
) -> HtmlPage:
    name = _remember(tenant, Interaction(request=asked))
    html = pages.sign_in(
        f"{tenant.path}/sign-in", name, hint=hint, wrong=wrong, users=tenant.registry.users.values()
    )
    return HtmlPage(html=html, status=403 if wrong else 200)


def _consent_page(
    tenant: Tenant, asked: AuthorizationRequest, user: User, session: str
) -> HtmlPage:
    name = _remember(tenant, Interaction(request=asked, session=session))
    html = pages.consent(
        f"{tenant.path}/consent",
        name,
        user=user,
        client=asked.client,
        scope=asked.scope,
        redirect_uri=asked.redirect_uri,
    )
    return HtmlPage(html=html)


def _remember(tenant: Tenant, interaction: Interaction) -> str:
    name = secrets.token_urlsafe(24)
    tenant.interactions[name] = interaction
    return name


def _refusal_page(error: str, description: str) -> HtmlPage:
    return HtmlPage(html=pages.refusal(error, description), status=400)


def _too_late() -> HtmlPage:
    return _refusal_page(
        "invalid_request", "This page was answered before, or in another browser. Start again."
    )
