"""Signing out: what the server is asked, and that nothing stays here whatever it says."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import SignInNeeded
from loopback_auth.flows.services import Services
from loopback_auth.flows.tokens.access_token import fresh_document
from loopback_auth.flows.tokens.logout import Revocation, logout

from ...support.command import run
from ...support.scripted_server import (
    ScriptedServer,
    drop,
    hang,
    json_answer,
    plain_answer,
    redirect,
)
from ...support.stored import NEW, OLD, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback_auth.edge.store.file_store import FileStore

    from ...support.scripted_server import Connection

OK = json_answer({})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/revocation"] = OK
        running.answers["/token"] = json_answer({**NEW, "refresh_token": "the-next"})
        yield running


async def sign_out(store: FileStore, *, local: bool = False) -> Revocation:
    transport = None if local else HttpTransport(timeout_s=0.5)
    return await logout("default", store=store, transport=transport, environ={})


def asked(server: ScriptedServer) -> list[tuple[str, str]]:
    return [(a.form["token_type_hint"], a.form["token"]) for a in server.asked("/revocation")]


@pytest.mark.parametrize("lasts_s", [3600, -3600], ids=["a token that is good", "an expired token"])
async def test_rv_01_the_refresh_token_goes_first_then_the_access_token(
    server: ScriptedServer, tmp_path: Path, *, lasts_s: float
) -> None:
    """RV-01, RV-02, RV-03: in the body of a POST, with nothing in the address."""
    store = stored(tmp_path, server, "revocation", lasts_s=lasts_s)
    assert await sign_out(store) is Revocation.REVOKED
    assert asked(server) == [
        ("refresh_token", OLD["refresh_token"]),
        ("access_token", OLD["access_token"]),
    ]
    assert {request.target for request in server.asked("/revocation")} == {"/revocation"}
    assert store.load("default") is None


UNSUPPORTED = json_answer({"error": "unsupported_token_type"}, status=400)
NO_CONTENT = plain_answer(b"", status=204)
ANSWERS: list[tuple[str, Any, Any, Revocation, int]] = [
    ("both taken", OK, OK, Revocation.REVOKED, 2),
    ("access tokens cannot be revoked", OK, UNSUPPORTED, Revocation.REVOKED, 2),
    ("no content", NO_CONTENT, NO_CONTENT, Revocation.REVOKED, 2),
    ("created", json_answer({}, status=201), OK, Revocation.REVOKED, 2),
    (
        "accepted, as a page",
        plain_answer(b"<p>", status=202, kind="text/html"),
        OK,
        Revocation.REVOKED,
        2,
    ),
    ("packed badly", plain_answer(b"x", "Content-Encoding: gzip"), OK, Revocation.REVOKED, 2),
    ("packed unasked", plain_answer(b"x", "Content-Encoding: br"), OK, Revocation.REVOKED, 2),
    ("cut behind the head", OK[:-2], OK, Revocation.REVOKED, 2),
    ("the second is lost", OK, drop, Revocation.FAILED, 2),
    ("refused", UNSUPPORTED, OK, Revocation.FAILED, 1),
    ("busy", json_answer({}, "Retry-After: 0", status=503), OK, Revocation.FAILED, 1),
    ("hangs", hang, OK, Revocation.FAILED, 1),
    ("lost", drop, OK, Revocation.FAILED, 1),
    ("redirects", redirect(302, "/elsewhere"), OK, Revocation.FAILED, 1),
]


@pytest.mark.parametrize(
    ("first", "second", "outcome", "count"),
    [each[1:] for each in ANSWERS],
    ids=[each[0] for each in ANSWERS],
)
async def test_rv_01_the_tokens_are_forgotten_whatever_the_server_says(
    server: ScriptedServer,
    tmp_path: Path,
    *,
    first: Any,
    second: Any,
    outcome: Revocation,
    count: int,
) -> None:
    """RV-01, RV-03: and it is asked once, however busy it is."""
    answers = {OLD["refresh_token"]: first, OLD["access_token"]: second}

    def answer(connection: Connection) -> None:
        script = answers[connection.request.form["token"]]
        if isinstance(script, bytes):
            connection.socket.sendall(script)
        else:
            script(connection)

    server.answers["/revocation"] = answer
    store = stored(tmp_path, server, "revocation")
    assert await sign_out(store) is outcome
    assert len(asked(server)) == count
    assert store.load("default") is None


async def test_rv_02_local_asks_nobody(server: ScriptedServer, tmp_path: Path) -> None:
    """RV-02: it works without any network."""
    store = stored(tmp_path, server, "revocation")
    assert await sign_out(store, local=True) is Revocation.NOT_ASKED
    assert (asked(server), store.load("default")) == ([], None)


async def test_a_server_without_revocation_is_said_to_have_none(
    server: ScriptedServer, tmp_path: Path
) -> None:
    store = stored(tmp_path, server)
    assert await sign_out(store) is Revocation.NOT_OFFERED
    with pytest.raises(SignInNeeded):
        await sign_out(store)


async def test_a_sign_out_lets_a_refresh_finish_and_revokes_what_it_gave(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Or the new refresh token would outlive the sign-out."""
    begun = threading.Event()

    def slow(connection: Connection) -> None:
        begun.set()
        time.sleep(0.3)
        connection.socket.sendall(json_answer({**NEW, "refresh_token": "the-next"}))

    server.answers["/token"] = slow
    store = stored(tmp_path, server, "revocation")
    refresh = asyncio.create_task(
        fresh_document("default", Services(store=store, transport=HttpTransport()))
    )
    await asyncio.to_thread(begun.wait)
    await sign_out(store)
    await refresh
    assert asked(server) == [("refresh_token", "the-next"), ("access_token", "the-new-token")]
    assert store.load("default") is None


async def test_rv_01_all_signs_out_of_every_profile_and_tells_of_each(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RV-01: what goes wrong with one keeps none of the others; the exit status tells."""
    for name in ("a", "b", "c"):
        stored(tmp_path, server, "revocation", profile=name, refresh_token=f"refresh-{name}")
    (tmp_path / "tokens" / "b.json").write_text("{")
    outcome = await run("logout", "--all", "--json", home=tmp_path)
    assert outcome.exit_code == 4
    assert [row.get("revocation") for row in outcome.document["profiles"]] == [
        "revoked",
        None,
        "revoked",
    ]
    assert outcome.document["profiles"][1]["problem"] == "store-damaged"
    assert [token for hint, token in asked(server) if hint == "refresh_token"] == [
        "refresh-a",
        "refresh-c",
    ]
    assert [path.name for path in (tmp_path / "tokens").glob("*.json")] == []

    again = await run("logout", "--all", home=tmp_path)
    assert (again.exit_code, "Nobody is signed in" in again.stderr) == (0, True)


async def test_all_and_a_profile_are_too_much(tmp_path: Path) -> None:
    assert (await run("logout", "--all", "work", home=tmp_path)).exit_code == 2


async def test_logout_with_nobody_signed_in_is_done_already(tmp_path: Path) -> None:
    said = await run("logout", "work", home=tmp_path)
    assert (said.exit_code, said.stdout) == (0, "")
    assert said.stderr == "Nobody is signed in to the profile work.\n"
    as_json = await run("logout", "work", "--json", home=tmp_path)
    assert (as_json.exit_code, as_json.document["removed"]) == (0, False)
