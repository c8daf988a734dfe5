"""TX: the connection for the exchange is there before the code is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ...support.exchange import issuing, sign_in
from ...support.scripted_server import ScriptedServer, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        issuing(server)
        yield server


async def test_tx_01_the_code_goes_out_on_a_connection_that_was_there_before_it(
    server: ScriptedServer, tmp_path: Path
) -> None:
    open_before: list[int] = []

    with ScriptedServer() as tokens:
        tokens.answers["/token"] = json_answer({"access_token": "a", "token_type": "Bearer"})

        def consent_after_a_while(connection: Any) -> None:
            tokens.wait_for_connections(1)
            open_before.append(tokens.connections)
            consents(connection)

        consents = server.answers["/authorize"]
        assert callable(consents)
        server.answers["/authorize"] = consent_after_a_while
        ended = await sign_in(server, tmp_path, token_endpoint=tokens.url("/token"))
        assert ended.error is None
        assert (open_before, tokens.connections) == ([1], 1)
        assert len(tokens.asked("/token")) == 1


async def test_tx_01_one_that_ended_is_replaced_when_the_browser_comes_back(
    server: ScriptedServer, tmp_path: Path
) -> None:
    with ScriptedServer() as tokens:
        tokens.answers["/token"] = json_answer({"access_token": "a", "token_type": "Bearer"})

        def consent_after_the_end(connection: Any) -> None:
            tokens.wait_for_connections(1)
            tokens.break_unasked()
            consents(connection)

        consents = server.answers["/authorize"]
        assert callable(consents)
        server.answers["/authorize"] = consent_after_the_end
        ended = await sign_in(server, tmp_path, token_endpoint=tokens.url("/token"))
        assert ended.error is None
        assert tokens.connections == 2
        assert len(tokens.asked("/token")) == 1
