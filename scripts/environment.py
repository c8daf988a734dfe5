"""
The environments that the scripts here run in: a `.venv` in the project, made when needed and left
alone when not.

`.venv-lowest` beside it has the oldest versions of what the program runs on that pyproject.toml
allows, and `.venv-3.12` another Python.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)

NO_ENSUREPIP = """\
Python's venv module cannot install pip here (ensurepip is missing).
Debian and Ubuntu: apt install python3-venv
Other systems: install Python 3.11 or later from python.org, or install uv."""

NO_SUCH_PYTHON = """\
There is no Python {version} here: no `python{version}` in PATH, none of pyenv's.
Install it from python.org, or type: pyenv install {version}"""


def too_old(version: tuple[int, ...]) -> str:
    """Return why a Python of *version* will not do; empty when it will."""
    if version >= OLDEST:
        return ""
    oldest, this = (".".join(map(str, each)) for each in (OLDEST, version))
    return f"loopback-auth needs Python {oldest} or later; this is {this}."


def stamp(pyproject: bytes, version: tuple[int, ...], extras: str, *, lowest: bool = False) -> str:
    """Return a name for an environment: a digest of all that it is made from."""
    return hashlib.sha256(repr((pyproject, version[:2], extras, lowest)).encode()).hexdigest()


def floors(pyproject: str) -> list[str]:
    """
    Return a requirement of its lowest version for each thing that the program runs on; what only
    tests use is none.
    """
    # Imported late: an older Python has none, and `too_old` is to say so.
    import tomllib

    project = tomllib.loads(pyproject)["project"]
    declared = [
        *project["dependencies"],
        *(each for extra in ("keyring", "qr") for each in project["optional-dependencies"][extra]),
    ]
    return [re.sub(r">=([\d.]+)", r"==\1", requirement) for requirement in declared]


def serves(made: str, wanted: set[str]) -> bool:
    """Return whether an environment with the stamp *made* is one of the *wanted*."""
    return made.strip() in wanted


def python_of(venv: Path, *, windows: bool = os.name == "nt") -> Path:
    """Return the path of the interpreter of *venv*."""
    return venv / "Scripts" / "python.exe" if windows else venv / "bin" / "python"


def folder_in_memory(folder: str = "/dev/shm", room: int = 2**30) -> str:  # noqa: S108 - pytest makes one of its own in it
    """
    Return the folder whose files lie in memory; empty where there is none, or where it has less
    than *room* or starts no program.

    Half of the time of tests that save goes into waiting for a disk.
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        return ""
    system = os.statvfs(folder)
    starts_programs = not system.f_flag & getattr(os, "ST_NOEXEC", 0)
    return folder if starts_programs and system.f_bavail * system.f_frsize >= room else ""


def interpreter(version: str) -> str:
    """Return the path of a Python of *version* ("3.12"): of PATH, or the newest of pyenv's."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    kept = sorted(root.glob(f"versions/{version}.*/bin/python"), key=_patch_number, reverse=True)
    for found in (shutil.which(f"python{version}"), *map(str, kept)):
        # A shim of pyenv's is there for each version, and fails for all but the chosen ones.
        if found and _version_of(found) == version:
            return found
    sys.exit(NO_SUCH_PYTHON.format(version=version))


def _patch_number(python: Path) -> int:
    return int(re.sub(r"\D", "", python.parts[-3].split(".")[2]))


def _version_of(python: str) -> str:
    shown = "import sys; print('%d.%d' % sys.version_info[:2])"
    asked = subprocess.run([python, "-c", shown], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def prepare(*, extras: str = "test", lowest: bool = False, version: str = "") -> Path:
    """
    Make the environment if it is not there as it should be, and return its Python.

    With *extras* empty only the program and what it runs on are installed. An environment with more
    serves those who want less. *lowest* is another environment, and so is each *version* of Python
    ("3.12") that is named.
    """
    if complaint := too_old(sys.version_info[:3]):
        sys.exit(complaint)
    pyproject = (ROOT / "pyproject.toml").read_bytes()
    number = tuple(map(int, version.split("."))) if version else sys.version_info[:2]
    wanted = {stamp(pyproject, number, each, lowest=lowest) for each in {extras, "test"}}
    venv = ROOT / f".venv{'-lowest' if lowest else ''}{f'-{version}' if version else ''}"
    mark = venv / ".stamp"
    if not _fits(mark, wanted, python_of(venv)):
        with _locked():
            # Somebody else may have made it while we waited.
            if not _fits(mark, wanted, python_of(venv)):
                base = interpreter(version) if version else sys.executable
                _make(venv, base, extras, floors(pyproject.decode()) if lowest else [])
                mark.write_text(stamp(pyproject, number, extras, lowest=lowest))
    return python_of(venv)


def _fits(mark: Path, wanted: set[str], python: Path) -> bool:
    return mark.is_file() and python.exists() and serves(mark.read_text(), wanted)


def _make(venv: Path, base: str, extras: str, pinned: list[str]) -> None:
    what, python = [*pinned, "-e", f".[{extras}]" if extras else "."], python_of(venv)
    print(f"Setting up {venv} ...", flush=True)
    uv = shutil.which("uv")
    if uv:
        if not python.exists():
            _run([uv, "venv", "--quiet", "--python", base, str(venv)])
        _run([uv, "pip", "install", "--quiet", "--python", str(python), *what])
    else:
        if not python.exists():
            _new_venv(venv, base)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _run([*pip, *what])
    # Some environments forbid Python to write byte code; `token` then starts twice as slowly.
    _run([str(python), "-m", "compileall", "-q", "loopback_auth"])


def _new_venv(venv: Path, base: str) -> None:
    made = subprocess.run(
        [base, "-m", "venv", str(venv)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        sys.exit(
            NO_ENSUREPIP if "ensurepip" in made.stdout + made.stderr else made.stdout + made.stderr
        )


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}")


@contextmanager
def _locked() -> Iterator[None]:
    """Let one script at a time make the environment, until the block ends."""
    with (ROOT / ".venv.lock").open("w") as file:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
