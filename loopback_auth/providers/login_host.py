"""
Which host to sign in at, from what people have at hand: the address of a page they work on, a name, a typo.

    [login_hosts]
    known = ["login.example.com", "{name}.my.example.com"]    # a path behind one of these is of a page, and dropped
    sites = ["{name}.site.example.com"]                       # here it names the site, and is kept
    [login_hosts.instead]                                     # what is given -> what is meant; without a dot: a bare name
    "{name}.pages.example.com" = "{name}.my.example.com"
    "{name}" = "{name}.my.example.com"

A host that is in none of them is somebody's own domain, unless it looks like one of these misspelled.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ..errors import URLRefused
from ..oauth.text import one_line
from ..oauth.wire import check_url, is_loopback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_TELLING = 10
"""Shorter domains have too many neighbours that are somebody's own."""


def login_host(given: str, hosts: Mapping[str, Any]) -> tuple[str, str | None]:
    """
    Give the login URL that *given* means, and a note for the person where that is another one; *hosts* is a provider's table.

    Raises `URLRefused` for what is no address, plain http, and for what looks like a misspelled host of the provider's.
    """
    text = given.strip()
    name = text.rstrip("/")
    instead: Mapping[str, str] = hosts.get("instead", {})
    if "/" not in name and "." not in name and ":" not in name:
        meant = _rewritten(name, {k: v for k, v in instead.items() if "." not in k})
        return (
            (f"https://{meant}", _note(given, meant)) if meant else (check_url(text, name="login_url"), None)
        )
    url = check_url(text if "://" in text else f"https://{text}", name="login_url")
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if is_loopback(host) or _fits(host, hosts.get("sites", ())):
        return url.rstrip("/"), None
    if meant := _rewritten(host, {k: v for k, v in instead.items() if "." in k}):
        return f"https://{meant}", _note(given, meant)
    if _fits(host, hosts.get("known", ())):
        shorter = f"{parts.scheme}://{parts.netloc}"
        return shorter, _note(given, parts.netloc) if parts.path.strip("/") else None
    _refuse_misspelled(host, [*hosts.get("known", ()), *hosts.get("sites", ())])
    return url.rstrip("/"), None


def _note(given: str, meant: str) -> str:
    return f"{one_line(given, limit=120)} is no address to sign in at; {meant} is, and is used"


def _rewritten(host: str, instead: Mapping[str, str]) -> str | None:
    for template, meant in instead.items():
        found = _pattern(template).fullmatch(host)
        if found:
            return meant.format_map(found.groupdict())
    return None


def _fits(host: str, templates: Iterable[str]) -> bool:
    return any(_pattern(template).fullmatch(host) for template in templates)


def _pattern(template: str) -> Any:
    import re

    label = "[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?" if "." in template else "[a-z0-9]+(?:-[a-z0-9]+)*"
    quoted = re.sub(r"\\{(\w+)\\}", rf"(?P<\1>{label})", re.escape(template))
    return re.compile(quoted, re.IGNORECASE)


def _refuse_misspelled(host: str, templates: Iterable[str]) -> None:
    from difflib import get_close_matches

    known = list(templates)
    ends = {_end(template) for template in known}
    telling = [end for end in ends if len(end) > _TELLING]
    if not (_end(host) in ends or get_close_matches(_end(host), telling, n=1, cutoff=0.85)):
        return
    forms = ", ".join(template.replace("{name}", "NAME") for template in known)
    raise URLRefused(
        f"{host[:120]} is no host to sign in at",
        cause=f"It looks like one of these, and is none of them: {forms}.",
        fix="give the right one: loopback-auth login --login-url URL",
        name="login_url",
    )


def _end(host: str) -> str:
    return ".".join(host.rsplit(".", 2)[-2:])
