"""
The session timeout of an app: how long its access tokens last, which its server does not say.

Some providers let an app have one of a few.
"""

from __future__ import annotations

from ..errors import UsageError
from .kinds import duration_text, seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..providers import Provider


def session_timeout(text: str, provider: Provider) -> dict[str, float]:
    """
    Return the setting that says *text*, empty where the provider's file says the same.

    Raises:
        UsageError: *text* is no session timeout of the provider.
    """
    if not provider.session_timeouts:
        raise UsageError(
            f"the provider {provider.name} has no session timeouts to choose from",
            cause="Its server says how long a token lasts, or it is not known what it can be set"
            " to.",
            fix="leave --session-timeout out: `loopback-auth init {provider} {profile}`",
            without="--session-timeout",
            provider=provider.name,
        )
    try:
        lifetime_s = seconds(text)
    except ValueError:
        lifetime_s = 0.0
    if lifetime_s not in provider.session_timeouts:
        raise UsageError(
            f"{text[:40]!r} is not a session timeout of {provider.title}",
            cause=f"It is one of these: {timeout_choices(provider)}.",
            fix="`loopback-auth init {provider} {profile} --session-timeout {timeout}`",
            provider=provider.name,
            timeout=duration_text(provider.session_timeouts[0]),
        )
    if lifetime_s == provider.access_token_lifetime:
        return {}
    return {"access_token_lifetime": lifetime_s}


def timeout_choices(provider: Provider) -> str:
    """Return the session timeouts that an app of the provider can have, as people write them."""
    return ", ".join(duration_text(each) for each in provider.session_timeouts)
