"""What more than one command shows of profiles and sign-ins: documents, and them in words."""

from __future__ import annotations

import os
import time
from urllib.parse import urlsplit

from ..flows.tokens.freshness import has_expired, is_refreshable
from ..oauth.authorize.redirect_uri import registered
from ..oauth.secret import Secret
from ..oauth.text import duration_in_words, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from ..edge.store.file_store import FileStore
    from ..oauth.credential import Credential
    from ..providers import Provider
    from ..settings.profile import Profile
    from .console import Console
    from .context import Context

_SOURCES = {
    "learned": " (as learned: the server refused one that was older)",
    "assumed": " (as is usual there)",
}
"""Whose word the expiry is, by its `expiry_source`; the server's own needs none."""


def report_sign_in(credential: Credential, context: Context) -> None:
    """Print who has signed in where, as the result of the command."""
    from ..oauth.credential import to_rfc3339
    from .progress import host_of

    who, server, tokens = credential.identity, credential.server, credential.tokens
    host = host_of(server.issuer or server.authorization_endpoint)
    location = location_document(credential.profile, context.store)
    console = context.console
    console.erase_line()
    console.result(
        "",
        {
            "profile": credential.profile,
            "identity": {"subject": who.subject, "name": who.name} if who else None,
            "issuer": server.issuer,
            "host": host,
            "scope": tokens.scope,
            "expires_at": to_rfc3339(tokens.expires_at) if tokens.expires_at else None,
            "refreshable": bool(tokens.refresh_token or credential.grant),
            **location,
        },
    )
    saved = f"Saved to {location_in_words(location)} (profile {credential.profile})"
    console.say(saved, draw=lambda sheet: sheet.aside(from_home(saved, context.environ)))
    if minted := minted_for(credential):
        done = f"A token was minted at {host} for {one_line(minted)}; nobody signed in."
    elif who:
        done = f"Signed in as {who.name} at {host}."
    else:
        done = f"Signed in at {host} (the server did not say who you are)."
    console.say(done, draw=lambda sheet: sheet.done(done))


def minted_for(credential: Credential) -> str | None:
    """Return whom a machine profile's token is for; `None` where a person signed in."""
    if not credential.grant:
        return None
    return credential.grant.get("subject") or f"the client {credential.client.client_id}"


def sign_in_document(
    profile: str,
    document: Mapping[str, Any],
    store: FileStore,
    *,
    provider_of: Callable[[str], Provider] | None = None,
) -> dict[str, Any]:
    """
    Return what of the stored *document* may be shown: no token is in it.

    *provider_of* returns the provider of a name: some say how long an unused sign-in lasts.

    Raises:
        StoreDamaged: Somebody has edited the file badly.
    """
    # Imported late: `login` shows its address without it.
    from ..oauth.credential import Credential

    credential = Credential.from_document(document)
    server = document["server"]
    url = server.get("issuer") or server.get("authorization_endpoint") or ""
    return {
        "profile": profile,
        "identity": document.get("identity"),
        "minted_for": minted_for(credential),
        "issuer": server.get("issuer"),
        "host": urlsplit(url).hostname,
        "client_id": (document.get("client") or {}).get("client_id"),
        "scope": document.get("scope"),
        "obtained_at": document.get("obtained_at"),
        "expires_at": document.get("expires_at"),
        "expiry_source": credential.expiry_source,
        "expired": has_expired(document, at=time.time()),
        "refreshable": is_refreshable(document),
        "use_by": use_by_of(credential, provider_of),
        "refused": document.get("refused") is True,
        **location_document(profile, store),
    }


def use_by_of(
    credential: Credential, provider_of: Callable[[str], Provider] | None = None
) -> str | None:
    """Return when the sign-in ends unless it is used before (RFC 3339); `None`: nobody says so."""
    from contextlib import suppress

    from ..errors import LoopbackAuthError
    from ..oauth.credential import to_rfc3339
    from ..oauth.token.refresh_expiry import use_by

    tokens, idle_days = credential.tokens, None
    if tokens.refresh_token is None:
        return None
    if provider_of and (name := credential.settings.get("provider")):
        # A provider that was removed says nothing.
        with suppress(LoopbackAuthError):
            idle_days = provider_of(name).idle_days
    until = use_by(tokens.extra, tokens.obtained_at, idle_days=idle_days)
    return to_rfc3339(until) if until else None


def use_by_in_words(sign_in: Mapping[str, Any]) -> str:
    """Return by when a `sign_in_document` has to be used again."""
    from ..oauth.credential import from_rfc3339

    until = sign_in["use_by"]
    left_s = from_rfc3339(until).timestamp() - time.time()
    if left_s <= 0:
        return f"ended at {until}, as the server announced; sign in again"
    return f"must be used by {until} (in {duration_in_words(left_s)})"


def location_document(profile: str, store: FileStore) -> dict[str, Any]:
    """Return where the tokens of *profile* are: `FileStore.location`, and the path of its file."""
    return {"path": store.path(profile), **store.location(profile)}


def location_in_words(location: Mapping[str, Any]) -> str:
    """Return in words what `location_document` says."""
    path = location["path"]
    if location["storage"] == "keyring":
        words = f"the keyring ({location['backend']}); {path} says so and holds no token"
    elif "awaits_keyring" in location:
        words = (
            f"{path}, which only you can read; the keyring did not take them,"
            " and gets them at the next refresh"
        )
    else:
        words = path
    if "copy_in_keyring" in location:
        words += (
            "; an older copy is still in the keyring, which could not be reached,"
            " and goes with the next save"
        )
    return words


def from_home(text: str, environ: Mapping[str, str]) -> str:
    """Return *text* with the person's home folder as `~`."""
    folder = os.path.join(environ.get("HOME") or os.path.expanduser("~"), "")
    return text.replace(folder, f"~{os.sep}")


def expiry_in_words(sign_in: Mapping[str, Any]) -> str:
    """Return how long the token of a `sign_in_document` lasts."""
    if sign_in.get("refused"):
        return "rejected by the server last time; sign in again"
    again = "it is refreshed when needed" if sign_in["refreshable"] else "then sign in again"
    if not sign_in["expires_at"]:
        return f"valid until the server says otherwise (it gave no expiry); {again}"
    lasts = expiry_to_read(sign_in)
    if lasts.endswith("ago"):
        again = again.removeprefix("then ")
    return f"{lasts}{_SOURCES.get(sign_in['expiry_source'], '')}; {again}"


def plain_facts(facts: Sequence[tuple[str, str]]) -> str:
    """Return names with their values, side by side."""
    width = max((len(name) for name, _ in facts), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in facts)


def show_facts(
    facts: Iterable[tuple[str, str]], document: Mapping[str, Any], console: Console
) -> None:
    """Print names with their values as the result of a command, or *document* for programs."""
    facts = list(facts)
    console.result(plain_facts(facts), document, draw=lambda sheet: sheet.facts(facts))


def expiry_to_read(sign_in: Mapping[str, Any]) -> str:
    """Return when the token of a `sign_in_document` ends, as a person at a terminal says it."""
    if sign_in.get("refused") or not sign_in.get("expires_at"):
        return "refused by the server" if sign_in.get("refused") else "good"
    from ..oauth.credential import from_rfc3339

    left_s = from_rfc3339(sign_in["expires_at"]).timestamp() - time.time()
    if left_s <= 0:
        return f"expired {duration_in_words(-left_s)} ago"
    return f"expires in {duration_in_words(left_s)}"


def settings_view(profile: Profile) -> tuple[list[tuple[str, str]], dict[str, dict[str, str]]]:
    """Return the settings in effect, as facts and as a document; secrets are named, not shown."""
    rows = _setting_rows(profile)
    lines = [(name, f"{_to_read(name, value)}  (from {source})") for name, value, source in rows]
    return lines, {name: {"value": value, "from": source} for name, value, source in rows}


def _to_read(name: str, value: str) -> str:
    if name == "redirect_uris":
        return " ".join(map(registered, value.split(" ")))
    from ..settings.kinds import DURATION, duration_text
    from ..settings.table import SETTINGS

    is_duration = name in SETTINGS and SETTINGS[name].kind is DURATION
    return duration_text(float(value)) if is_duration else value


def _setting_rows(profile: Profile) -> list[tuple[str, str, str]]:
    """Return name, value and source of each setting in effect."""
    rows = [
        (name, _shown(name, setting.value), setting.source)
        for name, setting in sorted(profile.settings.items())
    ]
    provider = profile.provider
    source = f"the provider {provider.name}" if provider else "this program"
    if "redirect_uris" not in profile.settings:
        port = profile.settings.get("port")
        uris, said_by = profile.redirect_uris, port.source if port else source
        rows.append(("redirect_uris", " ".join(uris), said_by))
    if provider:
        known = {**provider.server_for(profile.get("login_url")), "scope": provider.scope}
        names = {name for name, _, _ in rows}
        rows += [
            (name, str(value), source)
            for name, value in known.items()
            if value and name not in names
        ]
    return rows


def _shown(name: str, value: object) -> str:
    from ..settings.profile import values_of

    if isinstance(value, Secret) or name == "client_secret":
        return "(hidden)"
    if isinstance(value, tuple):
        value = " ".join(str(each) for each in value)
    if isinstance(value, dict):
        value = " ".join(
            f"{key}={each}" for key, several in value.items() for each in values_of(several)
        )
    return one_line(str(value))
