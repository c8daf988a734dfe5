"""Writing without waiting: in order, whole, and bounded."""

from __future__ import annotations

import io
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.interaction.background_writer import PENDING_OCTETS, BackgroundWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes there are of another kind")

TIMEOUT_S = 10


@contextmanager
def full_pipe(*, blocks: bool = True) -> Iterator[tuple[int, BackgroundWriter]]:
    """Give the end to read of a pipe that is full, and a writer to the other end."""
    reader, end = os.pipe()
    os.set_blocking(end, False)
    with open(end, "w", encoding="utf-8") as stream:
        filled = 0
        while True:
            try:
                filled += os.write(end, bytes(4096))
            except BlockingIOError:
                break
        os.set_blocking(end, blocks)
        writer = BackgroundWriter.of(stream)
        assert writer is not None
        yield reader, writer
        # The writer's thread ends when nobody reads.
        os.close(reader)
        writer.write("the last")
        assert writer.flush(TIMEOUT_S)


def read(reader: int, writer: BackgroundWriter) -> str:
    """Read until all is written."""
    got = b""
    os.set_blocking(reader, False)
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        is_flushed = writer.flush(0.01)
        try:
            got += os.read(reader, 1 << 20)
        except BlockingIOError:
            if is_flushed:
                break
    return got.replace(b"\0", b"").decode()


@pytest.mark.parametrize("blocks", [True, False])
def test_cb_09_what_waits_is_written_whole_and_in_order(*, blocks: bool) -> None:
    """CB-09: also where whoever shares the pipe has made it non-blocking (Node.js does)."""
    lines = [f"{number} é\n" for number in range(500)]
    with full_pipe(blocks=blocks) as (reader, writer):
        for line in lines:
            writer.write(line)
        assert not writer.flush(0.05)
        assert read(reader, writer) == "".join(lines)


def test_cb_09_a_line_that_is_drawn_again_waits_once() -> None:
    """CB-09: the countdown of five minutes is one line when the terminal takes it."""
    with full_pipe() as (reader, writer):
        # The thread holds this one already.
        writer.write("begin\n")
        time.sleep(0.1)
        for left in range(300, 0, -1):
            writer.write(f"\r{left}", is_redrawn=True)
        writer.write("\nend\n")
        writer.write("\ragain", is_redrawn=True)
        assert read(reader, writer) == "begin\n\r1\nend\n\ragain"


def test_cb_09_what_waits_is_bounded() -> None:
    with full_pipe() as (reader, writer):
        for _ in range(3):
            writer.write("a" * (PENDING_OCTETS // 2))
        assert PENDING_OCTETS // 2 <= len(read(reader, writer)) <= PENDING_OCTETS * 3 // 2


def test_cl_08_a_reader_that_has_gone_is_noticed() -> None:
    """CL-08: nothing waits for it any more, and nothing is kept for it."""
    reader, end = os.pipe()
    os.close(reader)
    with open(end, "w", encoding="utf-8") as stream:
        writer = BackgroundWriter.of(stream)
        assert writer is not None
        writer.write("nobody reads this")
        assert writer.flush(TIMEOUT_S)
        assert writer.is_broken
        writer.write("nor this")
        assert writer.flush(TIMEOUT_S)


def test_a_stream_without_a_file_is_not_written_to_in_the_background() -> None:
    """Some IDEs put an object of their own in the place of stderr."""
    assert BackgroundWriter.of(io.StringIO()) is None
    assert BackgroundWriter.of(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")) is None
