"""The exceptions of the HTTP client, as `TransportError`s that say what happened and what to do."""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

from ...errors import (
    CertificateExpired,
    CertificateMalformed,
    CertificateNameDiffers,
    CertificateNotYetValid,
    CertificateUntrusted,
    ClientCertificateWanted,
    ConnectionFailed,
    ConnectionLost,
    HostNotFound,
    PlainHTTPAnswered,
    TLSFailed,
    TLSTooOld,
    TransportError,
)
from .proxy import proxy_failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .proxy import Proxy
    from .tls import Trust

# The codes for a refused certificate, of OpenSSL (x509_vfy.h), macOS (errSec...) and Windows
# (CERT_E_...).
_REFUSALS: dict[int, type[TLSFailed]] = {
    **dict.fromkeys((2, 18, 19, 20, 21, 27, 28), CertificateUntrusted),
    **dict.fromkeys((-67843, -25318, 0x800B0109, 0x800B010A, 0x800B010D), CertificateUntrusted),
    **dict.fromkeys((10, -67818, 0x800B0101), CertificateExpired),
    **dict.fromkeys((9, -67819), CertificateNotYetValid),
    **dict.fromkeys((62, 64, -67602, 0x800B010F), CertificateNameDiffers),
}
_OWN_SIGNATURE = 18
# The codes of what X509_STRICT alone refuses.
_STRICT = range(80, 94)

_REASONS: dict[str, type[TLSFailed]] = {
    **dict.fromkeys(
        (
            "WRONG_VERSION_NUMBER",
            "HTTP_REQUEST",
            "UNKNOWN_PROTOCOL",
            "RECORD_LAYER_FAILURE",
            "PACKET_LENGTH_TOO_LONG",
        ),
        PlainHTTPAnswered,
    ),
    **dict.fromkeys(
        (
            "TLSV1_ALERT_PROTOCOL_VERSION",
            "UNSUPPORTED_PROTOCOL",
            "VERSION_TOO_LOW",
            "NO_PROTOCOLS_AVAILABLE",
        ),
        TLSTooOld,
    ),
    **dict.fromkeys(
        (
            "TLSV13_ALERT_CERTIFICATE_REQUIRED",
            "SSLV3_ALERT_BAD_CERTIFICATE",
            "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        ),
        ClientCertificateWanted,
    ),
}


def translated(
    error: Exception, host: str, *, proxy: Proxy | None, trust: Trust | None
) -> TransportError:
    """Return the error that fits *error*, which aiohttp raised for a request to *host*."""
    import aiohttp

    nameless = isinstance(error, (aiohttp.ClientConnectorDNSError, socket.gaierror))
    if proxy and (
        nameless
        or isinstance(error, (aiohttp.ClientHttpProxyError, aiohttp.ClientProxyConnectionError))
    ):
        return proxy_failed(proxy, host, status=getattr(error, "status", None), nameless=nameless)
    if tls := _tls_error(error):
        at_proxy = (
            proxy is not None and getattr(error, "host", None) == urlsplit(proxy.url).hostname
        )
        where = f"the proxy {proxy.where} ({proxy.variable})" if proxy and at_proxy else host
        return _tls_failed(tls, where, host=host, trust=trust)
    if nameless:
        return HostNotFound(f"the name {host} is not known", host=host)
    if isinstance(error, aiohttp.ClientConnectorError):
        return ConnectionFailed(
            f"cannot connect to {host}: {_system_reason(error.os_error)}", host=host
        )
    if isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, OSError)):
        return ConnectionLost(
            f"the connection to {host} broke before the answer was complete", host=host
        )
    return TransportError(f"{host} did not answer in HTTP ({type(error).__name__})", host=host)


def _tls_error(error: Exception) -> ssl.SSLError | None:
    """Return the error of `ssl` in *error*, if there is one."""
    # The alerts of TLS 1.3 arrive after the request is sent, and aiohttp takes them for any loss.
    about = (
        getattr(error, "certificate_error", None),
        getattr(error, "os_error", None),
        error,
        error.__cause__,
    )
    return next((each for each in about if isinstance(each, ssl.SSLError)), None)


def _tls_failed(error: ssl.SSLError, where: str, *, host: str, trust: Trust | None) -> TLSFailed:
    if not isinstance(error, ssl.SSLCertVerificationError):
        reason = error.reason or type(error).__name__
        kind = _REASONS.get(reason, TLSFailed)
        return kind(f"no safe connection to {where}: {reason.replace('_', ' ').lower()}", host=host)
    kind = _REFUSALS.get(error.verify_code, CertificateMalformed)
    more: dict[str, str] = {}
    if kind is CertificateUntrusted and trust:
        more = _untrusted(error.verify_code, trust)
    elif kind is CertificateMalformed and error.verify_code not in _STRICT:
        # The usual fix, --ca-bundle, would not help.
        more["fix"] = (
            "tell whoever runs {host}, or the company's proxy, what is wrong with it:"
            " it needs another certificate"
        )
    message = f"no safe connection to {where}: {error.verify_message.rstrip('.')}"
    return kind(message, host=host, **more)


def _untrusted(code: int, trust: Trust) -> dict[str, str]:
    """Return cause and fix of a certificate that nobody trusted signed, and their facts."""
    own = (
        "It is self-signed"
        if code == _OWN_SIGNATURE
        else "No authority that is trusted here signed it"
    )
    unusable = "".join(
        f"; {name} = {trust.given[name]} is not used: {why}" for name, why in trust.unusable.items()
    )
    cause = f"{own}. Trusted are {trust.described()}{unusable}."
    if trust.unusable:
        return {
            "cause": cause,
            "fix": "correct {variables}, or name the file:"
            " `loopback-auth login {profile} --ca-bundle FILE`",
            "variables": " and ".join(trust.unusable),
        }
    if trust.elsewhere and "ca_bundle" not in trust.given:
        variable, path = trust.elsewhere
        return {
            "cause": cause,
            "fix": "give what {variable} names to other programs:"
            " `loopback-auth login {profile} --ca-bundle {ca_bundle}`",
            "variable": variable,
            "ca_bundle": path,
        }
    return {"cause": cause}


def _system_reason(error: OSError) -> str:
    if error.errno is None and isinstance(error, ConnectionResetError):
        return "the connection was closed at once"
    reason = error.strerror or "no route"
    with suppress(ValueError, TypeError):
        reason = os.strerror(error.errno) if error.errno else reason
    return reason.lower()
