"""
A token endpoint that rotates and forgives nothing, in the ways of a case, for many
cases at once.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING

from ..support.odd_answers import ODD_ANSWERS, REFUSED
from ..support.scripted_server import ScriptedServer, drop, json_answer, plain_answer
from ..support.stored import jwt

if TYPE_CHECKING:
    from ..support.scripted_server import Connection
    from .pairs import Case

ISSUER = "https://id.example.com"
PLAIN = "as it should be"


@dataclass(slots=True)
class Family:
    """
    The refresh tokens of one sign-in: *current* is the one that works, until an older one comes and
    all are *revoked*.
    """

    case: Case
    current: str = field(default_factory=lambda: token_hex(16))
    before: str = ""
    revoked: bool = False
    requests: int = 0
    asked: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def claims(self) -> dict[str, object]:
        now = int(time.time())
        return {"iss": ISSUER, "sub": "ada-1", "aud": "the-client", "iat": now, "exp": now + 3600}

    @property
    def rotates(self) -> bool:
        """Whether the answer of the case brings a refresh token that can be taken."""
        if self.case["answer"] == PLAIN:
            return True
        odd = ODD_ANSWERS[self.case["answer"]]
        return odd.rotates and odd.refresh != REFUSED

    @property
    def taken(self) -> set[str]:
        """The refresh tokens that would be taken now."""
        return {self.current} | (
            {self.before} if self.case["trouble"] == "dropped, and forgiven" else set()
        )

    def answer(self, connection: Connection) -> None:
        """Rotate first, wait then: whoever does not wait has lost it."""
        with self.lock:
            self.requests += 1
            trouble = self.case["trouble"] if self.requests == 1 else ""
            refused = self._refused(connection.request.form["refresh_token"], trouble)
            octets = refused or self._next()
        self.asked.set()
        if not refused or trouble == "503":
            connection.over.wait(float(self.case["server takes"]))
        if trouble.startswith("dropped"):
            drop(connection)
        else:
            connection.socket.sendall(octets)

    def _refused(self, token: str, trouble: str) -> bytes:
        if trouble == "503":
            return plain_answer(b"", "Retry-After: 0", status=503)
        if trouble == "dropped before it acts":
            return b"nothing"
        forgiven = self.case["trouble"] == "dropped, and forgiven" and token == self.before
        if forgiven:
            self.current = token
        if self.revoked or token != self.current:
            self.revoked = True
            return json_answer(
                {"error": "invalid_grant", "error_description": "reuse detected"}, status=400
            )
        return b""

    def _next(self) -> bytes:
        if self.rotates:
            self.before, self.current = self.current, token_hex(16)
        tokens = {
            "access_token": token_hex(16),
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": self.current,
        }
        if self.case["ID token"] == "with":
            tokens["id_token"] = jwt(**self.claims)
        if self.case["answer"] == PLAIN:
            return json_answer(tokens)
        return ODD_ANSWERS[self.case["answer"]].write(tokens, dict(self.claims))


class RotatingServer(ScriptedServer):
    """Holds a `Family` a case, each at a path of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._families: dict[str, Family] = {}
        self.answers["*"] = self._answer_for_family

    def family(self, case: Case) -> tuple[str, Family]:
        """Begin a sign-in; give its token endpoint and its tokens."""
        path, family = f"/{token_hex(8)}/token", Family(case)
        self._families[path] = family
        return self.url(path), family

    def _answer_for_family(self, connection: Connection) -> None:
        self._families[connection.request.path].answer(connection)
