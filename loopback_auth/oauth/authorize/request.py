"""
The authorization request and the reader of its answer - RFC 6749 section 4.1, RFC 7636, RFC 9207.

Only `AuthorizationRequest.read` makes an `AuthorizationResponse`, and the token grant takes nothing
else: a code that was not checked cannot be exchanged.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...errors import AuthorizationResponseInvalid, IssuerMismatch, ParameterRefused
from ...value import Value
from ..scope import scope_words
from ..secret import Secret
from ..text import one_line
from .pkce import STATE_OCTETS, VERIFIER_OCTETS, code_challenge, new_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..metadata import Client, ServerMetadata
    from .response import AuthorizationErrorResponse, Stray

CODE_CHARACTERS = 12_000
"""
The longest code that is taken. RFC 6749 appendix A.11 sets the alphabet and no length.

Azure AD B2C puts claims into its codes and exceeds 4,096 (azure-ad-b2c/samples issue 598).
"""

RESERVED = frozenset(
    {
        "response_type",
        "client_id",
        "client_secret",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "response_mode",
        "request",
        "request_uri",
    }
)
"""Parameters that this program sets itself, or that would bypass its checks of the request."""

# Parameters that an answer may have once; others (session_state, hd, ...) are not looked at.
_ANSWER = (
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "access_token",
    "id_token",
    "response",
)


class AuthorizationResponse(Value):
    """The code that answers *request*. Only `AuthorizationRequest.read` makes one."""

    request: AuthorizationRequest
    code: Secret


class AuthorizationRequest(Value):
    """
    An authorization request to one server, and all that its answer is checked against.

    *parameters* are sent besides this program's own.

    Raises:
        ParameterRefused: A parameter, or the endpoint's own query, sets one of `RESERVED`.
    """

    server: ServerMetadata
    client: Client
    redirect_uri: str
    state: Secret
    code_verifier: Secret
    scope: str = ""
    nonce: Secret | None = None
    response_mode: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name, _ in self.parameters:
            if name in RESERVED:
                raise ParameterRefused(
                    f"the parameter {name} is set by this program and cannot be given", name=name
                )
        # Sent twice, a parameter means what the server likes (RFC 6749 section 3.1).
        query = parse_qsl(
            urlsplit(self.server.authorization_endpoint).query, keep_blank_values=True
        )
        for name in sorted(
            {name for name, _ in query} & RESERVED - ({"scope"} if not self.scope else set())
        ):
            raise ParameterRefused(
                f"the authorization endpoint's own query sets the parameter {name},"
                " which this program sets",
                name=name,
                fix="take it out of the authorization endpoint's address:"
                " `loopback-auth config show {profile}`",
            )

    @classmethod
    def new(
        cls,
        *,
        server: ServerMetadata,
        client: Client,
        redirect_uri: str,
        scope: str,
        token_bytes: Callable[[int], bytes],
        response_mode: str | None = None,
        parameters: tuple[tuple[str, str], ...] = (),
    ) -> AuthorizationRequest:
        """Return a request with a new state, verifier and, for OpenID Connect, nonce."""
        return cls(
            server=server,
            client=client,
            redirect_uri=redirect_uri,
            scope=scope,
            state=new_secret(STATE_OCTETS, token_bytes=token_bytes),
            code_verifier=new_secret(VERIFIER_OCTETS, token_bytes=token_bytes),
            nonce=new_secret(STATE_OCTETS, token_bytes=token_bytes)
            if "openid" in scope_words(scope)
            else None,
            response_mode=response_mode,
            parameters=parameters,
        )

    @property
    def takes_id_token(self) -> bool:
        """Whether an ID token was asked for: one without our nonce proves nothing."""
        return self.nonce is not None

    @property
    def host(self) -> str:
        """The server's host, without a port, for a sentence."""
        return urlsplit(self.server.issuer or self.server.authorization_endpoint).hostname or ""

    @property
    def resource(self) -> tuple[str, ...]:
        """The resources that the token is for, which the token endpoint is sent, too - RFC 8707."""
        return tuple(value for name, value in self.parameters if name == "resource" and value)

    @property
    def url(self) -> str:
        """The address for the browser. It holds the state, so it is never in argv or a log."""
        endpoint = self.server.authorization_endpoint
        own = [
            ("response_type", "code"),
            ("client_id", self.client.client_id),
            ("redirect_uri", self.redirect_uri),
            ("scope", self.scope),
            ("state", self.state.reveal()),
            ("code_challenge", code_challenge(self.code_verifier)),
            ("code_challenge_method", "S256"),
            ("nonce", self.nonce.reveal() if self.nonce else ""),
            ("response_mode", self.response_mode or ""),
            *self.parameters,
        ]
        # RFC 6749 section 3.1: a query that the endpoint already has is kept.
        joint = "&" if urlsplit(endpoint).query else "" if endpoint.endswith("?") else "?"
        # surrogateescape: an argument that is not UTF-8 is sent as the bytes that were typed.
        sent = [(name, value) for name, value in own if value]
        return endpoint + joint + urlencode(sent, errors="surrogateescape")

    def read(
        self, query: Sequence[tuple[str, str]]
    ) -> Stray | AuthorizationErrorResponse | AuthorizationResponse:
        """
        Return what *query*, the parameters of a request to the redirect URI, are.

        Without our `state` they are a `Stray`.

        Raises:
            AuthorizationResponseInvalid: They have our `state` and break the protocol.
            IssuerMismatch: They name another issuer, or none where one was promised (RFC 9207).
        """
        from .response import Stray

        times = Counter(name for name, _ in query)
        if any(times[name] > 1 for name in _ANSWER):
            return Stray(reason="a parameter occurs twice")
        said = dict(query)
        if "state" not in said:
            return Stray(reason="no state")
        if not self.state.matches(said["state"]):
            return Stray(reason="wrong state")
        self._check_issuer(said)
        return self._answer(said)

    def _check_issuer(self, said: dict[str, str]) -> None:
        issuer, iss = self.server.issuer, said.get("iss")
        if iss is not None and issuer is not None and iss != issuer:
            raise IssuerMismatch(
                f"the answer came from another server than {issuer}", issuer=issuer
            )
        promised = self.server.authorization_response_iss_parameter_supported
        # Two real servers promise iss and leave it out of error responses, which does no harm.
        if iss is None and promised and "error" not in said:
            raise IssuerMismatch(
                f"the answer does not say that it came from {issuer}", issuer=issuer
            )

    @staticmethod
    def _fault(said: dict[str, str]) -> str:
        if "access_token" in said or "id_token" in said:
            return "it carries a token, which only the token endpoint may send"
        if "response" in said:
            return "it is a JWT response, which was not asked for"
        if "error" in said and "code" in said:
            return "it carries both a code and an error"
        if "error" not in said and "code" not in said:
            return "it carries neither a code nor an error"
        return ""

    def _answer(self, said: dict[str, str]) -> AuthorizationErrorResponse | AuthorizationResponse:
        from .response import AuthorizationErrorResponse

        if fault := self._fault(said):
            raise AuthorizationResponseInvalid(f"the server's answer breaks the protocol: {fault}")
        if "error" in said:
            return AuthorizationErrorResponse(
                error=one_line(said["error"], limit=60),
                description=one_line(said.get("error_description", "")),
            )
        if fault := _fault_of_code(said["code"]):
            raise AuthorizationResponseInvalid(f"the server's answer breaks the protocol: {fault}")
        return AuthorizationResponse(request=self, code=Secret(said["code"]))


def _fault_of_code(code: str) -> str:
    if len(code) > CODE_CHARACTERS:
        return f"its code is longer than {CODE_CHARACTERS:,} characters"
    return "" if code and all(" " <= c <= "~" for c in code) else "its code is malformed"
