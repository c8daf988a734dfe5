"""How a sign-in ends, and that nothing of it is left."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ...support.callback.client import connected
from ...support.callback.pending_command import signing_in
from ...support.callback.pending_login import pending_login

if TYPE_CHECKING:
    from pathlib import Path

    from ...support.callback.pending_login import PendingLogin


async def test_cb_14_two_right_answers_at_once_make_one_exchange_and_get_the_same_page(
    tmp_path: Path,
) -> None:
    """CB-14: a browser repeats a request whose connection broke, and people reload."""
    async with signing_in(tmp_path) as scene:
        scene.endpoint.may_answer.clear()
        first = asyncio.create_task(scene.callback.get(scene.callback.answer()))
        await scene.endpoint.asked.wait()
        second = asyncio.create_task(scene.callback.get(scene.callback.answer()))
        other = asyncio.create_task(
            scene.callback.get(scene.callback.answer(code="another", error=""))
        )
        assert (await scene.callback.get("/favicon.ico")).status == 404
        scene.endpoint.may_answer.set()
        redirects = [await redirect for redirect in (first, second, other)]
        # One more while the first three are on their way to the final page.
        redirects.append(await scene.callback.get(scene.callback.answer()))
        pages = await asyncio.gather(*(scene.callback.follow(redirect) for redirect in redirects))
        ended = await scene.command.outcome()

    assert [reply.status for reply in redirects] == [303] * 4
    assert len({reply.header("location") for reply in redirects}) == 1
    assert [page.status for page in pages] == [200] * 4
    assert len({page.text for page in pages}) == 1
    assert ended.exit_code == 0
    assert [form["code"] for form in scene.endpoint.forms] == ["the-code"]


async def test_cb_14_a_second_answer_cannot_turn_a_success_into_a_denial(tmp_path: Path) -> None:
    """CB-14: the first answer counts, also when the second one says something else."""
    async with pending_login(tmp_path) as pending:
        pending.endpoint.may_answer.clear()
        first = asyncio.create_task(pending.callback.arrive())
        await pending.endpoint.asked.wait()
        denial = pending.callback.target(state=pending.callback.state, error="access_denied")
        second = asyncio.create_task(pending.callback.get(denial))
        assert (await pending.callback.get("/")).status == 404
        pending.endpoint.may_answer.set()
        page, other = await first, await pending.callback.follow(await second)
        await pending.outcome()

    assert page.status == 200
    assert other.text == page.text


async def test_cb_17_the_server_waits_five_minutes_and_no_longer(tmp_path: Path) -> None:
    """CB-17: 300 s unless told otherwise."""
    async with signing_in(tmp_path) as scene:
        waiting = await scene.command.event("waiting")

    assert waiting["timeout_s"] == 300


@pytest.mark.parametrize("end", ["success", "denied", "failed exchange", "timed out", "cancelled"])
async def test_cb_17_nothing_survives_the_end_of_a_login(tmp_path: Path, *, end: str) -> None:
    """
    CB-17: no listener, no connection (an idle one and a half-sent request are open),
    and no task.
    """
    before = asyncio.all_tasks()
    async with pending_login(tmp_path, timeout_s=0.3 if end == "timed out" else 20) as pending:
        callback = pending.callback
        async with connected(callback, b"GET /callback?co", b"", b"") as idle:
            await bring_about(end, pending)

            assert callback.is_closed
            async with asyncio.timeout(1):
                assert [await reader.read() for reader, _ in idle] == [b""] * 3
    assert {task.get_name() for task in asyncio.all_tasks() - before} == set()


async def bring_about(end: str, pending: PendingLogin) -> None:
    if end == "cancelled":
        assert pending.task is not None
        pending.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pending.outcome()
        return
    if end == "failed exchange":
        pending.endpoint.status = 500
    if end != "timed out":
        await pending.callback.arrive(**({"error": "access_denied"} if end == "denied" else {}))
    if end == "success":
        await pending.outcome()
    else:
        await pending.error()


async def test_cb_14_each_window_that_came_back_is_shown_the_final_page(tmp_path: Path) -> None:
    """
    CB-14: the first one's page does not end the server under the second one's, who was sent there
    too.
    """
    async with pending_login(tmp_path) as pending:
        callback = pending.callback
        redirects = [await callback.get(callback.answer()) for _ in range(4)]
        pages = [await callback.follow(redirect) for redirect in redirects]
        await pending.outcome()

    assert [page.status for page in pages] == [200] * 4
