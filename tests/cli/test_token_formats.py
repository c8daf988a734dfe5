"""
CL-04: `token --format`: curl gets the very token in one header and no other option, and no line is
added to a header.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from ..support.command import COMMAND, environment, run
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ODD = [
    "plain",
    'a"b',
    "a\\b",
    "a\\",
    "\\",
    '\\"',
    'a" url = "http://evil.example',
    "a\\nb",
    "a\\tb",
    "$HOME $(id) `id`",
    "%{url} %20 %",
    "@/etc/passwd",
    "# no comment",
    "two words",
    "it's",
    "{{x}}",
]
FORBIDDEN = [
    "a\nb",
    'x"\nurl = "http://evil.example',
    "a\rb",
    "a\r\nX-Other: 1",
    "a\tb",
    "é",
    "a\x7fb",
    "\u2028",
    "\x1b[2J",
]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["*"] = json_answer({})
        yield running


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
@pytest.mark.parametrize("token", ODD)
@pytest.mark.parametrize(
    "pipeline",
    [
        "{words} token --format curl | curl -s --config - {url}",
        "{words} token --format headers | curl -s -H @- {url}",
        'curl -s -H "$({words} token --format headers)" {url}',
        'curl -s -H "Authorization: Bearer $({words} token)" {url}',
    ],
)
def test_cl_04_curl_sends_the_very_token_whatever_is_in_it(
    server: ScriptedServer, tmp_path: Path, *, pipeline: str, token: str
) -> None:
    """CL-04: one request, to the address that was typed, with one header more."""
    words = " ".join(f"'{word}'" for word in COMMAND)
    done = subprocess.run(
        ["sh", "-c", pipeline.format(words=words, url=server.url("/x"))],
        env=environment(tmp_path, {"LOOPBACK_AUTH_TOKEN": token}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    (asked,) = server.requests
    assert asked.header("authorization") == f"Bearer {token}"


@pytest.mark.parametrize("token", FORBIDDEN)
@pytest.mark.parametrize(
    "words",
    [
        ("token",),
        ("token", "--format", "curl"),
        ("token", "--format", "headers"),
        ("env",),
        ("exec", "--", "env"),
        ("api", "https://api.example.com/"),
    ],
    ids=" ".join,
)
async def test_tr_02_what_is_no_token_is_refused_where_it_is_given(
    tmp_path: Path, *, words: tuple[str, ...], token: str
) -> None:
    """TR-02: a second line would be another option, or another header."""
    outcome = await run(*words, home=tmp_path, more={"LOOPBACK_AUTH_TOKEN": token})
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert "error[usage]: LOOPBACK_AUTH_TOKEN " in outcome.stderr
    assert token not in outcome.stderr


async def test_the_line_end_of_a_file_is_no_part_of_a_token(tmp_path: Path) -> None:
    """A pipeline keeps a secret as it was pasted."""
    outcome = await run("token", home=tmp_path, more={"LOOPBACK_AUTH_TOKEN": " the-token\r\n"})
    assert (outcome.exit_code, outcome.stdout) == (0, "the-token\n")


@pytest.mark.parametrize("form", ["curl", "headers"])
async def test_cl_04_a_token_file_that_somebody_edited_adds_no_line(
    server: ScriptedServer, tmp_path: Path, *, form: str
) -> None:
    """CL-04."""
    stored(tmp_path, server, lasts_s=3000, access_token='x"\noutput = "/tmp/there')
    outcome = await run("token", "--format", form, home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert "error[value-unquotable]" in outcome.stderr
