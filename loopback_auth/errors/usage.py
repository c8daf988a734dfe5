"""Errors that say: the command, the call or the settings have to change. Exit status 2."""

from __future__ import annotations

from .base import LoopbackAuthError


class UsageError(LoopbackAuthError):
    """Raised for a command line or a call that cannot be carried out as it is: change it."""

    code = "usage"
    exit_code = 2


class ConfigError(UsageError):
    """Raised for a config.toml or provider file that cannot be read as it stands: correct it."""

    code = "config-invalid"


class FileUnsafe(UsageError):
    """Raised for a file that decides where to sign in and that others can write: make it yours."""

    code = "file-unsafe"


class ProjectNotTrusted(UsageError):
    """Raised for a repository's project file that nobody has agreed to: `loopback-auth trust`."""

    code = "project-not-trusted"


class NotConfigured(UsageError):
    """Raised when nothing says where to sign in: name a provider or an issuer, and a client ID."""

    code = "not-configured"


class ProviderUnknown(UsageError):
    """Raised when no provider has that name: `loopback-auth providers` lists them."""

    code = "provider-unknown"


class URLRefused(UsageError):
    """Raised for an address that must not be used, such as plain http to another machine."""

    code = "url-refused"


class RedirectURIRefused(UsageError):
    """Raised for a redirect URI that is none of this machine: register one that is."""

    code = "redirect-uri-refused"


class CallbackCertificateMissing(UsageError):
    """Raised when an https redirect URI has no certificate: make or name one."""

    code = "callback-certificate-missing"


class CallbackCertificateUnusable(UsageError):
    """Raised for a callback's certificate or key that no browser would take: make another."""

    code = "callback-certificate-unusable"


class ParameterRefused(UsageError):
    """Raised for an extra parameter that belongs to the protocol, such as `state`: leave it out."""

    code = "parameter-refused"


class IssuerMisspelled(UsageError):
    """Raised when the server spells its issuer otherwise (RFC 8414 section 3.3): use its own."""

    code = "issuer-misspelled"


class MetadataChanged(UsageError):
    """Raised when an endpoint moved since the last sign-in: refresh the metadata if it may."""

    code = "metadata-changed"


class HostNotTrusted(UsageError):
    """Raised when a code would go to a host of another owner: trust that host, if you do."""

    code = "host-not-trusted"


class DeviceFlowUnavailable(UsageError):
    """Raised where the server has no device flow, as far as is known: sign in by the browser."""

    code = "device-flow-unavailable"


class SubjectTokenUnusable(UsageError):
    """Raised where a job has no token that says who it is: let the job ask for one."""

    code = "subject-token-unusable"


class KeyUnusable(UsageError):
    """Raised when the private key of a machine profile is not there or signs nothing: give it."""

    code = "key-unusable"


class SignInInProgress(UsageError):
    """Raised when another process is signing in to the profile otherwise: let it end, or end it."""

    code = "sign-in-in-progress"


class AccountDiffers(UsageError):
    """Raised when another person signed in than the profile holds: choose the other account."""

    code = "account-differs"


class TLSUnavailable(UsageError):
    """Raised when OpenSSL cannot begin with the settings it is given: correct its configuration."""

    code = "tls-unavailable"


class ValueUnquotable(UsageError):
    """Raised for a value that the chosen format cannot carry: choose another format."""

    code = "value-unquotable"


class OriginRefused(UsageError):
    """Raised when a token would go to a server that it is not for: set the right `api_base`."""

    code = "origin-refused"


class NoBrowser(UsageError):
    """Raised when no browser opens and nobody sees the address: pass `notify=` or `browser=`."""

    code = "no-browser"
