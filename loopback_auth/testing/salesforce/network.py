"""Where a request comes from, and which policy refuses it there; none of these ends a grant."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .accounts import App, User
    from .state import State, Step

_RESTRICTED = ("invalid_grant", "ip restricted")
_RESTRICTED_OR_LATE = ("invalid_grant", "IP restricted or invalid login hours")


def network_refusal(state: State, app: App, user: User, step: Step) -> tuple[str, str] | None:
    """Return why *step* is refused for its network or its hour: an error and a description."""
    if not user.in_login_hours:
        # Assumed: that the token endpoint uses the words of the redirect.
        return _RESTRICTED_OR_LATE
    is_relaxed = app.ip_relaxation == "relax" and step != "jwt_bearer"
    # Assumed: that the allowlist is not asked about grants that give no refresh token.
    is_listed = app.refresh_ip_allowlist and step not in {"jwt_bearer", "client_credentials"}
    restricted = is_listed or (user.login_ip_ranges and not is_relaxed)
    if not restricted or step not in state.outside:
        return None
    # Assumed: that the Refresh Token IP Allowlist has no words of its own.
    return _RESTRICTED_OR_LATE if step == "authorize" else _RESTRICTED


def is_shut_out(state: State, user: User) -> bool:
    """Return whether the API takes no session of *user* from where its caller is."""
    everywhere = state.org_of(user).ip_ranges_on_every_request
    return everywhere and user.login_ip_ranges and "api" in state.outside
