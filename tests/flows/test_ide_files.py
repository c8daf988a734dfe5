"""What is written into somebody's project: merged, or new; and what is not touched."""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.errors import ConfigError, LoopbackAuthError, OutputFailed, UsageError
from loopback_auth.flows.ide_files import ide_files, write_ide_files

from ..support.children import posix

if TYPE_CHECKING:
    from pathlib import Path

URIS = ("http://localhost:1717/OauthRedirect",)
IDES = ("vscode", "jetbrains", "zed")


def write(ide: str, folder: Path, profile: str | None = "work") -> dict[str, str]:
    written = write_ide_files(ide_files(ide, profile, URIS), str(folder))
    return {each.path: each.outcome for each in written}


@pytest.mark.parametrize("ide", IDES)
def test_new_files_are_what_is_printed_and_stay_so(ide: str, tmp_path: Path) -> None:
    files = ide_files(ide, "work", URIS)
    assert set(write(ide, tmp_path).values()) == {"written"}
    assert [(tmp_path / file.path).read_text("utf-8") for file in files] == [
        file.text for file in files
    ]
    assert set(write(ide, tmp_path).values()) == {"kept"}
    assert [(tmp_path / file.path).read_text("utf-8") for file in files] == [
        file.text for file in files
    ]


def test_tasks_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    tasks = tmp_path / ".vscode" / "tasks.json"
    tasks.parent.mkdir()
    text = '\ufeff{\r\n  // ours\r\n  "version": "2.0.0",\r\n  "tasks": [],\r\n}\r\n'
    tasks.write_bytes(text.encode())
    tasks.chmod(0o664)
    assert write("vscode", tmp_path)[".vscode/tasks.json"] == "merged"
    after = tasks.read_bytes().decode()
    assert after.startswith('\ufeff{\r\n  // ours\r\n  "version": "2.0.0",\r\n  "tasks": [')
    assert after.count("\n") == after.count("\r\n")
    assert '"label": "Sign in (work)"' in after
    if sys.platform != "win32":
        assert stat.S_IMODE(tasks.stat().st_mode) == 0o664
    assert write("vscode", tmp_path, None)[".vscode/tasks.json"] == "merged"
    assert tasks.read_bytes().decode().startswith(after.partition("    }\r\n  ],")[0])
    assert sorted(os.listdir(tasks.parent)) == ["settings.json", "tasks.json"]


def test_a_run_configuration_of_that_name_is_not_replaced(tmp_path: Path) -> None:
    theirs = tmp_path / ".run" / "sign-in-work.run.xml"
    theirs.parent.mkdir()
    theirs.write_text("<mine/>")
    assert write("jetbrains", tmp_path)[".run/sign-in-work.run.xml"] == "kept"
    assert theirs.read_text() == "<mine/>"


def test_the_ports_go_into_a_dev_container_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / ".devcontainer" / "devcontainer.json"
    with pytest.raises(UsageError, match=r"there is no \.devcontainer/devcontainer\.json here"):
        write("devcontainer", tmp_path)
    assert not file.parent.exists()
    file.parent.mkdir()
    file.write_text('{"image": "python:3.13", "forwardPorts": [3000]}\n')
    assert set(write("devcontainer", tmp_path).values()) == {"merged"}
    document = json.loads(file.read_text())
    assert (document["image"], document["forwardPorts"]) == ("python:3.13", [3000, 1717])
    assert document["portsAttributes"]["1717"]["requireLocalPort"] is True


@pytest.mark.parametrize(
    ("text", "where"),
    [(b"{", "1:2"), (b'{\n  "remote.portsAttributes": []\n}', "2:29"), (b"\xff\xfe{", "1:1")],
)
def test_nothing_is_written_where_one_file_cannot_be_merged(
    tmp_path: Path, text: bytes, where: str
) -> None:
    """The error is a line for the problem matcher."""
    settings = tmp_path / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_bytes(text)
    with pytest.raises(ConfigError) as refused:
        write("vscode", tmp_path)
    assert refused.value.message.startswith(f".vscode/settings.json:{where}: error: ")
    assert settings.read_bytes() == text
    assert os.listdir(settings.parent) == ["settings.json"]


@posix
def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    elsewhere, project = tmp_path / "elsewhere", tmp_path / "project"
    elsewhere.mkdir()
    project.mkdir()
    (elsewhere / "tasks.json").write_text("[]")
    (project / ".zed").symlink_to(elsewhere)
    with pytest.raises(UsageError, match="leads out of this folder"):
        write("zed", project)
    assert (elsewhere / "tasks.json").read_text() == "[]"


@posix
@pytest.mark.parametrize("kind", ["pipe", "folder", "large", "link to nowhere"])
def test_what_is_no_plain_file_is_not_touched(tmp_path: Path, kind: str) -> None:
    file = tmp_path / ".zed" / "tasks.json"
    file.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "large":
        file.write_text("[" + " " * 1024 * 1024 + "]")
    else:
        file.symlink_to(tmp_path.parent / "nowhere")
    before = os.lstat(file)
    with pytest.raises(LoopbackAuthError):
        write("zed", tmp_path)
    assert os.lstat(file).st_size == before.st_size
    assert not (tmp_path.parent / "nowhere").exists()


@posix
def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".zed").write_text("a file")
    with pytest.raises((OutputFailed, UsageError)) as refused:
        write("zed", tmp_path)
    assert refused.value.fix
    assert (tmp_path / ".zed").read_text() == "a file"
