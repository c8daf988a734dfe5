"""`env`: the sign-in as variables, through the real command."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from ..support.command import COMMAND, environment, run, run_process
from ..support.stored import NEW, OLD, stored

if TYPE_CHECKING:
    from pathlib import Path

    from ..support.scripted_server import ScriptedServer

TOKEN = OLD["access_token"]


FORMS = {
    "sh": f"export ACCESS_TOKEN='{TOKEN}'\n",
    "fish": f"set -gx ACCESS_TOKEN '{TOKEN}'\n",
    "powershell": f"$env:ACCESS_TOKEN = '{TOKEN}'\n",
    "cmd": f'set "ACCESS_TOKEN={TOKEN}"\n',
    "dotenv": f"ACCESS_TOKEN={TOKEN}\n",
    "json": f'{{"ACCESS_TOKEN": "{TOKEN}"}}\n',
    "azure": f"##vso[task.setvariable variable=ACCESS_TOKEN;issecret=true]{TOKEN}\n",
}


@pytest.mark.parametrize("form", FORMS)
async def test_cl_04_each_format(server: ScriptedServer, tmp_path: Path, *, form: str) -> None:
    """CL-04: and nothing on stderr."""
    stored(tmp_path, server, lasts_s=3000)
    outcome = await run("env", "--format", form, home=tmp_path)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, FORMS[form], "")


async def test_a_shell_may_be_named_as_its_program(server: ScriptedServer, tmp_path: Path) -> None:
    stored(tmp_path, server, lasts_s=3000)
    for shell, form in (("bash", "sh"), ("zsh", "sh"), ("pwsh", "powershell")):
        assert (await run("env", "--format", shell, home=tmp_path)).stdout == FORMS[form]


def test_what_is_said_to_type_is_about_the_profile_that_was_named(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Else it would set another one's token."""
    pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")
    stored(tmp_path, server, lasts_s=3000, profile="work")
    for words in (["work"], ["-p", "work"]):
        shown, status = pexpect.run(
            " ".join([*COMMAND, "env", *words]),
            env={**environment(tmp_path), "TERM": "dumb"},
            withexitstatus=True,
            encoding="utf-8",
        )
        assert status == 0, shown
        assert 'in this shell: eval "$(loopback-auth env work)"' in shown


async def test_sh_is_the_usual_one_and_an_expired_token_is_refreshed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server)
    assert (
        await run("env", home=tmp_path)
    ).stdout == f"export ACCESS_TOKEN='{NEW['access_token']}'\n"


async def test_json_as_every_command_has_it(server: ScriptedServer, tmp_path: Path) -> None:
    stored(tmp_path, server, lasts_s=3000)
    outcome = await run(
        "env", "--json", "--set", "A=access_token", "--set", "S=scope", home=tmp_path
    )
    assert outcome.document == {"version": 1, "environment": {"A": TOKEN, "S": "openid api"}}


async def test_cl_04_github_hides_first_and_hands_over_by_its_file(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    CL-04: the mask is on stdout, the value in the file alone, behind a word that
    differs each time.
    """
    stored(tmp_path, server, lasts_s=3000)
    file = tmp_path / "github-env"
    file.write_text("BEFORE=1\n")
    words = []
    for _ in range(2):
        outcome = await run(
            "env", "--format", "github", home=tmp_path, more={"GITHUB_ENV": str(file)}
        )
        assert (outcome.exit_code, outcome.stdout) == (0, f"::add-mask::{TOKEN}\n")
        head, value, end = file.read_text().splitlines()[-3:]
        assert value == TOKEN
        assert head == f"ACCESS_TOKEN<<{end}"
        words.append(end)
    assert len(set(words)) == 2
    assert all(len(word) > 30 for word in words)
    assert file.read_text().startswith("BEFORE=1\n")


async def test_cl_04_github_begins_a_line_of_its_own(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-04: what was written before may lack its line end, and would swallow the name."""
    stored(tmp_path, server, lasts_s=3000)
    file = tmp_path / "github-env"
    file.write_text("BEFORE=1")
    await run("env", "--format", "github", home=tmp_path, more={"GITHUB_ENV": str(file)})
    assert [line.partition("<<")[0] for line in file.read_text().splitlines() if line][:2] == [
        "BEFORE=1",
        "ACCESS_TOKEN",
    ]


async def test_github_outside_a_workflow_is_reported(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server, lasts_s=3000)
    outcome = await run("env", "--format", "github", home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    gone = {"GITHUB_ENV": str(tmp_path / "no" / "such" / "file")}
    assert (await run("env", "--format", "github", home=tmp_path, more=gone)).exit_code == 1


async def test_cl_04_a_value_that_cannot_be_quoted_prints_nothing(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-04: not even the part that could be."""
    stored(tmp_path, server, lasts_s=3000, extra={"odd": 'a"b'})
    flags = ("--set", "A=access_token", "--set", "B=odd", "--format", "cmd")
    outcome = await run("env", *flags, home=tmp_path)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert "value-unquotable" in outcome.stderr


async def test_cl_04_an_encoding_that_lacks_the_characters_is_an_error_not_another_value(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-04: for talk an escape would do; a variable would then be wrong."""
    stored(tmp_path, server, lasts_s=3000, identity={"subject": "1", "name": "Zoë"})
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    outcome = await run_process("env", "--set", "WHO=username", home=tmp_path, more=ascii_only)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    utf8 = await run_process(
        "env", "--set", "WHO=username", home=tmp_path, more={"PYTHONIOENCODING": "utf-8"}
    )
    assert utf8.stdout == "export WHO='Zoë'\n"


@pytest.mark.skipif(os.name != "posix", reason="sh")
def test_the_example_of_the_help_works(server: ScriptedServer, tmp_path: Path) -> None:
    stored(tmp_path, server, lasts_s=3000)
    words = " ".join(f"'{word}'" for word in COMMAND)
    done = subprocess.run(
        ["sh", "-c", f'eval "$({words} env)"; printf %s "$ACCESS_TOKEN"'],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == TOKEN
