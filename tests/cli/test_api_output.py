"""What `api` prints on a terminal, and into a pipe."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from loopback_auth.cli.api_output import PrintedAnswer
from loopback_auth.cli.console import Console

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Output(io.TextIOWrapper):
    """Standard output, a terminal or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


class Reply:
    """An answer of one piece."""

    def __init__(self, body: bytes) -> None:
        self.pieces = self._pieces(body)

    async def _pieces(self, body: bytes) -> AsyncIterator[bytes]:
        yield body


@pytest.mark.parametrize(
    ("is_terminal", "body", "printed"),
    [
        (True, b'{"a": 1}', b'{"a": 1}\n'),
        (True, b"ended\n", b"ended\n"),
        (True, b"", b""),
        (False, b'{"a": 1}', b'{"a": 1}'),
    ],
)
async def test_a_terminal_gets_the_end_of_the_line_and_a_pipe_the_octets(
    body: bytes, printed: bytes, *, is_terminal: bool
) -> None:
    stdout = Output(is_terminal=is_terminal)
    console = Console([], stdin=None, stdout=stdout, stderr=io.StringIO(), environ={})
    await PrintedAnswer(console, include=False)(Reply(body))  # type: ignore[arg-type]
    console.octets(b"")
    stdout.flush()
    assert stdout.buffer.getvalue() == printed  # type: ignore[attr-defined]
