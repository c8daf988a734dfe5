"""Authorization responses that people paste: an address, its query, or a code alone."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from ..http.url import is_loopback
from .response import Stray

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .request import AuthorizationRequest, AuthorizationResponse
    from .response import AuthorizationErrorResponse

CHARACTERS = 16 * 1024
"""The most that is read of a pasted text; an answer is far shorter."""

# Marks around an address in a terminal, a chat or a text that are no part of it.
_QUOTES = "\"'`<>\u201c\u201d\u2018\u2019\u00ab\u00bb"
_MARKS = _QUOTES + "()[]{}.,;!"


def read_pasted(
    text: str, request: AuthorizationRequest, *, takes_bare_code: bool = True
) -> Stray | AuthorizationErrorResponse | AuthorizationResponse:
    """
    Return what *text* is, as `AuthorizationRequest.read` does of a request to the redirect URI.

    An address must be of the redirect URI. Quotes, blanks and line breaks around and within it are
    dropped, as are words around it. A code alone is taken with *takes_bare_code*: it has no state,
    so that only the verifier ties it to the request. Anything else is a `Stray`.

    Raises:
        AuthorizationResponseInvalid: The answer has our state and breaks the protocol.
    """
    answer = _judged(address_in(text, request.redirect_uri) or _joined(text), request)
    for word in text[:CHARACTERS].split() if isinstance(answer, Stray) else ():
        said = _joined(word).strip(_MARKS)
        within = _judged(address_in(said, request.redirect_uri) or said, request)
        if not isinstance(within, Stray):
            return within
    if isinstance(answer, Stray) and takes_bare_code and (code := _bare_code(text)):
        return request.read([("code", code), ("state", request.state.reveal())])
    return answer


def _bare_code(text: str) -> str:
    """Return the code that *text* is, perhaps over several lines; empty if it is none."""
    # An address writes %3D for =, which codes may end with; a code itself has no percent sign.
    code = unquote(_joined(text))
    is_one = all(len(line.split()) <= 1 for line in text.splitlines())
    is_other = "://" in code or "code=" in code or "error=" in code
    return code if is_one and not is_other and code.isascii() and code.isprintable() else ""


def _judged(
    said: str, request: AuthorizationRequest
) -> Stray | AuthorizationErrorResponse | AuthorizationResponse:
    if not said:
        return Stray(reason="nothing")
    if "://" in said:
        return _address(said, request)
    if "code=" in said or "error=" in said:
        return _read(parse_qsl(said.lstrip("?&#"), keep_blank_values=True), request)
    return Stray(reason="no state")


def address_in(text: str, redirect_uri: str) -> str | None:
    """
    Return the whole address if *text* is one without the beginning, which address bars hide.

    Such are `localhost:1717/callback?code=...` and `/callback?code=...`; the address must be at
    *redirect_uri* or at a loopback host.
    """
    before, mark, query = _joined(text).partition("?")
    if not mark or "=" in before or "://" in before:
        return None
    own, tail = redirect_uri.partition("?")[0], before.lstrip("/")
    if own.endswith(f"/{tail}"):
        return f"{own}?{query}"
    try:
        host = urlsplit(f"http://{tail}").hostname or ""
    except ValueError:
        return None
    return f"http://{tail}?{query}" if is_loopback(host) else None


def _joined(text: str) -> str:
    # Byte order marks and other characters without a width are not printable.
    return "".join(c for c in text[:CHARACTERS] if c.isprintable() and not c.isspace()).strip(
        _QUOTES
    )


def _read(
    query: Sequence[tuple[str, str]], request: AuthorizationRequest
) -> Stray | AuthorizationErrorResponse | AuthorizationResponse:
    if not {name for name, _ in query} & {"code", "error", "access_token", "id_token", "response"}:
        return Stray(reason="neither a code nor an error is in it")
    return request.read(query)


def _address(
    said: str, request: AuthorizationRequest
) -> Stray | AuthorizationErrorResponse | AuthorizationResponse:
    try:
        parts, own = urlsplit(said), urlsplit(request.redirect_uri)
        is_ours = (parts.scheme, parts.netloc, parts.path) == (own.scheme, own.netloc, own.path)
    except ValueError:
        is_ours = False
    if not is_ours:
        return Stray(reason="an address that is not this sign-in's redirect URI")
    own_query = set(parse_qsl(own.query, keep_blank_values=True))
    query = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair not in own_query
    ]
    return _read(query, request)
