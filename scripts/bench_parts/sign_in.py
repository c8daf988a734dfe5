"""
One measured sign-in: start the program, read its address, come back as the browser would, watch
what it does.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .server import CODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from .server import Server

STARTER = Path(__file__).with_name("starter.py")

THINKING_S = 0.7
"""
From the address on the screen to the callback: less than any person takes, and the same for
everybody.
"""

TIMEOUT_S = 30.0

LOOKING_S = 0.0001
"""
Between two looks at the token file: a loop without a pause would take one of the cores from those
who are measured.
"""


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """
    A program that signs in once, prints the authorize URL alone on a line of stderr and ends with
    *token_file*.
    """

    name: str
    command: Sequence[str]
    token_file: Path
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Seconds, and MiB for the peak."""

    url: float
    saved: float
    gone: float
    peak: float


def measure(contestant: Contestant, server: Server, *, thinking_s: float = THINKING_S) -> SignIn:
    """Let *contestant* sign in once, with a person who takes *thinking_s*."""
    with _started(contestant) as (process, report):
        heard: list[str] = []
        url = _address(process.stderr, heard)
        shown = time.monotonic()
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        server.challenges.add(query.get("code_challenge", ""))
        # Somebody has to read on, or a talkative program would stop at a full pipe.
        reader = threading.Thread(target=lambda: heard.extend(process.stderr or ()), daemon=True)
        reader.start()
        time.sleep(thinking_s)
        before = _look(contestant.token_file)
        came_back = time.monotonic()
        with ThreadPoolExecutor(max_workers=1) as browser:
            page = browser.submit(come_back, query)
            saved = _changed(contestant, before, process)
            page.result(TIMEOUT_S)
        words = report.read().split()
        reader.join(TIMEOUT_S)
    if len(words) != 4 or words[2] != "0":  # noqa: PLR2004 - what the starter writes
        raise SystemExit(f"{contestant.name} failed: {words[2:3]}\n{''.join(heard)}")
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return SignIn(
        url=shown - float(words[0]),
        saved=saved - came_back,
        gone=float(words[1]) - came_back,
        peak=int(words[3]) / unit,
    )


@contextmanager
def _started(contestant: Contestant) -> Iterator[tuple[subprocess.Popen[str], TextIO]]:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        # As small as Python gets: without site, whose packages the starter has no use for.
        [sys.executable, "-I", "-S", STARTER, str(writing), *contestant.command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=contestant.environment,
        pass_fds=[writing],
        start_new_session=True,
    )
    os.close(writing)
    timer = threading.Timer(TIMEOUT_S, _end, [process])
    timer.daemon = True
    timer.start()
    try:
        with open(reading) as report:
            yield process, report
    finally:
        timer.cancel()
        _end(process)
        process.wait()


def _end(process: subprocess.Popen[str]) -> None:
    # Not polled before this, the group's number cannot be somebody else's yet.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _address(stderr: TextIO | None, heard: list[str]) -> str:
    for line in stderr or ():
        heard.append(line)
        if line.startswith("http"):
            return line.strip()
    raise SystemExit(f"no address was printed:\n{''.join(heard)}")


def _look(file: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found.st_size else None


def _changed(
    contestant: Contestant, before: tuple[int, int, int] | None, process: subprocess.Popen[str]
) -> float:
    """Return the moment at which the tokens were there."""
    last = time.monotonic() + TIMEOUT_S
    while (now := time.monotonic()) < last:
        if (there := _look(contestant.token_file)) and there != before:
            return now
        time.sleep(LOOKING_S)
    _end(process)
    raise SystemExit(f"{contestant.name} saved no tokens in {TIMEOUT_S:.0f} s")


def come_back(query: Mapping[str, str]) -> None:
    """Bring the code back as a browser does, and follow the redirect to the last page."""
    answer = urllib.parse.urlencode({"code": CODE, "state": query["state"]})
    target = urllib.parse.urlsplit(query["redirect_uri"])
    path, status = target.path or "/", 0
    if query.get("response_mode") == "form_post":
        status, location = _request(target, "POST", path, answer)
    else:
        status, location = _request(target, "GET", f"{path}?{answer}")
    if location:
        status, _ = _request(target, "GET", location)
    if status != http.HTTPStatus.OK:
        raise SystemExit(f"the last page had the status {status}")


def _request(
    target: urllib.parse.SplitResult, method: str, path: str, body: str | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=TIMEOUT_S)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply.status, reply.headers.get("Location") or ""
