"""One measured sign-in: start the program, read its address, come back as the browser would, watch what it does."""

from __future__ import annotations

import http.client
import os
import subprocess
import threading
import time
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .server import CODE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

THINKING_S = 0.7
"""From the address on the screen to the callback: less than any person takes, and the same for everybody."""

PATIENCE_S = 30.0


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Seconds, and MiB for the peak."""

    url: float
    saved: float
    gone: float
    peak: float


def measure(
    command: Sequence[str], token_file: Path, challenges: set[str], environment: dict[str, str]
) -> SignIn:
    """Run *command* for one sign-in that ends with *token_file*."""
    token_file.unlink(missing_ok=True)
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stderr
    url = next(line.strip() for line in process.stderr if line.startswith("http"))
    shown = time.perf_counter()
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    challenges.add(query["code_challenge"])
    # Somebody has to read on, or a talkative program would stop at a full pipe.
    threading.Thread(target=process.stderr.read, daemon=True).start()
    time.sleep(THINKING_S)
    came_back = time.perf_counter()
    browser = threading.Thread(target=come_back, args=(query,), daemon=True)
    browser.start()
    while not token_file.exists() or not token_file.stat().st_size:
        if time.perf_counter() - came_back > PATIENCE_S:
            process.kill()
            raise TimeoutError(f"no tokens: {command}")
    saved = time.perf_counter()
    _, status, usage = os.wait4(process.pid, 0)
    gone = time.perf_counter()
    process.returncode = os.waitstatus_to_exitcode(status)
    browser.join(PATIENCE_S)
    if process.returncode:
        raise RuntimeError(f"status {process.returncode}: {command}")
    return SignIn(
        url=shown - started, saved=saved - came_back, gone=gone - came_back, peak=usage.ru_maxrss / 1024
    )


def come_back(query: dict[str, str]) -> None:
    """Bring the code back as a browser does, and go on to the page one is sent to."""
    answer = urllib.parse.urlencode({"code": CODE, "state": query["state"]})
    target = urllib.parse.urlsplit(query["redirect_uri"])
    post = query.get("response_mode") == "form_post"
    method, path, body = (
        ("POST", target.path or "/", answer) if post else ("GET", f"{target.path or '/'}?{answer}", None)
    )
    while path:
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=PATIENCE_S)
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        reply.read()
        connection.close()
        method, path, body = "GET", reply.headers.get("Location") or "", None
