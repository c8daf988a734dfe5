"""
The device authorization grant - RFC 8628: a code that a person enters in any browser.

The device code stands for the sign-in and stays here; the user code is what the person sees.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from ...errors import (
    AuthorizationDenied,
    DeviceCodeExpired,
    DeviceFlowRefused,
    ProtocolError,
    URLRefused,
)
from ...explain.denial import is_denial
from ..authorize.pkce import code_challenge
from ..client_authentication import authenticated
from ..http.messages import refuse_unusable
from ..http.url import check_url
from ..refusal import code_and_words, has_error
from ..scope import scope_words
from ..secret import Secret
from ..text import one_line
from .members import lenient_members, strict_members
from .reply import token_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from ...errors import ProviderError
    from ..http.messages import FormPost, HttpReply
    from ..metadata import Client, ServerMetadata

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"

INTERVAL_S = 5.0
"""Between two polls where the server does not say - section 3.2."""

LIFETIME_S = 900.0
"""Of a code whose server leaves the required `expires_in` out: what most servers give."""

SLOW_DOWN_S = 5.0
"""What `slow_down` adds to the interval - section 3.5."""

_LEAST_INTERVAL_S = 1.0
_URL_CHARACTERS = 2048
_CODE_CHARACTERS = 100
_DIGITS = 9
_OF_ANY_REQUEST = frozenset({"invalid_client", "invalid_scope", "invalid_target"})
_ENDPOINT = "the device authorization endpoint"

# Parameters for a sign-in page in this browser, which no device shows.
_OF_A_PAGE = frozenset(
    {"prompt", "login_hint", "display", "access_type", "max_age", "ui_locales", "response_mode"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """
    A device authorization request to one server.

    *code_verifier* is `None` where the server does not list PKCE, which RFC 8628 knows nothing of;
    some that list it want it here, too.
    """

    server: ServerMetadata
    client: Client
    scope: str = ""
    code_verifier: Secret | None = None
    parameters: tuple[tuple[str, str], ...] = field(default=())

    @property
    def nonce(self) -> Secret | None:
        """None: the ID token answers the device code, on the connection that sent it."""
        return None

    @property
    def takes_id_token(self) -> bool:
        """Whether an ID token was asked for."""
        return "openid" in scope_words(self.scope)

    @property
    def resource(self) -> tuple[str, ...]:
        """The resources that the token is for - RFC 8707."""
        return tuple(value for name, value in self.parameters if name == "resource" and value)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAuthorization:
    """
    What the server answers - section 3.2: a code to enter, and where.

    *user_code* is one printable line; both addresses are checked, and of one origin.
    """

    device_code: Secret
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_in_s: float
    interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGrant:
    """The token endpoint's final answer to the device code of *request*."""

    request: DeviceRequest
    reply: HttpReply


def device_authorization_request(request: DeviceRequest) -> FormPost:
    """Return the request for a code - section 3.1. The server has the endpoint."""
    url = request.server.device_authorization_endpoint
    if url is None:
        raise AssertionError("a device request to a server without the endpoint")
    verifier = request.code_verifier
    pkce = (
        (("code_challenge", code_challenge(verifier)), ("code_challenge_method", "S256"))
        if verifier
        else ()
    )
    own = (("scope", request.scope), *pkce, *request.parameters)
    fields = tuple((name, value) for name, value in own if value and name not in _OF_A_PAGE)
    return authenticated(request.client, request.server, url=url, fields=fields)


def read_device_authorization(reply: HttpReply) -> DeviceAuthorization:
    """
    Return the code that *reply* holds.

    Raises:
        URLRefused: The address to enter it at must not be used (DS-01).
        DeviceFlowRefused: The server does not let this client have the flow.
        TokenError: It refuses the request for another reason.
        ProtocolError: It is no answer, or none that anybody can follow.
        ProviderError: What `strict_members` raises, for any other answer.
    """
    answer = strict_members(reply, what=_ENDPOINT)
    code, said = code_and_words(reply, answer)
    if not has_error(answer):
        refuse_unusable(reply, _ENDPOINT, said=said)
    if has_error(answer) or not reply.is_success:
        raise _refusal(reply, code, said)
    device_code, shown = answer.get("device_code"), answer.get("user_code")
    # Some servers send a number.
    user_code = one_line(str(shown), limit=_CODE_CHARACTERS) if shown is not None else ""
    if not (isinstance(device_code, str) and device_code and user_code):
        raise ProtocolError(f"{_ENDPOINT} gave no code")
    # Google calls it so, from before the RFC.
    uri = _page(answer.get("verification_uri") or answer.get("verification_url"))
    expires_in_s = _seconds(answer.get("expires_in"), LIFETIME_S)
    interval_s = max(_seconds(answer.get("interval"), INTERVAL_S), _LEAST_INTERVAL_S)
    if expires_in_s <= interval_s:
        raise ProtocolError(
            f"the server's code lasts {expires_in_s:g} s, and may be asked about after"
            f" {interval_s:g} s: nobody can sign in with that"
        )
    return DeviceAuthorization(
        device_code=Secret(device_code),
        user_code=user_code,
        verification_uri=uri,
        verification_uri_complete=_complete(answer.get("verification_uri_complete"), uri),
        expires_in_s=expires_in_s,
        interval_s=interval_s,
    )


def device_code_grant(request: DeviceRequest, authorization: DeviceAuthorization) -> FormPost:
    """Return the request that polls for the tokens of *authorization* - section 3.4."""
    verifier = request.code_verifier
    grant = authenticated(
        request.client,
        request.server,
        url=request.server.token_endpoint,
        fields=(
            ("grant_type", GRANT_TYPE),
            ("device_code", authorization.device_code),
            *((("code_verifier", verifier),) if verifier else ()),
            *(("resource", value) for value in request.resource),
        ),
    )
    return replace(grant, allow_partial=True)


def state_of(reply: HttpReply) -> Literal["pending", "slow_down", "busy", "final"]:
    """
    Return what *reply*, to a poll, means; a final one holds tokens, or another error.

    Section 3.5. Servers send these errors with statuses of all kinds, 200 among them.

    Raises:
        AuthorizationDenied: The person said no.
        DeviceCodeExpired: The server knows the code no more.
    """
    answer = lenient_members(reply)
    code, said = code_and_words(reply, answer)
    if code in ("authorization_pending", "slow_down"):
        return "pending" if code == "authorization_pending" else "slow_down"
    # The second is Microsoft's.
    if is_denial(code) or code == "authorization_declined":
        shown = ": ".join(filter(None, (code, said)))
        raise AuthorizationDenied(
            f"the sign-in was refused in the browser ({shown})", error=code, error_description=said
        )
    if code == "expired_token":
        raise DeviceCodeExpired("the code was not confirmed before the server gave it up")
    return "busy" if reply.is_busy else "final"


def _refusal(reply: HttpReply, code: str, said: str) -> ProviderError:
    error = token_error(reply, code, said)
    # Google says of an app of another type that it is an invalid client.
    if code in _OF_ANY_REQUEST and "device" not in said.casefold():
        return error
    return DeviceFlowRefused(error.message, error=code, known=False, **error.facts)


def _page(value: object) -> str:
    if not isinstance(value, str) or len(value) > _URL_CHARACTERS:
        raise ProtocolError(f"{_ENDPOINT} names no page to enter its code at")
    return check_url(value, name="verification_uri")


def _complete(value: object, uri: str) -> str | None:
    """Return the address that holds the code, if it is at the origin of *uri*."""
    if not isinstance(value, str) or len(value) > _URL_CHARACTERS:
        return None
    try:
        check_url(value, name="verification_uri_complete")
    except URLRefused:
        return None
    return value if urlsplit(value)[:2] == urlsplit(uri)[:2] else None


def _seconds(value: object, usual: float) -> float:
    """Return *value*, a number or its digits, in seconds; *usual* where it is neither."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:_DIGITS])
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return usual
    return float(min(value, 10**_DIGITS))
