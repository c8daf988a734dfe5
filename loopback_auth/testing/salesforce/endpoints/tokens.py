"""The endpoints that revoke and introspect tokens."""

from __future__ import annotations

import json

from ..answers import Json, Text, form
from ..parameters import first_values
from .checks import Refused
from .token import client_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...http.records import Request
    from ..accounts import User
    from ..state import Host, State


def revoke(state: State, _: Host, request: Request) -> Text | Json:
    """
    Revoke an access token alone, or a refresh token with all that came of it.

    The client is not authenticated.
    """
    sent = first_values(request)
    token, callback = sent.get("token", ""), sent.get("callback", "")
    with state.lock:
        if not token:
            return _not_revoked(callback, "unsupported_token_type", "Token type not supported")
        found = state.access_tokens.get(token)
        grant = next((g for g in state.grants if not g.revoked and g.refresh_token == token), None)
        if found and not found.revoked and not found.grant.revoked:
            found.revoked = True
        elif grant:
            grant.revoked = True
        else:
            # It says the token again, as the real one was seen to.
            return _not_revoked(callback, "unsupported_token_type", f"invalid token: {token}")
    return Text(text=f"{callback}({{}});" if callback else "", content_type="")


def _not_revoked(callback: str, error: str, description: str) -> Text:
    if callback:
        document = json.dumps({"error": "invalid_token"})
        return Text(
            text=f"{callback}({document});", status=400, content_type="application/javascript"
        )
    text = form({"error": error, "error_description": description})
    return Text(text=text, status=400, content_type="application/x-www-form-urlencoded")


def introspect(state: State, _: Host, request: Request) -> Json:
    """Return what a token of the app's own is good for; the app authenticates."""
    sent = first_values(request)
    try:
        client_id, secret = client_of(sent, request.headers.get("authorization", ""))
    except Refused:
        client_id, secret = "", None
    app = state.apps.get(client_id)
    if app is None or secret != app.client_secret:
        return Json(
            document={"error": "invalid_client", "error_description": "invalid client credentials"},
            status=401,
        )
    found = state.good(sent.get("token", ""))
    grant = next(
        (g for g in state.grants if not g.revoked and g.refresh_token == sent.get("token")), None
    )
    if found is not None and found.grant.app.client_id == client_id:
        document = _of_grant(state, found.grant.user, found.grant.scope, client_id)
        times = {"exp": int(found.ends), "iat": int(found.issued), "nbf": int(found.issued)}
        return Json(document={**document, "token_type": "access_token", **times})
    if grant is not None and grant.app.client_id == client_id:
        return Json(
            document={
                **_of_grant(state, grant.user, grant.scope, client_id),
                "token_type": "refresh_token",
            }
        )
    return Json(document={"active": False})


def _of_grant(state: State, user: User, scope: str, client_id: str) -> dict[str, Any]:
    document = {
        "scope": scope,
        "client_id": client_id,
        "username": user.username,
        "sub": state.identity_url(user),
    }
    return {"active": True, **document}
