"""
The refresh under all that may happen to it: clocks that jump, servers that are slow, signals, odd
answers, keyrings that fail.

A case is lost when the refresh token that is stored in the end is not the one that the server takes
next.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import LoopbackAuthError

from ..support.command import environment
from ..support.keyrings import BACKENDS, ROOT, new_person
from ..support.odd_answers import ODD_ANSWERS
from ..support.stored import at, jwt
from .rotation import ISSUER, PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .pairs import Case
    from .rotation import Family, RotatingServer

TIMEOUT_S = 150
MOMENT_S = 1.0
TRIES = 3
NOT_ASKED = "nothing was asked of the server"
ODD_IN_PAIRS = 60

JUMPS = (
    *("+0", "-400d", "-30d", "-1d", "-2h", "-3m", "+3m"),
    *("+2h", "+1d", "+30d", "+400d", "+5y", "+20y"),
)
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL")
CALLS = 14
"""A refresh makes that many of the keyring, or fewer."""
FAULTS = tuple(
    f"keyring, {how} at call {number}"
    for how in ("fails", "locks")
    for number in range(1, CALLS + 1)
)
FACTORS: dict[str, Sequence[str]] = {
    "answer": (PLAIN, *ODD_ANSWERS),
    "clock": JUMPS,
    "store": ("file", "keyring", *FAULTS),
    "event": (
        "nothing",
        *SIGNALS,
        "SIGSTOP",
        "SIGINT, early",
        "SIGKILL, early",
        "asyncio.timeout",
        "asyncio.timeout, again and again",
    ),
    "trouble": ("none", "503", "dropped before it acts", "dropped, and forgiven"),
    "server takes": ("0.1", "2", "6", "30"),
    "ID token": ("without", "with"),
    "old token": ("expired", "good for a moment"),
}

PRODUCT: dict[str, Sequence[str]] = {
    **FACTORS,
    # One of each kind of outcome: taken, warned of, rescued, one that keeps the old token, refused.
    "answer": (
        PLAIN,
        "a comma at the end",
        "no access token",
        "no refresh token",
        "cut before the body",
    ),
    "clock": ("+0", "-30d", "+1d"),
    "store": ("file", "keyring", "keyring, fails at call 4"),
    "server takes": ("0.1", "2"),
    "ID token": ("without",),
}
"""What `--all` multiplies: a value for each way that the code takes, every event and every trouble.
All values of `FACTORS` would make 34 million cases; the pairs have each of them."""


def factors_of_pairs() -> tuple[dict[str, Sequence[str]], ...]:
    """
    Give the factors in two parts, so that the pairs are done in minutes.

    In one the keyring works, and of the odd answers some are left out, evenly; in the other it
    fails.
    """
    step = len(ODD_ANSWERS) / ODD_IN_PAIRS
    names = list(ODD_ANSWERS)
    some = [names[int(number * step)] for number in range(ODD_IN_PAIRS)]
    well = {**FACTORS, "answer": (PLAIN, *some), "store": ("file", "keyring")}
    failing = {
        **FACTORS,
        "answer": (PLAIN, "no token_type", "ID token: 62 s ahead"),
        "clock": ("+0", "-1d", "+1d"),
        "store": FAULTS,
        "server takes": ("0.1", "2"),
    }
    return well, failing


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What became of a case: *kept* is what was stored in the end, *lost* why it is of no use, if it
    is not.
    """

    case: Case
    kept: str = ""
    lost: str = ""
    requests: int = 0
    said: str = ""


# The library, in a program that gives up on it, once or again and again.
GIVES_UP = """
import aiohttp, asyncio, sys
from loopback_auth import FileStore, HttpTransport, Secret, access_token

async def main(home, refused, again):
    refused = Secret(refused) if refused else None
    token = access_token(
        "default", store=FileStore(home), transport=HttpTransport(), refused=refused
    )
    task = asyncio.create_task(token)
    task.add_done_callback(lambda task: task.cancelled() or task.exception())
    await asyncio.wait({task}, timeout=1)
    while not task.done():
        task.cancel()
        await asyncio.sleep(0 if again else 0.5)

asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3] == "again"))
"""


class Stage:
    """
    Where cases are run: at *server*, of the program in *build*, under libfaketime from
    *preload*.
    """

    def __init__(self, server: RotatingServer, *, build: Path = ROOT, preload: str = "") -> None:
        self._server = server
        self._build = build
        self._preload = preload
        # A store finds its keyring by this process's environment.
        self._environ_lock = threading.Lock()

    def run(self, case: Case) -> Verdict:
        """
        Run *case*; again where the server was not asked, since now and then libfaketime itself
        fails (EINVAL).
        """
        for _ in range(TRIES):
            verdict = self._run(case)
            if verdict.lost != NOT_ASKED:
                break
        return verdict

    def _run(self, case: Case) -> Verdict:
        """Sign in, refresh as *case* has it, and see whether what is stored works."""
        endpoint, family = self._server.family(case)
        with tempfile.TemporaryDirectory(prefix="refresh-") as folder:
            home = _Home(Path(folder), case, self._environ_lock)
            first = home.sign_in(endpoint, family)
            said = self._refresh(case, home, family)
            try:
                kept = home.refresh_token()
            except (LoopbackAuthError, TimeoutError, TypeError) as error:
                return Verdict(case=case, lost=f"nothing can be read: {error!r}", said=said)
        return Verdict(
            case=case,
            kept="the old one" if kept == first else "a new one",
            lost=_why_lost(kept, family),
            requests=family.requests,
            said=said,
        )

    def _refresh(self, case: Case, home: _Home, family: Family) -> str:
        command = [sys.executable, "-m", "loopback_auth", "token"]
        if case["event"].startswith("asyncio"):
            refused = "the-old-token" if case["old token"] == "expired" else ""
            again = "again" if case["event"].endswith("again") else "once"
            command = [sys.executable, "-c", GIVES_UP, str(home.path), refused, again]
        elif case["old token"] == "expired":
            command.append("--refresh")
        process = subprocess.Popen(
            command,
            cwd="/",
            env=self._environment(case, home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            _strike(process, case["event"], family)
            try:
                said, _ = process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                return "it did not end"
        home.wait_for_children()
        return f"{process.returncode}: {said}"

    def _environment(self, case: Case, home: _Home) -> dict[str, str]:
        more = {
            "PYTHONPATH": os.pathsep.join((str(BACKENDS), str(self._build))),
            **home.environment,
        }
        if case["clock"] != "+0":
            # The running clock stays: it is the time of day that jumps.
            more |= {
                "LD_PRELOAD": self._preload,
                "FAKETIME": case["clock"],
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        return environment(home.path, more)


def _why_lost(kept: str, family: Family) -> str:
    if family.revoked:
        return "reuse was detected, and the family revoked"
    if kept not in family.taken:
        return "the server takes another refresh token than the stored one"
    event = family.case["event"]
    disturbed = "call" in family.case["store"] or "early" in event or event.startswith("asyncio")
    return "" if disturbed or family.requests else NOT_ASKED


class _Home:
    """A person's files, and their keyring."""

    def __init__(self, folder: Path, case: Case, environ_lock: threading.Lock) -> None:
        self._person = new_person(folder)
        self._case = case
        self._environ_lock = environ_lock
        self.path = self._person.home

    @property
    def environment(self) -> dict[str, str]:
        store = self._case["store"]
        kept = self._person.environment("Kept")
        if "call" not in store:
            return {name: value for name, value in kept.items() if name != "PYTHONPATH"}
        _, how, _, _, number = store.replace(",", "").split()
        return {
            **{name: value for name, value in kept.items() if name != "PYTHONPATH"},
            "PYTHON_KEYRING_BACKEND": "stand_in.FailingAtCall",
            "STAND_IN_FAILS": f"{number} {how}",
        }

    def sign_in(self, endpoint: str, family: Family) -> str:
        lasts_s = (
            -1.0 if self._case["old token"] == "expired" else 40 + _seconds(self._case["clock"])
        )
        document = {
            "version": 1,
            "profile": "default",
            "access_token": "the-old-token",
            "refresh_token": family.current,
            "token_type": "Bearer",
            "id_token": jwt(**family.claims),
            "scope": "openid",
            "obtained_at": at(min(lasts_s, 0) - 3600),
            "expires_at": at(lasts_s),
            "extra": {},
            "identity": {"subject": "ada-1", "name": "ada"},
            "client": {"client_id": "the-client"},
            "server": {
                "issuer": ISSUER,
                "authorization_endpoint": ISSUER,
                "token_endpoint": endpoint,
            },
            "settings": {},
        }
        with self._environ_lock:
            self._use()
            FileStore(self.path, storage=self._storage).save("default", document)
        return family.current

    @property
    def _storage(self) -> str:
        return "file" if self._case["store"] == "file" else "keyring"

    def _use(self) -> None:
        os.environ["STAND_IN_KEYRING"] = str(self._person.folder / "keyring")
        os.environ["STAND_IN_PASSWD_HOME"] = str(self._person.folder / "passwd-home")

    def wait_for_children(self) -> None:
        """Wait until nobody holds the lock: no child that a command has left."""
        import fcntl

        deadline = time.monotonic() + TIMEOUT_S
        with (self.path / "tokens" / "default.lock").open("a") as lock:
            while time.monotonic() < deadline:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(0.05)
                else:
                    return
        raise TimeoutError("the profile stays locked")

    def refresh_token(self) -> str:
        with self._environ_lock:
            self._use()
            document: Any = FileStore(self.path).load("default")
        token: str = document["refresh_token"]
        return token


def _strike(process: subprocess.Popen[str], event: str, family: Family) -> None:
    name, _, when = event.partition(", ")
    if not name.startswith("SIG"):
        return
    if when == "early":
        # Each case at another moment of the start, and the same one again.
        time.sleep(0.02 * (sum(family.case["answer"].encode()) % 12))
    else:
        while not family.asked.wait(0.02) and process.poll() is None:
            pass
        time.sleep(0.05)
    process.send_signal(signal.Signals[name])
    if name == "SIGSTOP":
        time.sleep(MOMENT_S)
        process.send_signal(signal.SIGCONT)


def _seconds(jump: str) -> float:
    units = {"m": 60, "h": 3600, "d": 86400, "y": 365 * 86400}
    return 0.0 if jump == "+0" else float(jump[:-1]) * units[jump[-1]]
