"""The tab's last page, when something about it is wrong - CB-13."""

from __future__ import annotations

import asyncio
from secrets import token_bytes
from typing import cast
from urllib.parse import urlencode, urlsplit

import pytest

from loopback_auth.edge.callback.request_gate import CallbackRequest
from loopback_auth.edge.callback.session import CallbackSession

from ...support.samples import request


def get(target: str) -> CallbackRequest:
    return CallbackRequest(
        method="GET", target=target, headers=[("host", urlsplit(REQUEST.redirect_uri).netloc)]
    )


REQUEST = request()
UNFIT = [cast("str", name) for name in (7, b"ada", ["ada"])]
"""Names that no server should have got through to the page."""


@pytest.mark.parametrize(
    "name", ["\ud800", "a\x00b\u202e", "<script>", "x" * 100_000, *UNFIT], ids=repr
)
async def test_cb_13_no_name_keeps_a_saved_sign_in_from_ending_well(name: str) -> None:
    """CB-13: who waits for the page gets one that says so, and the command goes on."""
    tab = CallbackSession(
        REQUEST, launch_path=None, profile="work", notify=lambda _: None, token_bytes=token_bytes
    )
    answer = urlencode(
        {"code": "the-code", "state": REQUEST.state.reveal(), "iss": REQUEST.server.issuer or ""}
    )
    came_back = asyncio.create_task(
        tab.handle(get(f"{urlsplit(REQUEST.redirect_uri).path}?{answer}"))
    )
    await tab.response(timeout_s=5)
    tab.mark_saved()
    tab.set_identity(name)
    ended = asyncio.create_task(tab.end(None))
    location = (await came_back).headers["Location"]
    last = await tab.handle(get(location))
    tab.was_sent(get(location))
    await ended

    assert last.status == 200
    assert b"signed in" in last.body
    assert len(last.body) < 20_000
