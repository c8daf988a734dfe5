"""The kinds of values that settings have, and the one form in which a value of each is kept."""

from __future__ import annotations

import re

from ..edge.store.document import STORAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

DAY_S = 86400
"""The longest duration that a setting can have."""


class Kind:
    """
    What values a setting may have; `str(kind)` completes the sentence "it must be ...".

    *check* returns a value in its one form, or raises `ValueError`. *from_text* turns the text of
    an environment variable into what config.toml would say, *to_text* makes of a checked value what
    people write. *meant* takes off a checked value what a paste brings along, and leaves what a
    server could mean.
    """

    def __init__(
        self,
        words: str,
        check: Callable[[Any], Any],
        from_text: Callable[[str], Any] = lambda text: text,
        *,
        meant: Callable[[Any], Any] = lambda value: value,
        to_text: Callable[[Any], str] = str,
    ) -> None:
        self.meant = meant
        self._to_text = to_text
        self._words = words
        self._check = check
        self._from_text = from_text

    def __str__(self) -> str:
        return self._words

    def check(self, value: object) -> Any:
        """
        Return *value* in the form that values of this kind are kept in.

        Texts are strings, lists are tuples, durations are seconds.

        Raises:
            ValueError: *value* is none of this kind; it says `str(kind)` and not the value, which
                may be a secret in the wrong place.
        """
        try:
            return self._check(value)
        except (ValueError, TypeError):
            raise ValueError(str(self)) from None

    def written(self, value: object) -> str:
        """Return the checked *value* as people write it."""
        each = value if isinstance(value, tuple) else (value,)
        return " ".join(map(self._to_text, each))

    def read(self, text: str) -> Any:
        """
        Return what *text*, as an environment variable has it, means.

        Raises:
            ValueError: As `check`.
        """
        try:
            value = self._from_text(text)
        except ValueError:
            raise ValueError(str(self)) from None
        return self.check(value)


def repeatable(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the values of each name, in their order."""
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(name, []).append(value)
    return collected


def seconds(value: object) -> float:
    """
    Return `300`, `"90s"`, `"5m"` or `"1h"` in seconds.

    Raises:
        ValueError: It is no time, not more than zero, or more than a day.
    """
    match = None
    if not isinstance(value, bool):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", str(value).strip())
    if match is None:
        raise ValueError(value)
    result = float(match[1]) * {"s": 1, "m": 60, "h": 3600, None: 1}[match[2]]
    if not 0 < result <= DAY_S:
        raise ValueError(value)
    return result


def duration_text(duration_s: float) -> str:
    """Return a time as people write it in config.toml: `90s`, `15m`, `2h`."""
    for unit, length_s in (("h", 3600), ("m", 60)):
        if duration_s % length_s == 0:
            return f"{duration_s / length_s:g}{unit}"
    return f"{duration_s:g}s"


def host_name(text: str) -> str:
    """
    Return *text*, the name or the address of a host, in lower case.

    Raises:
        ValueError: It is neither, or has a port.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", text):
        raise ValueError(text)
    return text.lower().removesuffix(".")


def port_number(value: object) -> int:
    """
    Return *value* as the number of a TCP port; 0 means any.

    Raises:
        ValueError: There is no such port.
    """
    number = int(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else -1
    if number not in range(2**16):
        raise ValueError(value)
    return number


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _storage(value: Any) -> str:
    if value not in STORAGES:
        raise ValueError(value)
    return str(value)


def _text(value: Any) -> str:
    if not (isinstance(value, str) and value):
        raise ValueError(value)
    return value


def _texts(value: Any) -> tuple[str, ...]:
    values = value.split() if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)):
        raise TypeError(value)
    return tuple(_text(each) for each in values)


def _ports(value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, (list, tuple)) else [value]
    if not values or not all(isinstance(each, int) for each in values):
        raise ValueError(value)
    return tuple(port_number(each) for each in values)


def _table(value: Any) -> dict[str, str | tuple[str, ...]]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return {name: _one_or_several(each) for name, each in value.items()}


def _one_or_several(value: Any) -> str | tuple[str, ...]:
    """Return a string, or the strings of a list as a tuple; a list of one is that one."""
    values = [value] if isinstance(value, str) else value
    if not values or not isinstance(values, (list, tuple)):
        raise ValueError(value)
    if not all(isinstance(each, str) for each in values):
        raise ValueError(value)
    return tuple(values) if len(values) > 1 else str(values[0])


def _query(text: str) -> dict[str, list[str]]:
    from urllib.parse import parse_qsl

    return repeatable(parse_qsl(text, keep_blank_values=True, strict_parsing=True))


def _trimmed(text: str) -> str:
    # Late: `token` knows kinds, and puts no profile together.
    from ..oauth.text import trimmed

    return trimmed(text)


def _word(text: str) -> str:
    text = _trimmed(text)
    for first, last in ('""', "''", "``", "\u201c\u201d", "\u2018\u2019"):
        inner = text[1:-1]
        if inner and text[0] == first and text[-1] == last and first not in inner:
            return _trimmed(inner)
    return text


def _client_id(text: str) -> str:
    """Return the ID alone, where *text* is an authorize URL or a parameter of one."""
    word = _word(text)
    found = re.search(r"(?:^|[?&\s])client_id=([^&#\s]+)", word)
    if not found:
        return word
    from urllib.parse import unquote_plus

    return unquote_plus(found[1])


def _issuer(text: str) -> str:
    """Return the issuer, where *text* is the address of its metadata (RFC 8414 section 3)."""
    document = r"/\.well-known/(openid-configuration|oauth-authorization-server)"
    url = re.sub(document, "", _word(text))
    return f"https://{url}" if "." in url and "://" not in url else url


def _redirect_uri(text: str) -> str:
    uri = _word(text)
    return f"http://{uri}" if re.match(r"(localhost|127(\.\d+){3}|\[::1\])(:\d|/|$)", uri) else uri


TEXT = Kind("a string", _text)
"""One text that is not empty."""

WORD = Kind("a string", _text, meant=_word)
"""A name, an address or an ID: what is around it was pasted with it."""

CLIENT_ID = Kind("a string", _text, meant=_client_id)
"""A client ID, also as a parameter."""

ISSUER = Kind("a string", _text, meant=_issuer)
"""An issuer, also as the address of its metadata, or without https://."""

TEXTS = Kind("a list of strings", _texts)
"""Texts, kept as a tuple; one string with spaces is several."""

REDIRECT_URIS = Kind(
    "a list of strings", _texts, meant=lambda uris: tuple(_redirect_uri(uri) for uri in uris)
)
"""As `TEXTS`; one of this computer may lack its http://."""

WORDS = Kind(
    "a list of strings",
    _texts,
    # A scope has neither in it (RFC 6749 section 3.3), but some servers want a comma between two.
    meant=lambda words: tuple(filter(None, (_trimmed(word).strip('",') for word in words))),
)
"""As `TEXTS`; a command line gives all of them as one text with spaces."""

HOSTS = Kind(
    "a host name or a list of them, without scheme and path",
    lambda value: tuple(host_name(each) for each in _texts(value)),
)
"""Names or addresses of hosts, kept as a tuple in lower case."""

PORTS = Kind(
    "a port or a list of ports",
    _ports,
    lambda text: [int(number) for number in text.replace(",", " ").split()],
)
"""Numbers of TCP ports, kept as a tuple."""

TABLE = Kind("a table of strings, or of lists of strings", _table, _query)
"""Texts by name, of which each may be a tuple of several; a variable has it as a query string."""

DURATION = Kind('a duration such as "5m"', seconds, to_text=duration_text)
"""A length of time, kept in seconds."""

FLAG = Kind("true or false", _flag, {"true": True, "false": False}.get)
"""A switch."""

STORAGE = Kind('"file" or "keyring"', _storage)
"""Where tokens are kept."""
