"""An https callback: the same gate, limits and ending as any, by TLS, on real sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from loopback_auth.edge.callback.bind_address import BindAddress
from loopback_auth.edge.callback.tls.certificate import CertificateFiles, server_context
from loopback_auth.errors import CallbackCertificateMissing, CallbackCertificateRefused
from loopback_auth.notices import StrayVisit
from tests.support.stand_in_browser import stand_in

from ....support.callback.client import Callback, connected, send
from ....support.callback.pending_command import signing_in
from ....support.callback.pending_login import Launches, pending_login
from ....support.callback.secure import install, secure_login, trusting
from ....support.sockets import free_port, has_ipv6_loopback

if TYPE_CHECKING:
    from pathlib import Path

    from ....support.stopwatch import Stopwatch

ANYWHERE = "https://localhost:0/callback"


async def distrust(callback: Callback) -> None:
    """Visit as a browser that trusts others: it says why, and goes."""

    def visit() -> None:
        nobody = trusting(b"")
        # Not asyncio, whose client leaves without a word.
        with (
            socket.create_connection((callback.host, callback.port)) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            nobody.wrap_socket(plain, server_hostname=callback.host)

    await asyncio.to_thread(visit)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
async def test_the_answer_comes_by_tls_and_the_page_says_so(tmp_path: Path, *, host: str) -> None:
    if host == "[::1]" and not has_ipv6_loopback():
        pytest.skip("this machine has no ::1")
    async with secure_login(tmp_path, f"https://{host}:0/callback") as (pending, callback):
        page = await callback.arrive()
        await pending.outcome()

    assert urlsplit(callback.redirect_uri).scheme == "https"
    assert (page.status, pending.endpoint.exchanges) == (200, 1)
    assert "signed in" in page.text.lower()
    assert callback.is_closed
    assert page.header("connection") == "close"


async def test_both_families_of_localhost_shake_hands_cb_04(tmp_path: Path) -> None:
    async with secure_login(tmp_path) as (_, callback):
        for address in ("127.0.0.1", "::1") if has_ipv6_loopback() else ("127.0.0.1",):
            reader, writer = await asyncio.open_connection(
                address, callback.port, ssl=callback.context, server_hostname="localhost"
            )
            writer.write(callback.request("/nothing"))
            assert (await reader.read(12)).endswith(b"404")
            writer.close()


async def test_it_speaks_tls_1_2_or_later_and_http_1_1_and_gives_no_tickets(tmp_path: Path) -> None:
    async with secure_login(tmp_path) as (_, callback):
        assert callback.context is not None
        callback.context.set_alpn_protocols(["h2", "http/1.1"])
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            callback.context.maximum_version = version
            reader, writer = await asyncio.open_connection(
                "localhost", callback.port, ssl=callback.context
            )
            tls = writer.get_extra_info("ssl_object")
            writer.write(callback.request("/nothing"))
            await reader.read()
            assert tls.selected_alpn_protocol() == "http/1.1"
            assert not (tls.session and tls.session.has_ticket)
            writer.close()


def test_tls_1_1_is_not_spoken(tmp_path: Path) -> None:
    install(tmp_path)
    path = str(tmp_path / "callback-cert" / "callback.pem")
    context = server_context(CertificateFiles(certificate=path, key=path))
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


async def test_the_gate_is_the_same_cb_05_cb_06_cb_07_cb_08(tmp_path: Path) -> None:
    """CB-05 to CB-08: what is no answer of the browser's own changes nothing."""
    async with secure_login(tmp_path) as (pending, callback):
        answer = callback.answer()
        strays = [
            await callback.get(answer, host=f"evil.example:{callback.port}"),
            await callback.get("/other"),
            await callback.get(answer, method="HEAD"),
            await callback.get(answer, "Sec-Purpose: prefetch"),
            await callback.get(callback.answer(state="wrong")),
            await callback.get("/" + "x" * 17_000),
            await callback.get("/", "X: " + "x" * 66_000),
        ]
        page = await callback.arrive()
        await pending.outcome()

    assert [reply.status for reply in strays] == [421, 404, 405, 403, 400, 414, 431]
    assert (page.status, pending.endpoint.exchanges) == (200, 1)


async def test_plain_http_is_answered_plainly_and_changes_nothing(tmp_path: Path) -> None:
    async with secure_login(tmp_path) as (pending, callback):
        plain = await send(callback.host, callback.port, callback.request(callback.answer()))
        page = await callback.arrive()
        await pending.outcome()

    assert plain.status == 400
    assert pending.strays == ["an http request, where this address is https"]
    assert (page.status, pending.endpoint.exchanges) == (200, 1)


async def test_who_does_not_trust_the_certificate_is_noticed_with_what_to_do(
    tmp_path: Path,
) -> None:
    """Once, however often a browser tries; the sign-in goes on."""
    async with secure_login(tmp_path) as (pending, callback):
        for _ in range(3):
            await distrust(callback)
        page = await callback.arrive()
        await pending.outcome()

    [notice] = [each for each in pending.notices if isinstance(each, StrayVisit)]
    assert "does not trust the certificate" in notice.reason
    assert "loopback-auth callback-cert show" in notice.fix
    assert page.status == 200


async def test_a_time_out_after_that_says_that_it_was_the_certificate(tmp_path: Path) -> None:
    async with secure_login(tmp_path, timeout_s=1.0) as (pending, callback):
        await distrust(callback)
        error = await pending.error()

    assert isinstance(error, CallbackCertificateRefused)
    assert (error.code, error.exit_code) == ("callback-certificate-refused", 5)
    assert "loopback-auth callback-cert show" in error.fix


async def test_cb_09_handshakes_that_stall_delay_neither_the_answer_nor_the_end(
    tmp_path: Path,
    stopwatch: Stopwatch,
) -> None:
    """CB-09: silent, half a record, and a whole first message that nothing follows."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(b"").wrap_bio(incoming, outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    hello = outgoing.read()
    async with secure_login(tmp_path) as (pending, callback):
        stalled = (*[b""] * 8, b"\x16", hello[:20], hello)
        async with connected(callback, *stalled):
            began = stopwatch.seconds
            page = await callback.arrive()
            await pending.outcome()
            took = stopwatch.seconds - began

    assert page.status == 200
    assert took < 2


async def test_cb_10_a_flood_of_stalled_handshakes_makes_room_for_the_browser(
    tmp_path: Path,
) -> None:
    async with (
        secure_login(tmp_path) as (pending, callback),
        connected(callback, *[b"\x16\x03"] * 200),
    ):
        page = await callback.arrive()
        await pending.outcome()

    assert page.status == 200
    assert "more connections at once than a browser opens" in pending.strays


async def test_the_one_time_address_stays_http_on_a_port_of_its_own(tmp_path: Path) -> None:
    launches = Launches()
    async with secure_login(tmp_path, browser=launches) as (pending, callback):
        [address] = launches.addresses
        launch = urlsplit(address)
        there = Callback({"url": callback.url, "redirect_uri": address})
        refused = [
            await there.get("/"),
            await there.get(callback.answer()),
            await there.get(launch.path, host=callback.netloc),
            await callback.get(launch.path),
        ]
        shown = await there.get(launch.path)
        page = await callback.arrive()
        await pending.outcome()

    assert launch.scheme == "http"
    assert launch.port != callback.port
    assert [reply.status for reply in refused] == [404, 404, 421, 404]
    assert (shown.status, shown.header("location")) == (303, callback.url)
    assert page.status == 200
    assert there.is_closed
    assert callback.is_closed


async def test_without_a_certificate_nothing_is_shown_and_the_fix_can_be_typed(
    tmp_path: Path,
) -> None:
    async with pending_login(
        tmp_path, redirect_uris=(ANYWHERE,), environ={"LOOPBACK_AUTH_HOME": str(tmp_path)}
    ) as pending:
        error = await pending.error()

    assert isinstance(error, CallbackCertificateMissing)
    assert not pending.notices
    for command in ("callback-cert create", "--callback-cert FILE", "--manual"):
        assert command in error.fix


async def test_the_command_signs_in_with_a_browser_that_is_started(tmp_path: Path) -> None:
    context = install(tmp_path)
    async with (
        stand_in(tmp_path) as (started, browser),
        signing_in(tmp_path, "--redirect-uri", ANYWHERE, more=browser) as scene,
    ):
        scene.endpoint.may_answer.set()
        address = urlsplit(await started.address())
        scene.callback.context = context
        page = await scene.callback.arrive()
        ended = await scene.command.outcome()

    assert (address.scheme, page.status, ended.exit_code) == ("http", 200, 0)
    assert "ResourceWarning" not in ended.stderr


async def test_behind_a_port_forward_tls_is_spoken_here_cb_04(tmp_path: Path) -> None:
    """The browser goes to https://localhost of its own machine, which leads here (--bind)."""
    port = free_port()
    async with secure_login(
        tmp_path, "https://localhost:1/cb", bind_address=BindAddress(host="127.0.0.1", port=port)
    ) as (pending, callback):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=callback.context, server_hostname="localhost"
        )
        writer.write(callback.request(callback.answer()))
        reply = await reader.read()
        writer.close()
        await pending.outcome()

    assert callback.redirect_uri == "https://localhost:1/cb"
    assert b" 303 " in reply


async def test_behind_a_reverse_proxy_no_certificate_is_needed(tmp_path: Path) -> None:
    """The proxy has it, and speaks http to us."""
    port = free_port()
    async with pending_login(
        tmp_path,
        redirect_uris=("https://my.host/cb",),
        bind_address=BindAddress(host="127.0.0.1", port=port),
        environ={"LOOPBACK_AUTH_HOME": str(tmp_path)},
    ) as pending:
        pending.endpoint.may_answer.set()
        callback = pending.callback
        page = await send("127.0.0.1", port, callback.request(callback.answer()))
        await pending.outcome()

    assert page.status == 303
