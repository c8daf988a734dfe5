"""The profile whose token is for an address."""

from __future__ import annotations

from contextlib import suppress

from ... import errors
from ...flows.resources import credential_urls_of
from ...oauth.resource.address import bound_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...settings.profile import Profile
    from ..context import Context


def profile_of_url(url: str, context: Context) -> str | None:
    """
    Return the name of the profile whose token is for *url*, or `None`.

    The longest address that a profile names decides; of several profiles with the same one, the
    profile that is meant here. A profile that was named is the only one that is looked at.

    Raises:
        UsageError: Several profiles have the same address, and none of them is meant here.
        LoopbackAuthError: The profile that was named is in disorder.
    """
    if named := _named(context):
        return named if _bound(url, named, context) else None
    found = {name: _bound_or_none(url, name, context) for name in _names(context)}
    longest = max(map(len, found.values()), default=0)
    best = [name for name, prefix in found.items() if prefix and len(prefix) == longest]
    if len(best) > 1:
        best = [name for name in best if name == _meant(context)] or best
    if len(best) > 1:
        raise errors.UsageError(
            f"the profiles {', '.join(best)} have a token for that server",
            cause="The address does not say which one.",
            fix="name one where the tool calls us: `loopback-auth credential git -p NAME`",
        )
    return best[0] if best else None


def _named(context: Context) -> str:
    arguments = context.arguments
    named = arguments.profile_option or context.environ.get("LOOPBACK_AUTH_PROFILE")
    return context.profile_name if named else ""


def _names(context: Context) -> list[str]:
    return sorted({*context.config.profiles, *context.store.profiles()})


def _meant(context: Context) -> str:
    with suppress(errors.LoopbackAuthError):
        return context.profile_name
    return ""


def _bound_or_none(url: str, name: str, context: Context) -> str:
    """Do as `_bound`; a profile in disorder that nobody named is in nobody's way."""
    with suppress(errors.LoopbackAuthError):
        return _bound(url, name, context)
    return ""


def _bound(url: str, name: str, context: Context) -> str:
    """Return the address of the profile *name* that *url* is below, or ""."""
    document = context.store.load(name)
    return bound_by(url, credential_urls_of(_resolved(name, document, context), document))


def _resolved(name: str, stored: Mapping[str, Any] | None, context: Context) -> Profile:
    from ...settings.resolve import resolve

    is_meant = bool(_named(context))
    return resolve(
        name,
        # What a variable says is about the profile that is meant, and about no other.
        environ=context.environ if is_meant else None,
        config=context.config,
        stored=stored,
        find_provider=context.provider,
        project=context.chosen.project_settings() if is_meant else None,
    )
