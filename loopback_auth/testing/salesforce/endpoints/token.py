"""
The token endpoint: a code, a refresh token, an assertion, or the client's secret.

Every other grant type is refused.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, urlsafe_b64encode
from html import escape
from urllib.parse import unquote_plus

from ...http.answers import JsonObject
from ..answers import Text, form, token_error
from ..parameters import first_values
from ..state import Grant, new_refresh_token
from .checks import APP_NOT_FOUND, Refused, check_app_at, check_user
from .machine import by_assertion, by_client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...http.records import Request
    from ..accounts import App
    from ..state import Code, Host, State

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
IDLE_LIMIT_S = 30 * 24 * 3600


def token(state: State, host: Host, request: Request) -> JsonObject | Text:
    """
    Return the answer to a token request.

    A body that is no form has no grant type; assumed: neither has a GET.
    """
    sent = first_values(request) if request.method == "POST" else {}
    try:
        with state.lock:
            answer = _granted(state, host, sent, request.headers.get("authorization", ""))
    except Refused as refused:
        return token_error(refused.error, refused.description)
    accept = request.headers.get("accept", "")
    return _in_format(
        answer, sent.get("format") or ("xml" if "application/xml" in accept else "json")
    )


def _granted(
    state: State, host: Host, sent: Mapping[str, str], authorization: str
) -> dict[str, str]:
    grant_type = sent.get("grant_type", "")
    grant = _GRANTS.get(grant_type)
    if grant is None and grant_type != JWT_BEARER:
        raise Refused("unsupported_grant_type", "grant type not supported")
    if "scope" in sent:
        # Assumed: before it is asked who the client is.
        raise Refused("invalid_request", "scope parameter not supported")
    if grant is None:
        return by_assertion(state, host, sent)
    if grant is by_client and host.org is None:
        raise Refused("invalid_grant", "request not supported on this domain")
    client_id, secret = client_of(sent, authorization)
    app = state.apps.get(client_id)
    if app is None or app.active_from > state.clock():
        raise Refused("invalid_client_id", "client identifier invalid")
    if "client_assertion" in sent and not secret:
        # Assertions instead of a secret (private_key_jwt) are never right here.
        raise Refused("invalid_client", "invalid client credentials")
    switches = {
        "authorization_code": app.require_secret_web,
        "refresh_token": app.require_secret_refresh,
    }
    _check_secret(app, secret, required=switches.get(grant_type, True))
    check_app_at(host, app)
    return grant(state, host, app, sent)


def client_of(sent: Mapping[str, str], authorization: str) -> tuple[str, str | None]:
    """
    Return the client's name and secret: the body's, else those of the Basic header.

    Raises:
        Refused: The Basic header cannot be read.
    """
    if {"client_id", "client_secret"} <= set(sent) or not authorization.lower().startswith(
        "basic "
    ):
        return sent.get("client_id", ""), sent.get("client_secret")
    try:
        client_id, _, secret = b64decode(authorization[6:], validate=True).decode().partition(":")
    except ValueError:
        raise Refused("invalid_client", "invalid client credentials") from None
    # Assumed: as RFC 6749 has it, form-urlencoded; keys and secrets have no letter for which it
    # matters.
    return unquote_plus(client_id), unquote_plus(secret)


def _check_secret(app: App, secret: str | None, *, required: bool) -> None:
    # A secret that nobody asked for is looked at all the same.
    if secret != app.client_secret and (secret or required):
        raise Refused("invalid_client", "invalid client credentials")


def _of_code(state: State, host: Host, app: App, sent: Mapping[str, str]) -> dict[str, str]:
    if not sent.get("code"):
        # Assumed: the words for what is missing, here and below.
        raise Refused("invalid_request", "missing required parameter: code")
    code = state.codes.get(sent["code"])
    if code is None:
        raise Refused("invalid_grant", "invalid authorization code")
    # Assumed: a code that is used again is refused, and what came of it the first time stays.
    if code.used or state.clock() - code.issued > app.code_ttl:
        raise Refused("invalid_grant", "expired authorization code")
    # Assumed: a code of another app is refused as one that is not known.
    if code.app.client_id != app.client_id:
        raise Refused("invalid_grant", "invalid authorization code")
    if not sent.get("redirect_uri"):
        raise Refused("invalid_request", "missing required parameter: redirect_uri")
    if sent["redirect_uri"] != code.redirect_uri:
        raise Refused("redirect_uri_mismatch", "redirect_uri must match configuration")
    if code.host.url + code.host.site != host.url + host.site and code.host.org is not None:
        raise Refused(*APP_NOT_FOUND)
    # Assumed: what the client gets wrong leaves the code as it is; a wrong verifier uses it up.
    code.used = True
    _check_verifier(code, sent.get("code_verifier", ""))
    check_user(state, app, code.user, "token")
    if not code.scope.strip():
        raise Refused("invalid_grant", "no valid scopes defined")
    return state.tokens_for(_new_grant(state, code, host), nonce=code.nonce)


def _check_verifier(code: Code, verifier: str) -> None:
    # Assumed: the code of both errors; documents and captures differ.
    if not code.challenge:
        if verifier:
            raise Refused("invalid_grant", "unexpected code verifier")
        return
    digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    if urlsafe_b64encode(digest).rstrip(b"=").decode() != code.challenge:
        raise Refused("invalid_grant", "invalid code verifier")


def _new_grant(state: State, code: Code, host: Host) -> Grant:
    now = state.clock()
    lasting = {"refresh_token", "offline_access", "full"} & set(code.scope.split()) - {"full"}
    grant = Grant(
        app=code.app,
        user=code.user,
        scope=code.scope,
        site=host.site,
        began=now,
        used=now,
        refresh_token=new_refresh_token()
        if lasting and code.app.refresh_policy != "immediate"
        else "",
    )
    state.add_grant(grant)
    return grant


def _of_refresh_token(state: State, _: Host, app: App, sent: Mapping[str, str]) -> dict[str, str]:
    if "code_verifier" in sent:
        raise Refused("invalid_grant", "unexpected code verifier")
    if not sent.get("refresh_token"):
        raise Refused("invalid_request", "missing required parameter: refresh_token")
    grant = _grant_of(state, app, sent["refresh_token"])
    check_user(state, app, grant.user, "refresh")
    _check_policy(app, grant, state.clock())
    grant.used = state.clock()
    rotates = app.rotate_refresh or state.org_of(grant.user).rotate_refresh
    if rotates:
        grant.dead.add(grant.refresh_token)
        grant.refresh_token = new_refresh_token()
    return state.tokens_for(grant, with_refresh=rotates)


def _grant_of(state: State, app: App, refresh_token: str) -> Grant:
    for grant in state.grants:
        if grant.app.client_id != app.client_id:
            continue
        if refresh_token in grant.dead:
            # Used again after it was replaced: the one that replaced it goes, and every access
            # token with it.
            grant.revoked = True
        if refresh_token == grant.refresh_token and not grant.revoked:
            return grant
    raise Refused("invalid_grant", "expired access/refresh token")


def _check_policy(app: App, grant: Grant, now: float) -> None:
    kind, _, seconds = app.refresh_policy.partition(":")
    since = {"idle": grant.used, "absolute": grant.began}.get(kind)
    if app.idle_limit and now - grant.used > IDLE_LIMIT_S:
        raise Refused("invalid_grant", "expired access/refresh token")
    if since is not None and now - since > float(seconds):
        description = (
            "token validity expired" if kind == "absolute" else "expired access/refresh token"
        )
        raise Refused("invalid_grant", description)


def _in_format(answer: Mapping[str, str], wanted: str) -> JsonObject | Text:
    if wanted == "urlencoded":
        return Text(text=form(answer), content_type="application/x-www-form-urlencoded")
    if wanted == "xml":
        members = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in answer.items())
        return Text(
            text=f'<?xml version="1.0" encoding="UTF-8"?><OAuth>{members}</OAuth>',
            content_type="application/xml",
        )
    return JsonObject(members=answer)


_GRANTS = {
    "authorization_code": _of_code,
    "refresh_token": _of_refresh_token,
    "client_credentials": by_client,
}
