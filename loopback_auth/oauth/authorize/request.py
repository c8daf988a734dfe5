"""
The authorization request and the one reader of its answer - RFC 6749 section 4.1, RFC 7636, RFC
9207.

`AuthorizationRequest.read` is the only maker of an `AuthorizationResponse`, and the token grant
takes nothing else: a code that was not checked cannot be exchanged.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...errors import (
    AuthorizationDenied,
    AuthorizationError,
    AuthorizationResponseInvalid,
    IssuerMismatch,
    ParameterRefused,
)
from ..scope import scope_words
from ..secret import Secret
from ..text import one_line
from .pkce import STATE_OCTETS, VERIFIER_OCTETS, code_challenge, new_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...errors import LoopbackAuthError
    from ..metadata import Client, ServerMetadata

CODE_CHARACTERS = 12_000
"""
More than any server is known to send; RFC 6749 appendix A.11 sets the alphabet and no length.

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
"""
Parameters that this program sets itself, or that would carry the whole request past its
checks.
"""

# What an answer may carry once and no more. Others (session_state, hd, ...) are nobody's business
# here.
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

KNOWN_ERRORS = frozenset(
    {
        # RFC 6749 section 4.1.2.1
        "invalid_request",
        "unauthorized_client",
        "access_denied",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        # OpenID Connect Core section 3.1.2.6
        "interaction_required",
        "login_required",
        "account_selection_required",
        "consent_required",
        "invalid_request_uri",
        "invalid_request_object",
        "request_not_supported",
        "request_uri_not_supported",
        "registration_not_supported",
        # RFC 8707 section 2
        "invalid_target",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """
    A visit that is not the answer to our request. *reason* is ours, never the visitor's
    words.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationErrorResponse:
    """The server's refusal, with our state: RFC 6749 section 4.1.2.1."""

    error: str
    description: str

    def as_error(self) -> LoopbackAuthError:
        """
        Give the exception that ends the login: a person's denial apart from a server's
        refusal.
        """
        # Here, so that a sign-in shows its address without it.
        from ...explain.denial import is_denial

        said = f": {self.description}" if self.description else ""
        if is_denial(self.error):
            return AuthorizationDenied(
                f"the sign-in was refused in the browser ({self.error}{said})",
                error=self.error,
                error_description=self.description,
            )
        shown = self.error or "an error without a name"
        message = f"the server refused the sign-in ({shown}{said})"
        return AuthorizationError(
            message,
            error=self.error,
            known=self.error in KNOWN_ERRORS,
            error_description=self.description,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationResponse:
    """A code that answers *request*. Made by `AuthorizationRequest.read` alone."""

    request: AuthorizationRequest
    code: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """One question to one server, with everything that its answer will be held against."""

    server: ServerMetadata
    client: Client
    redirect_uri: str
    state: Secret
    code_verifier: Secret
    scope: str = ""
    nonce: Secret | None = None
    response_mode: str | None = None
    parameters: tuple[tuple[str, str], ...] = field(default=())

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
                f"the authorization endpoint's own query sets the parameter {name}, which this program sets",
                name=name,
                fix="take it out of the authorization endpoint's address: loopback-auth config show",
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
    def resource(self) -> tuple[str, ...]:
        """
        The resources that the token is for - RFC 8707; the token endpoint is to be told of them,
        too (section 2.2).
        """
        return tuple(value for name, value in self.parameters if name == "resource" and value)

    @property
    def url(self) -> str:
        """
        The address for the browser. It holds state and challenge: for people to see, never for argv
        or a log.
        """
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
        # surrogateescape: an argument that is not UTF-8 arrives as the bytes that were typed.
        sent = [(name, value) for name, value in own if value]
        return endpoint + joint + urlencode(sent, errors="surrogateescape")

    def read(
        self, query: Sequence[tuple[str, str]]
    ) -> Stray | AuthorizationErrorResponse | AuthorizationResponse:
        """
        Judge the parameters of one visit to the redirect URI.

        Only with our `state` does a visit count; what then breaks the protocol raises
        `AuthorizationResponseInvalid` (`IssuerMismatch` for RFC 9207) and ends the login without an
        exchange.
        """
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
        # Two real servers promise iss and leave it out of their error responses; a refusal without
        # it harms nobody.
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
