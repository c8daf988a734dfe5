"""What this profile knows of itself, for the texts that explain an error; and errors told in those texts."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from ..errors import LoopbackAuthError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .profile import Profile


def facts_of(profile: Profile, *, redirect_uri: str = "") -> dict[str, object]:
    """
    Give the values that an explanation shows: none is a secret, and what is not known is left out.

    *redirect_uri* is the one in use, where a sign-in has chosen one already.
    """
    login_url, provider = _login_url(profile), profile.provider
    scope = profile.get("scope")
    facts = {
        "profile": profile.name,
        "client_id": profile.get("client_id"),
        "redirect_uri": redirect_uri or next(iter(redirect_uris(profile)), ""),
        "login_url": login_url,
        "host": urlsplit(login_url).netloc,
        "scope": " ".join(scope) if scope is not None else (provider.scope if provider else ""),
        "username": _username(profile),
    }
    return {name: value for name, value in facts.items() if value}


def redirect_uris(profile: Profile) -> list[str]:
    """Give the addresses that should be registered; none where they cannot be used."""
    try:
        return profile.redirect_uris
    except UsageError:
        return []


@contextmanager
def explained(profile: Profile, *, redirect_uri: str = "", body: str = "") -> Iterator[None]:
    """Tell an error of the block as the pitfall that it is, where the profile's provider knows of one."""
    try:
        yield
    except LoopbackAuthError as error:
        tell_better(error, profile, redirect_uri=redirect_uri, body=body)
        raise


def tell_better(
    error: LoopbackAuthError, profile: Profile, *, redirect_uri: str = "", body: str = ""
) -> None:
    """Give *error* the cause and fix of its pitfall, with the values of *profile*."""
    error.facts.setdefault("profile", profile.name)
    if profile.provider is None or not profile.provider.pitfalls:
        return
    from ..explain.pitfalls import better_told

    facts = facts_of(profile, redirect_uri=redirect_uri)
    better_told(error, pitfalls=profile.provider.pitfalls, facts=facts, body=body)


def tell_of_stored(error: LoopbackAuthError, document: Mapping[str, Any]) -> None:
    """Give *error* the cause and fix of its pitfall, with the values of the sign-in that *document* remembers."""
    from ..edge.config import parse_config
    from ..providers import load_provider
    from .profile import resolve

    with suppress(LoopbackAuthError):
        name, config = str(document.get("profile")), parse_config("", "")
        profile = resolve(
            name, flags={}, environ={}, config=config, stored=document, find_provider=load_provider
        )
        tell_better(error, profile)


def _login_url(profile: Profile) -> str:
    given = profile.get("login_url") or profile.get("issuer")
    if not given and profile.provider:
        given = profile.provider.login_url
    return str(given or profile.get("authorization_endpoint") or "")


def _username(profile: Profile) -> str:
    identity: Mapping[str, object] = profile.remembered.get("identity") or {}
    return str(profile.login_hint or identity.get("name") or "")
