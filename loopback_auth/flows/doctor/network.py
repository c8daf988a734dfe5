"""The doctor's checks of the way to the server, and of what the server makes of this client."""

from __future__ import annotations

import os
from contextlib import suppress
from urllib.parse import urlsplit

from ...edge.http.proxy import proxy_for
from ...edge.process.clock import now, running_s
from ...edge.process.event_loop import event_loop_started
from ...errors import HostNotFound, HostNotTrusted, LoopbackAuthError, ProviderError
from ...oauth.http.messages import Get
from ...oauth.http.url import is_loopback
from ...oauth.metadata import Client, server_metadata
from ..login.request import request_to
from ..server.discovery import discover
from ..server.mix_up import refuse_mix_up
from .checks import FAIL, WARN, Check, passed, skipped
from .machine import endpoints_of
from .preflight import NAME, RecordingTransport, RepeatedPreflight, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...oauth.http.messages import HttpReply
    from ...oauth.http.transport import Transport
    from ...oauth.metadata import ServerMetadata
    from ...settings.profile import Profile
    from .checks import Report, Subject

SKEW_S = 60.0
"""What servers forgive; beyond that, tokens are too old or of the future."""


async def checks_of_network(
    subject: Subject,
    report: Report,
    *,
    redirect_uris: Sequence[str],
    transport: Transport,
    wait_s: float,
    interval_s: float,
) -> None:
    """Add these checks to *report*, each where the one before it allows; none without a server."""
    profile = subject.profile
    if isinstance(profile, LoopbackAuthError) or not endpoints_of(profile):
        return
    await event_loop_started()
    recording = RecordingTransport(transport=transport)
    report.add(await _name(profile, subject))
    server = await _discovery(profile, report, recording)
    if server is None:
        _connection(report, recording)
        return
    if profile.is_machine:
        # A GET is refused there, and shows that there is somebody to refuse it.
        with suppress(LoopbackAuthError):
            await within(recording(Get(url=server.token_endpoint)), "no answer")
        _connection(report, recording)
        report.add(_NOBODY)
        return
    client = _client(profile, subject)
    asking = RepeatedPreflight(
        report=report, recording=recording, until_s=running_s() + wait_s, interval_s=interval_s
    )
    for number, uri in enumerate(redirect_uris or [""]):
        known = client is not None and bool(uri)
        app = client or Client(client_id="loopback-auth-doctor")
        request = request_to(server, profile, app, uri, token_bytes=os.urandom)
        check = await asking.preflight(request, profile, repeats=bool(wait_s) and known)
        if number == 0:
            _connection(report, recording)
        report.add(check if known else _NOT_YET)


_NOT_YET = skipped(NAME, "fix what is reported above first")

_NOBODY = skipped(NAME, "nobody signs in: `token` mints")


def _client(profile: Profile, subject: Subject) -> Client | None:
    try:
        return profile.client(subject.environ)
    except LoopbackAuthError:
        # Another check has said so. The way to the server can be checked as any client.
        return None


async def _name(profile: Profile, subject: Subject) -> Check:
    name, endpoints = "name", profile.endpoints()
    url = (
        endpoints.get("authorization_endpoint")
        or endpoints.get("issuer")
        or endpoints["token_endpoint"]
    )
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        if proxy_for(url, subject.environ):
            return skipped(name, f"the proxy looks {host} up")
        addresses = await within(
            _addresses(host, parts.port or 443), f"no answer about the name {host}"
        )
    except ProviderError as error:
        return Check.of(error, name)
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    here = ", this machine" if is_loopback(host) else ""
    return passed(name, f"{host} is {addresses[0]}{more}{here}")


async def _addresses(host: str, port: int) -> list[str]:
    import asyncio
    import socket

    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise HostNotFound(f"the name {host} is not known", host=host) from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


_ONE_ENDPOINT = Check(
    name="discovery",
    verdict=FAIL,
    seen="the profile has one endpoint only, and no issuer to discover the other",
    cause="Without an issuer, both the authorization and the token endpoint are needed.",
    fix="loopback-auth login PROFILE --authorization-endpoint URL --token-endpoint URL",
    code="not-configured",
    exit_code=2,
)


async def _discovery(
    profile: Profile, report: Report, recording: RecordingTransport
) -> ServerMetadata | None:
    """Return the server as a sign-in would know it; `None` where discovery failed to say."""
    known, issuer = profile.known_server(), profile.endpoints().get("issuer")
    if not issuer:
        if known is None:
            report.add(_ONE_ENDPOINT)
        return known
    try:
        found = await within(discover(issuer, transport=recording), f"no metadata of {issuer}")
        server = server_metadata({**found, **profile.endpoints()}, is_machine=profile.is_machine)
    except LoopbackAuthError as error:
        # With all endpoints known, a sign-in does without.
        report.add(Check.of(error, "discovery", verdict=WARN if known else FAIL))
        return known
    report.add(passed("discovery", f"{issuer}: discovery document found"))
    try:
        server, _ = await refuse_mix_up(server, profile, may_trust=None, notify=lambda _: None)
    except HostNotTrusted as error:
        # On a terminal, login asks.
        report.add(Check.of(error, "discovery", verdict=WARN))
    return server


def _connection(report: Report, recording: RecordingTransport) -> None:
    """Add the checks of the connection that the last answer came over and of the server's clock."""
    name, reply = "connection", recording.reply
    if recording.failure is not None:
        report.add(Check.of(recording.failure, name))
    if reply is None:
        report.add(skipped("clock", "no answer came that could say the time"))
        return
    parts = urlsplit(reply.url)
    how = (
        "TLS, its certificate is valid" if parts.scheme == "https" else "plain http on this machine"
    )
    seen = (
        f"{parts.netloc} answered with status {reply.status} after {recording.took_s:.2f} s; {how}"
    )
    report.add(passed(name, seen))
    report.add(_clock(reply))


def _clock(reply: HttpReply) -> Check:
    from email.utils import parsedate_to_datetime

    name = "clock"
    try:
        theirs = parsedate_to_datetime(reply.headers.get("date", ""))
        skew_s = (now() - theirs).total_seconds()
    except (TypeError, ValueError):
        return skipped(name, "the answer does not say the time")
    if abs(skew_s) <= SKEW_S:
        return passed(name, "within a minute of the server's")
    way = "ahead of" if skew_s > 0 else "behind"
    return Check(
        name=name,
        verdict=WARN,
        seen=f"{abs(skew_s):.0f} s {way} the server's",
        cause="Valid tokens then look expired, or not valid yet.",
        fix="set this machine's clock: timedatectl set-ntp true (Linux),"
        " or the date settings of the system",
    )
