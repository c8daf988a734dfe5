"""
A real Secret Service without a desktop: a message bus and GNOME Keyring, in folders of
their own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LIST = """
import json, sys
from contextlib import closing
import secretstorage
with closing(secretstorage.dbus_init()) as bus:
    items = secretstorage.get_default_collection(bus).get_all_items()
    secrets = {item.get_attributes()["service"]: item.get_secret().decode() for item in items}
    json.dump(secrets, sys.stdout)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody's session: its bus, and the keyring's process once it is started."""

    folder: Path
    address: str
    daemons: list[subprocess.Popen[str]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        return {
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_RUNTIME_DIR": str(self.folder / "runtime"),
        }

    def unlock(self, password: str) -> None:
        """
        Start the keyring's process with *password*, and wait until it is ready: then it closes its
        output.
        """
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            env={**os.environ, **self.environment(), "HOME": str(self.folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.daemons.append(daemon)
        assert daemon.stdin
        assert daemon.stdout
        daemon.stdin.write(password)
        daemon.stdin.close()
        daemon.stdout.read()
        daemon.stdout.close()

    def signal(self, number: signal.Signals) -> None:
        self.daemons[-1].send_signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.daemons[-1].wait(10)

    def items(self) -> dict[str, str]:
        """Give all that the keyring holds, by service."""
        done = subprocess.run(
            [sys.executable, "-c", _LIST],
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        items: dict[str, str] = json.loads(done.stdout)
        return items


@contextmanager
def session(folder: Path) -> Iterator[Session]:
    """Run a message bus; what is kept in *folder* is there again in the next session."""
    for name in ("data", "runtime"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as stack:
        bus = stack.enter_context(
            subprocess.Popen(
                ["dbus-daemon", "--session", "--nofork", "--print-address=1"],
                env={**os.environ, "HOME": str(folder)},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
        stack.callback(bus.kill)
        assert bus.stdout
        running = Session(folder=folder, address=bus.stdout.readline().strip())
        stack.callback(_end, running)
        yield running


def _end(running: Session) -> None:
    for daemon in running.daemons:
        daemon.kill()
        daemon.wait(10)
