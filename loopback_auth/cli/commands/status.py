"""`status`: who is signed in, to what, for how long, and where each setting came from."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from ...edge.files.home import home
from ...edge.files.provider_files import load_provider
from ...edge.store.file_store import FileStore
from ...errors import SignInNeeded
from ...flows.tokens.freshness import has_expired, is_refreshable
from ...oauth.credential import Credential
from ...oauth.text import one_line
from ...settings.config_toml import load_config
from ...settings.profile import resolve
from ..arguments import profile_name
from .config import provenance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from typing import Any

    from ..arguments import Parser
    from ..console import Console


_SOURCES = {
    "learned": ", as learned: the server refused one that was older",
    "assumed": ", as is usual there",
}
"""Whose word the expiry is, by its `expiry_source`; the server's own needs none."""


def arguments(parser: Parser) -> None:
    parser.profile_argument()


def run(arguments: Namespace, console: Console) -> int:
    place = home(console.environ)
    name = profile_name(arguments, place, console.environ)
    store = FileStore(place)
    document = store.load(name)
    if document is None:
        raise SignInNeeded(f"nobody is signed in to the profile {name}", profile=name)
    profile = resolve(
        name,
        flags={},
        environ=console.environ,
        config=load_config(place),
        stored=document,
        find_provider=lambda provider: load_provider(provider, place),
    )
    details = profile.provider.details_of(document.get("extra") or {}) if profile.provider else {}
    told = {**about(name, document, store), "details": details}
    settings = provenance(profile)
    console.result(
        "\n".join(
            [
                *_lines(told),
                "",
                *(f"{name:<28} {value}  (from {source})" for name, value, source in settings),
            ]
        ),
        {
            **told,
            "settings": {
                name: {"value": value, "from": source} for name, value, source in settings
            },
        },
    )
    return 0


def about(name: str, document: Mapping[str, Any], store: FileStore) -> dict[str, Any]:
    """Say of a stored sign-in what may be shown: no token is in it."""
    # A file that somebody edited badly is told as such, not shown.
    credential = Credential.from_document(document)
    server = document["server"]
    return {
        "profile": name,
        "identity": document.get("identity"),
        "issuer": server.get("issuer"),
        "host": urlsplit(
            server.get("issuer") or server.get("authorization_endpoint") or ""
        ).hostname,
        "client_id": (document.get("client") or {}).get("client_id"),
        "scope": document.get("scope"),
        "obtained_at": document.get("obtained_at"),
        "expires_at": document.get("expires_at"),
        "expiry_source": credential.expiry_source,
        "expired": has_expired(document, at=time.time()),
        "refreshable": is_refreshable(document),
        "refused": document.get("refused") is True,
        **kept(name, store),
    }


def _lines(told: Mapping[str, Any]) -> list[str]:
    who = (told["identity"] or {}).get("name") or "somebody the server does not name"
    return [
        f"Profile       {told['profile']}",
        f"Signed in as  {one_line(str(who))}",
        f"At            {told['issuer'] or told['host']}",
        *(f"{name:<13} {value}" for name, value in told["details"].items()),
        f"Scopes        {one_line(told['scope'] or '') or '(as the client has them)'}",
        f"Token         {expiry_told(told)}",
        f"Stored in     {kept_told(told)}",
    ]


def kept(name: str, store: FileStore) -> dict[str, Any]:
    """
    Return where the tokens of a profile are, as `FileStore.location` does, and the path of
    its file.
    """
    return {"path": store.path(name), **store.location(name)}


def kept_told(told: Mapping[str, Any]) -> str:
    """Say that in words."""
    path = told["path"]
    if told["storage"] == "keyring":
        words = f"the keyring ({told['backend']}); {path} says so and holds no token"
    elif "awaits_keyring" in told:
        words = f"{path}, which only you can read; the keyring did not take them, and gets them at the next refresh"
    else:
        words = path
    if "copy_in_keyring" in told:
        words += "; an older copy is still in the keyring, which could not be reached, and goes with the next save"
    return words


def expiry_told(told: Mapping[str, Any]) -> str:
    """Say in words how long the token lasts."""
    if told.get("refused"):
        return "not taken by the server the last time; sign in again"
    again = "it is refreshed when needed" if told["refreshable"] else "then sign in again"
    if not told["expires_at"]:
        return f"good until the server says otherwise (it named no expiry); {again}"
    from ...oauth.credential import from_rfc3339

    until = told["expires_at"] + _SOURCES.get(told["expiry_source"], "")
    left_s = from_rfc3339(told["expires_at"]).timestamp() - time.time()
    if left_s <= 0:
        return f"expired {in_words(-left_s)} ago ({until}); {again}"
    return f"good for {in_words(left_s)} (until {until}); {again}"


def in_words(seconds: float) -> str:
    """
    Say a length of time as people do: its largest unit, and the next one where that
    tells more.
    """
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if minutes < 1:
        return _count(int(seconds), "second")
    if hours < 1:
        return _count(minutes, "minute")
    if days < 1:
        return _joined(_count(hours, "hour"), minutes % 60, "minute")
    return _joined(_count(days, "day"), hours % 24, "hour")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _joined(first: str, number: int, unit: str) -> str:
    return f"{first} {_count(number, unit)}" if number else first
