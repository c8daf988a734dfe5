"""
The refresh, in this process: one whoever asks, stored before it is handed out, and no failure costs
a credential.
"""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import (
    ConnectionFailed,
    ConnectionLost,
    HTMLAnswer,
    IDTokenInvalid,
    LoopbackAuthError,
    ProtocolError,
    RefreshRejected,
    ServerUnavailable,
    SignInNeeded,
    StoreError,
    TokenError,
)
from loopback_auth.flows.services import Services
from loopback_auth.flows.tokens import refresh
from loopback_auth.flows.tokens.access_token import fresh_document
from loopback_auth.notices import Refreshed, Warned
from loopback_auth.oauth.secret import Secret

from ...support.scripted_server import ScriptedServer, drop, json_answer, plain_answer
from ...support.stored import NEW, OLD, at, document, jwt, stored

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from loopback_auth.notices import Notice

    from ...support.scripted_server import Connection


async def token(store: FileStore, *, timeout_s: float = 5, **options: Any) -> Mapping[str, Any]:
    transport = HttpTransport(timeout_s=timeout_s)
    given = {name: options.pop(name) for name in ("clock", "environ", "notify") if name in options}
    services = Services(store=store, transport=transport, **given)
    return await fresh_document("default", services, **options)


def held(store: FileStore) -> dict[str, Any]:
    found = store.load("default")
    assert found is not None
    return found


def answering(*answers: Any) -> Any:
    """Give one answer after another, and the last one from then on."""
    left = list(answers)

    def answer(connection: Connection) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, bytes):
            connection.socket.sendall(now)
        else:
            now(connection)

    return answer


async def test_a_token_that_lasts_is_handed_out_without_asking_anybody(
    server: ScriptedServer, tmp_path: Path
) -> None:
    store = stored(tmp_path, server, lasts_s=600)
    assert (await token(store))["access_token"] == OLD["access_token"]
    assert server.asked("/token") == []


async def test_a_token_without_an_expiry_is_handed_out(
    server: ScriptedServer, tmp_path: Path
) -> None:
    store = stored(tmp_path, server, lasts_s=None)
    assert (await token(store))["access_token"] == OLD["access_token"]


async def test_an_expired_token_is_refreshed_and_stored(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The request has nothing in it but what RFC 6749 section 6 wants."""
    store = stored(tmp_path, server)
    notices: list[Notice] = []
    assert (await token(store, notify=notices.append))["access_token"] == "the-new-token"

    (asked,) = server.asked("/token")
    assert asked.form == {
        "grant_type": "refresh_token",
        "refresh_token": OLD["refresh_token"],
        "client_id": "the-client",
    }
    kept = held(store)
    assert (kept["access_token"], kept["refresh_token"]) == ("the-new-token", OLD["refresh_token"])
    assert (kept["scope"], kept["identity"]["name"]) == ("openid api", "ada")
    assert notices == [Refreshed(profile="default")]


@pytest.mark.parametrize(
    ("lasts_s", "min_ttl_s", "refreshes"), [(59, 60, 1), (65, 60, 0), (250, 300, 1), (320, 300, 0)]
)
async def test_rf_07_a_token_about_to_expire_is_refreshed(
    server: ScriptedServer, tmp_path: Path, *, lasts_s: float, min_ttl_s: float, refreshes: int
) -> None:
    """RF-07: a margin of 60 s, or what was asked for."""
    await token(stored(tmp_path, server, lasts_s=lasts_s), min_ttl_s=min_ttl_s)
    assert len(server.asked("/token")) == refreshes


async def test_rf_07_a_short_lived_token_does_not_make_every_call_refresh(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RF-07: a server whose tokens last 40 s would otherwise be asked by every call."""
    server.answers["/token"] = json_answer({**NEW, "expires_in": 40})
    store = stored(tmp_path, server)
    for _ in range(3):
        assert (await token(store))["access_token"] == "the-new-token"
    assert len(server.asked("/token")) == 1


@pytest.mark.parametrize("expires_in", [0, -1, 1, None, "soon"])
async def test_rf_07_a_new_token_is_handed_out_whatever_is_said_of_its_expiry(
    server: ScriptedServer, tmp_path: Path, *, expires_in: object
) -> None:
    """RF-07: no loop, however short the new token lasts."""
    server.answers["/token"] = json_answer({**NEW, "expires_in": expires_in})
    assert (await token(stored(tmp_path, server)))["access_token"] == "the-new-token"
    assert len(server.asked("/token")) == 1


async def test_rf_07_a_clock_that_was_set_back_makes_one_refresh(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RF-07: a token obtained tomorrow, good until the day after, may long be dead."""
    store = stored(tmp_path, server, obtained_at=at(86400), expires_at=at(90000))
    for _ in range(3):
        assert (await token(store))["access_token"] == "the-new-token"
    assert len(server.asked("/token")) == 1


async def test_rf_07_a_token_that_was_refused_is_refreshed_whatever_the_clock_says(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    RF-07: a 401 counts more than the clock, once: who was refused the older token gets
    the newer.
    """
    store = stored(tmp_path, server, lasts_s=3000)
    for _ in range(3):
        document = await token(store, refused=Secret(OLD["access_token"]))
        assert document["access_token"] == "the-new-token"
    assert len(server.asked("/token")) == 1


async def test_rf_01_many_tasks_make_one_refresh(server: ScriptedServer, tmp_path: Path) -> None:
    """RF-01: all get the token that the first of them got."""
    store = stored(tmp_path, server)

    def slow(connection: Connection) -> None:
        time.sleep(0.3)
        connection.socket.sendall(json_answer(NEW))

    server.answers["/token"] = slow
    documents = await asyncio.gather(*(token(store) for _ in range(20)))
    assert {each["access_token"] for each in documents} == {"the-new-token"}
    assert len(server.asked("/token")) == 1


async def test_rf_01_waiting_for_a_refresh_does_not_hold_up_the_event_loop(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RF-01: another process holds the lock; meanwhile this one's other tasks go on."""
    store, released = stored(tmp_path, server), threading.Event()
    taken = threading.Event()

    def other_process() -> None:
        with FileStore(str(tmp_path)).locked("default"):
            taken.set()
            released.wait(10)

    thread = threading.Thread(target=other_process)
    thread.start()
    await asyncio.to_thread(taken.wait)
    waiting = asyncio.create_task(token(store))
    for _ in range(5):
        await asyncio.sleep(0.02)
    assert not waiting.done()
    released.set()
    assert (await waiting)["access_token"] == "the-new-token"
    thread.join()


async def test_tr_06_a_rotated_refresh_token_replaces_the_old_one(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """TR-06: in the same write as the access token."""
    server.answers["/token"] = json_answer({**NEW, "refresh_token": "the-next", "scope": "openid"})
    store = stored(tmp_path, server, extra={"instance_url": "https://i", "id": "1"})
    await token(store)
    kept = held(store)
    assert (kept["refresh_token"], kept["scope"]) == ("the-next", "openid")
    assert kept["extra"] == {"instance_url": "https://i", "id": "1"}


DEAD = [
    (400, {"error": "invalid_grant", "error_description": "expired\x1b[2J"}),
    (200, {"error": "invalid_grant"}),
]


@pytest.mark.parametrize(("status", "body"), DEAD)
async def test_rf_04_a_rejected_refresh_token_ends_the_sign_in_and_keeps_the_rest(
    server: ScriptedServer, tmp_path: Path, *, status: int, body: Any
) -> None:
    """RF-04: `invalid_grant` drops that refresh token and nothing else."""
    server.answers["/token"] = json_answer(body, status=status)
    store = stored(tmp_path, server)
    with pytest.raises(RefreshRejected) as caught:
        await token(store)
    assert caught.value.exit_code == 4
    assert "loopback-auth login default" in caught.value.fix
    assert held(store) == {**document(server), **held(store), "refresh_token": None}
    assert held(store)["client"] == {"client_id": "the-client"}
    assert len(server.asked("/token")) == 1


REFUSED = [
    (json_answer({"error": "bad_refresh_token"}, status=400), TokenError),
    (json_answer({"error": "invalid_scope"}, status=400), TokenError),
    (json_answer({"message": "no"}, status=403), TokenError),
    (plain_answer(b"<html>no</html>", status=403, kind="text/html"), HTMLAnswer),
    (plain_answer(b"", status=404), ProtocolError),
]


@pytest.mark.parametrize(("answer", "error"), REFUSED)
async def test_rf_04_any_other_refusal_drops_nothing(
    server: ScriptedServer, tmp_path: Path, *, answer: bytes, error: type[LoopbackAuthError]
) -> None:
    """RF-04: it says nothing of the grant, and a sign-in need not help."""
    server.answers["/token"] = answer
    store = stored(tmp_path, server)
    before = held(store)
    with pytest.raises(error) as caught:
        await token(store)
    assert (caught.value.exit_code, held(store)) == (7, before)
    assert len(server.asked("/token")) == 1


async def test_rf_04_a_refresh_token_that_took_the_place_of_the_rejected_one_stays(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RF-04: what is stored is looked at once more before anything is dropped."""
    store = stored(tmp_path, server)

    def replaced_meanwhile(connection: Connection) -> None:
        # By a program that does not know of locks.
        path = tmp_path / "tokens" / "default.json"
        path.write_text(path.read_text().replace(OLD["refresh_token"], "the-winners"))
        connection.socket.sendall(json_answer({"error": "invalid_grant"}, status=400))

    server.answers["/token"] = replaced_meanwhile
    with pytest.raises(RefreshRejected):
        await token(store)
    assert held(store)["refresh_token"] == "the-winners"


BUSY = json_answer({"error": "temporarily_unavailable"}, "Retry-After: 0", status=503)
TRANSIENT: list[tuple[Any, type[LoopbackAuthError], int]] = [
    (BUSY, TokenError, 3),
    (plain_answer(b"", "Retry-After: 0", status=503), ServerUnavailable, 3),
    (json_answer({"error": "invalid_grant"}, "Retry-After: 0", status=500), ServerUnavailable, 3),
    (plain_answer(b"", "Retry-After: 0", status=429), ServerUnavailable, 3),
    (plain_answer(b"", "Retry-After: 61", status=429), ServerUnavailable, 1),
    (plain_answer(b"", "Retry-After: 1000000000", status=503), ServerUnavailable, 1),
    (
        plain_answer(b"", "Retry-After: Fri, 31 Dec 2049 23:59:59 GMT", status=503),
        ServerUnavailable,
        1,
    ),
    (
        plain_answer(b"", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", status=503),
        ServerUnavailable,
        3,
    ),
    (drop, ConnectionLost, 2),
    (json_answer({"error": "invalid_client"}, status=401), TokenError, 1),
]


@pytest.mark.parametrize(("answer", "error", "count"), TRANSIENT)
async def test_rf_06_a_server_that_is_busy_or_lost_is_asked_again_within_bounds(
    server: ScriptedServer,
    tmp_path: Path,
    *,
    answer: Any,
    error: type[LoopbackAuthError],
    count: int,
) -> None:
    """
    RF-06: 429 and 5xx three times in all, as far as Retry-After is near; a lost answer once more;
    and nothing is deleted.
    """
    server.answers["/token"] = answer
    store = stored(tmp_path, server)
    before = held(store)
    with pytest.raises(error) as caught:
        await token(store)
    assert caught.value.exit_code == 7
    assert len(server.asked("/token")) == count
    assert held(store) == before


@pytest.mark.parametrize("is_sent", [True, False])
async def test_cl_11_an_answer_that_is_lost_leaves_the_refresh_token_in_doubt(
    server: ScriptedServer, tmp_path: Path, *, is_sent: bool
) -> None:
    """CL-11: nobody can know whether the server has replaced it, unless nothing was sent."""
    server.answers["/token"] = drop
    nowhere = {
        "authorization_endpoint": "http://127.0.0.1:9/a",
        "token_endpoint": "http://127.0.0.1:9/token",
    }
    store = stored(tmp_path, server, **({} if is_sent else {"server": nowhere}))
    with pytest.raises(ConnectionLost if is_sent else ConnectionFailed) as failed:
        await token(store)
    assert ("may have used up the stored refresh token" in failed.value.message) == is_sent
    assert failed.value.message == str(failed.value)


async def test_rf_06_the_second_try_may_succeed(server: ScriptedServer, tmp_path: Path) -> None:
    """RF-06: also with a Retry-After that nobody can read, after a wait of our own."""
    busy = plain_answer(b"", "Retry-After: soon", status=503)
    server.answers["/token"] = answering(busy, json_answer(NEW))
    assert (await token(stored(tmp_path, server)))["access_token"] == "the-new-token"
    assert len(server.asked("/token")) == 2


async def test_rf_06_a_lost_answer_is_asked_for_once_more(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RF-06: with the same refresh token, for servers that forgive that for a while."""
    server.answers["/token"] = answering(drop, json_answer({**NEW, "refresh_token": "the-next"}))
    store = stored(tmp_path, server)
    assert (await token(store))["access_token"] == "the-new-token"
    assert {asked.form["refresh_token"] for asked in server.asked("/token")} == {
        OLD["refresh_token"]
    }
    assert held(store)["refresh_token"] == "the-next"


async def test_a_token_that_is_still_good_is_used_while_the_server_is_down(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real five seconds are waited for in `test_in_flight.py`."""
    monkeypatch.setattr(refresh, "SPARE_S", 0.5)
    server.answers["/token"] = plain_answer(b"", "Retry-After: 30", status=503)
    store, notices = stored(tmp_path, server, lasts_s=30), list[Any]()
    assert (await token(store, notify=notices.append))["access_token"] == OLD["access_token"]
    assert [type(notice) for notice in notices] == [Warned]


async def test_a_refusal_with_the_server_down_is_reported(
    server: ScriptedServer, tmp_path: Path
) -> None:
    nowhere = {
        "authorization_endpoint": "http://127.0.0.1:9/a",
        "token_endpoint": "http://127.0.0.1:9/token",
    }
    store = stored(tmp_path, server, lasts_s=3000, server=nowhere)
    with pytest.raises(ConnectionFailed):
        await token(store, refused=Secret(OLD["access_token"]))
    assert held(store)["refresh_token"] == OLD["refresh_token"]


async def test_without_a_refresh_token_a_sign_in_is_needed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    with pytest.raises(SignInNeeded, match="no refresh token"):
        await token(stored(tmp_path, server, refresh_token=None))
    store = stored(tmp_path, server, refresh_token=None, lasts_s=30)
    assert (await token(store))["access_token"] == OLD["access_token"]
    assert server.asked("/token") == []


async def test_rf_05_nothing_is_handed_out_that_is_not_stored(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    RF-05: the folder is lost while the server answers; the message says what became of
    the tokens.
    """
    store = stored(tmp_path, server)

    def spoil(connection: Connection) -> None:
        # The file becomes a folder, which nothing can be renamed onto.
        path = tmp_path / "tokens" / "default.json"
        path.rename(tmp_path / "kept.json")
        path.mkdir()
        connection.socket.sendall(json_answer({**NEW, "refresh_token": "the-next"}))

    server.answers["/token"] = spoil
    with pytest.raises(
        StoreError, match="could not be stored; the stored refresh token is used up"
    ) as failed:
        await token(store)
    assert failed.value.message == str(failed.value)
    assert "the-n" not in "".join(path.name for path in (tmp_path / "tokens").iterdir())


async def test_id_04_another_persons_id_token_is_refused(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """ID-04: and the store is untouched."""
    ours = jwt(sub="ada-1", aud="the-client", iat=0)
    server.answers["/token"] = json_answer(
        {**NEW, "id_token": jwt(sub="mallory", aud="the-client", iat=0)}
    )
    store = stored(tmp_path, server, id_token=ours)
    before = held(store)
    with pytest.raises(IDTokenInvalid, match="different person") as refused:
        await token(store)
    assert refused.value.fix.endswith("loopback-auth login default")
    assert held(store) == before


@pytest.mark.parametrize("days", [-400, -1, 1, 20 * 365])
async def test_rf_05_a_clock_that_is_wrong_costs_no_refresh(
    server: ScriptedServer, tmp_path: Path, *, days: float
) -> None:
    """
    RF-05: a clock that was set back is why `token` refreshes, and no reason to lose the
    answer.
    """
    made = int(time.time())
    id_token = jwt(sub="ada-1", aud="the-client", iat=made, exp=made + 3600)
    server.answers["/token"] = json_answer(
        {**NEW, "refresh_token": "the-next", "id_token": id_token}
    )
    store, notices = stored(tmp_path, server, lasts_s=3000), list[Any]()

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(days=days)

    assert (await token(store, clock=clock, notify=notices.append))[
        "access_token"
    ] == "the-new-token"
    assert held(store)["refresh_token"] == "the-next"
    assert ["clock" in notice.message for notice in notices if isinstance(notice, Warned)] == [True]
    assert len(server.asked("/token")) == 1


async def test_id_04_without_an_id_token_of_the_sign_in_its_subject_counts(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """ID-04: as userinfo named it."""
    for sub, fits in (("mallory", False), ("ada-1", True), (None, True)):
        server.answers["/token"] = json_answer(
            {**NEW, "id_token": jwt(sub=sub, aud="the-client", iat=0)}
        )
        store = stored(tmp_path, server)
        before = held(store)
        if fits:
            await token(store)
            assert held(store) != before
            continue
        with pytest.raises(IDTokenInvalid, match="different person"):
            await token(store)
        assert held(store) == before


async def test_id_04_a_person_may_be_a_number(server: ScriptedServer, tmp_path: Path) -> None:
    """ID-04: some servers write `sub` so, and one is not another."""
    ours = jwt(sub=583231, aud="the-client", iat=0)
    for sub, fits in ((583231, True), ("583231", True), (583232, False)):
        server.answers["/token"] = json_answer(
            {**NEW, "id_token": jwt(sub=sub, aud="the-client", iat=0)}
        )
        store = stored(
            tmp_path, server, id_token=ours, identity={"subject": "583231", "name": "octocat"}
        )
        if fits:
            await token(store)
            continue
        with pytest.raises(IDTokenInvalid, match="different person"):
            await token(store)


async def test_rf_05_an_id_token_that_nobody_can_read_does_not_take_the_place_of_the_old_one(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RF-05, ID-04: the old one goes on saying whose sign-in it is."""
    ours = jwt(sub="ada-1", aud="the-client", iat=0)
    server.answers["/token"] = json_answer({**NEW, "id_token": "opaque"})
    store = stored(tmp_path, server, id_token=ours, identity=None)
    await token(store)
    assert (held(store)["access_token"], held(store)["id_token"]) == ("the-new-token", ours)


# What is known of the expiry of the new token, and how long it then lasts.
EXPIRIES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], float | None]] = [
    ({"expires_in": 100}, {}, {}, 100),
    ({"access_token": jwt(iat=1000, exp=1900)}, {}, {}, 900),
    ({"access_token": jwt(exp=1900)}, {}, {}, None),
    ({}, {"active": True, "exp": 700}, {"access_token_lifetime": 7200}, 700),
    ({}, {"active": True}, {"access_token_lifetime": 7200}, 7200),
    ({}, {"active": False, "exp": 700}, {}, None),
    ({}, {"error": "invalid_client"}, {"access_token_lifetime": 7200}, 7200),
    ({}, {}, {}, None),
]


@pytest.mark.parametrize(("answer", "introspected", "settings", "lasts_s"), EXPIRIES)
async def test_the_expiry_comes_from_whoever_tells_it(
    server: ScriptedServer,
    tmp_path: Path,
    *,
    answer: dict[str, Any],
    introspected: dict[str, Any],
    settings: dict[str, Any],
    lasts_s: float | None,
) -> None:
    """The answer, the token, the server when asked, the provider; else it is unknown."""
    if "exp" in introspected:
        introspected = {**introspected, "exp": time.time() + introspected["exp"]}
    server.answers["/token"] = json_answer(
        {"access_token": "new", "token_type": "Bearer", **answer}
    )
    server.answers["/introspection"] = json_answer(introspected)
    client = {"client_id": "the-client", "client_secret": "s"}
    store = stored(tmp_path, server, "introspection", client=client, settings=settings)
    await token(store)
    until = held(store)["expires_at"]
    if lasts_s is None:
        assert until is None
    else:
        assert at(lasts_s - 5) <= until <= at(lasts_s + 5)
