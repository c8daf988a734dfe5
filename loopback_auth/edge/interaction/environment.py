"""The environment of this process, as far as it matters to a browser."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Variables of Dev Containers, of systemd and podman, and of Kubernetes; files of Docker and podman.
_OF_CONTAINERS = ("REMOTE_CONTAINERS", "container", "KUBERNETES_SERVICE_HOST")
_IN_CONTAINERS = ("/.dockerenv", "/run/.containerenv")
# sshd(8): client address, client port, server address, server port.
_SSH_CONNECTION = re.compile(r"\S+\s+\S+\s+(\S+)\s+\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Facts of the environment. *ssh_server* is the address at which sshd was reached."""

    platform: str
    display: bool = False
    ssh_server: str = ""
    wsl: bool = False
    codespaces: bool = False
    container: bool = False


def surroundings(
    environ: Mapping[str, str] | None = None, platform: str = sys.platform
) -> Surroundings:
    """Return the facts, from environment variables and, on Linux, files."""
    environ = os.environ if environ is None else environ
    linux = platform.startswith("linux")
    return Surroundings(
        platform=platform,
        display=not linux or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")),
        ssh_server=_ssh_server(environ),
        wsl=linux
        and (bool(environ.get("WSL_DISTRO_NAME")) or "microsoft" in _read("/proc/version").lower()),
        codespaces=environ.get("CODESPACES") == "true",
        container=any(map(environ.get, _OF_CONTAINERS))
        or (linux and any(map(os.path.exists, _IN_CONTAINERS))),
    )


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


def _ssh_server(environ: Mapping[str, str]) -> str:
    connection = _SSH_CONNECTION.fullmatch(environ.get("SSH_CONNECTION", "").strip())
    return connection[1] if connection else ""


def _read(path: str) -> str:
    with suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return file.read(1000)
    return ""


def way_in(around: Surroundings, redirect_uri: str) -> str:
    """Return in words how a browser elsewhere can reach *redirect_uri*; empty if none has to."""
    parts = urlsplit(redirect_uri)
    port, host = parts.port or 80, parts.hostname or "localhost"
    if around.codespaces:
        return (
            f"In a codespace, forward port {port} to your computer's own port {port}"
            " (VS Code desktop: Ports view)."
        )
    if around.ssh_server:
        return (
            "From your own computer, forward the callback first:"
            f" ssh -N -L {port}:{host}:{port} {around.ssh_server}"
        )
    if around.container:
        return (
            f"In a container, port {port} of its loopback is its own:"
            " run it with --network host, or sign in on the host."
        )
    if around.wsl:
        return (
            "Open the address in a Windows browser:"
            f" WSL leads port {port} of {host} there to the one here."
        )
    if not around.display:
        return (
            "If your browser is on another computer, forward the callback from there:"
            f" ssh -N -L {port}:{host}:{port} THIS-HOST"
        )
    return ""
