"""What is released holds the package and its papers, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SDIST_OCTETS = 1000 * 1000

PICTURES = frozenset({".github/page.png", ".github/terminal.png"})


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build the sdist, and the wheel from it, as a release does."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


@pytest.mark.slow
def test_the_sdist_is_small_and_holds_text_and_the_pictures(
    distributions: tuple[Path, Path],
) -> None:
    sdist, _ = distributions
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2]: archive.extractfile(name) for name in archive.getnames()}
        contents = {name: file.read() for name, file in names.items() if file}

    assert sdist.stat().st_size < SDIST_OCTETS
    assert contents.keys() > PICTURES
    assert not [name for name in contents if name.startswith(("tests/", "scripts/"))]
    for name, content in contents.items():
        if name not in PICTURES:
            assert b"\0" not in content, name
    assert {
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "SECURITY.md",
        "pyproject.toml",
    } < contents.keys()


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_the_shells_completions_alone(
    distributions: tuple[Path, Path],
) -> None:
    _, wheel = distributions
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    tops = {name.partition("/")[0] for name in names}
    data = next(top for top in tops if top.endswith(".data"))
    assert {top for top in tops if not top.endswith(".dist-info")} == {"loopback_auth", data}
    assert {name for name in names if name.startswith(data)} == {
        f"{data}/data/share/bash-completion/completions/loopback-auth",
        f"{data}/data/share/fish/vendor_completions.d/loopback-auth.fish",
        f"{data}/data/share/zsh/site-functions/_loopback-auth",
    }
    assert "loopback_auth/py.typed" in names
    assert "loopback_auth/help/salesforce.md" in names


@pytest.mark.slow
def test_the_index_would_take_both(distributions: tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, distributions)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_picture_of_the_readme_has_an_address_that_an_index_can_show() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    pictures = [line.partition("](")[2] for line in readme.splitlines() if line.startswith("![")]

    assert pictures
    assert all(picture.startswith("https://") for picture in pictures)
