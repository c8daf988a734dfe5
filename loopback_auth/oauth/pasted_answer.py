"""An authorization response as people bring it: the whole address out of the address bar, its query, or the code alone."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from .authorization import Stray
from .wire import is_loopback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .authorization import (
        AuthorizationErrorResponse,
        AuthorizationRequest,
        AuthorizationResponse,
    )

CHARACTERS = 16 * 1024
"""Of what is pasted; an answer is far shorter."""


def read_pasted(
    text: str, request: AuthorizationRequest, *, takes_bare_code: bool = True
) -> Stray | AuthorizationErrorResponse | AuthorizationResponse:
    """
    Judge *text* as `AuthorizationRequest.read` judges a visit; it must be of the redirect URI, where it is an address.

    Quotes, blanks and line breaks around and within it are the terminal's, and what is cut off is no fault of the server's. A code alone has no state: the verifier, which only
    this sign-in's server takes, is then all that ties it to the request; without *takes_bare_code* it is a stray.
    """
    said = address_in(text, request.redirect_uri) or _joined(text)
    if not said:
        return Stray(reason="nothing")
    if "://" in said:
        return _address(said, request)
    if "code=" in said or "error=" in said:
        return _read(parse_qsl(said.lstrip("?&#"), keep_blank_values=True), request)
    if not takes_bare_code:
        return Stray(reason="no state")
    # %3D is how an address writes =, which codes may end in; a code itself has no percent sign.
    return request.read([("code", unquote(said)), ("state", request.state.reveal())])


def address_in(text: str, redirect_uri: str) -> str | None:
    """
    Return the address that *text* is without its beginning, which address bars hide: that of *redirect_uri*, or of this machine.

    `localhost:1717/callback?code=...` is one, and so is `/callback?code=...`.
    """
    before, mark, query = _joined(text).partition("?")
    if not mark or "=" in before or "://" in before:
        return None
    own, tail = redirect_uri.partition("?")[0], before.lstrip("/")
    if tail and own.endswith(f"/{tail}"):
        return f"{own}?{query}"
    try:
        host = urlsplit(f"http://{tail}").hostname or ""
    except ValueError:
        return None
    return f"http://{tail}?{query}" if is_loopback(host) else None


def _joined(text: str) -> str:
    return "".join(text[:CHARACTERS].split()).strip("\"'<>")


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
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair not in own_query]
    return _read(query, request)
