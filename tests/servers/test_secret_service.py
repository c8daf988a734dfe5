"""ST-10, RF-03: a real Secret Service (GNOME Keyring), through the real command."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.testing import AuthorizationServer, Browser, Client
from tests.support.keyrings import BACKENDS, ROOT
from tests.support.scripted_server import ScriptedServer, json_answer
from tests.support.stored import NEW, OLD, document as signed_in

from ..support.command import Outcome, login, run_process
from ..support.servers.needs import need
from ..support.servers.secret_service import Session, session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.scripted_server import Connection

    from ..support.stopwatch import Stopwatch

pytestmark = pytest.mark.server

PASSWORD = "correct horse"

STORE = """
import json, sys
from loopback_auth.edge.store.file_store import FileStore
FileStore(sys.argv[1], storage="keyring").save("default", json.load(sys.stdin))
"""

LOAD = """
import json, sys
from loopback_auth.edge.store.file_store import FileStore
json.dump(FileStore(sys.argv[1]).load("default"), sys.stdout)
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Session]:
    need("secret-service")
    with session(tmp_path) as running:
        running.unlock(PASSWORD)
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer.running(clients=(Client(client_id="my-cli"),)) as running:
        yield running


def surroundings(service: Session, **more: str) -> dict[str, str]:
    # The locks of the user of these tests are in the test's folder, too.
    return {
        **service.environment(),
        "PYTHONPATH": f"{BACKENDS}:{ROOT}",
        "STAND_IN_PASSWD_HOME": str(service.folder / "passwd-home"),
        **more,
    }


async def command(service: Session, home: Path, *words: str, **more: str) -> Outcome:
    return await run_process(*words, home=home, more=surroundings(service, **more))


async def sign_in(
    service: Session, home: Path, server: AuthorizationServer, *words: str
) -> Outcome:
    flags = ("--issuer", server.issuer, "--client-id", "my-cli", "--scope", "openid offline_access")
    more = surroundings(service)
    async with login(*flags, *words, "--no-browser", home=home, more=more) as under_way:
        await asyncio.to_thread(Browser().visit, await under_way.open_page())
        return await under_way.outcome()


async def python(service: Session, script: str, home: Path, given: bytes = b"") -> bytes:
    """Run a program of a few lines in the session."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        str(home),
        env={**os.environ, **surroundings(service)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    words, _ = await process.communicate(given)
    assert process.returncode == 0
    return words


async def store(service: Session, home: Path, stored_tokens: dict[str, Any]) -> None:
    await python(service, STORE, home, json.dumps(stored_tokens).encode())


async def load(service: Session, home: Path) -> dict[str, Any]:
    stored_tokens: dict[str, Any] = json.loads(await python(service, LOAD, home))
    return stored_tokens


def in_files(home: Path, *secrets: str) -> list[Path]:
    files = [path for path in home.rglob("*") if path.is_file()]
    return [
        path for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)
    ]


async def test_st_10_login_token_refresh_status_and_logout_with_a_real_keyring(
    service: Session, home: Path, server: AuthorizationServer
) -> None:
    """
    ST-10: rotated at each refresh, at no time in a file, and gone from the keyring in
    the end.
    """
    signed_in = await sign_in(service, home, server, "--storage", "keyring")
    assert (signed_in.exit_code, signed_in.document["storage"]) == (0, "keyring"), signed_in
    assert signed_in.document["backend"] == "keyring.backends.SecretService.Keyring"
    first = await load(service, home)
    seen = [first]
    for _ in range(3):
        assert (await command(service, home, "refresh")).exit_code == 0
        seen.append(await load(service, home))
    assert len({each["access_token"] for each in seen}) == 4
    token = await command(service, home, "token")
    assert token.stdout.strip() == seen[-1]["access_token"]
    secrets = [each[name] for each in seen for name in ("access_token", "refresh_token")]
    assert in_files(home, *secrets) == []
    (kept,) = service.items().values()
    assert seen[-1]["refresh_token"] in kept

    stored_tokens = (await command(service, home, "status", "--json")).document
    assert (stored_tokens["storage"], stored_tokens["refreshable"]) == ("keyring", True)
    assert (await command(service, home, "logout")).exit_code == 0
    assert service.items() == {}
    assert (await command(service, home, "token")).exit_code == 4


async def test_st_10_switching_storage_moves_the_credential_and_leaves_no_copy(
    service: Session, home: Path, server: AuthorizationServer
) -> None:
    """ST-10: to the keyring by a refresh, and back."""
    await sign_in(service, home, server)
    old = await load(service, home)
    secrets = (old["access_token"], old["refresh_token"])
    assert in_files(home, *secrets)
    assert (await command(service, home, "refresh", LOOPBACK_AUTH_STORAGE="keyring")).exit_code == 0
    moved = await load(service, home)
    assert in_files(home, *secrets, moved["access_token"]) == []
    assert len(service.items()) == 1

    assert (await command(service, home, "refresh", LOOPBACK_AUTH_STORAGE="file")).exit_code == 0
    back = await load(service, home)
    assert len(in_files(home, back["access_token"])) == 1
    assert service.items() == {}


async def test_a_large_credential_in_many_alphabets_comes_back(
    service: Session, home: Path
) -> None:
    with ScriptedServer() as server:
        stored_tokens = signed_in(
            server, lasts_s=900, extra={"padding": "x" * 200_000, "word": "ünïcode \U0001f511"}
        )
    await store(service, home, stored_tokens)
    assert await load(service, home) == stored_tokens


async def test_the_next_session_has_it_again_and_one_with_another_password_has_not(
    service: Session, home: Path, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """ST-10: wrong password, or none so far: locked, exit status 1, and no prompt is waited for."""
    with ScriptedServer() as server:
        stored_tokens = signed_in(server, lasts_s=900)
    await store(service, home, stored_tokens)
    service.kill()
    with session(tmp_path) as again:
        again.unlock(PASSWORD)
        assert (await command(again, home, "token")).stdout.strip() == OLD["access_token"]
    for password in ("wrong", None):
        with session(tmp_path) as other:
            if password:
                other.unlock(password)
            for words in (
                ("token",),
                ("status",),
                ("logout",),
                ("login", "--issuer", "http://127.0.0.1:9"),
            ):
                begun = stopwatch.seconds
                outcome = await command(other, home, *words, "--json")
                assert stopwatch.seconds - begun < 6
                assert (outcome.exit_code, outcome.error["code"]) == (1, "keyring-unavailable"), (
                    outcome
                )
                assert outcome.error["message"] == "the keyring is locked"
    with session(tmp_path) as again:
        again.unlock(PASSWORD)
        assert await load(again, home) == stored_tokens


async def test_st_10_without_a_message_bus_there_is_no_keyring_and_no_file(
    home: Path, server: AuthorizationServer
) -> None:
    """ST-10: a server without a desktop; nobody is sent to a browser first."""
    # Where there is none, this would ask the keyring of whoever runs the tests.
    need("secret-service")
    flags = (
        "--issuer",
        server.issuer,
        "--client-id",
        "my-cli",
        "--no-browser",
        "--storage",
        "keyring",
    )
    more = {
        "PYTHONPATH": f"{BACKENDS}:{ROOT}",
        "STAND_IN_PASSWD_HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
    }
    outcome = await run_process("login", *flags, "--json", home=home, more=more)
    assert (outcome.exit_code, outcome.error["code"]) == (1, "keyring-unavailable"), outcome
    assert outcome.error["message"] == "there is no keyring here"
    assert "--storage file" in outcome.error["fix"]
    assert server.requests == []
    # Nobody waited for it, and nothing of it is left.
    assert in_files(home, "default") == []


async def test_st_10_a_keyring_that_stopped_answering_is_given_up_after_five_seconds(
    service: Session, home: Path, stopwatch: Stopwatch
) -> None:
    """ST-10: its process is there and does nothing; once it goes on, all is as before."""
    with ScriptedServer() as server:
        stored_tokens = signed_in(server, lasts_s=900)
    await store(service, home, stored_tokens)
    service.signal(signal.SIGSTOP)
    begun = stopwatch.seconds
    outcome = await command(service, home, "token", "--json")
    took_s = stopwatch.seconds - begun
    service.signal(signal.SIGCONT)
    assert (outcome.exit_code, outcome.error["code"]) == (1, "keyring-unavailable"), outcome
    assert outcome.error["message"] == "the keyring did not answer within 5 s"
    assert took_s < 6.5
    assert (await command(service, home, "token")).stdout.strip() == OLD["access_token"]


async def test_rf_05_st_10_a_keyring_that_dies_during_a_refresh_costs_no_refresh_token(
    service: Session, home: Path, tmp_path: Path
) -> None:
    """
    RF-05, ST-10: the only one that works is in a private file, which is told; the next session's
    keyring takes it.
    """
    with ScriptedServer() as server:

        def die(connection: Connection) -> None:
            service.kill()
            connection.socket.sendall(json_answer({**NEW, "refresh_token": "the-next"}))

        server.answers["/token"] = die
        await store(service, home, signed_in(server))
        outcome = await command(service, home, "token", "--json")
        assert (outcome.exit_code, outcome.document["access_token"]) == (0, NEW["access_token"]), (
            outcome
        )
        (stored_tokens,) = outcome.events_named("warning")
        assert stored_tokens["code"] == "keyring-unavailable"
        assert "a file that only you can read" in stored_tokens["message"]
        (file,) = in_files(home, "the-next")
        assert file.stat().st_mode & 0o777 == 0o600

        server.answers["/token"] = json_answer({**NEW, "refresh_token": "the-one-after"})
        with session(tmp_path) as again:
            again.unlock(PASSWORD)
            assert (await command(again, home, "refresh")).exit_code == 0
            assert server.asked("/token")[-1].form["refresh_token"] == "the-next"
            assert (await load(again, home))["refresh_token"] == "the-one-after"
            assert len(again.items()) == 1
    assert in_files(home, "the-next", "the-one-after", NEW["access_token"]) == []


async def test_rf_03_twelve_processes_of_two_homes_make_one_refresh(
    service: Session, home: Path
) -> None:
    """RF-03: two XDG_CONFIG_HOMEs that point to one entry; one request, one token."""
    homes = [home / name for name in ("one", "two")]
    with ScriptedServer() as server:

        def slow(connection: Connection) -> None:
            time.sleep(0.5)
            connection.socket.sendall(json_answer({**NEW, "refresh_token": "the-next"}))

        server.answers["/token"] = slow
        await store(service, homes[0] / "loopback-auth", signed_in(server))
        shutil.copytree(homes[0], homes[1])
        outcomes = await asyncio.gather(
            *(
                command(
                    service,
                    home,
                    "token",
                    LOOPBACK_AUTH_HOME="",
                    XDG_CONFIG_HOME=str(homes[number % 2]),
                )
                for number in range(12)
            )
        )
        assert {(each.exit_code, each.stdout.strip()) for each in outcomes} == {
            (0, NEW["access_token"])
        }, outcomes
        assert len(server.asked("/token")) == 1
    for each in homes:
        assert (await load(service, each / "loopback-auth"))["refresh_token"] == "the-next"
    assert len(service.items()) == 1
