"""CONTRIBUTING.md is true: its tree, its files, its words, and what it says of additions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopback_auth import FileStore, Identity

from .export.test_program import credential
from .support.package_source import DIALECT, PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = PACKAGE.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_the_tree_has_every_folder_and_no_other() -> None:
    assert set(tree()) == {
        path.parent.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }


def tree() -> Iterator[str]:
    """Yield the folders of the tree; the single files in it must be there."""
    above: list[str] = []
    for indent, name in re.findall(
        r"^    ( *)(\S+)", TEXT.partition("## The path")[0], re.MULTILINE
    ):
        above = [*above[: len(indent) // 2], name.rstrip("/")]
        if name.endswith("/"):
            yield "/".join(above)
        else:
            assert (ROOT / "/".join(above)).is_file(), name


def test_each_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`([a-z_]+(?:/[\w.-]+)+)`", TEXT))
    assert len(named) > 20
    missing = {
        name for name in named if not any((base / name).exists() for base in (ROOT, PACKAGE))
    }
    assert missing <= {".venv"}


def test_the_words_of_our_own_are_ten_at_most_and_none_of_the_dialect() -> None:
    words = re.findall(r"^\| ([a-z ]+) \|", TEXT.partition("## Words of our own")[2], re.MULTILINE)[
        1:
    ]
    assert 0 < len(words) <= 10
    assert not DIALECT & set(words)


@cache
def additions() -> dict[str, str]:
    """Return what the text adds, by its path."""
    found = re.findall(r"^```\w+\n# (loopback_auth/\S+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    return dict(found)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package to which CONTRIBUTING.md's own examples were added."""
    folder = tmp_path_factory.mktemp("grown")
    copy = folder / "loopback_auth"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path, content in additions().items():
        assert not (folder / path).exists(), path
        (folder / path).write_text(content)
    main = copy / "cli" / "main.py"
    main.write_text(
        main.read_text("utf-8").replace("COMMANDS = {", 'COMMANDS = {\n    "whoami": "say who",')
    )
    return folder


def run(grown: Path, home: Path, *words: str) -> str:
    done = subprocess.run(
        (sys.executable, "-m", "loopback_auth", *words),
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(grown), "LOOPBACK_AUTH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def test_a_provider_a_format_and_a_command_are_one_file_each() -> None:
    """The command has its line in `COMMANDS` besides, which makes two."""
    assert sorted(Path(path).parent.as_posix() for path in additions()) == [
        "loopback_auth/cli/commands",
        "loopback_auth/export/program",
        "loopback_auth/providers",
    ]


def test_the_provider_is_known_by_its_file_alone(grown: Path, tmp_path: Path) -> None:
    assert "example" in run(grown, tmp_path, "providers")
    shown = json.loads(run(grown, tmp_path, "providers", "example", "--json"))
    assert "Settings > Applications" in json.dumps(shown)


def test_the_format_is_known_by_its_file_alone(grown: Path, tmp_path: Path) -> None:
    assert "wgetrc" in run(grown, tmp_path, "export", "--list")
    assert "wgetrc" in run(grown, tmp_path, "export", "--help")
    store(tmp_path)
    assert re.fullmatch(
        r"header = Authorization: Bearer \S+\n", run(grown, tmp_path, "export", "wgetrc", "work")
    )


def test_the_command_is_known_by_its_file_and_its_line(grown: Path, tmp_path: Path) -> None:
    assert "whoami         say who" in run(grown, tmp_path, "--help")
    assert "[PROFILE]" in run(grown, tmp_path, "whoami", "--help")
    store(tmp_path)
    assert run(grown, tmp_path, "whoami", "work") == "ada\n"
    assert json.loads(run(grown, tmp_path, "whoami", "work", "--json"))["profile"] == "work"


@pytest.mark.parametrize(
    "tool",
    [
        ("ruff", "check", "--config", str(ROOT / "pyproject.toml")),
        ("ruff", "format", "--check", "--config", str(ROOT / "pyproject.toml")),
        pytest.param(("mypy", "--strict"), marks=pytest.mark.slow),
    ],
    ids=lambda tool: " ".join(tool[:2]),
)
def test_what_was_added_passes_the_linters(grown: Path, tool: tuple[str, ...]) -> None:
    files = [path for path in additions() if path.endswith(".py")]
    done = subprocess.run(
        (sys.executable, "-m", *tool, *files),
        cwd=grown,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def store(home: Path) -> None:
    signed_in = replace(credential(), identity=Identity(subject="1", name="ada"))
    FileStore(home).save("work", signed_in.to_document())
