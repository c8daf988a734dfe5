"""
The authorize endpoint, the login page and the consent page.

Four ways to fail, of which the client hears of one. A: a bare text with status 400, before anybody
signs in. B: a page of the server's own. C: a login that does not succeed. D: a redirect back to the
app.
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from dataclasses import replace
from urllib.parse import quote

from ..answers import BackToTheApp, Json, Redirect, refused_before_sign_in, token_error
from ..network import network_refusal
from ..pages import closed, consent_page, home_page, login_page, too_old
from ..parameters import first_values, scope_of
from ..refusals import back, refusal_for, wrong_from_the_start
from ..state import SITE_ID, Code, Interaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...http.answers import HtmlPage, Spoken
    from ...http.records import Request
    from ..accounts import App, Org, User
    from ..state import Host, State


def authorize(state: State, host: Host, request: Request) -> Spoken:
    """Check the request as far as that needs no person; return the page that asks who it is."""
    sent = first_values(request)
    if sent.get("response_type") == "code_credentials":
        return _headless(state, host, sent, request)
    if wrong := wrong_from_the_start(state, host, sent, method=request.method):
        return refused_before_sign_in(*wrong)
    if _is_signed_in_elsewhere(state, request, state.apps[sent["client_id"]]):
        return refused_before_sign_in("invalid_client_id", "client identifier invalid")
    session = request.cookie(cookie_of(host))
    user = state.sessions.get(session)
    if without := _without_pages(state, host, sent, user):
        return without
    # Assumed: that whoever may choose an account does so on the login page.
    if user is None or {"login", "select_account"} & set(sent.get("prompt", "").split()):
        return login_page(state, Interaction(sent=sent, host=host), hint=sent.get("login_hint", ""))
    return _decided(state, host, sent, user, session)


def _is_signed_in_elsewhere(state: State, request: Request, app: App) -> bool:
    """
    Return whether the browser's sessions are all of orgs that do not know *app*; assumed: whatever
    the prompt.
    """
    sessions = (
        state.sessions.get(request.cookie(cookie_of(host))) for host in state.hosts.values()
    )
    orgs = {user.org_id for user in sessions if user}
    is_local = app.kind == "eca" and app.distribution == "local"
    return is_local and bool(orgs) and app.org_id not in orgs


def _without_pages(
    state: State, host: Host, sent: Mapping[str, str], user: User | None
) -> Spoken | None:
    """Return the answer that needs no page of this server's, or `None`."""
    if state.auto:
        return _by_itself(state, host, sent, state.users[state.auto])
    if provider := sent.get("sso_provider"):
        # Assumed: where a login provider of the org's is sent for.
        return Redirect(
            location=f"{host.url}{host.site}/services/auth/sso/{quote(provider, safe='')}"
        )
    return _immediately(state, host, sent, user) if sent.get("immediate") == "true" else None


def _by_itself(state: State, host: Host, sent: Mapping[str, str], user: User) -> Spoken:
    """Sign *user* in and take the decision at once."""
    if user.decision == "close":
        return closed()
    if refusal := refusal_for(state, host, sent, user):
        return refusal
    return _with_code(state, host, sent, user) if user.decision == "allow" else _denied(sent)


def _denied(sent: Mapping[str, str]) -> BackToTheApp:
    return back(sent, error="access_denied", error_description="end-user denied authorization")


def cookie_of(host: Host) -> str:
    """Return the name of the session's cookie; cookies know no ports."""
    return f"sid-{host.url.rpartition(':')[2]}"


def log_in(state: State, host: Host, request: Request) -> HtmlPage | BackToTheApp | Redirect:
    """
    Take name and password from the login page.

    A wrong password leaves the person there, and the app hears nothing. A GET is a person who comes
    without an app, to work in the browser.
    """
    if request.method == "GET":
        return login_page(state, Interaction(sent={}, host=host))
    sent = first_values(request)
    interaction = state.interactions.get(sent.get("interaction", ""))
    if interaction is None:
        return too_old()
    username = sent.get("username", "")
    user = _who(state, host, username, sent.get("password", ""))
    if user is None:
        return login_page(state, interaction, hint=username, wrong=True)
    session = secrets.token_urlsafe(24)
    state.sessions[session] = user
    answer = (
        _decided(state, host, interaction.sent, user, session)
        if interaction.sent
        else home_page(state.org_of(user))
    )
    cookie = f"{cookie_of(host)}={session}; Path=/; HttpOnly; SameSite=Lax"
    return replace(answer, headers={"Set-Cookie": cookie})


def consent(state: State, _: Host, request: Request) -> HtmlPage | BackToTheApp:
    """Take the decision from the consent page."""
    sent = first_values(request)
    interaction = state.interactions.pop(sent.get("interaction", ""), None)
    user = state.sessions.get(interaction.session) if interaction else None
    if interaction is None or user is None or sent.get("decision") not in {"allow", "deny"}:
        return too_old()
    if sent["decision"] == "deny":
        return _denied(interaction.sent)
    state.approvals.add(
        (interaction.sent["client_id"], user.user_id, scope_of(state, interaction.sent))
    )
    return _with_code(state, interaction.host, interaction.sent, user)


def _who(state: State, host: Host, username: str, password: str) -> User | None:
    user = state.users.get(username)
    if user is None or not secrets.compare_digest(user.password.encode(), password.encode()):
        return None
    org = state.org_of(user)
    if host.org is None:
        return user if org.login_from_generic_host and org.sandbox is host.sandbox else None
    return user if host.org.org_id == org.org_id else None


def _immediately(
    state: State, host: Host, sent: Mapping[str, str], user: User | None
) -> BackToTheApp | Redirect:
    approval = (sent["client_id"], user.user_id if user else "", scope_of(state, sent))
    if user is None or approval not in state.approvals:
        return back(
            sent, error="immediate_unsuccessful", error_description="immediate_unsuccessful"
        )
    return refusal_for(state, host, sent, user) or _with_code(state, host, sent, user)


def _decided(
    state: State, host: Host, sent: Mapping[str, str], user: User, session: str
) -> HtmlPage | BackToTheApp | Redirect:
    """Return the answer to a request whose person is known."""
    if refusal := refusal_for(state, host, sent, user):
        return refusal
    known = (sent["client_id"], user.user_id, scope_of(state, sent)) in state.approvals
    if known and "consent" not in sent.get("prompt", "").split():
        return _with_code(state, host, sent, user)
    return consent_page(state, Interaction(sent=sent, host=host, session=session), user)


def _with_code(state: State, host: Host, sent: Mapping[str, str], user: User) -> BackToTheApp:
    site = (
        {"sfdc_community_url": host.url + host.site, "sfdc_community_id": SITE_ID}
        if host.site
        else {}
    )
    return back(sent, code=_code(state, host, sent, user), **site)


def _code(state: State, host: Host, sent: Mapping[str, str], user: User) -> str:
    code = Code(
        app=state.apps[sent["client_id"]],
        user=user,
        scope=scope_of(state, sent),
        redirect_uri=sent["redirect_uri"],
        host=host,
        challenge=sent.get("code_challenge", ""),
        nonce=sent.get("nonce", ""),
        issued=state.clock(),
    )
    return state.add_code(code)


def _headless(state: State, host: Host, sent: Mapping[str, str], request: Request) -> Spoken:
    """
    Return a code for a name and a password, where org and app have the flow switched on.

    Elsewhere it is a login like any other.
    """
    user = _of_basic(state, host, request.headers.get("authorization", ""))
    app = state.apps.get(sent.get("client_id", ""))
    named = (
        request.method == "POST" and request.headers.get("auth-request-type", "") == "Named-User"
    )
    if not (
        named
        and app
        and app.code_credentials
        and any(org.code_credentials for org in _orgs_at(state, host))
    ):
        return login_page(state, Interaction(sent=sent, host=host))
    if wrong := wrong_from_the_start(state, host, {**sent, "response_type": "code"}):
        return refused_before_sign_in(*wrong)
    if user is None or not user.may_log_in or network_refusal(state, app, user, "authorize"):
        return token_error("invalid_grant", "authentication failure")
    if not user.preauthorized:
        # There is no page on which a person could approve the app.
        return token_error("invalid_app_access", "user is not admin approved to access this app")
    return Json(
        document={
            "code": _code(state, host, sent, user),
            "sfdc_community_url": host.url + host.site,
            "sfdc_community_id": SITE_ID,
        }
    )


def _orgs_at(state: State, host: Host) -> list[Org]:
    return [host.org] if host.org else list(state.orgs.values())


def _of_basic(state: State, host: Host, header: str) -> User | None:
    try:
        pair = b64decode(header.removeprefix("Basic "), validate=True).decode()
    except ValueError:
        return None
    username, _, password = pair.partition(":")
    return _who(state, host, username, password)
