"""
`login --flow code-credentials`: the username and the password, typed or piped, never on the command
line.
"""

from __future__ import annotations

from ..edge.process.event_loop import run as run_story
from ..errors import UsageError
from ..flows.login.code_credentials import Credentials, check_flow, login_with_credentials
from ..oauth.authorize.code_credentials import FLOW
from ..oauth.secret import Secret
from .prompts import ask, ask_unseen, may_switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..oauth.credential import Credential
    from ..settings.profile import Profile
    from .console import Console
    from .context import Context

CHARACTERS = 4096
"""Of one line that is piped in."""


def sign_in(
    profile: Profile,
    context: Context,
) -> Credential:
    """
    Ask for the credentials and sign in with them.

    Nobody is asked for a password that would go nowhere. Raises as `login_with_credentials`.
    """
    check_flow(profile)
    credentials = _credentials(profile, context.console)
    return run_story(
        login_with_credentials(
            profile,
            credentials,
            context.services(profile),
            may_switch=may_switch(context),
        )
    )


def _credentials(profile: Profile, console: Console) -> Credentials:
    hint = profile.login_hint
    username, password = _typed(hint, console) if console.interactive else _piped(hint, console)
    if not (username and password):
        raise UsageError(
            "the username or the password is missing",
            cause="They are asked for on a terminal; else standard input has the username on one line and the password on the next.",
            fix=f"loopback-auth login {profile.name} --flow {FLOW} --login-hint USERNAME, and type or pipe in the password",
        )
    if ":" in username:
        # RFC 7617 section 2: what stands before the first colon would be the username.
        raise UsageError(
            "the username has a colon in it",
            cause="A Basic header, which is what this flow sends, cannot carry it.",
            fix=f"sign in through the browser: loopback-auth login {profile.name}",
        )
    return Credentials(username=username, password=Secret(password))


def _typed(hint: str, console: Console) -> tuple[str, str]:
    username = ask("Username", console, usual=hint)
    question = "Password (not shown, and not kept): "
    return username, ask_unseen(question, console, what="the password")


def _piped(hint: str, console: Console) -> tuple[str, str]:
    """Read the username, unless *hint* is it, and the password: a line each."""
    if console.stdin is None:
        return hint, ""
    try:
        username = hint or console.stdin.readline(CHARACTERS).strip()
        return username, console.stdin.readline(CHARACTERS).rstrip("\r\n")
    except UnicodeDecodeError:
        raise UsageError(
            "standard input is not text in this terminal's encoding",
            cause="A username and a password are read from it.",
            fix="pipe them in as UTF-8, a line each",
        ) from None
