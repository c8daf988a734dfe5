"""Checks of the URLs to which something is sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...errors import URLRefused
from ..text import one_line

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# RFC 3986 leaves these out of a URL; shells and terminals give them meanings.
_NEVER_IN_A_URL = frozenset(" \"'\\`<>^{|}")
_IPV4_OCTETS = 4


def check_url(raw: str, *, name: str) -> str:
    """
    Return *raw* unchanged if it may be an issuer or an endpoint (RFC 8414 sections 2 and 3).

    It is https, or http to a literal loopback address or `localhost`; it has no userinfo, no
    fragment, and nothing outside printable ASCII. The raw text is checked before any parser reads
    it, since parsers drop what they do not like. *name* names it in the error.

    Raises:
        URLRefused: The URL must not be used.
    """
    shown = one_line(_without_userinfo(raw), limit=120)
    if not raw or not is_plain(raw):
        raise URLRefused(f"{name} is not a URL that can be used: {shown!r}", name=name)
    try:
        parts = urlsplit(raw)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise URLRefused(f"{name} is not a URL: {shown!r}", name=name) from None
    # A percent sign in a host is decoded by some clients and not by others.
    if "@" in parts.netloc or "%" in parts.netloc or "#" in raw or not host or port == 0:
        raise URLRefused(
            f"{name} must have a host, and neither a user name nor a fragment: {shown!r}", name=name
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise URLRefused(f"{name} must begin with https://: {shown!r}", name=name)
    return raw


def port_of(url: str) -> int:
    """Return the port of *url*; that of its scheme if it names none."""
    parts = urlsplit(url)
    return {"https": 443}.get(parts.scheme, 80) if parts.port is None else parts.port


def is_plain(raw: str) -> bool:
    """Return whether *raw* has none but the characters of a URL (RFC 3986 section 2)."""
    return all("!" <= c <= "~" and c not in _NEVER_IN_A_URL for c in raw)


def without_query(url: str) -> str:
    """Return *url* as it may be shown: without its query, where a key may be, and its password."""
    return one_line(_without_userinfo(url.partition("?")[0].partition("#")[0]))


def _without_userinfo(raw: str) -> str:
    # A password may be in it, and a refused URL is shown.
    before, at, host = raw.rpartition("@")
    return f"{before.partition('://')[0]}://***@{host}" if at and "://" in before else raw


def is_loopback(host: str) -> bool:
    """Return whether *host* is `localhost` or a literal loopback address."""
    octets = host.split(".")
    # Anything but four numbers, such as 127.0.0.1.5, is a name that a resolver may know.
    return host in _LOOPBACK_NAMES or (
        len(octets) == _IPV4_OCTETS
        and octets[0] == "127"
        and all(n.isdecimal() and int(n) in range(256) for n in octets)
    )


def loopback_addresses(host: str) -> tuple[str, ...]:
    """
    Return the addresses of *host* on this machine; none if it is another one.

    A browser may use either family for `localhost`: a program that listens on the other one would
    receive the code.
    """
    if host == "localhost":
        return ("127.0.0.1", "::1")
    return (host,) if is_loopback(host) else ()
