"""What the parser says is said in words of ours, in whatever language argparse would say it."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.cli.main import COMMANDS

from ..support.command import environment, run_here

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


MISTAKES = [
    ("login --timeout 5x", "--timeout: how long to wait, such as 90s or 5m (default: 5m)."),
    ("login --scope", "--scope: scopes, separated by spaces."),
    ("login --storage keyrin", "--storage: keep the tokens in a file or in the system's keyring."),
    ("login a b", "Usage: loopback-auth login [PROFILE] [OPTIONS]."),
    ("config", "Usage: loopback-auth config {path,show} [PROFILE] [OPTIONS]."),
]


@pytest.mark.parametrize(("typed", "cause"), MISTAKES)
def test_the_cause_of_a_mistake_says_how_it_is_written(
    typed: str, cause: str, tmp_path: Path
) -> None:
    error = run_here(*typed.split(), "--json", home=tmp_path).error
    assert error["cause"] == cause
    assert "required: what" not in error["message"]


def test_an_option_that_has_but_its_dashes_in_common_is_not_meant(tmp_path: Path) -> None:
    assert "did you mean" not in run_here("status", "--check", home=tmp_path).stderr
    assert "did you mean --json?" in run_here("status", "--jsn", home=tmp_path).stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_the_usage_of_a_command_is_one_line_without_the_list_of_options(
    command: str, tmp_path: Path
) -> None:
    usage, blank, *_ = run_here(command, "--help", home=tmp_path).stdout.splitlines()
    assert usage.count("OPTIONS") == 1
    assert not blank
    assert "[-" not in usage.replace("[-- COMMAND", "")
