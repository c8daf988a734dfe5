"""
Where a project file is looked for: up to the repository's root, in files of this user's, and
nowhere that a link leads to.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.project.repository import OCTETS, repository_around
from loopback_auth.errors import ConfigError, FileUnsafe

from ...support.projects import ACME, repository

if TYPE_CHECKING:
    from pathlib import Path

TABLE = ACME.replace("[profiles", "[tool.loopback-auth.profiles")


def found_from(folder: Path) -> str | None:
    around = repository_around(str(folder))
    found = around.project_file() if around else None
    return found.path if found else None


def test_the_closest_file_up_to_the_root_counts(tmp_path: Path) -> None:
    path = repository(tmp_path / "outer")
    nested = tmp_path / "outer" / "web"
    (nested / "src").mkdir(parents=True)
    assert found_from(nested / "src") == str(path)
    (nested / "pyproject.toml").write_text(TABLE)
    assert found_from(nested / "src") == str(nested / "pyproject.toml")
    (nested / ".loopback-auth.toml").write_text(ACME)
    assert found_from(nested / "src") == str(nested / ".loopback-auth.toml")


@pytest.mark.parametrize("root", [".git", ".hg", ".jj", ".svn"])
def test_nothing_beyond_the_root_counts(root: str, tmp_path: Path) -> None:
    """A submodule, or a clone inside of a clone, is no part of what is around it."""
    repository(tmp_path)
    (tmp_path / "vendor" / root).mkdir(parents=True)
    assert found_from(tmp_path / "vendor") is None


def test_a_folder_in_no_repository_has_none(tmp_path: Path) -> None:
    (tmp_path / ".loopback-auth.toml").write_text(ACME)
    assert found_from(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        '[project]\ndependencies = ["loopback-auth"]\n',
        "# [tool.loopback-auth]\n",
        "[tool.loopback-authx]\n[tool.other]\n",
        "[tool.other]\nloopback-auth = 1\n",
        b"\xff\xfe[\x00",
        b"x" * (OCTETS + 1),
    ],
)
def test_a_pyproject_without_our_table_is_none(text: str | bytes, tmp_path: Path) -> None:
    repository(tmp_path, text, name="pyproject.toml")
    assert found_from(tmp_path) is None


UNREADABLE = {
    "utf-16": (ACME.encode("utf-16"), "it is UTF-16, not UTF-8"),
    "latin-1": ('# Müller\nx = "é"\n'.encode("latin-1"), "it is not UTF-8 in line 1"),
    "oversized": (b"#" * (OCTETS + 1), "it is larger than 256 KiB"),
}


@pytest.mark.parametrize(("content", "why"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_an_error_with_its_reason(
    content: bytes, why: str, tmp_path: Path
) -> None:
    path = repository(tmp_path, content)
    with pytest.raises(ConfigError) as caught:
        found_from(tmp_path)
    assert str(caught.value) == f"{path}:1:1: error: cannot be read: {why}"
    assert str(path) in caught.value.fix


def test_a_large_pyproject_with_our_table_is_no_silence(tmp_path: Path) -> None:
    repository(tmp_path, TABLE.encode() + b"#" * OCTETS, name="pyproject.toml")
    with pytest.raises(ConfigError, match="larger than"):
        found_from(tmp_path)


def test_a_byte_order_mark_is_none_of_the_text(tmp_path: Path) -> None:
    repository(tmp_path, b"\xef\xbb\xbf" + ACME.encode())
    around = repository_around(str(tmp_path))
    assert around
    found = around.project_file()
    assert found
    assert found.text == ACME


@pytest.mark.skipif(os.name == "nt", reason="modes, links and pipes of POSIX")
class TestOnPosix:
    def test_a_link_is_not_followed_wherever_it_leads(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside.toml"
        outside.write_text(ACME)
        path = repository(tmp_path / "clone", None)
        path.symlink_to(outside)
        with pytest.raises(ConfigError, match="it is a link"):
            found_from(path.parent)

    def test_a_pyproject_that_is_a_link_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "outside.toml").write_text(TABLE)
        path = repository(tmp_path / "clone", None, name="pyproject.toml")
        path.symlink_to(tmp_path / "outside.toml")
        assert found_from(path.parent) is None

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        path = repository(tmp_path, None)
        os.mkfifo(path)
        with pytest.raises(ConfigError, match="it is not a regular file"):
            found_from(tmp_path)

    def test_a_folder_of_that_name_is_no_file(self, tmp_path: Path) -> None:
        repository(tmp_path, None).mkdir()
        with pytest.raises(ConfigError, match="it is not a regular file"):
            found_from(tmp_path)

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
    @pytest.mark.parametrize("whose", ["the file", "the folder"])
    def test_a_strangers_file_is_refused(
        self, whose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = repository(tmp_path / "clone")
        outsider = path if whose == "the file" else path.parent
        os.chown(outsider, 4321, 4321)
        # Root in a container believes files of others, which often lie on the host.
        monkeypatch.setattr("os.geteuid", lambda: 4322)
        with pytest.raises(FileUnsafe, match="belongs to another user"):
            found_from(path.parent)
        os.chown(path.parent / ".git", 4321, 4321)
        assert found_from(path.parent) is None


REMOTES = {
    "git@github.com:acme/shop.git": "github.com/acme/shop",
    "https://github.com/acme/shop": "github.com/acme/shop",
    "https://user:secret@GitHub.com/acme/shop.git/": "github.com/acme/shop",
    "ssh://git@github.com:22/acme/shop.git": "github.com/acme/shop",
    "github.com:acme/shop": "github.com/acme/shop",
}


@pytest.mark.parametrize(("url", "remote"), REMOTES.items())
def test_a_remote_is_a_host_and_a_path(url: str, remote: str, tmp_path: Path) -> None:
    repository(tmp_path)
    (tmp_path / ".git" / "config").write_text(
        f'[core]\n\turl = nothing\n[remote "origin"]\n\turl = {url}\n[branch "main"]\n'
    )
    around = repository_around(str(tmp_path))
    assert around
    assert around.remotes() == [remote]


def test_a_worktree_has_the_remotes_of_its_repository(tmp_path: Path) -> None:
    """As `git worktree add` leaves it (gitrepository-layout)."""
    repository(tmp_path / "main")
    git = tmp_path / "main" / ".git"
    (git / "config").write_text('[remote "origin"]\n\turl = git@github.com:acme/shop.git\n')
    (git / "worktrees" / "w").mkdir(parents=True)
    (git / "worktrees" / "w" / "commondir").write_text("../..\n")
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / ".git").write_text(f"gitdir: {git}/worktrees/w\n")
    around = repository_around(str(tmp_path / "w"))
    assert around
    assert around.remotes() == ["github.com/acme/shop"]
