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
def _environ(lasting_folder: Path) -> dict[str, str]:
    (lasting_folder / "tmp").mkdir()
    for name in ("secret", "tmp/secret", "tmp2"):
        (lasting_folder / name).write_text("s")
    os.mkfifo(lasting_folder / "pipe")
    (lasting_folder / "link").symlink_to(lasting_folder / "tmp" / "secret")
    return {"TMPDIR": str(lasting_folder / "tmp")}


@pytest.mark.parametrize("name", ["secret", "tmp/../secret", "tmp2"])
def test_a_regular_file_is(
    environ: dict[str, str], lasting_folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """CL-06: and its path is absolute, wherever the command was started."""
    monkeypatch.chdir(lasting_folder)
    assert lasting_file(name, environ) == str(lasting_folder / os.path.normpath(name))


@pytest.mark.parametrize(
    "name", ["tmp/secret", "pipe", "link", "missing", "/dev/fd/0", "/proc/self/status"]
)
def test_what_passes_is_not(environ: dict[str, str], lasting_folder: Path, name: str) -> None:
    assert lasting_file(str(lasting_folder / name), environ) is None
