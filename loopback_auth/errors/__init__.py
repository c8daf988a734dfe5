"""
Every error that this package raises on purpose; `except LoopbackAuthError` catches them all.

    LoopbackAuthError                 exit
    |-- UsageError                       2  the command or the profile has to change
    |   |-- ConfigError                     config.toml cannot be read as it stands
    |   |-- FileUnsafe                      others own or can write a file that is believed
    |   |-- ProjectNotTrusted               a repository's project file, before the person agrees
    |   |-- NotConfigured                   nothing says where to sign in
    |   |-- ProviderUnknown                 no provider of that name
    |   |-- URLRefused                      an address that must not be used
    |   |-- RedirectURIRefused              a redirect URI this program cannot listen on
    |   |-- CallbackCertificateMissing      an https redirect URI without a certificate
    |   |-- CallbackCertificateUnusable     one that no browser would take
    |   |-- ParameterRefused                an extra parameter that belongs to the protocol
    |   |-- IssuerMisspelled                the server spells its issuer in another way
    |   |-- MetadataChanged                 an endpoint moved since the last sign-in
    |   |-- HostNotTrusted                  a code would go to a host of another owner
    |   |-- DeviceFlowUnavailable           no device authorization endpoint is known
    |   |-- KeyUnusable                     the private key of a machine profile
    |   |-- SubjectTokenUnusable            the token by which a job says who it is
    |   |-- SignInInProgress                another process signs in to the profile otherwise
    |   |-- AccountDiffers                  another person signed in than the profile holds
    |   |-- TLSUnavailable                  OpenSSL cannot begin with its settings
    |   |-- ValueUnquotable                 a value that the chosen format cannot carry
    |   |-- OriginRefused                   the token is not for that server
    |   `-- NoBrowser                       no browser opens, nobody is shown the address
    |-- AuthorizationDenied              3  the person said no
    |-- Cancelled                        3  the person stopped at a prompt
    |-- Stopped                        130  a signal (SIGTERM 143, SIGHUP 129)
    |-- SignInNeeded                     4  nothing stored that could be handed out
    |   |-- StoreDamaged                    a token file that cannot be read, set aside
    |   |-- UnattendedSignIn                CI without a terminal, where nobody would come
    |   |-- NoPendingSignIn                 nothing was begun that could be finished by hand
    |   `-- RefreshRejected                 the server no longer accepts the refresh token
    |-- LoginTimedOut                    5  nobody came back in time
    |   |-- CallbackCertificateRefused      the browser does not trust the https callback
    |   `-- DeviceCodeExpired               nobody confirmed the device flow's code
    |-- RemoteSignInFailed               7  another machine, asked by ssh, did not sign in
    |-- ListenError                      6  no registered callback address could be had
    |   |-- PortInUse                       other programs hold them
    |   `-- PortForbidden                   the system does not let us have them
    |-- StoreError                       1  the token store cannot be used
    |   |-- StoreUnsafe                     others own or can write it
    |   |-- StoreUnwritable                 nothing can be saved there
    |   |   `-- StoreBusy                   another process holds the profile
    |   |-- StoreChanged                    another sign-in was saved while the lock was lost
    |   |-- StoreNewer                      a later version of this program wrote it
    |   `-- KeyringUnavailable              the keyring is locked, silent or not there
    |-- CommandNotRun                  126  what `exec` should run cannot be (127: there is none)
    |-- PushFailed                       7  the program that should take a secret did not
    |-- SystemRefused                    1  too many open files, no memory
    |-- OutputFailed                     1  standard output accepts no more
    |-- LaunchURLReused                  1  the one-time address was opened twice
    `-- ProviderError                    7  the server or the way to it
        |-- AuthorizationError              the server refused, through the browser
        |-- CodeCredentialsUnavailable      a sign-in page where a code was to be had without one
        |-- DeviceFlowRefused               the server has it, and not for this client
        |-- AuthorizationResponseInvalid    an answer with our state that breaks the protocol
        |   `-- IssuerMismatch              ... that comes from another server
        |-- TokenError                      the token endpoint refused
        |-- RefreshRefused                  ... a refresh, and the sign-in goes on
        |-- IDTokenInvalid                  the ID token is not for us
        |   |-- IDTokenOutOfTime            ... by this computer's clock
        |   `-- NonceMissing                ... as far as anybody can tell
        |-- PKCEUnsupported                 the server cannot do S256
        |-- ScopeDiffers                    other scopes than asked for (--strict-scope)
        |-- ApiRefused                      an API's answer that is no success
        |-- DiscoveryFailed                 no metadata of the issuer where it should be
        |-- ProtocolError                   an answer that is none
        |   `-- HTMLAnswer                  ... a page for people
        |-- ServerUnavailable               5xx or 429
        `-- TransportError                  no answer at all
            |-- HostNotFound, ConnectionFailed, ProxyFailed, AnswerTimedOut
            |-- TLSFailed                   no safe connection
            |   |-- CertificateUntrusted, CertificateExpired, CertificateNotYetValid
            |   |-- CertificateNameDiffers, CertificateMalformed, ClientCertificateWanted
            |   `-- TLSTooOld, PlainHTTPAnswered
            `-- ConnectionLost, AnswerTooLarge, AnswerEncoded, UnexpectedRedirect

Each class has a stable kebab-case `code`, the entry of that name in `explain/catalogue.toml`, and
the exit status of the command. `str(error)` says what happened here; `error.cause` and `error.fix`
come from the catalogue unless the code that raised it knew better.
"""

from __future__ import annotations

from .base import LoopbackAuthError as LoopbackAuthError, SystemRefused as SystemRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .machine import *
    from .server import *
    from .sign_in import *
    from .transport import *
    from .usage import *

# The likeliest first: each is loaded until the name is found.
_MODULES = ("machine", "usage", "sign_in", "server", "transport")


def __getattr__(name: str) -> object:
    # Late: a token that is handed out as it was stored needs none of them.
    from importlib import import_module

    if name == "__all__":
        return __dir__()
    for module in _MODULES if name[:1].isupper() else ():
        if error := vars(import_module(f".{module}", __name__)).get(name):
            globals()[name] = error
            return error
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    from importlib import import_module

    modules = [vars(import_module(f".{module}", __name__)) for module in ("base", *_MODULES)]
    kinds = {value for members in modules for value in members.values() if isinstance(value, type)}
    names = {kind.__name__ for kind in kinds if issubclass(kind, LoopbackAuthError)}
    return sorted(name for name in names if not name.startswith("_"))
