"""However a program names its folder, it is one place, for as long as the store lives - RB-09."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.files.pending_logins import PendingSignIns
from loopback_auth.edge.files.private_folder import create_private_folder
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import StoreUnwritable, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT = {"version": 1, "profile": "work", "access_token": "t"}

WAYS: dict[str, Callable[[Path], str | bytes | os.PathLike[str]]] = {
    "absolute": str,
    "relative": lambda _: "acme",
    "relative, with folders": lambda _: "./more/../acme/",
    "the home folder's": lambda _: "~/acme",
    "a Path": lambda folder: folder / "acme" / ".." / "acme",
    "a relative Path": lambda _: Path("acme"),
    "a Path in the home folder": lambda _: Path("~/acme"),
    "bytes": lambda folder: os.fsencode(folder / "acme"),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("way", WAYS)
def test_rb_09_a_store_is_one_absolute_folder(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    RB-09: as it was meant when the store was made; a program that changes its folder later finds
    its tokens again.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME" if os.name == "posix" else "USERPROFILE", str(tmp_path))
    given = WAYS[way](tmp_path)
    store = FileStore(given)
    expected = tmp_path / "tokens" if way == "absolute" else tmp_path / "acme" / "tokens"
    assert store.folder == str(expected)
    monkeypatch.chdir("/")
    store.check_writable("work")
    store.with_storage("file").save("work", DOCUMENT)

    assert (expected / "work.json").is_file()
    assert (store.load("work"), store.profiles()) == (DOCUMENT, ["work"])


@pytest.mark.parametrize("given", ["", b"", "~nobody-of-that-name/acme", "~nobody-of-that-name"])
def test_rb_09_a_folder_that_is_none_is_refused_at_once(given: str | bytes) -> None:
    """
    RB-09: an empty variable is not the current folder, and a tilde that nobody expands is no
    folder's name.
    """
    with pytest.raises(UsageError, match="folder"):
        FileStore(given)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", ["tokens_here", "a/b/c"])
def test_rb_09_a_relative_name_cannot_keep_the_search_for_a_parent_going(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    RB-09: nor a drive or a share that is not there, whose parent is itself; the loop
    was endless.
    """
    monkeypatch.chdir(tmp_path)
    try:
        with create_private_folder(name) as folder:
            assert folder is not None
    except StoreUnwritable:
        pass


@pytest.mark.timeout(30)
def test_rb_09_a_store_in_a_folder_that_is_gone_tells_so(tmp_path: Path) -> None:
    """RB-09: a relative name needs a current folder, and there is none any more."""
    program = (
        "import os, sys; os.rmdir(os.getcwd()); from loopback_auth import FileStore\n"
        "from loopback_auth.errors import UsageError\n"
        "try: FileStore('acme')\nexcept UsageError as error: print(error)\n"
    )
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=gone, capture_output=True, text=True, check=False
    )
    assert "current folder" in done.stdout, done.stderr


@pytest.mark.timeout(30)
def test_rb_09_pending_sign_ins_are_in_one_absolute_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pending = PendingSignIns(Path("acme"))
    monkeypatch.chdir("/")
    texts = dict.fromkeys(("scope", "redirect_uri", "code_verifier", "state"), "x")
    document = {"until": 1, **texts, "client": {}, "server": {}, "settings": {}}
    pending.save("work", document)
    assert (tmp_path / "acme" / "pending" / "work.json").is_file()
    assert pending.load("work") == document
