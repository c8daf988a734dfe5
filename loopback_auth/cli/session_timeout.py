"""
The session timeout of an app, for `init`: one of those that its provider can be set to, which no
server says.
"""

from __future__ import annotations

from ..errors import UsageError
from ..settings.config_toml import seconds
from .prompts import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..providers import Provider
    from .console import Console


def given_timeout(text: str, provider: Provider) -> dict[str, float]:
    """
    Return the setting that says *text*, empty where the provider's file says the same.

    Raise `UsageError` for what is no session timeout of the provider.
    """
    if not provider.session_timeouts:
        raise UsageError(
            f"the provider {provider.name} has no session timeouts to choose from",
            cause="Its server says how long a token lasts, or it is not known what it can be set to.",
            fix="leave --session-timeout out: loopback-auth init PROVIDER",
        )
    try:
        lifetime_s = seconds(text)
    except ValueError:
        lifetime_s = 0.0
    if lifetime_s not in provider.session_timeouts:
        raise UsageError(
            f"{text[:40]!r} is not one of the session timeouts of {provider.name}",
            cause=f"An app there has one of these: {_choices(provider)}.",
            fix=f"loopback-auth init {provider.name} --session-timeout {written_time(provider.session_timeouts[0])}",
        )
    return (
        {}
        if lifetime_s == provider.access_token_lifetime
        else {"access_token_lifetime": lifetime_s}
    )


def asked_timeout(provider: Provider, console: Console) -> dict[str, float]:
    """Ask for it until the answer is one; return it as `given_timeout` does."""
    lifetime_s = provider.access_token_lifetime
    while True:
        told = ask(
            f"Session timeout of the app ({_choices(provider)})",
            console,
            usual=written_time(lifetime_s) if lifetime_s else "",
        )
        if not told:
            return {}
        try:
            return given_timeout(told, provider)
        except UsageError:
            console.say(f"{told[:40]} is not one of them.")


def written_time(seconds_long: float) -> str:
    """Return a time as people write it in config.toml: `15m`, `2h`."""
    hours, rest = divmod(seconds_long, 3600)
    return f"{seconds_long / 60:g}m" if rest else f"{hours:g}h"


def _choices(provider: Provider) -> str:
    return ", ".join(written_time(each) for each in provider.session_timeouts)
