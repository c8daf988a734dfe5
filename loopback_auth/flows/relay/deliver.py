"""Handing what the browser ended at to a login that waits in another terminal."""

from __future__ import annotations

from ...edge.interaction.delivery import waiting_logins
from ...errors import NoPendingSignIn, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...edge.interaction.delivery import WaitingLogin


def deliver(text: str, home: str, profile: str | None) -> WaitingLogin:
    """
    Hand *text* to the login whose answer it is, and return that login.

    Any login of *home* may be that, or those to *profile*. An error that the browser shows has no
    state, which alone says whose answer a text is: it goes to the one login that there is.

    Raises:
        NoPendingSignIn: No login waits.
        UsageError: None takes *text*, or there are several, and it is the answer to none.
    """
    every = waiting_logins(home)
    waiting = [each for each in every if profile in (None, each.profile)]
    verdicts = {each.name: each.bring(text, only_answer=True) for each in waiting}
    if taken := next((each for each in waiting if (v := verdicts[each.name]) and v.is_taken), None):
        return taken
    waiting = [each for each in waiting if verdicts[each.name]]
    if not waiting:
        others = [each.profile for each in every if profile and not each.is_abandoned()]
        raise _none_waits(profile, next(iter(others), None))
    if len(waiting) > 1:
        names = ", ".join(dict.fromkeys(each.profile for each in waiting))
        raise UsageError(
            f"that is the answer to none of the {len(waiting)} logins that wait ({names})",
            cause="An error has no state, which would tell the login that it belongs to.",
            fix="paste it in the terminal of that login; or name the one that it is for:"
            " `loopback-auth deliver {profile}`",
            profile=profile or waiting[0].profile,
        )
    [only] = waiting
    verdict = only.bring(text, only_answer=False)
    if verdict is None or not verdict.is_taken:
        reason = verdict.reason if verdict else "it waits no more"
        raise UsageError(
            f"the login to the profile {only.profile} did not accept that: {reason}",
            cause="It takes the address that its own browser ended at, with its state, or an error"
            " that the browser shows. It still waits.",
            fix="copy the whole address, and paste it again: `loopback-auth deliver {profile}`",
            profile=only.profile,
        )
    return only


def _none_waits(profile: str | None, other: str | None) -> NoPendingSignIn:
    to = f" to the profile {profile}" if profile else ""
    begin = (
        "begin one: `loopback-auth login {profile}`; one that was begun with --manual is"
        " finished by `loopback-auth exchange {profile}`"
    )
    return NoPendingSignIn(
        f"no login{to} waits in another terminal",
        cause="A login takes what is delivered while it waits for its browser, and no longer.",
        fix=("one to {other} does: `loopback-auth deliver {other}`; or " if other else "") + begin,
        **({"profile": profile, "other": other} if profile else {}),
    )
