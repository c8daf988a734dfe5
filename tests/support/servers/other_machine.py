"""Another machine: a network of its own, beside ours, with a real sshd."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .install import SSHD_ROOT
from .needs import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

READY_S = 20
SSH_PORT = 2222
_numbers = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMachine:
    """Its name, its address as seen from here, and the options with which ssh gets there."""

    name: str
    address: str
    options: tuple[str, ...] = ()

    def argv(self, *command: str) -> tuple[str, ...]:
        """Return what runs *command* there."""
        return ("ip", "netns", "exec", self.name, *command)

    def kill(self) -> None:
        """End all that runs there."""
        listed = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, check=True)
        for number in listed.stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGKILL)

    def wait_for(self, port: int) -> None:
        """Wait until something listens on *port* of its loopback."""
        connect = f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)"
        until = time.monotonic() + READY_S
        while subprocess.run(
            self.argv(sys.executable, "-c", connect), capture_output=True, check=False
        ).returncode:
            assert time.monotonic() < until, f"nothing listens on port {port} of {self.name}"

    def ssh(self, *words: str) -> list[str]:
        """Return an ssh command with *words*, and a key that is let in."""
        return ["ssh", *self.options, *words]


@contextmanager
def other_machine() -> Iterator[OtherMachine]:
    """Give a machine that is reached through one address, and has a loopback of its own."""
    _need_networks()
    number = next(_numbers)
    name, subnet = f"la{os.getpid()}n{number}", f"10.77.{(os.getpid() + number) % 250}"
    here, there = f"v{os.getpid()}n{number}a", f"v{os.getpid()}n{number}b"
    with ExitStack() as stack:
        _ip("netns", "add", name)
        stack.callback(_ip, "netns", "del", name)
        # Deleted with the network of the other one.
        _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        _ip("addr", "add", f"{subnet}.1/30", "dev", here)
        _ip("link", "set", here, "up")
        for words in (
            ("addr", "add", f"{subnet}.2/30", "dev", there),
            ("link", "set", there, "up"),
        ):
            _ip("-n", name, *words)
        _ip("-n", name, "link", "set", "lo", "up")
        yield OtherMachine(name=name, address=f"{subnet}.2")


def _need_networks() -> None:
    if sys.platform == "linux" and shutil.which("ip") and shutil.which("unshare"):
        done = subprocess.run(["unshare", "--net", "--mount", "true"], check=False)
        if done.returncode == 0:
            return
    why = "this machine makes no networks of its own (root does, with ip and unshare, on Linux)"
    if os.environ.get("LOOPBACK_AUTH_REQUIRE_SERVERS") == "1":
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stderr)


@contextmanager
def with_sshd(
    machine: OtherMachine, folder: Path, *, more: Mapping[str, str] | None = None
) -> Iterator[OtherMachine]:
    """Run sshd, with *more* settings, on *machine*; give it with the options that get there."""
    need("sshd")
    for key in ("host", "user"):
        generate = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
        subprocess.run(generate, check=True)
    settings = {
        "Port": SSH_PORT,
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "user.pub",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "PidFile": "none",
        **_parts_of_sshd(),
        **(more or {}),
    }
    config = folder / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    given = {
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "BatchMode": "yes",
        "LogLevel": "ERROR",
        "ExitOnForwardFailure": "yes",
    }
    options = ["-F", "/dev/null", "-i", str(folder / "user")]
    options += [word for name, value in given.items() for word in ("-o", f"{name}={value}")]
    with running(machine.argv("sh", "-c", _STARTED_ALONE, *map(str, _sshd(folder)), str(config))):
        answers(machine.address, SSH_PORT)
        yield OtherMachine(name=machine.name, address=machine.address, options=tuple(options))


# The user, and the folder where sshd shuts its unprivileged half in, are there for it alone: `ip
# netns exec` has mounts of its own. It is unpacked and not installed, which would start a service.
_STARTED_ALONE = (
    'mount --bind "$0" /etc/passwd && mount -t tmpfs none /run && mkdir -m 755 /run/sshd'
    ' && LD_LIBRARY_PATH="$1" exec "$2" -D -e -f "$3"'
)


def _sshd(folder: Path) -> tuple[str | Path, ...]:
    passwd = Path("/etc/passwd").read_text()
    if "\nsshd:" not in passwd:
        passwd += "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n"
    (folder / "passwd").write_text(passwd)
    libraries = ":".join(map(str, SSHD_ROOT.glob("usr/lib/*-linux-gnu*")))
    return folder / "passwd", libraries, SSHD_ROOT / "usr/sbin/sshd"


def _parts_of_sshd() -> dict[str, Path]:
    # From 9.8 on it is several programs.
    parts = {"SshdSessionPath": "sshd-session", "SshdAuthPath": "sshd-auth"}
    found = {name: SSHD_ROOT / "usr/lib/openssh" / file for name, file in parts.items()}
    return {name: path for name, path in found.items() if path.exists()}


@contextmanager
def running(argv: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for a block."""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def answers(host: str, port: int) -> None:
    """Wait until something listens there."""
    until = time.monotonic() + READY_S
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, f"nothing listens at {host}:{port}"
            time.sleep(0.05)
        else:
            return


@contextmanager
def published(machine: OtherMachine, port: int) -> Iterator[None]:
    """Lead *port* of our loopback to that of *machine*'s address, as `docker run -p` does."""
    program = (
        "import asyncio, sys\n"
        "async def pump(r, w):\n"
        "    try:\n"
        "        while data := await r.read(65536):\n"
        "            w.write(data)\n"
        "            await w.drain()\n"
        "    finally:\n"
        "        w.close()\n"
        "async def take(r, w):\n"
        "    fr, fw = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]))\n"
        "    await asyncio.gather(pump(r, fw), pump(fr, w), return_exceptions=True)\n"
        "async def main():\n"
        "    server = await asyncio.start_server(take, '127.0.0.1', int(sys.argv[2]))\n"
        "    await server.serve_forever()\n"
        "asyncio.run(main())\n"
    )
    with running([sys.executable, "-c", program, machine.address, str(port)]):
        answers("127.0.0.1", port)
        yield
