"""Which way `login` takes by itself: a code where nothing comes back, else an address - CL-09."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ..support.command import login_here, run
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.sockets import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..support.command import Outcome

CODESPACE = {"CODESPACES": "true"}
DESKTOP = {"DISPLAY": ":0"}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/token"] = json_answer({"access_token": "a", "token_type": "Bearer"})
        running.answers["/device"] = json_answer(code(running))
        yield running


def code(server: ScriptedServer, **more: Any) -> dict[str, Any]:
    page = server.url("/activate")
    given = {"device_code": "CANARY", "user_code": "WDJB-MJHT", "verification_uri": page}
    return {**given, "expires_in": 600, "interval": 1, **more}


def words(server: ScriptedServer, *, has_device: bool = True) -> list[str]:
    endpoints = {"authorization": "/a", "token": "/token"}
    if has_device:
        endpoints["device-authorization"] = "/device"
    named = [f"--{name}-endpoint={server.url(path)}" for name, path in endpoints.items()]
    return ["work", *named, "--client-id=app"]


async def signed_in(server: ScriptedServer, home: Path, more: Mapping[str, str]) -> Outcome:
    async with login_here(*words(server), home=home, more=more) as command:
        return await command.outcome()


@pytest.mark.parametrize("more", [CODESPACE, pytest.param({}, marks=pytest.mark.slow)])
async def test_where_nothing_can_come_back_a_code_is_shown(
    server: ScriptedServer, tmp_path: Path, more: Mapping[str, str]
) -> None:
    """CL-09: in a codespace, and where there is neither a display nor a terminal to paste on."""
    outcome = await signed_in(server, tmp_path, more)
    assert outcome.exit_code == 0
    assert outcome.events[0]["event"] == "enter_code"
    assert outcome.events_named("open_page") == []


async def test_a_server_that_cannot_be_reached_is_said_once(tmp_path: Path) -> None:
    """An address of it would be of no use either."""
    flags = ("--issuer", f"http://127.0.0.1:{free_port()}", "--client-id", "app")
    outcome = await run("login", "work", *flags, home=tmp_path, more=CODESPACE)
    assert outcome.exit_code == 7
    assert outcome.stderr.startswith("error[connection-failed]: ")
    assert outcome.stderr.count("connection refused") == 1


@pytest.mark.parametrize(
    ("flags", "more"),
    [
        (["--no-browser"], CODESPACE),
        (["--paste"], CODESPACE),
        (["--bind", "127.0.0.1"], CODESPACE),
        ([], {"BROWSER": "/bin/true"}),
        ([], {**DESKTOP, "BROWSER": "/bin/true"}),
    ],
)
async def test_whoever_chose_or_has_a_browser_gets_an_address(
    server: ScriptedServer, tmp_path: Path, flags: list[str], more: Mapping[str, str]
) -> None:
    async with login_here(*words(server), *flags, home=tmp_path, more=more) as command:
        assert (await command.open_page()).startswith(server.url("/a?"))
    assert server.asked("/device") == []


async def test_a_server_without_the_flow_is_nothing_to_talk_about(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with login_here(
        *words(server, has_device=False), home=tmp_path, more=CODESPACE
    ) as command:
        await command.open_page()
        await command.refuse()
        outcome = await command.outcome()
    assert outcome.events[0]["event"] == "open_page"


REFUSALS = {
    "this client may not": json_answer({"error": "unauthorized_client"}, status=400),
    "no such client here": json_answer({"error": "invalid_client"}, status=401),
    "an HTML page": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
async def test_a_client_that_gets_no_code_gets_an_address(
    server: ScriptedServer, tmp_path: Path, answer: bytes
) -> None:
    """A flow that was chosen for somebody must not be what stops them."""
    server.answers["/device"] = answer
    async with login_here(*words(server), home=tmp_path, more=CODESPACE) as command:
        assert await command.open_page()
        await command.refuse()
        outcome = await command.outcome()
    assert outcome.events[0]["event"] == "open_page"
    assert len(server.asked("/device")) == 1


async def test_a_page_of_strangers_is_not_shown_but_an_address_is(
    server: ScriptedServer, tmp_path: Path
) -> None:
    strange = code(server, verification_uri="https://evil.example/activate")
    server.answers["/device"] = json_answer(strange)
    async with login_here(*words(server), home=tmp_path, more=CODESPACE) as command:
        assert await command.open_page()
        await command.refuse()
        outcome = await command.outcome()
    assert outcome.events_named("enter_code") == []


async def test_what_happens_once_a_code_is_shown_ends_the_sign_in(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/token"] = json_answer({"error": "access_denied"}, status=400)
    outcome = await signed_in(server, tmp_path, CODESPACE)
    assert (outcome.exit_code, outcome.error["code"]) == (3, "access-denied")
    assert outcome.events_named("open_page") == []
