"""
RB-02: why nothing could be saved, in the words of what the system said, and what helps against
that.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, NoReturn

import pytest

from loopback_auth.edge.files.unwritable import unwritable
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import StoreUnwritable

if TYPE_CHECKING:
    from pathlib import Path

REASONS = [
    (("ENOSPC", "EDQUOT"), "full", "df -h"),
    (("EROFS",), "read-only", "LOOPBACK_AUTH_HOME"),
    (("EACCES", "EPERM"), "may not write", "ls -ld"),
    (("EMFILE", "ENFILE"), "open files", "ulimit -n"),
    (("ENOLCK", "EOPNOTSUPP", "ENOSYS"), "file locks", "local disk"),
    (("EIO", "ESTALE", "ENODEV"), "answered with an error", "LOOPBACK_AUTH_HOME"),
    (("ENOTDIR", "ENAMETOOLONG", "ENOENT"), "The message gives", "LOOPBACK_AUTH_HOME"),
]
ROWS = [(name, words, fix) for names, words, fix in REASONS for name in names]


@pytest.mark.parametrize(("name", "words", "fix"), ROWS)
def test_rb_02_each_refusal_of_the_system_has_its_own_cause_and_fix(
    name: str, words: str, fix: str
) -> None:
    error = unwritable(
        "/h/tokens/work.json", OSError(getattr(errno, name), os.strerror(getattr(errno, name)))
    )
    assert os.strerror(getattr(errno, name)) in str(error)
    assert words in error.cause
    others = {each for _, each, _ in REASONS} - {words}
    assert not [each for each in others if each in error.cause]
    assert fix in error.fix


def test_rb_02_a_share_without_locks_is_no_read_only_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl", reason="Windows locks in another way")

    def flock(descriptor: int, operation: int) -> NoReturn:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StoreUnwritable) as refused:
        FileStore(str(tmp_path)).check_writable("work")
    assert "read-only" not in refused.value.cause
    assert "file locks" in refused.value.cause
