"""A laptop with `relay` on a terminal, and a box to which a stand-in for ssh leads."""

from __future__ import annotations

import os
import shlex
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import Browser

from .command import COMMAND, environment, run_here

if TYPE_CHECKING:
    from pathlib import Path

    from loopback_auth.testing import AuthorizationServer

pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")

SSH = """#!/bin/sh
printf '%s\\n' "$@" == >> {log}
for line; do :; done
cd {home}; {before}
PATH={path} LOOPBACK_AUTH_HOME={home} HOME={home} exec sh -c "$line"
"""
"""A stand-in for ssh: what it was started with is in a file, and the other machine is a folder."""


@dataclass(kw_only=True)
class Scene:
    """A laptop, and a box that a stand-in for ssh reaches, with a profile for *server*."""

    server: AuthorizationServer
    folder: Path
    client_id: str = "my-cli"

    def __post_init__(self) -> None:
        self.laptop, self.box, self.bin = (self.folder / name for name in ("laptop", "box", "bin"))
        for each in (self.laptop, self.box, self.bin):
            each.mkdir(mode=0o700)
        self.program("loopback-auth", f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
        self.ssh()
        (self.box / "config.toml").write_text(
            f'[profiles.work]\nissuer = "{self.server.issuer}"\nclient_id = "{self.client_id}"\n'
        )

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def ssh(self, *, before: str = "") -> None:
        path = shlex.quote(f"{self.bin}:{os.environ['PATH']}")
        text = SSH.format(log=self.folder / "argv", home=self.box, before=before, path=path)
        self.program("ssh", text)

    def relay(self, *words: str) -> pexpect.spawn:
        variables = {
            **environment(self.laptop),
            "TERM": "xterm",
            "BROWSER": "",
            "PATH": f"{self.bin}:{os.environ['PATH']}",
        }
        command = [*COMMAND, "relay", *words]
        return pexpect.spawn(
            command[0],
            command[1:],
            env=variables,
            timeout=20,
            encoding="utf-8",
            dimensions=(40, 600),
        )

    def begin(self) -> dict[str, str]:
        document: dict[str, str] = run_here(
            "login", "work", "--manual", "--json", home=self.box
        ).document
        return document


def agree_and_visit(terminal: pexpect.spawn) -> str:
    terminal.expect(r"Did you\? \[y/N\] ")
    asked: str = terminal.before
    terminal.sendline("y")
    terminal.expect(r"(http://127\.0\.0\.1:\d+/authorize\?\S+)")
    threading.Thread(target=Browser().visit, args=(terminal.match[1],), daemon=True).start()
    return asked


def ended(terminal: pexpect.spawn) -> str:
    terminal.expect(pexpect.EOF)
    terminal.close()
    said: str = terminal.before
    return said
