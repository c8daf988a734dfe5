"""Errors of the server: it refused, or its answer cannot be used. Exit status 7."""

from __future__ import annotations

from .base import LoopbackAuthError


class ProviderError(LoopbackAuthError):
    """Raised when the server, or the way to it, fails; each kind has a class of its own below."""

    code = "provider-error"
    exit_code = 7


class _ErrorResponse(ProviderError):
    """An error response of RFC 6749: the server's code in `error`."""

    def __init__(self, message: str, *, error: str, known: bool, **facts: object) -> None:
        # The facts are objects; cause and fix are not among them.
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.error = error
        if known:
            self.code = error.replace("_", "-").lower()


class CodeCredentialsUnavailable(ProviderError):
    """Raised when a sign-in page came where a code was to be had without one: use the browser."""

    code = "code-credentials-unavailable"


class DeviceFlowRefused(_ErrorResponse):
    """Raised when the server does not let this client have the device flow: allow it there."""

    code = "device-flow-refused"


class AuthorizationResponseInvalid(ProviderError):
    """Raised for an answer with our `state` that breaks the protocol: sign in once more."""

    code = "authorization-response-invalid"


class IssuerMismatch(AuthorizationResponseInvalid):
    """Raised when the answer comes from another server than asked (RFC 9207): check the issuer."""

    code = "issuer-mismatch"


class AuthorizationError(_ErrorResponse):
    """
    Raised for the error response of the authorization endpoint (RFC 6749 section 4.1.2.1).

    The attribute `error` is the server's code. A known one becomes `code` (`invalid_scope` ->
    `invalid-scope`), whose entry says what to do.
    """

    code = "authorization-error"


class TokenError(_ErrorResponse):
    """
    Raised for the error response of the token endpoint (RFC 6749 section 5.2).

    The attribute `error` is the server's code. A known one becomes `code` (`invalid_grant` ->
    `invalid-grant`), whose entry says what to do.
    """

    code = "token-error"


class RefreshRefused(ProviderError):
    """Raised when a refresh is refused for a reason that leaves the sign-in alive: put it right."""

    code = "refresh-refused"


class IDTokenInvalid(ProviderError):
    """Raised when the ID token is not for us: compare issuer and client ID."""

    code = "id-token-invalid"


class IDTokenOutOfTime(IDTokenInvalid):
    """Raised when the ID token is out of time by this computer's clock: set the clock."""

    code = "id-token-out-of-time"


class NonceMissing(IDTokenInvalid):
    """Raised when an ID token comes without our nonce: tell whoever runs the server."""

    code = "nonce-missing"


class PKCEUnsupported(ProviderError):
    """Raised when the server cannot do PKCE with S256 (RFC 7636): have it switched on."""

    code = "pkce-unsupported"


class ScopeDiffers(ProviderError):
    """Raised with `--strict-scope` when other scopes were granted than asked for: ask for those."""

    code = "scope-differs"


class ApiRefused(ProviderError):
    """Raised for an API's answer that is no success: read that answer."""

    code = "api-refused"


class DiscoveryFailed(ProviderError):
    """Raised when the issuer has no metadata: check its address, or name the endpoints."""

    code = "discovery-failed"


class ProtocolError(ProviderError):
    """Raised for an answer that is not what the specification asks for: check the endpoints."""

    code = "answer-not-understood"


class HTMLAnswer(ProtocolError):
    """Raised when a page for people came instead of an answer: open the address in a browser."""

    code = "answer-is-html"


class ServerUnavailable(ProviderError):
    """Raised when the server answers 5xx or 429: wait a little."""

    code = "server-unavailable"
