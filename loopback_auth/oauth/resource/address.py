"""The addresses a token may be sent to, and the method and headers of a request to one."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urljoin, urlsplit

from ...errors import OriginRefused, URLRefused, UsageError
from ...value import Value
from ..http.url import check_url
from ..text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_AUTHORITY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)(.*)", re.DOTALL)
# Characters that RFC 3986 allows in a URL. All others are percent-encoded.
_ALLOWED = frozenset(chr(n) for n in range(0x21, 0x7F)) - frozenset('"<>\\^`{|}')
_DEFAULT_PORTS = {"https": 443, "http": 80}

_METHOD = re.compile(r"[A-Za-z][A-Za-z-]{0,31}")
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
# Headers that say for whom a request is, who sends it or where it ends.
_OURS = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class Resources(Value):
    """
    The addresses that the token of *profile* is for: those at *origins*.

    A path is relative to *base*, if there is one.
    """

    profile: str
    base: str | None
    origins: frozenset[str]

    def address(self, text: str) -> str:
        """
        Return the address that *text*, a URL or a path, stands for.

        The origin that is compared is the one that is sent; only the rest is as the person wrote
        it.

        Raises:
            OriginRefused: The token is not for that server.
            URLRefused: *text* is neither a URL nor a path that can be used.
            UsageError: *text* is a path, and there is no base.
        """
        if not text or any(c < " " or c == "\x7f" for c in text):
            raise _refused("is empty or holds control characters", text)
        if "#" in text:
            raise _refused("has a fragment, which is never sent (a # is written %23)", text)
        if found := _AUTHORITY.fullmatch(text):
            origin = origin_of(found[1])
            if origin not in self.origins:
                raise self._foreign(origin)
            return origin + _target(found[2])
        if re.match(r"//|https?:", text, re.IGNORECASE):
            raise _refused("is neither a path nor a URL such as https://api.example.com/me", text)
        if self.base is None:
            raise UsageError(
                f"nothing says where the API of the profile {self.profile} is",
                cause="A path is below api_base, the provider's base or the issuer,"
                " and none of them is known.",
                fix='[profiles.{profile}] api_base = "https://..." in config.toml,'
                " or LOOPBACK_AUTH_API_BASE",
                profile=self.profile,
            )
        return self.base + _target(text)

    def _foreign(self, origin: str) -> OriginRefused:
        own = ", ".join(sorted(self.origins)) or "none that is known"
        return OriginRefused(
            f"the token of the profile {self.profile} is not for {one_line(origin)};"
            f" it is for: {own}",
            profile=self.profile,
            origin=one_line(origin),
        )


def resources(*, profile: str, base: str | None, others: tuple[str | None, ...] = ()) -> Resources:
    """
    Return the `Resources` of *base* and *others*, whole addresses or `None`.

    Raises:
        URLRefused: One of them must not be used.
    """
    if base is not None:
        if "?" in check_url(base, name="api_base"):
            raise _refused("has a query, which no base can have", base, "the api_base")
        origin, path = _split(base)
        base = origin + path.rstrip("/")
    origins = frozenset(origin_in(url) for url in (base, *others) if url)
    return Resources(profile=profile, base=base, origins=origins)


def origin_of(authority: str) -> str:
    """
    Return the origin (RFC 6454 section 4) that *authority*, `scheme://host:port`, is.

    Raises:
        URLRefused: `check_url` refuses it.
    """
    parts = urlsplit(check_url(authority, name="address"))
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{shown}{port}"


def origin_in(url: str) -> str:
    """
    Return the origin of a whole *url*.

    Raises:
        URLRefused: It is no URL, or must not be used.
    """
    return _split(url)[0]


def _split(url: str) -> tuple[str, str]:
    """Return the origin of *url*, and what follows it as it is written."""
    found = _AUTHORITY.fullmatch(url)
    if found is None:
        raise _refused("is no URL", url)
    return origin_of(found[1]), found[2]


def bound_by(url: str, prefixes: Iterable[str]) -> str:
    """
    Return the longest of *prefixes*, whole addresses, below which *url* is; "" if it is below none.

    Scheme, host and port must be the same, and the path must be below that of the prefix, step by
    step. What cannot be read in one way alone is below none.
    """
    # A line break in it would begin another line of an answer that repeats it.
    if not url.isprintable():
        return ""
    try:
        origin, rest = _split(url.partition("#")[0])
        path = _target(rest).partition("?")[0]
    except URLRefused:
        return ""
    found = [
        prefix
        for prefix in prefixes
        if (parts := _split(prefix))[0] == origin
        and f"{path}/".startswith(parts[1].rstrip("/") + "/")
    ]
    return max(found, key=len, default="")


def onward(url: str, location: str) -> str | None:
    """
    Return the address that a redirect from *url* to *location* leads to.

    `None` unless it is at the same origin beyond doubt.
    """
    # Browsers read three slashes as two and a backslash as a slash; the RFC does not.
    if not location or "///" in location or any(c < " " or c in "\\\x7f" for c in location):
        return None
    try:
        origin, rest = _split(urljoin(url, location.partition("#")[0]))
        return origin + _target(rest) if origin == origin_in(url) else None
    except (URLRefused, ValueError):
        return None


def _target(text: str) -> str:
    path, mark, query = text.partition("?")
    if "\\" in path:
        raise _refused("has a backslash in its path", text)
    steps = re.split(r"[/\\]", unquote(path))
    if any(step.partition(";")[0] in (".", "..") for step in steps):
        raise _refused("has . or .. in its path", text)
    # The server is sent a path with a slash at its beginning, whatever was written.
    return ("" if path.startswith("/") else "/") + _encoded(path) + mark + _encoded(query)


def _encoded(text: str) -> str:
    try:
        return "".join(
            c if c in _ALLOWED else quote(c.encode("utf-8", "surrogateescape"), safe="")
            for c in text
        )
    except UnicodeEncodeError:
        raise _refused("is not Unicode", text) from None


def _refused(why: str, text: str, what: str = "the path") -> URLRefused:
    return URLRefused(
        f"{what} {why}: {one_line(text, limit=120)!r}",
        cause="What is asked for must be the same to everybody who reads it:"
        " you, this program, proxies and the server.",
        fix="`loopback-auth api /path -p {profile}`, or the whole https URL",
    )


def read_method(text: str) -> str:
    """
    Return the method *text* (RFC 9110 section 9) in capitals.

    Raises:
        UsageError: It is no method, or TRACE or CONNECT.
    """
    method = text.upper()
    # TRACE sends back the request, with the token; CONNECT is for proxies.
    if not _METHOD.fullmatch(text) or method in ("CONNECT", "TRACE"):
        raise UsageError(
            "that method cannot be used",
            cause="It is no method of HTTP, or one that would show the token (TRACE)"
            " or is for proxies (CONNECT).",
            fix="one of GET, HEAD, POST, PUT, PATCH, DELETE:"
            " `loopback-auth api /path -X PUT -p {profile}`",
        )
    return method


def read_header(text: str) -> tuple[str, str]:
    """
    Return name and value of the header *text*, `Name: value`.

    Raises:
        UsageError: It is no header, or one that this program sets.
    """
    name, colon, value = text.partition(":")
    value = value.strip(" \t")
    if not colon or not _FIELD_NAME.fullmatch(name) or not _is_field_value(value):
        # The error does not quote it, since it may be a secret.
        raise UsageError(
            "-H takes 'Name: value', without line breaks or other control characters",
            cause="Anything else would change the meaning of the request around it.",
            fix="for example: `loopback-auth api /me -H 'Accept: application/json' -p {profile}`",
        )
    if name.lower() in _OURS or name.lower().startswith("proxy-"):
        raise UsageError(
            f"the header {name} is not set with -H",
            cause="It says for whom the request is, who asks or where it ends,"
            " and follows from the rest.",
            fix="leave it out; -p chooses whose token is sent, LOOPBACK_AUTH_TOKEN gives another:"
            " `loopback-auth api --help`",
        )
    return name, value


def _is_field_value(value: str) -> bool:
    if any((c < " " and c != "\t") or c == "\x7f" for c in value):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
