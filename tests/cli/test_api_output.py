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

    def __init__(self, body: bytes, kind: str = "text/plain") -> None:
        self.pieces = self._pieces(body)
        self.kind = kind

    def header(self, _: str) -> str:
        return self.kind

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


JSON = "application/json; charset=utf-8"
LAID_OUT = b"""{
  "a": [
    1,
    "{[,:\\"",
    {},
    []
  ],
  "b": {
    "c": 1.10
  }
}
"""


@pytest.mark.parametrize(
    ("body", "kind", "printed"),
    [
        (b'{"a":[1,"{[,:\\"",{},[ ]],"b":{"c":1.10}}', JSON, LAID_OUT),
        (b'{"a": 1}', "application/problem+json", b'{\n  "a": 1\n}\n'),
        (b'{"a": 1}\n{"a": 2}\n', "application/x-ndjson", b'{"a": 1}\n{"a": 2}\n'),
        (b'{"a": 1, "a": 2}', JSON, b'{"a": 1, "a": 2}\n'),
        (b'{"a": ', JSON, b'{"a": \n'),
        (b"12", JSON, b"12\n"),
        (b"", JSON, b""),
        (b'["\x1b[2J"]', JSON, '["\ufffd[2J"]\n'.encode()),
        (b'["\\u001b"]', JSON, b'[\n  "\\u001b"\n]\n'),
        (b'["' + b"x" * 1024 * 1024 + b'"]', JSON, b'["' + b"x" * 1024 * 1024 + b'"]\n'),
    ],
)
async def test_cl_03_a_terminal_gets_json_in_lines_and_each_value_as_it_was_written(
    body: bytes, kind: str, printed: bytes
) -> None:
    stdout = Output(is_terminal=True)
    console = Console([], stdin=None, stdout=stdout, stderr=io.StringIO(), environ={})
    await PrintedAnswer(console, include=False)(Reply(body, kind))  # type: ignore[arg-type]
    console.octets(b"")
    stdout.flush()
    assert stdout.buffer.getvalue() == printed  # type: ignore[attr-defined]


async def test_a_json_that_breaks_off_is_shown_as_far_as_it_came() -> None:
    class Broken(Reply):
        async def _pieces(self, body: bytes) -> AsyncIterator[bytes]:
            yield body
            raise ConnectionError

    stdout = Output(is_terminal=True)
    console = Console([], stdin=None, stdout=stdout, stderr=io.StringIO(), environ={})
    with pytest.raises(ConnectionError):
        await PrintedAnswer(console, include=False)(Broken(b'{"a":', JSON))  # type: ignore[arg-type]
    stdout.flush()
    assert stdout.buffer.getvalue() == b'{"a":'  # type: ignore[attr-defined]


async def test_a_pipe_gets_json_as_it_came() -> None:
    stdout = Output(is_terminal=False)
    console = Console([], stdin=None, stdout=stdout, stderr=io.StringIO(), environ={})
    await PrintedAnswer(console, include=False)(Reply(b'{"a":[1]}', JSON))  # type: ignore[arg-type]
    stdout.flush()
    assert stdout.buffer.getvalue() == b'{"a":[1]}'  # type: ignore[attr-defined]
