"""
The grants without a person: JWT bearer and client credentials.

Assumed: the order of the checks.
"""

from __future__ import annotations

from ..state import Grant
from .assertion import read_assertion
from .checks import APP_NOT_FOUND, Refused, check_app_at, check_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..accounts import App, User
    from ..state import Host, State

_LASTING = {"refresh_token", "offline_access"}
_OF_AN_ASSERTION = {"access_token", "scope", "instance_url", "id", "token_type", "token_format"}
_INVALID = ("invalid_grant", "invalid assertion")


def by_assertion(state: State, host: Host, sent: Mapping[str, str]) -> dict[str, str]:
    """
    Return the token answer for an assertion that a certificate of the app's has signed.

    Raises:
        Refused: The assertion, the app or the person is not accepted.
    """
    assertion = read_assertion(sent.get("assertion", ""))
    if assertion is None:
        raise Refused(*_INVALID)
    app = state.apps.get(str(assertion.claims.get("iss")))
    if app is None or app.active_from > state.clock():
        raise Refused("invalid_client_id", "client identifier invalid")
    if app.kind == "eca" and host.org is None:
        raise Refused(*APP_NOT_FOUND)
    check_app_at(host, app)
    if not assertion.is_signed_by(app.certificate):
        # Assumed: an app without a certificate says what one with another does.
        is_eca = app.kind == "eca"
        raise Refused(*(("invalid_client", "invalid client credentials") if is_eca else _INVALID))
    user = _subject(state, host, assertion.claims)
    if user is None or assertion.has_ended(state.clock()):
        raise Refused(*_INVALID)
    if not _audiences(state, host, user) & _claimed(assertion.claims.get("aud")):
        raise Refused("invalid_grant", "audience is invalid")
    _check_name(state, assertion.claims)
    _check_approval(state, app, user)
    answer = state.tokens_for(_grant(state, app, user, host))
    return {name: value for name, value in answer.items() if name in _OF_AN_ASSERTION}


def _subject(state: State, host: Host, claims: Mapping[str, Any]) -> User | None:
    """Return the person whose username `sub` is, if the host knows them."""
    user = state.users.get(str(claims.get("sub")))
    if user is None:
        return None
    org = state.org_of(user)
    known = org.sandbox is host.sandbox if host.org is None else org.org_id == host.org.org_id
    return user if known else None


def _claimed(audience: object) -> set[str]:
    return {str(entry) for entry in (audience if isinstance(audience, list) else [audience])}


def _audiences(state: State, host: Host, user: User) -> set[str]:
    """Return what `aud` may be: the login host under either of its names, or the org's own."""
    org = state.org_of(user)
    own = state.my_domain(org)
    if host.site:
        return {own + host.site}
    name = "https://test.salesforce.com" if org.sandbox else "https://login.salesforce.com"
    return {own, name, state.login_url(sandbox=org.sandbox)} if org.generic_audience else {own}


def _check_name(state: State, claims: Mapping[str, Any]) -> None:
    name = str(claims.get("jti", ""))
    if name in state.used_jtis:
        # Assumed: the words; the code is one of the server's.
        raise Refused("bad_jti_claim", "jti claim was used before")
    state.used_jtis |= {name} - {""}


def _check_approval(state: State, app: App, user: User) -> None:
    if not _LASTING & set(app.scopes):
        raise Refused(
            "invalid_request",
            "refresh_token scope is required and the connected app should be installed and "
            "preauthorized.",
        )
    check_user(state, app, user, "jwt_bearer")
    # Assumed: that an approval counts which a refresh token came of.
    approved = any(
        (app.client_id, user.user_id) == approval[:2] and _LASTING & set(approval[2].split())
        for approval in state.approvals
    )
    if app.permitted_users == "self" and not approved:
        raise Refused("invalid_grant", "user hasn't approved this consumer")


def by_client(state: State, host: Host, app: App, _: Mapping[str, str]) -> dict[str, str]:
    """
    Return the token answer for the app's own user, who is chosen in Setup (Run As).

    Raises:
        Refused: The app or its user is not accepted.
    """
    user = state.users.get(app.run_as)
    if not app.client_credentials:
        # Assumed: of the errors that are reported, this one.
        raise Refused("invalid_grant", "client credentials flow not enabled")
    if user is None or host.org is None or user.org_id != host.org.org_id:
        raise Refused("invalid_grant", "no client credentials user enabled")
    if user.portal:
        raise Refused("access_denied", "end-user denied authorization")
    if "api" not in app.scopes:
        # What `full` would allow does not count here.
        raise Refused("invalid_grant", "no valid scopes defined")
    check_user(state, app, user, "client_credentials")
    return state.tokens_for(_grant(state, app, user, host))


def _grant(state: State, app: App, user: User, host: Host) -> Grant:
    """Return a grant that nothing refreshes; it does not count among a person's."""
    scope = " ".join(name for name in app.scopes if name not in _LASTING)
    now = state.clock()
    return Grant(app=app, user=user, scope=scope, site=host.site, began=now, used=now)
