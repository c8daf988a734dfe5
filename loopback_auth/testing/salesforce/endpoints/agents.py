"""The servers for agents: hosted MCP, and the Agent API. Both take JWT access tokens alone."""

from __future__ import annotations

from ..answers import Json, api_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...http.records import Request
    from ..state import AccessToken, Host, State


def mcp(state: State, _: Host, request: Request) -> Json:
    """Return the answer of a hosted MCP server; assumed: that it asks for no scope."""
    found = _session(state, request)
    return found if isinstance(found, Json) else Json(document={"tools": []})


def agent(state: State, _: Host, request: Request) -> Json:
    """Begin a session with an agent; it knows the apps that are attached to it."""
    found = _session(state, request)
    if isinstance(found, Json):
        return found
    if not found.grant.app.attached_to_agent:
        # Assumed: the members beside the message.
        message = "Connected app is not attached to Agent"
        return Json(
            document={"status": 401, "error": "Unauthorized", "message": message}, status=401
        )
    return Json(document={"sessionId": "00000000-0000-0000-0000-000000000001", "messages": []})


def _session(state: State, request: Request) -> AccessToken | Json:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token.startswith("eyJ"):
        return api_error(401, "INVALID_AUTH_HEADER", "INVALID_JWT_FORMAT")
    return state.good(token) or api_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
