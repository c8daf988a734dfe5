"""
Sign in to any OAuth 2.0 / OpenID Connect server through the browser, from one command or one call.

    store, transport = FileStore("~/.my-app"), HttpTransport()
    profile = from_settings("mine", issuer="https://id.example.com", client_id="my-cli")
    await login(profile, store=store, transport=transport)         # once: the browser opens
    tokens = await access_token(profile, store=store, transport=transport)    # whenever you need it

`tokens.access_token` is a `Secret`, and its method `reveal` returns the text.

Begin with `login`, `access_token` and `from_settings`, and catch `LoopbackAuthError`. The names
below are all that is public; what lies elsewhere may change with any release. They are loaded when
they are first used: importing the package costs next to nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

    from .edge.http.client import HttpTransport
    from .edge.store.file_store import FileStore
    from .edge.store.interface import LockedDocument, Store
    from .errors import *
    from .flows.login.browser import login
    from .flows.login.device import device_login
    from .flows.tokens.issued import access_token
    from .notices import *
    from .oauth.credential import Credential
    from .oauth.http.messages import Delivery, FormPost, Get, HttpReply
    from .oauth.http.transport import Transport
    from .oauth.identity import Identity
    from .oauth.secret import Secret
    from .oauth.token.reply import TokenSet
    from .seams import Browser, Clock, MaySwitch, MayTrust, Notify
    from .settings.profile import Profile
    from .settings.resolve import from_settings

__version__ = "0.1.0"

__all__ = [
    "AccountDiffers",
    "AnswerEncoded",
    "AnswerTimedOut",
    "AnswerTooLarge",
    "Answered",
    "ApiRefused",
    "AuthorizationDenied",
    "AuthorizationError",
    "AuthorizationResponseInvalid",
    "Browser",
    "BrowserNotOpened",
    "CallbackCertificateMissing",
    "CallbackCertificateRefused",
    "CallbackCertificateUnusable",
    "Cancelled",
    "CertificateExpired",
    "CertificateMalformed",
    "CertificateNameDiffers",
    "CertificateNotYetValid",
    "CertificateUntrusted",
    "ClientCertificateWanted",
    "Clock",
    "CodeCredentialsUnavailable",
    "CommandNotRun",
    "ConfigError",
    "ConnectionFailed",
    "ConnectionLost",
    "Credential",
    "Delivery",
    "DeviceCodeExpired",
    "DeviceFlowRefused",
    "DeviceFlowUnavailable",
    "DiscoveryFailed",
    "EnterThisCode",
    "Exchanged",
    "FileStore",
    "FileUnsafe",
    "FormPost",
    "Get",
    "HTMLAnswer",
    "HostNotFound",
    "HostNotTrusted",
    "HttpReply",
    "HttpTransport",
    "IDTokenInvalid",
    "IDTokenOutOfTime",
    "Identity",
    "IssuerMismatch",
    "IssuerMisspelled",
    "JoinedSignIn",
    "KeyUnusable",
    "KeyringUnavailable",
    "LaunchURLReused",
    "ListenError",
    "LockedDocument",
    "LoginTimedOut",
    "LoopbackAuthError",
    "MaySwitch",
    "MayTrust",
    "MetadataChanged",
    "NoBrowser",
    "NoPendingSignIn",
    "NonceMissing",
    "NotConfigured",
    "NothingYet",
    "Notice",
    "Notify",
    "OpenThisPage",
    "OriginRefused",
    "OutputFailed",
    "PKCEUnsupported",
    "ParameterRefused",
    "PasteExplained",
    "PlainHTTPAnswered",
    "PortForbidden",
    "PortInUse",
    "Profile",
    "ProjectNotTrusted",
    "ProtocolError",
    "ProviderError",
    "ProviderUnknown",
    "ProxyFailed",
    "PushFailed",
    "RedirectURIRefused",
    "RefreshRefused",
    "RefreshRejected",
    "Refreshed",
    "RemoteSignInFailed",
    "Saved",
    "ScopeDiffers",
    "Secret",
    "ServerUnavailable",
    "ShowAddress",
    "SignInInProgress",
    "SignInNeeded",
    "Stopped",
    "Store",
    "StoreBusy",
    "StoreChanged",
    "StoreDamaged",
    "StoreError",
    "StoreNewer",
    "StoreUnsafe",
    "StoreUnwritable",
    "StrayVisit",
    "SubjectTokenUnusable",
    "SystemRefused",
    "TLSFailed",
    "TLSTooOld",
    "TLSUnavailable",
    "TokenError",
    "TokenSet",
    "Traced",
    "Transport",
    "TransportError",
    "URLRefused",
    "UnattendedSignIn",
    "UnexpectedRedirect",
    "UsageError",
    "ValueUnquotable",
    "Waiting",
    "Warned",
    "access_token",
    "device_login",
    "from_settings",
    "login",
]

# Where each name is defined that is no error.
_HOMES = {
    "edge.http.client": "HttpTransport",
    "edge.store.file_store": "FileStore",
    "edge.store.interface": "LockedDocument Store",
    "flows.login.browser": "login",
    "flows.login.device": "device_login",
    "flows.tokens.issued": "access_token",
    "notices": (
        "Answered BrowserNotOpened EnterThisCode Exchanged JoinedSignIn NothingYet Notice "
        "OpenThisPage PasteExplained Refreshed Saved ShowAddress StrayVisit Traced Waiting Warned"
    ),
    "oauth.credential": "Credential",
    "oauth.http.messages": "Delivery FormPost Get HttpReply",
    "oauth.http.transport": "Transport",
    "oauth.identity": "Identity",
    "oauth.secret": "Secret",
    "oauth.token.reply": "TokenSet",
    "seams": "Browser Clock MaySwitch MayTrust Notify",
    "settings.profile": "Profile",
    "settings.resolve": "from_settings",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = next((home for home, names in _HOMES.items() if name in names.split()), "errors")
    # From now on it is found without this function.
    value = globals()[name] = getattr(import_module(f".{home}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _FormerPaths:
    """Finds modules by the paths that they had before; asked last, when nothing else is found."""

    @staticmethod
    def find_spec(path: str, _: object = None, __: object = None) -> ModuleSpec | None:
        if not path.startswith(f"{__name__}.") or path == f"{__name__}.former_paths":
            return None
        from .former_paths import spec_of

        return spec_of(path)


if not any(getattr(finder, "__module__", "") == __name__ for finder in sys.meta_path):
    sys.meta_path.append(_FormerPaths)
