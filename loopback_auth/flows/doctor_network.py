"""The doctor's checks of the way to the server, and of what the server makes of this client."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..edge.clock import now, running_s
from ..edge.event_loop import entered
from ..edge.transport import proxy_for
from ..errors import (
    AnswerTimedOut,
    AuthorizationError,
    HostNotFound,
    LoopbackAuthError,
    ProviderError,
    TransportError,
)
from ..oauth.authorization import AuthorizationRequest
from ..oauth.metadata import Client, server_metadata
from ..oauth.wire import is_loopback
from .discovery import discover
from .doctor import FAIL, OK, SKIPPED, WARN, Check, shortened
from .doctor_here import endpoints_of
from .explained import facts_of
from .preflight import look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any, TypeVar

    from ..oauth.metadata import ServerMetadata
    from ..oauth.wire import FormPost, Get, HttpReply
    from .discovery import Transport
    from .doctor import Findings, Scene
    from .profile import Profile

    T = TypeVar("T")

PATIENCE_S = 15.0
"""For each question: a doctor may wait longer than a sign-in, and should not hang."""

SKEW_S = 60.0
"""What servers forgive; beyond that, tokens are too old or of the future."""

PROPAGATING = frozenset({"redirect_uri_mismatch", "invalid_client_id"})
"""Said of a new app until all of the server's machines know it."""

NAME = "pre-flight"


@dataclass(slots=True, kw_only=True)
class _Listened:
    """A transport that keeps the last answer and what went wrong with the last question."""

    transport: Transport
    reply: HttpReply | None = None
    failure: TransportError | None = None
    took_s: float = field(default=0.0)

    async def __call__(self, message: FormPost | Get) -> HttpReply:
        began = running_s()
        self.reply = self.failure = None
        try:
            self.reply = await self.transport(message)
        except TransportError as error:
            self.failure = error
            raise
        finally:
            self.took_s = running_s() - began
        return self.reply


async def checks_of_network(
    scene: Scene,
    findings: Findings,
    *,
    redirect_uris: Sequence[str],
    transport: Transport,
    wait_s: float,
    interval_s: float,
) -> None:
    """Make them, each as far as the one before it allows; none where nothing says which server it is."""
    profile = scene.profile
    if isinstance(profile, LoopbackAuthError) or not endpoints_of(profile):
        return
    await entered()
    listened = _Listened(transport=transport)
    findings.add(await _name(profile, scene))
    server = await _discovery(profile, findings, listened)
    if server is None:
        _connection(findings, listened)
        return
    try:
        client = profile.client(scene.environ)
    except LoopbackAuthError:
        # Told already. The way to the server can be looked at with any client, the answer then says nothing.
        client = None
    waiting = _Waiting(findings=findings, until_s=running_s() + wait_s, interval_s=interval_s)
    for number, uri in enumerate(redirect_uris or [""]):
        request = _request(profile, server, client or Client(client_id="loopback-auth-doctor"), uri)
        check = await waiting.preflight(request, profile, listened, patient=bool(wait_s and client))
        if number == 0:
            _connection(findings, listened)
        if client is None or not uri:
            check = Check(name=NAME, verdict=SKIPPED, seen="first what is told above has to be put right")
        findings.add(check)


def _request(profile: Profile, server: ServerMetadata, client: Client, uri: str) -> AuthorizationRequest:
    scope = profile.scope_for(server)
    return AuthorizationRequest.new(
        server=server,
        client=client,
        redirect_uri=uri,
        scope=scope,
        token_bytes=os.urandom,
        parameters=profile.parameters_for(scope),
    )


async def _name(profile: Profile, scene: Scene) -> Check:
    name, endpoints = "name", profile.endpoints()
    url = endpoints.get("authorization_endpoint") or endpoints.get("issuer") or endpoints["token_endpoint"]
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        if proxy_for(url, scene.environ):
            return Check(name=name, verdict=SKIPPED, seen=f"the proxy looks {host} up")
        addresses = await _within(_addresses(host, parts.port or 443), f"no answer about the name {host}")
    except ProviderError as error:
        return Check.of(error, name)
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    here = ", this machine" if is_loopback(host) else ""
    return Check(name=name, verdict=OK, seen=f"{host} is {addresses[0]}{more}{here}")


async def _addresses(host: str, port: int) -> list[str]:
    import asyncio
    import socket

    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise HostNotFound(f"the name {host} is not known", host=host) from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def _within(work: Coroutine[Any, Any, T], late: str) -> T:
    import asyncio

    try:
        async with asyncio.timeout(PATIENCE_S):
            return await work
    except TimeoutError:
        raise AnswerTimedOut(f"{late} within {PATIENCE_S:g} s") from None


async def _discovery(profile: Profile, findings: Findings, listened: _Listened) -> ServerMetadata | None:
    """Give the server as a sign-in would know it, or nothing where discovery had to say it and did not."""
    known, issuer = profile.known_server(), profile.endpoints().get("issuer")
    if not issuer:
        if known is None:
            findings.add(
                Check(name="discovery", verdict=FAIL, seen="one endpoint of two is missing", exit_code=2)
            )
        return known
    try:
        found = await _within(discover(issuer, transport=listened), f"no metadata of {issuer}")
        server = server_metadata({**found, **profile.endpoints()})
    except LoopbackAuthError as error:
        # With all endpoints known, a sign-in does without.
        findings.add(Check.of(error, "discovery", verdict=WARN if known else FAIL))
        return known
    findings.add(Check(name="discovery", verdict=OK, seen=f"{issuer} names {len(found)} facts of itself"))
    return server


def _connection(findings: Findings, listened: _Listened) -> None:
    """Tell how the last answer came: the connection it came over, and what time its sender has."""
    name, reply = "connection", listened.reply
    if listened.failure is not None:
        findings.add(Check.of(listened.failure, name))
    if reply is None:
        findings.add(Check(name="clock", verdict=SKIPPED, seen="no answer came that could say the time"))
        return
    parts = urlsplit(reply.url)
    how = "TLS, its certificate is good" if parts.scheme == "https" else "plain http on this machine"
    seen = f"{parts.netloc} answered with status {reply.status} after {listened.took_s:.2f} s; {how}"
    findings.add(Check(name=name, verdict=OK, seen=seen))
    findings.add(_clock(reply))


def _clock(reply: HttpReply) -> Check:
    from email.utils import parsedate_to_datetime

    name = "clock"
    try:
        theirs = parsedate_to_datetime(reply.headers.get("date", ""))
        skew_s = (now() - theirs).total_seconds()
    except (TypeError, ValueError):
        return Check(name=name, verdict=SKIPPED, seen="the answer does not say the time")
    if abs(skew_s) <= SKEW_S:
        return Check(name=name, verdict=OK, seen="within a minute of the server's")
    way = "ahead of" if skew_s > 0 else "behind"
    return Check(
        name=name,
        verdict=WARN,
        seen=f"{abs(skew_s):.0f} s {way} the server's",
        cause="Tokens then look expired, or of the future, though they are neither.",
        fix="set this machine's clock: timedatectl set-ntp true (Linux), or the date settings of the system",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """The pre-flight, once or until the server knows the app."""

    findings: Findings
    until_s: float
    interval_s: float

    async def preflight(
        self, request: AuthorizationRequest, profile: Profile, listened: _Listened, *, patient: bool
    ) -> Check:
        import asyncio

        while True:
            error = await self._refusal(request, listened)
            left_s = self.until_s - running_s()
            if not (patient and _may_pass(error) and left_s > 0):
                return _told(error, request, profile, listened)
            self.findings.wait(_code(error), left_s, min(self.interval_s, left_s))
            await asyncio.sleep(min(self.interval_s, left_s))

    @staticmethod
    async def _refusal(request: AuthorizationRequest, listened: _Listened) -> ProviderError | None:
        try:
            await _within(look(request, transport=listened), "no sign-in page came")
        except ProviderError as error:
            return error
        return None


def _may_pass(error: ProviderError | None) -> bool:
    return isinstance(error, AuthorizationError) and error.error.lower() in PROPAGATING


def _code(error: ProviderError | None) -> str:
    return error.error if isinstance(error, AuthorizationError) else ""


def _told(
    error: ProviderError | None, request: AuthorizationRequest, profile: Profile, listened: _Listened
) -> Check:
    if error is None:
        status = listened.reply.status if listened.reply else 0
        seen = f"the server takes {request.redirect_uri} and shows its sign-in page (status {status})"
        return Check(name=NAME, verdict=OK, seen=seen)
    if not isinstance(error, AuthorizationError):
        if isinstance(error, TransportError):
            return Check(name=NAME, verdict=SKIPPED, seen="the server could not be asked")
        return Check.of(error, NAME, verdict=WARN)
    if profile.provider and profile.provider.pitfalls:
        from ..explain.pitfalls import better_told

        facts = facts_of(profile, redirect_uri=request.redirect_uri)
        if "username" in facts:
            facts["username"] = shortened(str(facts["username"]))
        better_told(error, pitfalls=profile.provider.pitfalls, facts=facts)
    return Check.of(error, NAME)
