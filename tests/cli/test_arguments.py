"""What the parser says is said in words of ours, in whatever language argparse would say it."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING

from ..support.command import environment

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import gettext, sys
gettext.bindtextdomain("messages", sys.argv[1])
from loopback_auth.__main__ import run_process
sys.exit(run_process(sys.argv[2:]))
"""


def catalogue(words: str, translation: str) -> bytes:
    """Return a .mo file, as the GNU gettext manual has it: an entry for the encoding, and one."""
    texts = [
        (b"", b"Content-Type: text/plain; charset=UTF-8\n"),
        (words.encode(), translation.encode()),
    ]
    head, entries = 28, len(texts)
    offset, body, tables = head + 16 * entries, b"", ([], [])
    for number in (0, 1):
        for pair in texts:
            tables[number].append(struct.pack("<II", len(pair[number]), offset + len(body)))
            body += pair[number] + b"\0"
    numbers = (0x950412DE, 0, entries, head, head + 8 * entries, 0, head)
    return struct.pack("<7I", *numbers) + b"".join(tables[0] + tables[1]) + body


def test_cl_06_a_translation_of_argparses_words_lets_no_value_through(tmp_path: Path) -> None:
    """CL-06: `Parser.error` finds the value by the words before it."""
    folder = tmp_path / "locale" / "xx" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    said = "invalid %(type)s value: %(value)r"
    (folder / "messages.mo").write_bytes(catalogue(said, "falsch: %(value)r"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "locale"), "login", "--port", "canary"],
        env=environment(tmp_path, {"LANGUAGE": "xx"}),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert "argument --port: not a value it takes" in done.stderr
    assert "canary" not in done.stderr
