"""
What stops an authorize request.

Three ways to answer: A, to the browser as bare text; B, on a page of the server's; D, to the app.
Assumed, where the documentation is silent: the order of the checks.
"""

from __future__ import annotations

from .answers import BackToTheApp, Redirect, form
from .endpoints.discovery import SCOPES
from .network import network_refusal
from .pages import ERROR_PAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .accounts import App, Org, User
    from .state import Host, State

GENERIC = "An unexpected error has occured during authentication. Please try again."
"""Spelled as it is."""

_NOT_FOUND = ("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org")
_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


def wrong_from_the_start(
    state: State, host: Host, sent: Mapping[str, str], *, method: str = "GET"
) -> tuple[str, str] | None:
    """Return what is wrong with a request, whoever asks: an error and a description."""
    app, redirect_uri = state.apps.get(sent.get("client_id", "")), sent.get("redirect_uri", "")
    known = app if app and app.active_from <= state.clock() else None
    is_secure = host.url.startswith("https:") or not state.https_only
    asks_code = sent.get("response_type") == "code"
    checks = (
        (method in {"GET", "POST"}, "invalid_request", "Must use HTTP GET"),
        (is_secure, "invalid_request", "HTTPS required"),
        # Assumed: that the browser alone sees this.
        (asks_code, "unsupported_response_type", "response type not supported"),
        (known, "invalid_client_id", "client identifier invalid"),
        # Assumed: the wording of the answer.
        (redirect_uri, "redirect_uri_missing", "redirect_uri not provided"),
        (not redirect_uri.startswith(_OUT_OF_BAND), "invalid_request", "Out-of-band not supported"),
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
        # Assumed: a method other than S256 is refused, as `plain` is not offered; none at all is
        # taken for S256.
        (
            sent.get("code_challenge_method", "S256") == "S256",
            "invalid_request",
            "invalid code challenge method",
        ),
    )
    return next(((error, description) for passed, error, description in checks if not passed), None)


def refusal_for(
    state: State, host: Host, sent: Mapping[str, str], user: User
) -> BackToTheApp | Redirect | None:
    """Return why this person may not, to the app or on a page of the server's own, or `None`."""
    app, org = state.apps[sent["client_id"]], state.org_of(user)
    checks = (
        (user.logins_left, "rate_limit_exceeded", "number of logins exceeded"),
        (user.may_log_in, "inactive_user", "user is inactive"),
        (org.status == "active", "inactive_org", "org is locked, closed, or suspended"),
        (not app.blocked, "OAUTH_APP_BLOCKED", "this app is blocked by admin"),
    )
    for passed, error, description in checks:
        if not passed:
            return back(sent, error=error, error_description=description)
    if stopped := _not_this_org(app, org, host):
        error, description = stopped
        return (
            _error_page(host, error, description)
            if state.errors_on_page
            else back(sent, error=error, error_description=description)
        )
    if stopped := _not_approved(app, sent, user):
        return _error_page(host, *stopped)
    return _forbidden(state, app, sent, user)


def _error_page(host: Host, error: str, description: str) -> Redirect:
    query = form({"error": error, "error_description": description})
    return Redirect(location=f"{host.url}{host.site}{ERROR_PAGE}?{query}")


def _forbidden(state: State, app: App, sent: Mapping[str, str], user: User) -> BackToTheApp | None:
    elsewhere = network_refusal(state, app, user, "authorize")
    checks = (
        (
            app.permitted_users == "self" or user.preauthorized,
            "OAUTH_APP_ACCESS_DENIED",
            "user is not admin approved to access this app",
        ),
        (elsewhere is None, *(elsewhere or ("", ""))),
        (
            # Assumed: that the app hears of this.
            set(sent.get("scope", "").split()) <= set(SCOPES.split()),
            "invalid_scope",
            "requested scope is invalid, unknown, or malformed",
        ),
    )
    for passed, error, description in checks:
        if not passed:
            return back(sent, error=error, error_description=description)
    return None


def _not_this_org(app: App, org: Org, host: Host) -> tuple[str, str] | None:
    """Return why an External Client App is not of this org or host, or `None`."""
    if app.kind == "connected":
        return None
    if app.distribution == "packaged":
        return None if app.installed else _NOT_FOUND
    if app.org_id != org.org_id:
        return (
            "OAUTH_AUTHORIZATION_BLOCKED",
            "Cross-org OAuth flows are not supported for this external client app",
        )
    return _NOT_FOUND if host.org is None else None


def _not_approved(app: App, sent: Mapping[str, str], user: User) -> tuple[str, str] | None:
    """Return the words of the server's own page, or `None`; the app hears nothing of it."""
    if app.kind == "connected" and not (app.installed or user.may_use_uninstalled_apps):
        return "invalid_client", "app must be installed into org"
    lacking = set(sent.get("scope", "").split()) & set(SCOPES.split()) - set(app.scopes)
    return (
        ("OAUTH_APPROVAL_ERROR_GENERIC", GENERIC)
        if user.api_only or (lacking and not app.ignores_other_scopes)
        else None
    )


def back(sent: Mapping[str, str], **members: str) -> BackToTheApp:
    """Return the redirect to the app, with its state."""
    state = {"state": sent["state"]} if "state" in sent else {}
    return BackToTheApp(redirect_uri=sent["redirect_uri"], members={**members, **state})
