"""
Comparing redirect URIs as servers do: character by character.

RFC 6749 section 3.1.2.3, RFC 9700 section 2.1.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ..text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from urllib.parse import SplitResult

_DEFAULT_PORTS = {"http": 80, "https": 443}


def difference(sent: str, registered: str) -> str | None:
    """
    Return in words the first difference of *registered* from the redirect URI that is *sent*.

    The parts of the URIs are compared first, then their characters. `None` if they are the same.
    """
    if sent == registered:
        return None
    if sent == registered.strip():
        return "the registered one has a space before or after it"
    try:
        ours, theirs = urlsplit(sent), urlsplit(registered.strip())
        found = _in_the_host(ours, theirs) or _behind_it(ours, theirs)
    except ValueError:
        found = ""
    return found or _by_character(sent, registered)


def _in_the_host(ours: SplitResult, theirs: SplitResult) -> str:
    if ours.scheme != theirs.scheme:
        return _difference_of("scheme", ours.scheme, theirs.scheme or "(none)")
    if ours.hostname != theirs.hostname:
        return _difference_of("host", ours.hostname, theirs.hostname or "(none)")
    if ours.port != theirs.port:
        return _difference_of("port", _port(ours), _port(theirs))
    if ours.netloc != theirs.netloc and ours.netloc.lower() == theirs.netloc.lower():
        return _difference_of("case of the host", ours.netloc, theirs.netloc)
    return ""


def _behind_it(ours: SplitResult, theirs: SplitResult) -> str:
    if ours.path != theirs.path:
        if ours.path.rstrip("/") == theirs.path.rstrip("/"):
            return _difference_of(
                "slash at the end", ours.path or "(no path)", theirs.path or "(no path)"
            )
        if ours.path.lower() == theirs.path.lower():
            return _difference_of("case of the path", ours.path, theirs.path)
        return _difference_of("path", ours.path or "(none)", theirs.path or "(none)")
    if ours.query != theirs.query:
        return _difference_of("query", ours.query or "(none)", theirs.query or "(none)")
    return ""


def _port(parts: SplitResult) -> str:
    return (
        str(parts.port)
        if parts.port is not None
        else f"(none: {_DEFAULT_PORTS.get(parts.scheme, '?')})"
    )


def _difference_of(part: str, ours: object, theirs: object) -> str:
    return f"the {part} differs: sent {one_line(str(ours))}, registered {one_line(str(theirs))}"


def _by_character(sent: str, registered: str) -> str:
    pairs = zip(sent, registered, strict=False)
    index = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(sent), len(registered)))
    return (
        f"they differ from character {index + 1} on:"
        f" sent {_rest(sent, index)}, registered {_rest(registered, index)}"
    )


def _rest(text: str, index: int) -> str:
    return repr(one_line(text[index : index + 40])) if text[index:] else "(nothing)"


def registered(uri: str, remark: str = " (any port)") -> str:
    """Return the redirect URI *uri* as it is registered: port 0 is none, and *remark* says so."""
    return uri.replace(":0/", "/", 1) + remark if ":0/" in uri else uri
