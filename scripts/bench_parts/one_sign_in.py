"""Many `login --if-needed` at once: one page, one exchange, and how long until all are done."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .sign_in import come_back

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .server import Server

MANY = 32


@dataclass(frozen=True, kw_only=True)
class OneSignIn:
    """Seconds from the callback until the last process was gone, and what was asked for."""

    taken: float
    pages: int
    exchanges: int


def measure_one_sign_in(
    python: Path, folder: Path, environment: Mapping[str, str], server: Server
) -> OneSignIn:
    """Start them, sign in once as soon as all show an address, and wait for all."""
    ends = zip(("--authorization-endpoint", "--token-endpoint"), server.endpoints, strict=True)
    flags = [word for end in ends for word in end] + ["--client-id", "bench", "--no-browser"]
    words = [str(python.with_name("loopback-auth")), "login", "--if-needed", "--json", *flags]
    here = {**environment, "LOOPBACK_AUTH_HOME": str(folder / "one-sign-in")}
    before = server.exchanges
    everybody = [
        subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=here
        )
        for _ in range(MANY)
    ]
    with ThreadPoolExecutor(max_workers=MANY) as readers:
        pages = list(readers.map(_page, everybody))
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(pages[0]).query))
        server.challenges.add(query["code_challenge"])
        came_back = time.monotonic()
        come_back(query)
        codes = set(readers.map(_exit_code, everybody))
    taken = time.monotonic() - came_back
    if codes != {0}:
        raise SystemExit(f"of {MANY} sign-ins some failed: {sorted(codes)}")
    exchanges = server.exchanges - before
    return OneSignIn(taken=taken, pages=len(set(pages)), exchanges=exchanges)


def _page(process: subprocess.Popen[str]) -> str:
    for line in process.stderr or ():
        if (event := json.loads(line))["event"] == "open_page":
            url: str = event["url"]
            return url
    raise SystemExit("no address was shown")


def _exit_code(process: subprocess.Popen[str]) -> int:
    process.communicate()
    return process.returncode


def line_of(found: OneSignIn) -> str:
    """Return what was measured, as a sentence."""
    counts = f"{found.pages} page, {found.exchanges} exchange"
    return f"{MANY} x `login --if-needed` at once: {counts}, all done {found.taken:.2f} s after it"


def aim_of_one_sign_in(found: OneSignIn) -> tuple[bool, str]:
    """Return whether there was one page and one exchange."""
    is_one = (found.pages, found.exchanges) == (1, 1)
    return is_one, f"{line_of(found)} (aim: 1, 1)"
