"""
Sign-ins at a server that is far away: 50 ms each way, over TLS.

What counts there is how often a program waits for the network between the callback and the tokens
on disk.
"""

from __future__ import annotations

import ssl
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from .contestants import Stage, contestants, forget
from .order import shuffled
from .report import BARE, OURS
from .server import serving
from .sign_in import THINKING_S, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .server import Server

DELAY_S = 0.05
ROUND_TRIP_S = 2 * DELAY_S
SLOW_S = 7.0
"""What a person takes who has to type: longer than an idle connection is used for."""

SLOWLY = f"{OURS}, after {SLOW_S:.0f} s"
ROUND_TRIPS_AIM = 1.3


def measure_round_trips(
    stage: Stage, python: Path, peers: Path | None, rounds: int
) -> dict[str, float]:
    """Return from the callback to the tokens on disk, in round trips: the median of each."""
    with _far_server(stage, python) as server:
        bundle = str(stage.folder / "ca.pem")
        trusting = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), bundle)
        far = replace(stage, server=server, environment={**stage.environment, **trusting})
        everybody = {each.name: each for each in contestants(far, python, peers)}
        everybody[SLOWLY] = everybody[OURS]
        taken: dict[str, list[float]] = {name: [] for name in everybody}
        for name in shuffled(list(everybody), rounds):
            forget(everybody[name])
            thinking_s = SLOW_S if name == SLOWLY else THINKING_S
            taken[name].append(measure(everybody[name], server, thinking_s=thinking_s).saved)
    return {name: median(each[1:]) / ROUND_TRIP_S for name, each in taken.items()}


@contextmanager
def _far_server(stage: Stage, python: Path) -> Iterator[Server]:
    script = Path(__file__).with_name("certificates.py")
    subprocess.run([python, script, stage.folder], env=stage.environment, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(stage.folder / "server.pem")
    relay = Path(__file__).with_name("relay.py")
    with serving(tls=context) as server:
        command = [sys.executable, relay, str(server.server_address[1]), str(DELAY_S)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            server.is_reached_at(f"https://127.0.0.1:{process.stdout.readline().strip()}")
            # Its input ends with the block, and so does it.
            yield server


def table_of_round_trips(trips: Mapping[str, float]) -> str:
    """Return them as a table."""
    rows = [f"| {name} | {taken:.2f} |" for name, taken in trips.items()]
    title = f"{ROUND_TRIP_S * 1000:.0f} ms away, over TLS"
    return "\n".join([f"| {title} | callback → saved, round trips |", "|---|---|", *rows])


def aims_of_round_trips(trips: Mapping[str, float]) -> list[tuple[bool, str]]:
    """Return every aim as met or not, with what was measured."""
    found = [
        (
            trips[OURS] <= ROUND_TRIPS_AIM,
            f"round trips: {trips[OURS]:.2f} (aim: at most {ROUND_TRIPS_AIM:g})",
        )
    ]
    others = [name for name in trips if not name.startswith((BARE, OURS))]
    return found + [
        (trips[OURS] < trips[name], f"fewer round trips than {name}: {trips[name]:.2f}")
        for name in others
    ]
