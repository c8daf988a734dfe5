"""The QR code of the device flow: where it fits, and nowhere else."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.interaction.qr_code import qr_code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")

PAGE = "https://id.example.com/activate?user_code=WDJB-MJHT"


@contextmanager
def terminal(*, columns: int, lines: int) -> Iterator[TextIO]:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    with os.fdopen(ours, "wb", buffering=0), os.fdopen(theirs, "w") as stream:
        yield stream


def test_it_is_the_code_that_segno_makes_dark_on_light() -> None:
    import segno

    with terminal(columns=80, lines=40) as stream:
        shown = qr_code(PAGE, stream).split("\n")
    cells = [list(row) for row in segno.make(PAGE, micro=False).matrix_iter(border=2)]
    assert all(line.startswith("\x1b[30;47m") and line.endswith("\x1b[0m") for line in shown)
    read = []
    for line in shown:
        blocks = line.removeprefix("\x1b[30;47m").removesuffix("\x1b[0m")
        read.append([int(block in "▀█") for block in blocks])
        read.append([int(block in "▄█") for block in blocks])
    assert read[: len(cells)] == cells


@pytest.mark.parametrize(("columns", "lines"), [(33, 40), (80, 20), (0, 0)])
def test_a_terminal_that_is_too_small_gets_none(columns: int, lines: int) -> None:
    with terminal(columns=columns, lines=lines) as stream:
        assert qr_code(PAGE, stream) == ""


def test_no_terminal_gets_none() -> None:
    assert qr_code(PAGE, None) == ""


def test_without_the_extra_there_is_none_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    with terminal(columns=80, lines=40) as stream:
        assert qr_code(PAGE, stream) == ""
