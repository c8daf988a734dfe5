"""Errors on the way to the server: no answer came, or none that may be used. Exit status 7."""

from __future__ import annotations

from .server import ProviderError


class TransportError(ProviderError):
    """Raised when no answer came; each kind has a class of its own below."""

    code = "transport-error"


class HostNotFound(TransportError):
    """Raised when the server's name is not known: check it, or connect to the VPN."""

    code = "host-not-found"


class ConnectionFailed(TransportError):
    """Raised when the server takes no connection: check host and port, or name the proxy."""

    code = "connection-failed"


class ProxyFailed(TransportError):
    """Raised when the proxy does not connect us: check it, or go past it with NO_PROXY."""

    code = "proxy-failed"


class AnswerTimedOut(TransportError):
    """Raised when no answer came in time: try again, with more time for a slow server."""

    code = "answer-timed-out"


class ConnectionLost(TransportError):
    """Raised when the connection broke in the middle of the answer: try again."""

    code = "connection-lost"


class AnswerTooLarge(TransportError):
    """Raised for an answer of a size that none has: check the endpoints."""

    code = "answer-too-large"


class AnswerEncoded(TransportError):
    """Raised for a compressed answer that cannot be unpacked: tell whoever runs the server."""

    code = "answer-encoded"


class UnexpectedRedirect(TransportError):
    """Raised for a redirect, which is never followed: find the server's present address."""

    code = "unexpected-redirect"


class TLSFailed(TransportError):
    """Raised when the connection is not safe; each kind has a class of its own below."""

    code = "tls-failed"


class CertificateUntrusted(TLSFailed):
    """Raised when nobody trusted signed the certificate: give its CA with `--ca-bundle`."""

    code = "certificate-untrusted"


class CertificateExpired(TLSFailed):
    """Raised when the certificate has expired: look at this computer's date first."""

    code = "certificate-expired"


class CertificateNotYetValid(TLSFailed):
    """Raised when the certificate is not valid yet: set this computer's clock."""

    code = "certificate-not-yet-valid"


class CertificateNameDiffers(TLSFailed):
    """Raised when the certificate is for another name: compare the host, and see who answers."""

    code = "certificate-name-differs"


class CertificateMalformed(TLSFailed):
    """Raised when the certificate breaks the rules: give its CA with `--ca-bundle`."""

    code = "certificate-malformed"


class ClientCertificateWanted(TLSFailed):
    """Raised when the server wants a certificate of the client: ask for an address without."""

    code = "client-certificate-wanted"


class TLSTooOld(TLSFailed):
    """Raised when there is no version of TLS in common: the server has to switch TLS 1.2 on."""

    code = "tls-too-old"


class PlainHTTPAnswered(TLSFailed):
    """Raised when plain HTTP answered where TLS should: look at scheme and port."""

    code = "plain-http-answered"
