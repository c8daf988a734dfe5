"""What counts as one paste: on a terminal by its pauses, through a pipe by its lines."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.interaction.terminal import QUIET_S, pasted_lines
from loopback_auth.edge.interaction.typed_text import OCTETS, without_controls

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

import pty

from loopback_auth.edge.interaction.terminal import pasted_on_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class Terminal:
    """A pseudo-terminal whose far end is standard input."""

    def __init__(self) -> None:
        self.near, self.far = pty.openpty()

    def fileno(self) -> int:
        return self.far

    async def type(self, *chunks: bytes) -> None:
        """Send *chunks* one after the other, each by itself."""
        for chunk in chunks:
            os.write(self.near, chunk)
            await asyncio.sleep(0.02)

    def close(self) -> None:
        os.close(self.near)
        os.close(self.far)


@pytest.fixture
def in_foreground(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process be in every terminal's foreground, as a command is that somebody types."""
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())


@pytest.fixture
def terminal(in_foreground: None) -> Iterator[Terminal]:
    found = Terminal()
    yield found
    found.close()


async def pasted_as(pastes: Iterable[str]) -> dict[str, str]:
    """Paste each of *pastes* on a terminal of its own; return what each was taken for."""
    with ExitStack() as terminals:
        queues = {}
        for text in pastes:
            terminal = Terminal()
            terminals.callback(terminal.close)
            queues[text] = terminals.enter_context(pasted_on_terminal(terminal.far))
            await terminal.type(text.encode())
        return {text: (await texts_of(queue, 1))[0] for text, queue in queues.items()}


async def texts_of(queue: asyncio.Queue[str], count: int) -> list[str]:
    async with asyncio.timeout(5):
        return [await queue.get() for _ in range(count)]


async def test_a_paste_needs_no_enter(terminal: Terminal) -> None:
    with pasted_on_terminal(terminal.far) as texts:
        await terminal.type(b"https://a.example/?code=x")
        assert await texts_of(texts, 1) == ["https://a.example/?code=x"]


async def test_the_last_octet_of_a_paste_may_come_alone(terminal: Terminal) -> None:
    with pasted_on_terminal(terminal.far) as texts:
        await terminal.type(b"error=", b"x", b"y")
        assert await texts_of(texts, 1) == ["error=xy"]


async def test_the_lines_of_a_page_are_one_paste(terminal: Terminal) -> None:
    with pasted_on_terminal(terminal.far) as texts:
        await terminal.type(b"We can't authorize you\n\n", b"CODE : words\n")
        assert await texts_of(texts, 1) == ["We can't authorize you\n\nCODE : words\n"]


async def test_two_pastes_with_a_pause_are_two(terminal: Terminal) -> None:
    with pasted_on_terminal(terminal.far) as texts:
        await terminal.type(b"first one")
        assert await texts_of(texts, 1) == ["first one"]
        await terminal.type(b"second one")
        assert await texts_of(texts, 1) == ["second one"]


async def test_typed_keys_wait_for_enter(terminal: Terminal) -> None:
    """Arrow keys and letters of two octets are keys as well; what is rubbed out is gone."""
    with pasted_on_terminal(terminal.far) as texts:
        await terminal.type(b"a", b"\xc3\xa9", b"\x1b[D", b"x", b"\x7f")
        await asyncio.sleep(QUIET_S * 2)
        assert texts.empty()
        await terminal.type(b"\r")
        assert await texts_of(texts, 1) == ["a\xe9\n"]


async def test_the_marks_of_a_terminal_are_no_part_of_the_paste(terminal: Terminal) -> None:
    with pasted_on_terminal(terminal.far) as texts:
        await terminal.type(b"\x1b[200~error=x\x1b[201~")
        assert await texts_of(texts, 1) == ["error=x"]


async def test_a_file_that_is_dragged_here_is_read(in_foreground: None, tmp_path: Path) -> None:
    """
    What a browser downloaded in place of a page; terminals quote its name in one way or
    another.
    """
    file = tmp_path / "a folder" / "authorize"
    file.parent.mkdir()
    file.write_text("error=x")
    escaped = str(file).replace(" ", r"\ ")
    expected = dict.fromkeys(
        (str(file), f"'{file}'", f"{file} ", f"file://{file}", escaped), "error=x"
    )
    assert await pasted_as(expected) == expected


async def test_what_names_no_file_is_itself(in_foreground: None) -> None:
    texts = ("/nothing/there\n", "/\n", "/\0\n", "~nobody/x\n", "error=/x\n")
    expected = {text: text for text in texts}
    assert await pasted_as(expected) == expected


async def test_enter_alone_is_an_empty_text(terminal: Terminal) -> None:
    with pasted_on_terminal(terminal.far) as texts:
        await terminal.type(b"\r", b"\n")
        assert await texts_of(texts, 1) == [""]


@pytest.mark.slow
async def test_more_than_can_be_is_cut(terminal: Terminal) -> None:
    with pasted_on_terminal(terminal.far) as texts:
        for _ in range(OCTETS // 1024 + 4):
            os.write(terminal.near, b"x" * 1024)
            # A paste is over where nothing comes for `QUIET_S`, whatever holds it up.
            await asyncio.sleep(0.002)
        assert len((await texts_of(texts, 1))[0]) == OCTETS


async def test_a_pipe_gives_its_lines_and_the_rest() -> None:
    """Blank ones are none; what no line end follows counts when the pipe is closed."""
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin, pasted_lines(stdin.fileno()) as texts:
        os.write(writer, b"one\n\n  \ntw")
        assert await texts_of(texts, 1) == ["one"]
        os.write(writer, b"o\r\nthree")
        os.close(writer)
        assert await texts_of(texts, 2) == ["two\r", "three"]


async def test_a_line_without_an_end_is_cut() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin, pasted_lines(stdin.fileno()) as texts:
        await asyncio.to_thread(os.write, writer, b"x" * (OCTETS + 8192))
        os.close(writer)
        first, rest = await texts_of(texts, 2)
        assert len(first) == OCTETS
        assert set(first + rest) == {"x"}


async def test_a_terminal_that_controls_no_session_is_read_all_the_same() -> None:
    """As in some containers and editors' shells, where no process is in its foreground."""
    terminal = Terminal()
    with pytest.raises(OSError, match="ioctl"):
        os.tcgetpgrp(terminal.far)
    with pasted_on_terminal(terminal.far) as texts:
        await terminal.type(b"error=x\r")
        assert (await texts_of(texts, 1))[0].strip() == "error=x"
    terminal.close()


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("my-clii\x7f", "my-cli"),
        ("wrong\x15my-cli", "my-cli"),
        ("openid mail\x17email", "openid email"),
        ("openid mail \x17\x17api", "api"),
        ("\x7f\x17\x15my\x04-cli", "my-cli"),
        ("\x1b[200~my-cli\x1b[201~\x1b[D", "my-cli"),
    ],
)
def test_keys_that_take_back_what_was_typed(keys: str, text: str) -> None:
    assert without_controls(keys) == text
