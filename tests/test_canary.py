"""The scanner for secrets finds them wherever they must not be."""

from __future__ import annotations

import base64
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .support.canary import forms, watched
from .support.recording import recorder

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "canary-5Aep861//~+"


def waits(*words: str) -> list[str]:
    return [sys.executable, "-c", "import time; time.sleep(0.3)", *words]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("where", ["arguments", "environment"])
def test_a_process_that_shows_the_secret_is_found(where: str) -> None:
    words = waits(SECRET) if where == "arguments" else waits()
    environ = {"TOKEN": SECRET} if where == "environment" else {}
    with pytest.raises(AssertionError, match=f"the {where} of"), watched(SECRET):
        subprocess.run(words, env=environ, check=True)


def test_a_file_that_holds_the_secret_is_found_unless_it_may(tmp_path: Path) -> None:
    (tmp_path / ".bash_history").write_text(f"tool --token {SECRET}\n")
    with pytest.raises(AssertionError, match=r"the file \.bash_history"), watched(SECRET, tmp_path):
        pass
    with watched(SECRET, tmp_path, allowed=[".bash_history"]):
        pass


def test_a_secret_that_was_committed_and_removed_is_found(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet")
    (tmp_path / "secret").write_text(SECRET)
    git("add", "secret")
    git("commit", "--quiet", "-m", "oops")
    (tmp_path / "secret").unlink()
    with pytest.raises(AssertionError, match="the git objects of"), watched(SECRET, tmp_path):
        pass


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc"])
def test_an_encoded_secret_is_found(before: bytes) -> None:
    written = base64.b64encode(before + SECRET.encode() + b"and more")
    assert any(form in written for form in forms(SECRET))


def test_output_that_shows_the_secret_is_found() -> None:
    with pytest.raises(AssertionError, match="the output"), watched(SECRET) as canary:
        canary.check_text(f"token: {SECRET}")


def test_a_recorder_records_arguments_stdin_environment_and_files(tmp_path: Path) -> None:
    tool = recorder(tmp_path / "bin", "tool", answers={"status": ("not signed in", 1)})
    (tmp_path / "given").write_text("content")
    ran = subprocess.run(
        [tool.path, "set", f"value=@{tmp_path}/given"],
        input="secret",
        text=True,
        env={"A": "1"},
        check=False,
    )
    refused = subprocess.run([tool.path, "status"], capture_output=True, text=True, check=False)
    call, _ = tool.calls
    assert (ran.returncode, refused.returncode, refused.stderr) == (0, 1, "not signed in\n")
    assert call["argv"] == ["set", f"value=@{tmp_path}/given"]
    assert (call["stdin"], call["environ"]["A"]) == ("secret", "1")
    assert call["files"][f"{tmp_path}/given"]["text"] == "content"
