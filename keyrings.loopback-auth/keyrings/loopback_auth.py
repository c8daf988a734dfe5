"""
A backend of keyring: the password of a package index is a token of `loopback-auth`.

It is a wheel of its own. Inside loopback-auth it would be a place for that program's own tokens.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import NoReturn

from keyring.backend import KeyringBackend
from keyring.credentials import Credential, SimpleCredential

TIMEOUT_S = 60


class LoopbackAuth(KeyringBackend):
    """Knows the indexes that a profile of loopback-auth names, and stores nothing."""

    priority = 9

    def get_password(self, service: str, username: str) -> str | None:
        """Return a token for the address *service*, or `None` where it is nobody's here."""
        found = self.get_credential(service, username)
        return found.password if found else None

    def get_credential(self, service: str, username: str | None) -> Credential | None:
        """Return the name that any index takes, and a token, as `get_password`."""
        program = shutil.which("loopback-auth")
        if program is None or not service.startswith(("https://", "http://")):
            return None
        try:
            # The protocol of Docker: an address goes in, JSON comes out, and 1 is "not mine".
            done = subprocess.run(  # noqa: S603 - our own program, which gets the address on stdin
                [program, "credential", "docker", "get"],
                input=service,
                stdout=subprocess.PIPE,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
            answer = json.loads(done.stdout) if done.returncode == 0 else {}
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None
        if "Secret" not in answer:
            return None
        return SimpleCredential(username or answer["Username"], answer["Secret"])

    def set_password(self, service: str, username: str, password: str) -> NoReturn:
        """Store nothing: keyring asks its next backend."""
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> NoReturn:
        """Delete nothing: a sign-in has its own end."""
        raise NotImplementedError
