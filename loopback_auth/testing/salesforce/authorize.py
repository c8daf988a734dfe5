"""
Authorize, the login page, the consent page: four ways to fail, of which the client hears of one.

A: a bare text with status 400, before anybody signs in. B: a page of the server's own. C: a login that does not succeed. D: a redirect
back to the app. Assumed, where the documentation is silent: the order of the checks.
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from dataclasses import replace
from html import escape

from .. import pages
from ..answers import HtmlPage
from .answers import BackToTheApp, Json, Redirect, form, refused_before_sign_in, token_error
from .world import Code, Interaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..answers import Spoken
    from ..records import Request
    from .parties import App, Org, User
    from .world import Host, World

ERROR_PAGE = "/setup/secur/RemoteAccessErrorPage.apexp"
CONSENT_PAGE = "/setup/secur/RemoteAccessAuthorizationPage.apexp"
LOGIN_PAGE = "/login"

GENERIC = "An unexpected error has occured during authentication. Please try again."
"""Spelled as it is."""


def first_values(request: Request) -> dict[str, str]:
    """Give the parameters of query and form, the form's first."""
    return {name: values[0] for fields in (request.query, request.form) for name, values in fields.items()}


def authorize(world: World, host: Host, request: Request) -> Spoken:
    """Check the request as far as it goes without a person, then ask who it is."""
    sent = first_values(request)
    if sent.get("response_type") == "code_credentials":
        return _headless(world, host, sent, request)
    if wrong := _wrong_from_the_start(world, sent):
        return refused_before_sign_in(*wrong)
    session = request.cookie(cookie_of(host))
    user = world.sessions.get(session)
    if sent.get("immediate") == "true":
        return _immediately(world, host, sent, user)
    if user is None or "login" in sent.get("prompt", "").split():
        return _login_page(world, Interaction(sent=sent, host=host), hint=sent.get("login_hint", ""))
    return _decided(world, host, sent, user, session)


def cookie_of(host: Host) -> str:
    """Name the session's cookie; cookies know no ports."""
    return f"sid-{host.url.rpartition(':')[2]}"


def log_in(world: World, host: Host, request: Request) -> HtmlPage | BackToTheApp | Redirect:
    """Take name and password from the login page; whoever is wrong stays there, and the app hears nothing."""
    sent = first_values(request)
    interaction = world.interactions.get(sent.get("interaction", ""))
    if interaction is None:
        return HtmlPage(
            html=pages.page("Start again", "<h1>Start again</h1><p>This page is too old.</p>"), status=400
        )
    username = sent.get("username", "")
    user = _who(world, host, username, sent.get("password", ""))
    if user is None:
        return _login_page(world, interaction, hint=username, wrong=True)
    session = secrets.token_urlsafe(24)
    world.sessions[session] = user
    answer = _decided(world, host, interaction.sent, user, session)
    if isinstance(answer, HtmlPage):
        cookie = f"{cookie_of(host)}={session}; Path=/; HttpOnly; SameSite=Lax"
        return replace(answer, headers={"Set-Cookie": cookie})
    return answer


def consent(world: World, _: Host, request: Request) -> HtmlPage | BackToTheApp:
    """Take the decision from the consent page."""
    sent = first_values(request)
    interaction = world.interactions.pop(sent.get("interaction", ""), None)
    user = world.sessions.get(interaction.session) if interaction else None
    if interaction is None or user is None or sent.get("decision") not in {"allow", "deny"}:
        return HtmlPage(
            html=pages.page("Start again", "<h1>Start again</h1><p>This page is too old.</p>"), status=400
        )
    if sent["decision"] == "deny":
        return _back(
            interaction.sent, error="access_denied", error_description="end-user denied authorization"
        )
    world.approvals.add((interaction.sent["client_id"], user.user_id, _scope(world, interaction.sent)))
    return _with_code(world, interaction.host, interaction.sent, user)


def error_page(_: World, __: Host, request: Request) -> HtmlPage:
    """Show an error that the app does not hear of; the state is not in the address either."""
    sent = first_values(request)
    code, description = sent.get("error", ""), sent.get("error_description", "")
    html = pages.page(
        "OAuth Error",
        "<h1>OAuth Error</h1><p>We can&#x27;t authorize you because of an OAuth error. For more information, contact your Salesforce "
        f"administrator.</p><p>{escape(code)} : {escape(description)}</p>",
    )
    return HtmlPage(html=html)


def success_page(_: World, __: Host, ___: Request) -> HtmlPage:
    """Show nothing: the code stays in the address bar."""
    return HtmlPage(html=pages.page("Remote Access", "<p>Authentication complete.</p>"))


def _wrong_from_the_start(world: World, sent: Mapping[str, str]) -> tuple[str, str] | None:
    app, redirect_uri = world.apps.get(sent.get("client_id", "")), sent.get("redirect_uri", "")
    known = app if app and app.active_from <= world.clock() else None
    checks = (
        (sent.get("response_type") == "code", "unsupported_response_type", "response type not supported"),
        (known, "invalid_client_id", "client identifier invalid"),
        (redirect_uri, "redirect_uri_missing", "redirect_uri not provided"),
        (
            known and redirect_uri in known.callback_urls,
            "redirect_uri_mismatch",
            "redirect_uri must match configuration",
        ),
        (
            (known and not known.require_pkce) or sent.get("code_challenge"),
            "invalid_request",
            "missing required code challenge",
        ),
        # Assumed: a method other than S256 is refused, as `plain` is not offered; none at all is taken for S256.
        (
            sent.get("code_challenge_method", "S256") == "S256",
            "invalid_request",
            "invalid code challenge method",
        ),
    )
    return next(((error, description) for passed, error, description in checks if not passed), None)


def _who(world: World, host: Host, username: str, password: str) -> User | None:
    user = world.users.get(username)
    if user is None or not secrets.compare_digest(user.password.encode(), password.encode()):
        return None
    org = world.org_of(user)
    if host.org is None:
        return user if org.login_from_generic_host and org.sandbox is host.sandbox else None
    return user if host.org.org_id == org.org_id else None


def _immediately(
    world: World, host: Host, sent: Mapping[str, str], user: User | None
) -> BackToTheApp | Redirect:
    approval = (sent["client_id"], user.user_id if user else "", _scope(world, sent))
    if user is None or approval not in world.approvals:
        return _back(sent, error="immediate_unsuccessful", error_description="immediate_unsuccessful")
    return _refusal(world, host, sent, user) or _with_code(world, host, sent, user)


def _decided(
    world: World, host: Host, sent: Mapping[str, str], user: User, session: str
) -> HtmlPage | BackToTheApp | Redirect:
    """Say what becomes of the request now that it is known who asks."""
    if refusal := _refusal(world, host, sent, user):
        return refusal
    known = (sent["client_id"], user.user_id, _scope(world, sent)) in world.approvals
    if known and "consent" not in sent.get("prompt", "").split():
        return _with_code(world, host, sent, user)
    return _consent_page(world, Interaction(sent=sent, host=host, session=session), user)


def _refusal(world: World, host: Host, sent: Mapping[str, str], user: User) -> BackToTheApp | Redirect | None:
    app, org = world.apps[sent["client_id"]], world.org_of(user)
    checks = (
        (user.active, "inactive_user", "user is inactive"),
        (org.status == "active", "inactive_org", "org is locked, closed, or suspended"),
        (not app.blocked, "OAUTH_APP_BLOCKED", "this app is blocked by admin"),
    )
    for passed, error, description in checks:
        if not passed:
            return _back(sent, error=error, error_description=description)
    if stopped := _not_installed(app, org, user, host):
        told = form(dict(zip(("error", "error_description"), stopped, strict=True)))
        return Redirect(location=f"{host.url}{host.site}{ERROR_PAGE}?{told}")
    return _forbidden(app, sent, user)


def _forbidden(app: App, sent: Mapping[str, str], user: User) -> BackToTheApp | None:
    checks = (
        (
            app.permitted_users == "self" or user.preauthorized,
            "OAUTH_APP_ACCESS_DENIED",
            "user is not admin approved to access this app",
        ),
        (user.ip_ok and app.ip_ok, "invalid_grant", "IP restricted or invalid login hours"),
        (
            set(sent.get("scope", "").split()) <= set(app.scopes),
            "invalid_scope",
            "the requested scope is not allowed",
        ),
    )
    for passed, error, description in checks:
        if not passed:
            return _back(sent, error=error, error_description=description)
    return None


def _not_installed(app: App, org: Org, user: User, host: Host) -> tuple[str, str] | None:
    """Say what the server's own page says; the app hears nothing of it."""
    if app.kind == "connected":
        if app.installed or user.may_use_uninstalled_apps:
            return ("OAUTH_APPROVAL_ERROR_GENERIC", GENERIC) if user.api_only else None
        return "invalid_client", "app must be installed into org"
    if app.distribution == "local" and app.org_id != org.org_id:
        return (
            "OAUTH_AUTHORIZATION_BLOCKED",
            "Cross-org OAuth flows are not supported for this external client app",
        )
    if (app.distribution == "local" and host.org is None) or (
        app.distribution == "packaged" and not app.installed
    ):
        # Assumed: told on the server's page; reports name both that and the redirect.
        return "OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org"
    return ("OAUTH_APPROVAL_ERROR_GENERIC", GENERIC) if user.api_only else None


def _scope(world: World, sent: Mapping[str, str]) -> str:
    """Give the scope that is asked for; without one, all that the app has."""
    return sent.get("scope") or " ".join(world.apps[sent["client_id"]].scopes)


def _back(sent: Mapping[str, str], **members: str) -> BackToTheApp:
    state = {"state": sent["state"]} if "state" in sent else {}
    return BackToTheApp(redirect_uri=sent["redirect_uri"], members={**members, **state})


def _with_code(world: World, host: Host, sent: Mapping[str, str], user: User) -> BackToTheApp:
    site = (
        {"sfdc_community_url": host.url + host.site, "sfdc_community_id": "0DB000000000001"}
        if host.site
        else {}
    )
    return _back(sent, code=_code(world, host, sent, user), **site)


def _code(world: World, host: Host, sent: Mapping[str, str], user: User) -> str:
    code = Code(
        app=world.apps[sent["client_id"]],
        user=user,
        scope=_scope(world, sent),
        redirect_uri=sent["redirect_uri"],
        host=host,
        challenge=sent.get("code_challenge", ""),
        nonce=sent.get("nonce", ""),
        issued=world.clock(),
    )
    return world.add_code(code)


def _headless(world: World, host: Host, sent: Mapping[str, str], request: Request) -> Spoken:
    """Give a code for a name and a password, where org and app have the flow switched on; else it is a login like any other."""
    user = _of_basic(world, host, request.headers.get("authorization", ""))
    app = world.apps.get(sent.get("client_id", ""))
    named = request.method == "POST" and request.headers.get("auth-request-type", "") == "Named-User"
    if not (
        named and app and app.code_credentials and any(org.code_credentials for org in _orgs_at(world, host))
    ):
        return _login_page(world, Interaction(sent=sent, host=host))
    if wrong := _wrong_from_the_start(world, {**sent, "response_type": "code"}):
        return refused_before_sign_in(*wrong)
    if user is None or not (user.active and user.ip_ok):
        return token_error("invalid_grant", "authentication failure")
    return Json(
        document={
            "code": _code(world, host, sent, user),
            "sfdc_community_url": host.url + host.site,
            "sfdc_community_id": "0DB000000000001",
        }
    )


def _orgs_at(world: World, host: Host) -> list[Org]:
    return [host.org] if host.org else list(world.orgs.values())


def _of_basic(world: World, host: Host, header: str) -> User | None:
    try:
        pair = b64decode(header.removeprefix("Basic "), validate=True).decode()
    except ValueError:
        return None
    username, _, password = pair.partition(":")
    return _who(world, host, username, password)


def _login_page(world: World, interaction: Interaction, *, hint: str = "", wrong: bool = False) -> HtmlPage:
    name = _remembered(world, interaction)
    people = "; ".join(
        f"<code>{escape(u.username)}</code>, password <code>{escape(u.password)}</code>"
        for u in world.users.values()
    )
    told = "Please check your username and password. If you still can&#x27;t log in, contact your Salesforce administrator."
    note = f'<p role="alert" id="error">{told}</p>' if wrong else ""
    html = pages.page(
        "Login",
        f"<h1>Log in</h1><p>People known here: {people or 'nobody'}.</p>{note}{pages.form(interaction.host.site + LOGIN_PAGE, name)}"
        f'<label for="username">Username</label><input id="username" name="username" value="{escape(hint)}" required>'
        '<label for="password">Password</label><input id="password" name="password" type="password" required>'
        '<div class="row"><button class="main" id="Login">Log In</button></div></form>',
    )
    return HtmlPage(html=html)


def _consent_page(world: World, interaction: Interaction, user: User) -> HtmlPage:
    name, app = _remembered(world, interaction), world.apps[interaction.sent["client_id"]]
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in _scope(world, interaction.sent).split())
    html = pages.page(
        "Allow Access?",
        f"<h1>Allow Access?</h1><p><strong>{escape(app.name)}</strong> is asking to:</p><ul>{scopes}</ul>"
        f"<p>Do you want to allow access for {escape(user.username)}?</p>{pages.form(interaction.host.site + CONSENT_PAGE, name)}"
        '<div class="row"><button class="main" id="oaapprove" name="decision" value="allow">Allow</button>'
        '<button id="oadeny" name="decision" value="deny">Deny</button></div></form>',
    )
    return HtmlPage(html=html)


def _remembered(world: World, interaction: Interaction) -> str:
    name = secrets.token_urlsafe(24)
    world.interactions[name] = interaction
    return name
