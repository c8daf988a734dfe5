"""Where the fast tests write: in memory, if there is room and programs can be started from it."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
folder_in_memory = runpy.run_path(str(ROOT / "scripts" / "environment.py"))["folder_in_memory"]


@pytest.mark.skipif(not hasattr(os, "statvfs"), reason="Windows keeps no folder in memory")
def test_a_folder_has_to_be_there_and_to_have_room(tmp_path: Path) -> None:
    assert folder_in_memory(str(tmp_path), 1) == str(tmp_path)
    assert folder_in_memory(str(tmp_path), 2**70) == ""
    assert folder_in_memory(str(tmp_path / "none"), 1) == ""


@pytest.mark.skipif(not hasattr(os, "ST_NOEXEC"), reason="only Linux says so")
def test_a_folder_that_starts_no_program_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = tuple(os.statvfs(tmp_path))
    system = os.statvfs_result((*sizes[:8], os.ST_NOEXEC, *sizes[9:]))
    monkeypatch.setattr(os, "statvfs", lambda _: system)
    assert folder_in_memory(str(tmp_path), 1) == ""
