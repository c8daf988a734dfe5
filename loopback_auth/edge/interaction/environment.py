"""The environment of this process, as far as it matters to a browser."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager

from ...value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# Files of Docker and podman. systemd and podman set `container`.
_IN_CONTAINERS = ("/.dockerenv", "/run/.containerenv")
_OF_CONTAINERS = ("REMOTE_CONTAINERS", "container", "KUBERNETES_SERVICE_HOST")
# Azure Pipelines, Jenkins and TeamCity do not set CI.
_OF_CI = ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")
_OF_JETBRAINS = ("PYCHARM_HOSTED", "IDEA_INITIAL_DIRECTORY")
# Of programs that run commands for a person who sees their output.
_OF_AGENTS = ("AI_AGENT", "CLAUDECODE", "CODEX_SANDBOX", "CURSOR_AGENT", "GEMINI_CLI")
# sshd(8): client address, client port, server address, server port.
_SSH_CONNECTION = re.compile(r"\S+\s+\S+\s+([\w.:%-]+)\s+(\d+)", re.ASCII)
_USER = re.compile(r"[\w.@-]+", re.ASCII)
_NO = ("", "0", "false", "no")


class Surroundings(Value):
    """
    Facts of the environment: *seen* are the variables and files that they were read from.

    *terminal* is whether a person can type, *display* whether a window would be in front of them.
    *ssh_server* and *ssh_port* are where sshd was reached, as *user*; *host* is the name of this
    machine. *browser* is whether `BROWSER` is set; in the terminals of a remote VS Code it opens
    the browser on the person's own computer (*remote_editor*). *wsl* is the version, else 0.
    """

    platform: str
    display: bool = False
    terminal: bool = False
    browser: bool = False
    ssh_server: str = ""
    ssh_port: int = 22
    user: str = ""
    host: str = ""
    wsl: int = 0
    codespaces: bool = False
    devcontainer: bool = False
    container: bool = False
    remote_editor: bool = False
    jetbrains: bool = False
    agent: bool = False
    ci: bool = False
    seen: tuple[str, ...] = ()


def surroundings(
    environ: Mapping[str, str] | None = None,
    platform: str = sys.platform,
    *,
    terminal: bool = False,
    read: Callable[[str], str | None] | None = None,
) -> Surroundings:
    """
    Return the facts, from environment variables and, on Linux, files.

    *terminal* is the caller's to know. *read* gives the beginning of a file, `None` where there is
    none.
    """
    look = _Look(os.environ if environ is None else environ, platform, read or _read)
    ssh_server, ssh_port = look.ssh()
    if platform.startswith("linux"):
        display = look.any("DISPLAY", "WAYLAND_DISPLAY")
    else:
        # The desktop that is there is not in front of who comes in by SSH.
        display = not ssh_server
    return Surroundings(
        platform=platform,
        ci=look.any(*_OF_CI),
        display=display,
        terminal=terminal,
        browser=look.any("BROWSER"),
        ssh_server=ssh_server,
        ssh_port=ssh_port,
        user=look.user(),
        host=os.uname().nodename if hasattr(os, "uname") else look.value("COMPUTERNAME"),
        wsl=look.wsl(),
        codespaces=look.any("CODESPACES"),
        devcontainer=look.any("REMOTE_CONTAINERS"),
        container=look.container(),
        remote_editor=look.any("VSCODE_IPC_HOOK_CLI"),
        jetbrains=look.jetbrains(),
        agent=look.any(*_OF_AGENTS),
        seen=tuple(dict.fromkeys(look.seen)),
    )


class _Look:
    """Looks at variables and files, and remembers in *seen* which were there."""

    def __init__(
        self, environ: Mapping[str, str], platform: str, read: Callable[[str], str | None]
    ) -> None:
        self._environ = environ
        self._is_linux = platform.startswith("linux")
        self._read = read
        self.seen: list[str] = []

    def value(self, name: str) -> str:
        return self._environ.get(name, "").strip()

    def any(self, *names: str) -> bool:
        """Return whether one of the variables *names* is set, and not to a no."""
        found = [name for name in names if self.value(name).lower() not in _NO]
        self.seen += found
        return bool(found)

    def ssh(self) -> tuple[str, int]:
        found = _SSH_CONNECTION.fullmatch(self.value("SSH_CONNECTION"))
        if not found:
            return "", 22
        self.seen.append("SSH_CONNECTION")
        return found[1], int(found[2])

    def user(self) -> str:
        name = self.value("USER") or self.value("LOGNAME") or self.value("USERNAME")
        # It becomes a part of a command that a person types.
        return name if _USER.fullmatch(name) and not name.startswith("-") else ""

    def wsl(self) -> int:
        kernel = (self._read("/proc/version") or "") if self._is_linux else ""
        if "microsoft" in kernel.lower():
            self.seen.append("/proc/version")
        elif not (self._is_linux and self.any("WSL_DISTRO_NAME")):
            return 0
        # Version 1 has no kernel of its own: "4.4.0-19041-Microsoft".
        return 1 if "-Microsoft" in kernel else 2

    def container(self) -> bool:
        files = [
            path
            for path in (_IN_CONTAINERS if self._is_linux else ())
            if self._read(path) is not None
        ]
        self.seen += files
        return self.any(*_OF_CONTAINERS) or bool(files)

    def jetbrains(self) -> bool:
        if self.value("TERMINAL_EMULATOR") == "JetBrains-JediTerm":
            self.seen.append("TERMINAL_EMULATOR")
            return True
        return self.any(*_OF_JETBRAINS)


@contextmanager
def without_variables(names: Iterable[str]) -> Iterator[None]:
    """
    Remove the variables *names* from this process's environment in the block.

    For calls that read the environment, or whose programs inherit it.
    """
    taken = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1000)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return ""
