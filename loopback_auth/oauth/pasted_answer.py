"""An authorization response as people bring it: the whole address out of the address bar, its query, or the code alone."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from .authorization import Stray

TYPE_CHECKING = False
if TYPE_CHECKING:
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

    Quotes, blanks and line breaks around and within it are the terminal's. A code alone has no state: the verifier, which only
    this sign-in's server takes, is then all that ties it to the request; without *takes_bare_code* it is a stray.
    """
    said = "".join(text[:CHARACTERS].split()).strip("\"'<>")
    if not said:
        return Stray(reason="nothing")
    if "://" in said:
        return _address(said, request)
    if "code=" in said or "error=" in said:
        return request.read(parse_qsl(said.lstrip("?&#"), keep_blank_values=True))
    if not takes_bare_code:
        return Stray(reason="no state")
    # %3D is how an address writes =, which codes may end in; a code itself has no percent sign.
    return request.read([("code", unquote(said)), ("state", request.state.reveal())])


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
    return request.read([p for p in parse_qsl(parts.query, keep_blank_values=True) if p not in own_query])
