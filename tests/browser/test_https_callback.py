"""
An https callback in a real Chromium: one that trusts our certificate, as what we print says, and
one that does not.
"""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Error, async_playwright

from tests.support.servers import install
from tests.support.servers.needs import need

from ..support.chromium import TIMEOUT_MS, arguments, in_the_session_loop
from ..support.command import environment, login, run, token_file
from ..support.sockets import free_port, has_ipv6_loopback
from ..support.stand_in_browser import stand_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page

    from ..support.stage import Stage

pytestmark = [pytest.mark.browser, in_the_session_loop]

LOCALHOST = "https://localhost:0/callback"


@asynccontextmanager
async def chromium_of(home: Path) -> AsyncIterator[Page]:
    """Start a Chromium of the user whose home folder is *home*, and of whom that one trusts."""
    need(install.CHROMIUM)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=install.find_chromium(), args=arguments(), env=environment(home)
        )
        page = await browser.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        yield page
        await browser.close()


def type_what_is_printed(shown: str, home: Path) -> None:
    """Run the indented lines of *shown*, as a person would."""
    commands = [line.strip() for line in shown.splitlines() if line.startswith("    ")]
    assert commands, shown
    script = "\n".join(["set -e", *commands])
    subprocess.run(("/bin/sh", "-c", script), env=environment(home), check=True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
async def test_a_chromium_that_trusts_our_certificate_signs_in(
    stage: Stage, tmp_path: Path, *, host: str
) -> None:
    """What `callback-cert create` prints is typed as it stands; then nothing is asked."""
    need("certutil")
    if host == "[::1]" and not has_ipv6_loopback():
        pytest.skip("this machine has no ::1")
    made = await run("callback-cert", "create", home=tmp_path, more=_without_mkcert(tmp_path))
    type_what_is_printed(made.stdout, tmp_path)
    shown = await run("callback-cert", "show", "--json", home=tmp_path)
    flags = (*stage.flags(), "--redirect-uri", f"https://{host}:0/callback")
    async with (
        stand_in(tmp_path) as (started, browser),
        chromium_of(tmp_path) as tab,
        login(*flags, home=tmp_path, more=browser) as command,
    ):
        address = await started.address()
        await tab.goto(address)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()
    doctor = await run("doctor", "--json", home=tmp_path)

    assert made.exit_code == 0
    assert shown.document["trusted_by"]["Chromium, Chrome and Edge"] is True
    assert urlsplit(address).scheme == "http"
    assert urlsplit(tab.url).scheme == "https"
    assert (ended.exit_code, ended.events_named("stray")) == (0, [])
    assert token_file(tmp_path)["access_token"] == "a-token"
    [check] = [each for each in doctor.document["checks"] if each["name"] == "callback certificate"]
    assert (check["verdict"], "Chromium, Chrome and Edge trusts it" in check["seen"]) == (
        "ok",
        True,
    )


async def test_a_chromium_that_does_not_trust_it_is_noticed_and_can_go_on(
    stage: Stage, tmp_path: Path
) -> None:
    """The terminal says what to do at once; the answer waits in the tab, behind its warning."""
    await run("callback-cert", "create", home=tmp_path, more=_without_mkcert(tmp_path))
    flags = (*stage.flags(), "--redirect-uri", LOCALHOST, "--no-browser")
    async with (
        chromium_of(tmp_path) as tab,
        login(*flags, home=tmp_path) as command,
    ):
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            await tab.goto(await command.open_page())
        stray = await command.event("stray")
        await tab.locator("#details-button").click()
        await tab.locator("#proceed-link").click()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert "does not trust the certificate" in stray["reason"]
    assert "loopback-auth callback-cert show" in stray["fix"]
    assert len(ended.events_named("stray")) == 1
    assert ended.exit_code == 0
    assert stage.exchanges == 1


async def test_a_chromium_that_leaves_at_the_warning_ends_in_an_error_that_names_it(
    stage: Stage, tmp_path: Path
) -> None:
    await run("callback-cert", "create", home=tmp_path, more=_without_mkcert(tmp_path))
    flags = (*stage.flags(), "--redirect-uri", LOCALHOST, "--no-browser", "--timeout", "3s")
    async with chromium_of(tmp_path) as tab, login(*flags, home=tmp_path) as command:
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            await tab.goto(await command.open_page())
        ended = await command.outcome()

    assert (ended.exit_code, ended.error["code"]) == (5, "callback-certificate-refused")
    assert "callback-cert show" in ended.error["fix"]


async def test_where_mkcert_is_set_up_its_certificate_is_used(stage: Stage, tmp_path: Path) -> None:
    """Its authority is trusted here already; nothing more is asked for."""
    need("certutil")
    need("mkcert")
    (tmp_path / ".pki" / "nssdb").mkdir(parents=True)
    # The system's own store stays as it is.
    own = {"TRUST_STORES": "nss", "CAROOT": str(tmp_path / "authority")}
    there = environment(tmp_path, own)
    database = f"sql:{tmp_path}/.pki/nssdb"
    await _done("certutil", "-d", database, "-N", "--empty-password", environ=there)
    before = await run("callback-cert", "create", home=tmp_path, more=own)
    await _done("mkcert", "-install", environ=there)
    made = await run("callback-cert", "create", "--force", "--json", home=tmp_path, more=own)
    flags = (*stage.flags(), "--redirect-uri", LOCALHOST, "--no-browser")
    async with chromium_of(tmp_path) as tab, login(*flags, home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert "To have a browser trust it" in before.stdout, "an authority of ours until then"
    assert made.document["trusted_by"]["Chromium, Chrome and Edge"] is True
    root = (tmp_path / "authority" / "rootCA.pem").read_bytes()
    assert (tmp_path / "callback-cert" / "ca.pem").read_bytes() == root
    assert (ended.exit_code, ended.events_named("stray")) == (0, [])


@asynccontextmanager
async def forwarding(port: int, *, to: int) -> AsyncIterator[None]:
    """Lead both families of localhost at *port* to another port, as `ssh -L` and Docker do."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    families = ["127.0.0.1", *(["::1"] if has_ipv6_loopback() else [])]
    async with await asyncio.start_server(lead, families, port):
        yield


async def test_behind_a_port_forward_the_browser_checks_the_address_that_it_goes_to(
    stage: Stage, tmp_path: Path
) -> None:
    """Its own localhost: that is what the certificate is for, wherever it leads."""
    need("certutil")
    made = await run("callback-cert", "create", home=tmp_path, more=_without_mkcert(tmp_path))
    type_what_is_printed(made.stdout, tmp_path)
    registered, bound = free_port(), free_port()
    uri = f"https://localhost:{registered}/callback"
    where = ("--redirect-uri", uri, "--bind", f"127.0.0.1:{bound}", "--no-browser")
    async with (
        forwarding(registered, to=bound),
        chromium_of(tmp_path) as tab,
        login(*stage.flags(), *where, home=tmp_path) as command,
    ):
        await tab.goto(await command.open_page())
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert urlsplit(tab.url).port == registered
    assert (ended.exit_code, ended.events_named("stray")) == (0, [])


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while octets := await reader.read(65536):
            writer.write(octets)
            await writer.drain()
    writer.close()


def _without_mkcert(home: Path) -> dict[str, str]:
    """Let mkcert, where it is installed, have no authority."""
    return {"CAROOT": str(home / "none")}


async def _done(*command: str, environ: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(*command, env=environ)
    assert await process.wait() == 0, command
