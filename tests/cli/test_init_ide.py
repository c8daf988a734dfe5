"""`init --ide`: printed, or merged into the folder that the command is run in."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from ..support.command import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def test_the_tasks_are_printed_and_nothing_is_written(tmp_path: Path, project: Path) -> None:
    outcome = await run("init", "--ide", "vscode", "work", home=tmp_path)
    assert outcome.exit_code == 0
    assert json.loads(outcome.stdout)["tasks"][0]["args"] == ["login", "work", "--if-needed"]
    assert outcome.stderr.startswith(".vscode/tasks.json:\n")
    assert os.listdir(project) == []
    (typed,) = re.findall(r"this folder: loopback-auth (.*)\n", outcome.stderr)
    assert (await run(*typed.split(), home=tmp_path)).exit_code == 0
    assert os.listdir(project) == [".vscode"]
    for way in (("-p", "work"), ("--profile", "work")):
        assert (await run("init", "--ide", "vscode", *way, home=tmp_path)).stdout == outcome.stdout


@pytest.mark.usefixtures("project")
async def test_without_a_profile_the_default_is_meant_whichever_that_is(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('default_profile = "work"\n')
    (tmp_path / "config.toml").chmod(0o600)
    outcome = await run("init", "--ide", "zed", home=tmp_path)
    assert json.loads(outcome.stdout)[0]["command"] == "loopback-auth login --if-needed"


@pytest.mark.usefixtures("project")
async def test_the_ports_are_those_of_the_profile(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[profiles.work]\nprovider = "salesforce"\nclient_id = "app"\n'
    )
    (tmp_path / "config.toml").chmod(0o600)
    words = ("init", "--ide", "devcontainer", "work")
    outcome = await run(*words, home=tmp_path)
    assert json.loads(outcome.stdout)["forwardPorts"] == [1717]
    outcome = await run(*words, "--port", "8765", home=tmp_path)
    assert json.loads(outcome.stdout)["forwardPorts"] == [8765]
    outcome = await run("init", "--ide", "devcontainer", "--json", home=tmp_path)
    assert outcome.exit_code == 2
    assert "--ide devcontainer default --port 8765" in outcome.error["fix"]


async def test_what_became_of_each_file_is_reported(tmp_path: Path, project: Path) -> None:
    words = ("init", "--ide", "zed", "work", "--write")
    outcome = await run(*words, home=tmp_path)
    assert (outcome.stdout, outcome.stderr) == ("", "Written: .zed/tasks.json\n")
    assert (project / ".zed" / "tasks.json").is_file()
    outcome = await run(*words, "--json", home=tmp_path)
    assert outcome.document == {
        "version": 1,
        "ide": "zed",
        "files": [{"path": ".zed/tasks.json", "outcome": "kept", "added": []}],
    }
    outcome = await run("init", "--ide", "zed", "--write", home=tmp_path)
    assert outcome.stderr == "Added to .zed/tasks.json: Sign in, Who is signed in\n"


async def test_a_kind_of_server_has_no_part_in_it(tmp_path: Path, project: Path) -> None:
    outcome = await run("init", "--ide", "zed", "salesforce", "work", "--json", home=tmp_path)
    assert outcome.exit_code == 2
    assert outcome.error["fix"] == "loopback-auth init --ide zed work"
    assert os.listdir(project) == []
