"""Which file of a client secret can be read again: others are copied."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from loopback_auth.settings.client import lasting_file

from ..support.children import posix

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = posix


@pytest.fixture(name="environ")
def _environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "tmp").mkdir()
    for name in ("secret", "tmp/secret", "tmp2"):
        (tmp_path / name).write_text("s")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "tmp" / "secret")
    return {"TMPDIR": str(tmp_path / "tmp")}


@pytest.mark.parametrize("name", ["secret", "tmp/../secret", "tmp2"])
def test_a_regular_file_is(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """CL-06: and its path is absolute, wherever the command was started."""
    monkeypatch.chdir(tmp_path)
    assert lasting_file(name, environ) == str(tmp_path / os.path.normpath(name))


@pytest.mark.parametrize(
    "name", ["tmp/secret", "pipe", "link", "missing", "/dev/fd/0", "/proc/self/status"]
)
def test_what_passes_is_not(environ: dict[str, str], tmp_path: Path, name: str) -> None:
    assert lasting_file(str(tmp_path / name), environ) is None
