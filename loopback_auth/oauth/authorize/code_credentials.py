"""
The authorization code and credentials flow: a code for a username and a password, with nobody at a
browser.

A vendor's own way into RFC 6749 section 4.1: the authorization endpoint takes both in a Basic
header, with the request as a form, and answers with the code as JSON. The code is redeemed as any
other, with the verifier of PKCE.
"""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import parse_qsl, urlsplit

from ...errors import AuthorizationError, CodeCredentialsUnavailable, HTMLAnswer
from ...explain import find
from ..http.messages import FormPost, read_json_object
from ..refusal import code_and_words, has_error
from ..secret import Secret
from .pkce import code_challenge
from .request import AuthorizationResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..http.messages import HttpReply
    from .request import AuthorizationRequest

FLOW = "code-credentials"

# They are for a page that nobody will see.
_OF_A_PAGE = frozenset({"prompt", "login_hint", "display"})


def code_credentials_request(
    request: AuthorizationRequest, *, username: str, password: Secret
) -> FormPost:
    """Ask for a code for *request* as the person *username*."""
    own = (
        ("response_type", "code_credentials"),
        ("client_id", request.client.client_id),
        ("redirect_uri", request.redirect_uri),
        ("scope", request.scope),
        ("code_challenge", code_challenge(request.code_verifier)),
        ("code_challenge_method", "S256"),
        *((name, value) for name, value in request.parameters if name not in _OF_A_PAGE),
    )
    pair = f"{username}:{password.reveal()}".encode("utf-8", "surrogateescape")
    return FormPost(
        url=request.server.authorization_endpoint,
        fields=tuple((name, value) for name, value in own if value),
        authorization=Secret("Basic " + b64encode(pair).decode("ascii")),
        headers=(("Auth-Request-Type", "Named-User"),),
        encoded=(password,),
    )


def read_code_credentials_reply(
    reply: HttpReply, request: AuthorizationRequest
) -> AuthorizationResponse:
    """
    Read the answer to `code_credentials_request`.

    Raises `CodeCredentialsUnavailable` for a sign-in page, which is what a server shows that took
    it for a browser's request; `AuthorizationError` for a refusal, as JSON or as a form; else what
    `read_json_object` raises.
    """
    answer = _form(reply) or _json(reply, request)
    code = answer.get("code")
    # Where a refusal may have a code of its own, a code is what was asked for.
    error, said = code_and_words(reply, {**answer, "code": None})
    if has_error(answer) or (not reply.is_success and said):
        raise _refusal(error, said, reply)
    # The answer came on the connection that the request went out on: its state is ours.
    members = [("code", code)] if isinstance(code, str) else []
    response = request.read([*members, ("state", request.state.reveal())])
    assert isinstance(response, AuthorizationResponse)  # noqa: S101 - with our state and without an error it is nothing else
    return response


def _json(reply: HttpReply, request: AuthorizationRequest) -> Mapping[str, Any]:
    try:
        return read_json_object(reply, what="the authorization endpoint")
    except HTMLAnswer as error:
        if not reply.is_ok:
            raise
        raise CodeCredentialsUnavailable(
            f"{error.facts.get('host')} answered with its sign-in page, and not with a code",
            client_id=request.client.client_id,
            redirect_uri=request.redirect_uri,
        ) from None


def _form(reply: HttpReply) -> Mapping[str, str]:
    """Read a refusal in the form of a query, which needs no content type to be one."""
    if not (reply.is_error and reply.body.startswith(b"error=")):
        return {}
    return dict(parse_qsl(reply.body[:8192].decode("utf-8", "replace")))


def _refusal(code: str, said: str, reply: HttpReply) -> AuthorizationError:
    host, shown = urlsplit(reply.url).netloc, ": ".join(filter(None, (code, said)))
    return AuthorizationError(
        f"{host} gave no code for that username and password ({shown})",
        error=code,
        known=find(code) is not None,
        host=host,
        error_description=said,
        flow=FLOW,
    )
