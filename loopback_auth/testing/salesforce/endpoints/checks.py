"""The checks of every grant at the token endpoint: an administrator may have thrown a switch."""

from __future__ import annotations

from ..network import network_refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..accounts import App, User
    from ..state import Host, State, Step

APP_NOT_FOUND = ("app_not_found", "External client app is not installed in this org")


class Refused(Exception):
    """A token error: its code and description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error, description)
        self.error, self.description = error, description


def check_app_at(host: Host, app: App) -> None:
    """Raise `Refused` for a local External Client App everywhere but at its own org."""
    is_local = app.kind == "eca" and app.distribution == "local"
    if is_local and (host.org is None or host.org.org_id != app.org_id):
        raise Refused(*APP_NOT_FOUND)


def check_user(state: State, app: App, user: User, step: Step) -> None:
    """
    Raise `Refused` for *user*, or *app* for them, as both are now.

    Assumed: the order of the checks.
    """
    user = state.users.get(user.username, user)
    elsewhere = network_refusal(state, app, user, step)
    not_installed = app.kind == "connected" and not (app.installed or user.may_use_uninstalled_apps)
    checks = (
        (user.active, "inactive_user", "user is inactive"),
        # Assumed: of the two that are reported, this one is for who is frozen.
        (not user.frozen, "invalid_grant", "inactive user"),
        (
            state.org_of(user).status == "active",
            "inactive_org",
            "org is locked, closed, or suspended",
        ),
        # Assumed: the refusal of a blocked app here.
        (not app.blocked, "invalid_grant", "authentication failure"),
        (not not_installed, "invalid_client", "app must be installed into org"),
        (app.kind == "connected" or app.installed, *APP_NOT_FOUND),
        (
            app.permitted_users == "self" or user.preauthorized,
            "invalid_app_access",
            "user is not admin approved to access this app",
        ),
        (elsewhere is None, *(elsewhere or ("", ""))),
        (user.logins_left, "rate_limit_exceeded", "login rate exceeded"),
    )
    for passed, error, description in checks:
        if not passed:
            raise Refused(error, description)
