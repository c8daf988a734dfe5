"""
The authorization code and credentials flow: a code for a username and a password, without a
browser.

A vendor's variant of RFC 6749 section 4.1: the authorization endpoint takes username and password
in a Basic header and the request as a form, and answers with the code as JSON. The code is redeemed
as any other, with the verifier of PKCE.
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
"""The fact `flow` of this flow's errors."""

# Parameters for the sign-in page, which this flow does not show.
_OF_A_PAGE = frozenset({"prompt", "login_hint", "display"})


def code_credentials_request(
    request: AuthorizationRequest, *, username: str, password: Secret
) -> FormPost:
    """Return the request for a code for *request*, as the person *username*."""
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
    Return the code that *reply*, the answer to `code_credentials_request`, holds.

    Raises:
        CodeCredentialsUnavailable: The server took the request for a browser's, and answered with
            its sign-in page.
        AuthorizationError: The server refused, in JSON or a form.
        AuthorizationResponseInvalid: There is no code, or it is malformed.
        ProviderError: What `read_json_object` raises, for any other answer.
    """
    answer = _form(reply) or _json(reply, request)
    code = answer.get("code")
    # `code` holds the code that was asked for; elsewhere it may be the name of an error.
    error, said = code_and_words(reply, {**answer, "code": None})
    if has_error(answer) or (not reply.is_success and said):
        raise _refusal(error, said, reply)
    # The answer came on the connection of the request, which stands for the state.
    members = [("code", code)] if isinstance(code, str) else []
    response = request.read([*members, ("state", request.state.reveal())])
    if isinstance(response, AuthorizationResponse):
        return response
    raise AssertionError("our state and no error, but no response")


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
    """Return the members of a refusal in the form of a query, whatever its content type."""
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
