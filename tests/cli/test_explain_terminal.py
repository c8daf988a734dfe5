"""`explain` on a terminal: a page is pasted whole, its empty lines with it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from tests.explain.pages_table import WHOLE_PAGES

from ..support.command import COMMAND, environment
from .test_terminal import pexpect

if TYPE_CHECKING:
    from pathlib import Path

WITH_EMPTY_LINES = next(row for row in WHOLE_PAGES if "\n\n\n" in row[1].strip())


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_page_with_empty_lines_is_read_to_its_end_and_no_line_is_left_to_the_shell(
    tmp_path: Path, end: str
) -> None:
    code, text = WITH_EMPTY_LINES
    script = f'{shlex.join([*COMMAND, "explain"])}; read -r left; echo "left: [$left]"'
    terminal = pexpect.spawn(
        "sh",
        ["-c", script],
        env={**environment(tmp_path), "TERM": "xterm", "NO_COLOR": "1"},
        timeout=20,
        encoding="utf-8",
        dimensions=(40, 600),
    )
    terminal.expect("then an empty line")
    # Without its last line's Enter, too: then the person presses it, and the empty line's.
    terminal.send(text.strip("\n") + end)
    terminal.send("\n\n")
    terminal.expect(f"\r\n{code}: ")
    terminal.expect("loopback-auth login default")
    terminal.send("\n")
    terminal.expect(r"left: \[(.*?)\]")
    assert terminal.match[1] == ""
    terminal.expect(pexpect.EOF)
    terminal.close()
