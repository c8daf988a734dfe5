"""CL-02: the trace says what came of each message, and shows nothing of it."""

from __future__ import annotations

from typing import Any

import pytest

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.flows.trace import traced
from loopback_auth.oauth.http.messages import FormPost
from loopback_auth.oauth.secret import Secret

from ..support.scripted_server import ScriptedServer, json_answer

WHOLE = json_answer({"access_token": "canary"})
ANSWERS = {
    "-> 200, 26 octets after": WHOLE,
    "-> 200, 21 octets, then connection-lost after": WHOLE[:-5],
}


@pytest.mark.parametrize(("outcome", "answer"), ANSWERS.items())
async def test_cl_02_a_line_says_how_much_came_and_whether_it_broke_off(
    server: ScriptedServer, outcome: str, answer: bytes
) -> None:
    server.answers["/token"] = answer
    notices: list[Any] = []
    message = FormPost(
        url=server.url("/token?key=canary"),
        fields=(("code", Secret("canary")),),
        allow_partial=True,
    )
    await traced(HttpTransport(), notices.append)(message)
    (line,) = (notice.message for notice in notices)
    assert line.startswith(f"POST {server.url('/token')} {outcome}")
    assert "canary" not in line
