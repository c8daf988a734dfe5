"""
Every error this package raises on purpose.

    LoopbackAuthError                      exit |-- UsageError                            2   the
    command or the profile has to change |   |-- ConfigError                           config.toml
    cannot be read as it stands |   |-- FileUnsafe                            a file that is
    believed belongs to, or can be written by, somebody else |   |-- NotConfigured
    nothing says where to sign in |   |-- ProviderUnknown                       no provider of that
    name |   |-- URLRefused                            an address that must not be used |   |--
    RedirectURIRefused                    a redirect URI this program cannot listen on |   |--
    ParameterRefused                      an extra parameter that belongs to the protocol |   |--
    IssuerMisspelled                      the server calls itself by another name of its host |
    |-- MetadataChanged                       an endpoint moved since the last sign-in |   |--
    HostNotTrusted                        a code would go to a host of another owner |   |--
    AccountDiffers                        another person signed in than the profile holds |   |--
    TLSUnavailable                        OpenSSL cannot begin with the settings it is given |   |--
    ValueUnquotable                       a value that the chosen format cannot carry |   |--
    OriginRefused                         the token is not for that server |   `-- NoBrowser
    no browser opens, and nobody is shown the address |-- AuthorizationDenied                   3
    the person said no |-- Cancelled                             3   the person stopped at a prompt
    |-- Stopped                          130   a signal (SIGTERM 143, SIGHUP 129) |-- SignInNeeded
    4   nothing stored that could be handed out |   |-- StoreDamaged                          a
    token file that cannot be read, set aside |   |-- NoPendingSignIn                       nothing
    was begun that could be finished by hand |   `-- RefreshRejected                       the
    server takes the refresh token no more |-- LoginTimedOut                         5   nobody came
    back in time |-- ListenError                           6   no registered callback address could
    be had |   |-- PortInUse                             another program holds them |   `--
    PortForbidden                         the system does not let us have them |-- StoreError
    1   the token store cannot be used |   |-- StoreUnsafe                           it belongs to,
    or can be written by, somebody else |   |-- StoreUnwritable                       nothing can be
    saved there |   |   `-- StoreBusy                             another process holds the profile
    |   |-- StoreChanged                          somebody else saved while this process had lost
    the lock |   |-- StoreNewer                            a later version of this program wrote it
    |   `-- KeyringUnavailable                    the system's keyring is locked, silent or not
    there |-- CommandNotRun                     126   what `exec` should run cannot be (127: there
    is none) |-- SystemRefused                         1   the system itself says no: too many open
    files, no memory |-- OutputFailed                          1   standard output takes no more |--
    LaunchURLReused                       1   the one-time address was opened twice `--
    ProviderError                         7   the server or the way to it |-- AuthorizationError
    the server refused, through the browser |-- CodeCredentialsUnavailable            a sign-in page
    where a code was to be had without one |-- AuthorizationResponseInvalid          an answer with
    our state that breaks the protocol |   `-- IssuerMismatch                    ... that comes from
    another server |-- TokenError                            the token endpoint refused |--
    RefreshRefused                        ... a refresh, for a reason that leaves the sign-in alive
    |-- IDTokenInvalid                        the ID token is not for us |   |-- IDTokenOutOfTime
    ... by this computer's clock |   `-- NonceMissing                          ... as far as anybody
    can tell |-- PKCEUnsupported                       the server cannot do S256 |-- ScopeDiffers
    other scopes were granted than asked for (--strict-scope) |-- ApiRefused
    an API's answer that is no success |-- DiscoveryFailed                       no metadata of the
    issuer where it should be |-- ProtocolError                         an answer that is none |
    `-- HTMLAnswer                        ... a page for people |-- ServerUnavailable
    5xx or 429 `-- TransportError                        no answer at all |-- HostNotFound,
    ConnectionFailed, ProxyFailed, AnswerTimedOut |-- TLSFailed                         no safe
    connection |   |-- CertificateUntrusted, CertificateExpired, CertificateNotYetValid |   |--
    CertificateNameDiffers, CertificateMalformed, ClientCertificateWanted |   `-- TLSTooOld,
    PlainHTTPAnswered `-- ConnectionLost, AnswerTooLarge, AnswerEncoded, UnexpectedRedirect

Each class has a stable kebab-case `code`, the entry of that name in `explain/catalogue.toml`, and
the exit status of the command. `str(error)` says what happened here; `error.cause` and `error.fix`
come from the catalogue unless the place that raised it knew better.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explain import Explanation


class LoopbackAuthError(Exception):
    """
    The base, never raised itself.

    *facts* fill the placeholders of the catalogue's texts and must hold no secret: they are
    printed. `tokens_changed` tells whether the profile's stored tokens are others than before,
    where the work that failed might have changed them (`FileStore.tracking_changes`).
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, cause: str = "", fix: str = "", **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts
        self.explanation: Explanation | None = None
        self.tokens_changed: bool | None = None
        self._cause = cause
        self._fix = fix

    @property
    def cause(self) -> str:
        """Why this usually happens, in one sentence or two."""
        return self._cause or self._explained().cause

    @property
    def fix(self) -> str:
        """The next thing to do: names a command to type or a place to go."""
        return self._fix or self._explained().fix

    def explain_with(self, explanation: Explanation) -> None:
        """Take cause and fix from *explanation*, which knows more of the case than the catalogue."""
        self.explanation = explanation
        self._cause, self._fix = explanation.cause, explanation.fix

    def __reduce__(self) -> tuple[object, ...]:
        # Exception's own would call the class again, with its `args` and without the keywords that
        # some need.
        return _restored, (type(self), self.args), self.__dict__

    def add(self, told: str) -> None:
        """Add to what happened: *told* is a clause."""
        self.message = f"{self.message}; {told}"
        self.args = (self.message,)

    def _explained(self) -> Explanation:
        # Here, so that reading TOML stays off the path of `token`.
        from .explain import explanation

        return explanation(self.code, **self.facts)


def _restored(kind: type[LoopbackAuthError], arguments: tuple[object, ...]) -> LoopbackAuthError:
    return kind.__new__(kind, *arguments)


class UsageError(LoopbackAuthError):
    code = "usage"
    exit_code = 2


class ConfigError(UsageError):
    code = "config-invalid"


class FileUnsafe(UsageError):
    code = "file-unsafe"


class NotConfigured(UsageError):
    code = "not-configured"


class ProviderUnknown(UsageError):
    code = "provider-unknown"


class URLRefused(UsageError):
    code = "url-refused"


class RedirectURIRefused(UsageError):
    code = "redirect-uri-refused"


class ParameterRefused(UsageError):
    code = "parameter-refused"


class IssuerMisspelled(UsageError):
    code = "issuer-misspelled"


class MetadataChanged(UsageError):
    code = "metadata-changed"


class HostNotTrusted(UsageError):
    code = "host-not-trusted"


class AccountDiffers(UsageError):
    code = "account-differs"


class TLSUnavailable(UsageError):
    code = "tls-unavailable"


class ValueUnquotable(UsageError):
    code = "value-unquotable"


class OriginRefused(UsageError):
    code = "origin-refused"


class NoBrowser(UsageError):
    code = "no-browser"


class AuthorizationDenied(LoopbackAuthError):
    code = "access-denied"
    exit_code = 3


class Cancelled(LoopbackAuthError):
    code = "cancelled"
    exit_code = 3


class Stopped(LoopbackAuthError):
    code = "interrupted"
    exit_code = 130


class SignInNeeded(LoopbackAuthError):
    code = "sign-in-needed"
    exit_code = 4


class StoreDamaged(SignInNeeded):
    code = "store-damaged"


class NoPendingSignIn(SignInNeeded):
    code = "nothing-pending"


class RefreshRejected(SignInNeeded):
    """Its fact `final` tells whether the server ended the grant; else the refresh token is kept."""

    code = "refresh-rejected"


class LoginTimedOut(LoopbackAuthError):
    code = "login-timed-out"
    exit_code = 5


class ListenError(LoopbackAuthError):
    code = "cannot-listen"
    exit_code = 6


class PortInUse(ListenError):
    code = "port-in-use"


class PortForbidden(ListenError):
    code = "port-forbidden"


class StoreError(LoopbackAuthError):
    code = "store-error"


class StoreUnsafe(StoreError):
    code = "store-unsafe"


class StoreUnwritable(StoreError):
    code = "store-unwritable"


class StoreBusy(StoreUnwritable):
    code = "store-busy"


class StoreChanged(StoreError):
    """
    Another process stored another sign-in while this one did not have the lock it thought it had;
    that one stays.
    """

    code = "store-changed"


class StoreNewer(StoreError):
    code = "store-newer"


class KeyringUnavailable(StoreError):
    """
    Its fact `reason` tells which: not-installed, none, locked, silent (no answer in time), refused
    or forgetful.
    """

    code = "keyring-unavailable"


class CommandNotRun(LoopbackAuthError):
    code = "command-not-run"
    exit_code = 126


class SystemRefused(LoopbackAuthError):
    code = "system-refused"


class OutputFailed(LoopbackAuthError):
    code = "output-failed"


class LaunchURLReused(LoopbackAuthError):
    code = "launch-url-reused"


class ProviderError(LoopbackAuthError):
    code = "provider-error"
    exit_code = 7


class AuthorizationError(ProviderError):
    """
    The authorization endpoint's error response (RFC 6749 section 4.1.2.1).

    *error* is the server's code; a known one becomes `code` (`invalid_scope` -> `invalid-scope`).
    """

    code = "authorization-error"

    def __init__(self, message: str, *, error: str, known: bool, **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]  # facts are objects, cause and fix are not among them
        self.error = error
        if known:
            self.code = error.replace("_", "-").lower()


class CodeCredentialsUnavailable(ProviderError):
    code = "code-credentials-unavailable"


class AuthorizationResponseInvalid(ProviderError):
    code = "authorization-response-invalid"


class IssuerMismatch(AuthorizationResponseInvalid):
    code = "issuer-mismatch"


class TokenError(ProviderError):
    """
    The token endpoint's error response (RFC 6749 section 5.2).

    *error* is the server's code; a known one becomes `code` (`invalid_grant` -> `invalid-grant`).
    """

    code = "token-error"

    def __init__(self, message: str, *, error: str, known: bool, **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]  # as in AuthorizationError
        self.error = error
        if known:
            self.code = error.replace("_", "-").lower()


class RefreshRefused(ProviderError):
    code = "refresh-refused"


class IDTokenInvalid(ProviderError):
    code = "id-token-invalid"


class IDTokenOutOfTime(IDTokenInvalid):
    code = "id-token-out-of-time"


class NonceMissing(IDTokenInvalid):
    code = "nonce-missing"


class PKCEUnsupported(ProviderError):
    code = "pkce-unsupported"


class ScopeDiffers(ProviderError):
    code = "scope-differs"


class ApiRefused(ProviderError):
    code = "api-refused"


class DiscoveryFailed(ProviderError):
    code = "discovery-failed"


class ProtocolError(ProviderError):
    code = "answer-not-understood"


class HTMLAnswer(ProtocolError):
    code = "answer-is-html"


class ServerUnavailable(ProviderError):
    code = "server-unavailable"


class TransportError(ProviderError):
    code = "transport-error"


class HostNotFound(TransportError):
    code = "host-not-found"


class ConnectionFailed(TransportError):
    code = "connection-failed"


class TLSFailed(TransportError):
    code = "tls-failed"


class CertificateUntrusted(TLSFailed):
    code = "certificate-untrusted"


class CertificateExpired(TLSFailed):
    code = "certificate-expired"


class CertificateNotYetValid(TLSFailed):
    code = "certificate-not-yet-valid"


class CertificateNameDiffers(TLSFailed):
    code = "certificate-name-differs"


class CertificateMalformed(TLSFailed):
    code = "certificate-malformed"


class ClientCertificateWanted(TLSFailed):
    code = "client-certificate-wanted"


class TLSTooOld(TLSFailed):
    code = "tls-too-old"


class PlainHTTPAnswered(TLSFailed):
    code = "plain-http-answered"


class ProxyFailed(TransportError):
    code = "proxy-failed"


class AnswerTimedOut(TransportError):
    code = "answer-timed-out"


class ConnectionLost(TransportError):
    code = "connection-lost"


class AnswerTooLarge(TransportError):
    code = "answer-too-large"


class AnswerEncoded(TransportError):
    code = "answer-encoded"


class UnexpectedRedirect(TransportError):
    code = "unexpected-redirect"
