"""The command line of `scripts/campaign_refresh`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from ..support.keyrings import ROOT
from ..support.servers import install
from .pairs import pairs, shuffled, size
from .refresh import PRODUCT, Stage, factors_of_pairs
from .rotation import RotatingServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from .pairs import Case
    from .refresh import Verdict

SLOW_S = 5
WORKERS, SLOW_WORKERS = 4, 24
"""A slow server costs no processor."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/campaign_refresh")
    parser.add_argument(
        "--all", action="store_true", help="the product of fewer values (hours), not pairs"
    )
    parser.add_argument("--within", type=float, metavar="SECONDS", help="begin no case after that")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the order of the cases (default: 1)"
    )
    parser.add_argument("--case", metavar="JSON", help="run this one, as it was printed")
    parser.add_argument(
        "--build", type=Path, default=ROOT, help="another tree of the program, to see it fail"
    )
    arguments = parser.parse_args()
    preload = _faketime()
    if not preload:
        return 2
    total, cases = _chosen(arguments)
    began = time.monotonic()
    counts: Counter[str] = Counter()
    with RotatingServer() as server:
        stage = Stage(server, build=arguments.build, preload=preload)
        for verdict in _each(stage.run, cases, arguments.within or float("inf")):
            counts.update(_counted(verdict))
            if verdict.lost:
                _say(
                    f"LOST ({verdict.lost}): --case '{json.dumps(verdict.case)}'\n"
                    f"  {verdict.said.strip()}"
                )
    _say(
        f"refresh campaign: {counts['cases']:,} of {total:,} cases in "
        f"{time.monotonic() - began:.0f} s,"
        f" {counts['requests']:,} requests; kept the old one {counts['the old one']:,},"
        f" a new one {counts['a new one']:,}; tokens lost: {counts['lost']}"
    )
    return 1 if counts["lost"] or not counts["cases"] else 0


def _chosen(arguments: argparse.Namespace) -> tuple[int, Iterable[Case]]:
    if arguments.case:
        return 1, [json.loads(arguments.case)]
    if arguments.all:
        return size(PRODUCT), shuffled(PRODUCT, arguments.seed)
    cases = [case for factors in factors_of_pairs() for case in pairs(factors)]
    # Whoever has no time for all of them gets some of each kind.
    Random(arguments.seed).shuffle(cases)  # noqa: S311 - an order
    return len(cases), cases


def _counted(verdict: Verdict) -> dict[str, int]:
    return {
        "cases": 1,
        "requests": verdict.requests,
        verdict.kept: int(not verdict.lost),
        "lost": int(bool(verdict.lost)),
    }


def _each(
    run: Callable[[Case], Verdict], cases: Iterable[Case], within_s: float
) -> Iterator[Verdict]:
    """Run *cases*, some at a time, and give what becomes of them as it does."""
    deadline = time.monotonic() + within_s
    left = iter(cases)
    with ThreadPoolExecutor(WORKERS) as pool, ThreadPoolExecutor(SLOW_WORKERS) as slow_pool:
        running: set[Future[Verdict]] = set()
        while True:
            free = WORKERS + SLOW_WORKERS - len(running)
            for case in islice(left, free if time.monotonic() < deadline else 0):
                is_slow = float(case["server takes"]) > SLOW_S
                running.add((slow_pool if is_slow else pool).submit(run, case))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)


def _faketime() -> str:
    """
    Return what has to be preloaded for another time of day; install it where that can
    be done.
    """
    (part,) = (part for part in install.PARTS if "faketime" in part.names)
    try:
        if not part.is_there():
            part.install(_say)
    except install.NotHadError as error:
        _say(f"libfaketime cannot be had (Debian's package faketime): {error}")
        return ""
    shown = ["faketime", "-f", "+0", "sh", "-c", 'echo "$LD_PRELOAD"']
    # One that was killed leaves shared memory named by its process number, and the next program
    # of that number fails: ask again, as another process.
    for _ in range(10):
        asked = subprocess.run(shown, capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            return asked.stdout.strip()
    raise RuntimeError(f"faketime fails: {asked.stderr.strip()}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
