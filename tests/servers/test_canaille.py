"""
What only Canaille shows: registered ports and no others, a nonce that must be there, one way of
authentication per client.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.support.chromium import in_the_session_loop

from ..support.command import login, no_token_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.async_api import Page

    from ..support.servers.people import Server

pytestmark = [pytest.mark.server, pytest.mark.browser, in_the_session_loop]


def every_port(server: Server, client: str) -> list[str]:
    return [flag for port in server.ports(client) for flag in ("--port", str(port))]


@pytest.fixture
def taken() -> Iterator[list[socket.socket]]:
    """Sockets that the test holds, as another program would."""
    held: list[socket.socket] = []
    yield held
    for each in held:
        each.close()


async def test_the_next_registered_port_is_taken_when_the_first_is_busy(
    canaille: Server, tab: Page, tmp_path: Path, taken: list[socket.socket]
) -> None:
    first, second, *_ = canaille.ports("public")
    taken.append(socket.create_server(("127.0.0.1", first)))
    flags = ("--issuer", canaille.issuer, "--client-id", "public", *every_port(canaille, "public"))
    async with login(*flags, "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await canaille.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0
    assert urlsplit(tab.url).port == second


async def test_when_every_registered_port_is_busy_nothing_is_opened(
    canaille: Server, tmp_path: Path, taken: list[socket.socket]
) -> None:
    taken += [socket.create_server(("127.0.0.1", port)) for port in canaille.ports("public")]
    flags = ("--issuer", canaille.issuer, "--client-id", "public", *every_port(canaille, "public"))
    async with login(*flags, "--no-browser", home=tmp_path) as command:
        ended = await command.outcome()

    assert (ended.exit_code, ended.error["code"]) == (6, "port-in-use")
    assert not ended.events_named("open_page")


async def test_id_and_secret_full_of_special_characters_survive_http_basic(
    canaille: Server, tab: Page, tmp_path: Path
) -> None:
    """TX-03: Canaille reads percent signs and no plus signs, so a space has to be sent as %20."""
    flags, secret = canaille.flags("odd"), canaille.secret("odd")
    async with login(*flags, "--no-browser", home=tmp_path, secret=secret) as command:
        await tab.goto(await command.open_page())
        await canaille.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0


@pytest.mark.parametrize(
    ("method", "exit_code"), [("client_secret_post", 0), ("client_secret_basic", 7)]
)
async def test_a_client_is_authenticated_the_one_way_it_registered(
    canaille: Server, tab: Page, tmp_path: Path, method: str, exit_code: int
) -> None:
    how = ("--token-endpoint-auth-method", method, "--client-secret-file", str(tmp_path / "secret"))
    (tmp_path / "secret").write_text(f"{canaille.secret('post')}\n", encoding="utf-8")
    (tmp_path / "secret").chmod(0o600)
    async with login(*canaille.flags("post"), *how, "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await canaille.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == exit_code
    assert no_token_file(tmp_path) is (exit_code != 0)
