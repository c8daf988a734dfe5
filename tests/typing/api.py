"""
A program that uses every public name, for type checkers: mypy --strict and pyright take it as is.

It is also run: what it says of the types holds at run time.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, assert_type

import loopback_auth
from loopback_auth import (
    Browser,
    Clock,
    Credential,
    Delivery,
    FileStore,
    FormPost,
    Get,
    HttpReply,
    HttpTransport,
    Identity,
    LockedDocument,
    LoopbackAuthError,
    MaySwitch,
    MayTrust,
    Notice,
    Notify,
    Profile,
    Secret,
    Store,
    TokenSet,
    Transport,
    access_token,
    device_login,
    from_settings,
    login,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping


class OneDocument(LockedDocument):
    """Of a store of one's own: it has what `LockedDocument` leaves open."""

    def __init__(self, documents: dict[str, dict[str, Any]], profile: str) -> None:
        self._documents = documents
        self._profile = profile

    def load(self) -> dict[str, Any] | None:
        return self._documents.get(self._profile)

    def save(self, document: Mapping[str, Any], *, is_only_copy: bool = False) -> None:
        del is_only_copy
        self._documents[self._profile] = dict(document)

    def remove(self) -> bool:
        return self._documents.pop(self._profile, None) is not None


class MemoryStore(Store):
    """A store of one's own, for the tests of a program: it forgets all at its end."""

    def __init__(self) -> None:
        self._documents: dict[str, dict[str, Any]] = {}

    def profiles(self) -> list[str]:
        return list(self._documents)

    def load(self, profile: str) -> dict[str, Any] | None:
        return self._documents.get(profile)

    @contextlib.contextmanager
    def locked(
        self, profile: str, *, timeout_s: float = 10, take_over: bool = False
    ) -> Generator[LockedDocument]:
        del timeout_s, take_over
        yield OneDocument(self._documents, profile)


async def transport(message: FormPost | Get) -> HttpReply:
    """Answer in the server's place."""
    headers: dict[str, str] = {}
    if message.authorization is not None:
        headers["Authorization"] = message.authorization.reveal()
    if isinstance(message, FormPost):
        assert_type(message.body(), bytes)
        assert_type(message.delivery, Delivery | None)
        sent = message.secrets
    else:
        sent = ()
    return HttpReply(url=message.url, status=200, body=b"{}", sent=sent)


def browser(url: str) -> bool:
    """Open nothing."""
    return not url


async def async_browser(url: str) -> None:
    """Open nothing, without blocking."""
    del url


def clock() -> datetime:
    """Tell a time."""
    return datetime(2026, 1, 1, tzinfo=UTC)


def notify(notice: Notice) -> None:
    """Print what a person should see."""
    match notice:
        case loopback_auth.OpenThisPage():
            shown = notice.url
        case loopback_auth.EnterThisCode():
            shown = f"{notice.user_code} at {notice.verification_uri}"
        case loopback_auth.BrowserNotOpened() | loopback_auth.StrayVisit():
            shown = notice.reason
        case loopback_auth.Waiting():
            shown = f"{notice.left_s:.0f} of {notice.timeout_s:.0f} s"
        case loopback_auth.NothingYet():
            shown = notice.hint
        case loopback_auth.PasteExplained():
            shown = notice.title
        case (
            loopback_auth.Exchanged()
            | loopback_auth.JoinedSignIn()
            | loopback_auth.Answered()
            | loopback_auth.ShowAddress()
        ):
            shown = type(notice).__name__
        case loopback_auth.Saved() | loopback_auth.Refreshed():
            shown = notice.profile
        case loopback_auth.Warned() | loopback_auth.Traced():
            shown = notice.message
    del shown


async def may_switch(held: str, new: str) -> bool:
    """Let another account of the same person in."""
    return held.lower() == new.lower()


def may_trust(issuer: str, page_host: str, token_host: str) -> bool:
    """Trust what lies below one domain."""
    del issuer
    return page_host.partition(".")[2] == token_host.partition(".")[2]


SEAMS: tuple[Store, Transport, Browser, Browser, Clock, Notify, MaySwitch, MayTrust] = (
    MemoryStore(),
    transport,
    browser,
    async_browser,
    clock,
    notify,
    may_switch,
    may_trust,
)
OURS: tuple[Store, Transport] = (FileStore("home"), HttpTransport())


async def sign_in(profile: Profile, store: Store) -> TokenSet:
    """Sign in, then ask for a token."""
    credential = await login(
        profile,
        store=store,
        transport=transport,
        browser=async_browser,
        clock=clock,
        notify=notify,
        may_switch=may_switch,
        may_trust=may_trust,
        timeout_s=60,
    )
    await device_login(profile, store=store, transport=transport, notify=notify, timeout_s=60)
    assert_type(credential, Credential)
    assert_type(credential.identity, Identity | None)
    tokens = await access_token(profile, store=store, transport=transport, clock=clock)
    assert_type(tokens.access_token, Secret)
    assert_type(tokens.access_token.reveal(), str)
    assert_type(tokens.expires_at, datetime | None)
    return await access_token("by its name", store=FileStore("home"), transport=HttpTransport())


def profile() -> Profile:
    """Return a profile of a program's own."""
    return from_settings("mine", issuer="https://id.example.com", client_id="my-cli")


def exit_status(error: LoopbackAuthError) -> int:
    """Return what the command would end with, by the kind of *error*."""
    assert_type(error.cause, str)
    assert_type(error.fix, str)
    assert_type(error.code, str)
    return error.exit_code


ERRORS: tuple[type[LoopbackAuthError], ...] = (
    loopback_auth.AccountDiffers,
    loopback_auth.AnswerEncoded,
    loopback_auth.AnswerTimedOut,
    loopback_auth.AnswerTooLarge,
    loopback_auth.ApiRefused,
    loopback_auth.AuthorizationDenied,
    loopback_auth.AuthorizationError,
    loopback_auth.AuthorizationResponseInvalid,
    loopback_auth.CallbackCertificateMissing,
    loopback_auth.CallbackCertificateRefused,
    loopback_auth.CallbackCertificateUnusable,
    loopback_auth.Cancelled,
    loopback_auth.CertificateExpired,
    loopback_auth.CertificateMalformed,
    loopback_auth.CertificateNameDiffers,
    loopback_auth.CertificateNotYetValid,
    loopback_auth.CertificateUntrusted,
    loopback_auth.ClientCertificateWanted,
    loopback_auth.CodeCredentialsUnavailable,
    loopback_auth.CommandNotRun,
    loopback_auth.ConfigError,
    loopback_auth.ConnectionFailed,
    loopback_auth.ConnectionLost,
    loopback_auth.DeviceCodeExpired,
    loopback_auth.DeviceFlowRefused,
    loopback_auth.DeviceFlowUnavailable,
    loopback_auth.DiscoveryFailed,
    loopback_auth.FileUnsafe,
    loopback_auth.HTMLAnswer,
    loopback_auth.HostNotFound,
    loopback_auth.HostNotTrusted,
    loopback_auth.IDTokenInvalid,
    loopback_auth.IDTokenOutOfTime,
    loopback_auth.IssuerMismatch,
    loopback_auth.IssuerMisspelled,
    loopback_auth.KeyUnusable,
    loopback_auth.KeyringUnavailable,
    loopback_auth.LaunchURLReused,
    loopback_auth.ListenError,
    loopback_auth.LoginTimedOut,
    loopback_auth.LoopbackAuthError,
    loopback_auth.MetadataChanged,
    loopback_auth.NoBrowser,
    loopback_auth.NoPendingSignIn,
    loopback_auth.NonceMissing,
    loopback_auth.NotConfigured,
    loopback_auth.OriginRefused,
    loopback_auth.OutputFailed,
    loopback_auth.PKCEUnsupported,
    loopback_auth.ParameterRefused,
    loopback_auth.PlainHTTPAnswered,
    loopback_auth.PortForbidden,
    loopback_auth.PortInUse,
    loopback_auth.ProtocolError,
    loopback_auth.ProviderError,
    loopback_auth.ProjectNotTrusted,
    loopback_auth.ProviderUnknown,
    loopback_auth.ProxyFailed,
    loopback_auth.PushFailed,
    loopback_auth.RedirectURIRefused,
    loopback_auth.RefreshRefused,
    loopback_auth.RefreshRejected,
    loopback_auth.RemoteSignInFailed,
    loopback_auth.ScopeDiffers,
    loopback_auth.ServerUnavailable,
    loopback_auth.SignInInProgress,
    loopback_auth.SignInNeeded,
    loopback_auth.Stopped,
    loopback_auth.StoreBusy,
    loopback_auth.StoreChanged,
    loopback_auth.StoreDamaged,
    loopback_auth.StoreError,
    loopback_auth.StoreNewer,
    loopback_auth.StoreUnsafe,
    loopback_auth.StoreUnwritable,
    loopback_auth.SubjectTokenUnusable,
    loopback_auth.SystemRefused,
    loopback_auth.TLSFailed,
    loopback_auth.TLSTooOld,
    loopback_auth.TLSUnavailable,
    loopback_auth.TokenError,
    loopback_auth.TransportError,
    loopback_auth.URLRefused,
    loopback_auth.UnattendedSignIn,
    loopback_auth.UnexpectedRedirect,
    loopback_auth.UsageError,
    loopback_auth.ValueUnquotable,
)
"""Every error there is: each can be caught by its name."""
