"""
CL-02: an error that leaves the library shows no secret, not in its frames either: `pytest -l` and
error reporters print those.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
import traceback
from contextlib import suppress
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth import FileStore, HttpTransport, access_token, from_settings, login

from ..support.exchange import consent, follow, spoil_then_answer
from ..support.scripted_server import ScriptedServer, drop, json_answer, plain_answer
from ..support.stored import document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from pathlib import Path
    from types import FrameType

    from ..support.scripted_server import Connection

CANARY = "canary-7f3a"
"""In every secret that a test hands in, and in every token that its server answers with."""

ANSWER = {
    "access_token": f"{CANARY}-new",
    "refresh_token": f"{CANARY}-next",
    "token_type": "Bearer",
}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/authorize"] = consent
        yield running


def partial(connection: Any) -> None:
    """Begin an answer that has the tokens, and break off."""
    whole = json_answer(ANSWER)
    connection.socket.sendall(whole[: len(whole) - 5])


ANSWERS = {
    "refused": json_answer({"error": "invalid_grant", "error_description": "no"}, status=400),
    "dropped": drop,
    "broken off": partial,
    "down": plain_answer(f"down, {CANARY}".encode(), "Retry-After: 0", status=503),
    "no JSON": plain_answer(f"<p>{CANARY}".encode()),
    "not quite JSON": plain_answer(b'{"access_token": "%s", ' % CANARY.encode()),
    "a list": json_answer([CANARY]),
    "no access token": json_answer({"refresh_token": CANARY}),
    "an unfit access token": json_answer({**ANSWER, "access_token": f"{CANARY}\n"}),
    "an unfit ID token": json_answer({**ANSWER, "id_token": f"{CANARY}.x.y"}),
    "another type": json_answer({**ANSWER, "token_type": "mac"}),
}


def reachable(error: BaseException) -> Iterator[BaseException]:
    """Give *error* and what a traceback shows with it."""
    shown: BaseException | None = error
    while shown is not None:
        yield shown
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)


def frames(error: BaseException) -> Iterator[FrameType]:
    for each in reachable(error):
        yield from (frame for frame, _ in traceback.walk_tb(each.__traceback__))


def leaks(error: BaseException) -> list[str]:
    found = [
        f"{frame.f_globals['__name__']}.{frame.f_code.co_name}: {name}"
        for frame in frames(error)
        if not frame.f_globals["__name__"].startswith("tests.")
        for name, value in frame.f_locals.items()
        if CANARY in repr(value)
    ]
    return [
        *found,
        *(
            f"{type(each).__name__}: {vars(each)}"
            for each in reachable(error)
            if CANARY in f"{each!r} {vars(each)}"
        ),
    ]


async def error_of(call: Awaitable[object]) -> BaseException:
    try:
        await call
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("it went well")


def stored(home: Path, server: ScriptedServer, /, **members: Any) -> FileStore:
    client = {"client_id": "the-client", "client_secret": f"{CANARY}-client"}
    saved = document(
        server,
        **{
            "access_token": f"{CANARY}-old",
            "refresh_token": f"{CANARY}-refresh",
            "client": client,
            "extra": {"device_secret": CANARY},
            **members,
        },
    )
    store = FileStore(home)
    store.save("default", saved)
    return store


def refresh(store: FileStore, **options: Any) -> Awaitable[object]:
    return access_token("default", store=store, transport=HttpTransport(timeout_s=1), **options)


def sign_in(home: Path, server: ScriptedServer, **settings: Any) -> Awaitable[object]:
    profile = from_settings(
        "default",
        **{
            "authorization_endpoint": server.url("/authorize"),
            "token_endpoint": server.url("/token"),
            "client_id": "the-client",
            "client_secret": f"{CANARY}-client",
            "scope": "openid",
            **settings,
        },
    )
    return login(
        profile,
        store=FileStore(home),
        transport=HttpTransport(timeout_s=1),
        browser=follow,
        timeout_s=5,
    )


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("answer", ANSWERS)
async def test_cl_02_no_frame_of_a_failed_sign_in_shows_a_secret(
    server: ScriptedServer, tmp_path: Path, answer: str, method: str
) -> None:
    server.answers["/token"] = ANSWERS[answer]
    assert leaks(await error_of(sign_in(tmp_path, server, token_endpoint_auth_method=method))) == []


@pytest.mark.parametrize("answer", ["refused", "dropped", "down", "no JSON", "no access token"])
async def test_cl_02_no_frame_of_a_failed_refresh_shows_a_secret(
    server: ScriptedServer, tmp_path: Path, answer: str
) -> None:
    server.answers["/token"] = ANSWERS[answer]
    assert leaks(await error_of(refresh(stored(tmp_path, server)))) == []


async def test_cl_02_nor_when_the_tokens_cannot_be_stored(
    server: ScriptedServer, tmp_path: Path
) -> None:
    def take_the_folder_away(connection: Connection) -> None:
        rmtree(tmp_path / "tokens")
        connection.socket.sendall(json_answer(ANSWER))

    server.answers["/token"] = take_the_folder_away
    assert leaks(await error_of(refresh(stored(tmp_path, server)))) == []
    server.answers["/token"] = spoil_then_answer(tmp_path, **ANSWER)
    assert leaks(await error_of(sign_in(tmp_path, server))) == []


DOCUMENTS: dict[str, dict[str, Any]] = {
    "no refresh token": {"refresh_token": None},
    "its client secret is not set": {
        "client": {"client_id": "c", "client_secret_env": "NOT_SET_ANYWHERE"}
    },
    "no server": {"server": {}},
    "of a later version": {"version": 99},
    "a member of another kind": {"refresh_token": [CANARY]},
}


@pytest.mark.parametrize("case", DOCUMENTS)
async def test_cl_02_no_frame_of_an_unusable_sign_in_shows_a_secret(
    server: ScriptedServer, tmp_path: Path, case: str
) -> None:
    assert leaks(await error_of(refresh(stored(tmp_path, server, **DOCUMENTS[case])))) == []


async def test_cl_02_nor_of_a_damaged_file_or_another_client(
    server: ScriptedServer, tmp_path: Path
) -> None:
    store = stored(tmp_path, server)
    other = from_settings("default", client_id="another")
    given = access_token(other, store=store, transport=HttpTransport())
    assert leaks(await error_of(given)) == []
    path = tmp_path / "tokens" / "default.json"
    path.write_bytes(path.read_bytes()[:-20])
    assert leaks(await error_of(refresh(store))) == []


@pytest.mark.parametrize("start", ["sign-in", "refresh"])
async def test_cl_02_nor_of_a_call_that_is_given_up(
    server: ScriptedServer, tmp_path: Path, start: str
) -> None:
    """CL-02: `asyncio.timeout` around it, while the server thinks."""
    call = refresh(stored(tmp_path, server)) if start == "refresh" else sign_in(tmp_path, server)
    asked, is_over = threading.Event(), threading.Event()

    def think(connection: Connection) -> None:
        asked.set()
        is_over.wait(20)

    server.answers["/token"] = think
    task = asyncio.ensure_future(call)
    await asyncio.to_thread(asked.wait, 20)
    task.cancel()
    assert leaks(await error_of(task)) == []
    # A refresh that was sent is waited for at the end of the loop.
    is_over.set()


async def test_cl_02_no_frame_shows_the_environment(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SECRET", CANARY)
    monkeypatch.setenv("https_proxy", f"socks5://user:{CANARY}@proxy.example")
    unset = {"client": {"client_id": "c", "client_secret_env": "NOT_SET_ANYWHERE"}}
    for call in (
        refresh(stored(tmp_path, server, **unset)),
        sign_in(
            tmp_path,
            server,
            issuer="https://id.example.com",
            token_endpoint="https://id.example.com/token",
        ),
        sign_in(
            tmp_path, server, client_secret_env="NOT_SET_ANYWHERE", client_secret=f"{CANARY}-client"
        ),
    ):
        assert leaks(await error_of(call)) == []


def test_the_sweep_sees_what_a_frame_shows() -> None:
    """Its own proof: a local variable with the canary, in a frame that is not a test's."""
    program = compile("def fails(secret):\n    raise ValueError('x')\n", "program", "exec")
    namespace: dict[str, Any] = {"__name__": "elsewhere"}
    exec(program, namespace)  # noqa: S102 - two lines of ours
    with suppress(ValueError):
        namespace["fails"]("nothing")
    try:
        namespace["fails"](CANARY)
    except ValueError as error:
        found = leaks(error)
    assert found == ["elsewhere.fails: secret"]


async def test_where_a_mistake_happened_is_reported_without_its_values(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A fault of ours, or of a caller's function, has to be found."""

    def notify(_: object) -> None:
        raise KeyError("of the caller's")

    profile = from_settings(
        "default",
        client_id="c",
        **{n: server.url("/x") for n in ("authorization_endpoint", "token_endpoint")},
    )
    failed = await error_of(
        login(profile, store=FileStore(tmp_path), transport=HttpTransport(), notify=notify)
    )
    assert isinstance(failed, KeyError)
    assert f'{__file__}", line' in failed.__notes__[0]
    assert "in notify" in failed.__notes__[0]
    assert "opening.py" in failed.__notes__[0]


async def test_what_the_caller_was_handling_stays_in_sight(tmp_path: Path) -> None:
    """And the cause, where one is named: what the system said."""
    outer = ValueError("the caller's")
    (tmp_path / "tokens").write_bytes(b"in the way")
    try:
        raise outer
    except ValueError:
        failed = await error_of(refresh(FileStore(tmp_path)))
    assert failed.__context__ is outer
    assert outer.__traceback__ is not None
    assert isinstance(failed.__cause__, OSError)


def test_a_public_function_is_documented_as_if_it_were_bare() -> None:
    """help(), signatures and editors see the function itself."""
    for function in (login, access_token):
        assert inspect.iscoroutinefunction(function)
        assert list(inspect.signature(function).parameters)[:3] == ["profile", "store", "transport"]
        assert "Raises" in (function.__doc__ or "")
