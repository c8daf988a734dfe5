"""What kind of place this process runs in, as far as a browser is concerned."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# What Dev Containers, systemd and podman, and Kubernetes set; what Docker and podman leave.
_OF_CONTAINERS = ("REMOTE_CONTAINERS", "container", "KUBERNETES_SERVICE_HOST")
_IN_CONTAINERS = ("/.dockerenv", "/run/.containerenv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Facts of the environment; made by `surroundings`, or by a test."""

    platform: str
    display: bool = False
    ssh_server: str = ""
    wsl: bool = False
    codespaces: bool = False
    container: bool = False


def surroundings(
    environ: Mapping[str, str] | None = None, platform: str = sys.platform
) -> Surroundings:
    """
    Look around: environment variables, and on Linux the files that tell of WSL and
    containers.
    """
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
    Take *names* out of our own environment in the block, for a call that heeds or hands on what it
    finds there.
    """
    taken = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)


def _ssh_server(environ: Mapping[str, str]) -> str:
    # SSH_CONNECTION: client address, client port, server address, server port.
    fields = environ.get("SSH_CONNECTION", "").split()
    return fields[2] if len(fields) == 4 else ""  # noqa: PLR2004 - sshd(8)


def _read(path: str) -> str:
    with suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return file.read(1000)
    return ""


def way_in(around: Surroundings, redirect_uri: str) -> str:
    """
    Say how a browser on another machine can reach the callback at *redirect_uri*; empty where none
    needs to.
    """
    parts = urlsplit(redirect_uri)
    port, host = parts.port or 80, parts.hostname or "localhost"
    if around.codespaces:
        return f"In a codespace, forward port {port} to your computer's own port {port} (VS Code desktop: Ports view)."
    if around.ssh_server:
        return f"From your own computer, forward the callback first: ssh -N -L {port}:{host}:{port} {around.ssh_server}"
    if around.container:
        return f"In a container, port {port} of its loopback is its own: run it with --network host, or sign in on the host."
    if around.wsl:
        return f"Open the address in a Windows browser: WSL leads port {port} of {host} there to the one here."
    if not around.display:
        return f"If your browser is on another computer, forward the callback from there: ssh -N -L {port}:{host}:{port} THIS-HOST"
    return ""
