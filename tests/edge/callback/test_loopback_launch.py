"""The one-time address that the browser is started with."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from loopback_auth.errors import LaunchURLReused
from tests.support.stand_in_browser import stand_in

from ...support.callback.pending_command import signing_in
from ...support.callback.pending_login import Launches, pending_login
from ...support.command import no_token_file

if TYPE_CHECKING:
    from pathlib import Path


async def test_cb_16_no_address_gives_the_request_to_a_caller_without_the_nonce(
    tmp_path: Path,
) -> None:
    """CB-16: whoever had state and challenge could sign in as himself and send his code here."""
    async with pending_login(tmp_path, browser=lambda _: True) as pending:
        callback = pending.callback
        secrets = [callback.asked[name] for name in ("state", "code_challenge")] + [
            pending.endpoint.issuer
        ]
        paths = (
            "/",
            "/launch",
            "/start",
            "/login",
            "/authorize",
            "/done",
            "/done/",
            "/None",
            "/index.html",
            callback.path,
        )
        replies = {path: await callback.get(path) for path in paths}

    assert [path for path, reply in replies.items() if reply.status < 400] == []
    assert [
        path
        for path, reply in replies.items()
        if any(secret.encode() in reply.raw for secret in secrets)
    ] == []


@pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for a browser is a script with a #! line"
)
async def test_cb_16_the_launch_address_works_once_and_a_second_use_ends_the_login(
    tmp_path: Path,
) -> None:
    """
    CB-16: only the browser got it, in its argv, where others can read it; who comes second makes
    the theft known.
    """
    async with (
        stand_in(tmp_path) as (started, browser),
        signing_in(tmp_path, more=browser) as scene,
    ):
        callback, address = scene.callback, await started.address()
        path = urlsplit(address).path
        assert address == f"http://{callback.netloc}{path}"
        assert re.fullmatch(r"/[0-9a-f]{32}", path)
        # Neither of these is a person's browser: they use nothing up.
        assert (await callback.get(path, method="HEAD")).status == 405
        assert (await callback.get(path, "Sec-Purpose: prefetch")).status == 403
        assert (await callback.get(path, host="evil.example")).status == 421
        first, second = await callback.get(path), await callback.get(path)
        ended = await scene.command.outcome()

    assert (first.status, first.header("location")) == (303, callback.url)
    assert second.status == 400
    assert "opened twice" in second.text
    assert (ended.exit_code, ended.error["code"]) == (1, "launch-url-reused")
    assert scene.endpoint.exchanges == 0
    assert no_token_file(tmp_path)
    assert callback.is_closed


async def test_cb_16_a_second_use_counts_until_the_tokens_are_stored(tmp_path: Path) -> None:
    """
    CB-16: a thief was first, and his answer is at the token endpoint already when the person's
    browser comes up.
    """
    started = Launches()
    async with pending_login(tmp_path, browser=started) as pending:
        pending.endpoint.may_answer.clear()
        assert (await pending.callback.get(started.path)).status == 303
        thief = asyncio.create_task(pending.callback.arrive())
        await pending.endpoint.asked.wait()
        assert (await pending.callback.get(started.path)).status == 400
        pending.endpoint.may_answer.set()
        page = await thief
        assert isinstance(await pending.error(), LaunchURLReused)

    assert page.status == 400
    assert no_token_file(tmp_path)


@pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for a browser is a script with a #! line"
)
async def test_cb_16_a_second_use_after_the_tokens_were_stored_undoes_the_sign_in(
    tmp_path: Path,
) -> None:
    """
    CB-16, CB-13: as long as the tab is open no page says that somebody is signed in, and nothing
    stays.
    """
    userinfo = ("--userinfo-endpoint", "{issuer}/userinfo")
    async with (
        stand_in(tmp_path) as (started, browser),
        signing_in(tmp_path, *userinfo, more=browser) as scene,
    ):
        scene.endpoint.silent.add("/userinfo")
        path = urlsplit(await started.address()).path
        assert (await scene.callback.get(path)).status == 303
        first = asyncio.create_task(scene.callback.arrive())
        await scene.endpoint.kept_waiting.wait()
        again = await scene.callback.get(path)
        scene.endpoint.over.set()
        page = await first
        ended = await scene.command.outcome()

    assert (again.status, page.status) == (400, 400)
    assert "The sign-in is undone" in again.text
    assert (ended.exit_code, ended.error["code"]) == (1, "launch-url-reused")
    assert "stored tokens" not in ended.error["cause"]
    assert no_token_file(tmp_path)


async def test_cb_16_the_launch_address_exists_only_where_a_browser_is_started_with_it(
    tmp_path: Path,
) -> None:
    """CB-16: with --no-browser there is no such address at all."""

    def zeros(octets: int) -> bytes:
        return bytes(octets)

    started = Launches()
    async with pending_login(tmp_path, browser=started, token_bytes=zeros) as pending:
        path = started.path
        assert (await pending.callback.get(path)).status == 303
        await pending.callback.get(path)
        assert isinstance(await pending.error(), LaunchURLReused)
    async with pending_login(tmp_path, browser=None, token_bytes=zeros) as pending:
        assert (await pending.callback.get(path)).status == 404
