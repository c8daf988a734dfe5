"""
What people run every day: `token`, `env` and `exec` with tokens that are there, and many processes
that find one expired.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from .order import shuffled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .server import Server

BARE = "`python -c pass`"
TOKEN = "`token`"
TOKEN_AIM = 3.0
IN_PROJECT = f"{TOKEN}, in a project"
IN_PROJECT_AIM_S = 0.002
BESIDE_TOKEN_AIM_S = 0.010
MANY_PROFILES, MANY, WAITING = 10_000, 200, 64
CROWDS = 3

_CROWD = """
import subprocess, sys
quiet = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL}
processes = [subprocess.Popen(sys.argv[2:], **quiet) for _ in range(int(sys.argv[1]))]
printed = {process.communicate()[0] for process in processes}
print(len(printed), sum(process.returncode != 0 for process in processes))
"""


@dataclass(frozen=True, kw_only=True)
class Crowds:
    """Seconds until the last of many processes was gone, and what was asked of the server."""

    many: int
    bare: float
    token: float
    waiting: int
    cached: float
    refresh: float
    expired: float
    refreshes: int


def measure_commands(
    python: Path, folder: Path, environment: Mapping[str, str], rounds: int
) -> dict[str, float]:
    """Return the median of each command, the bare interpreter's first."""
    command = str(python.with_name("loopback-auth"))
    one, many = folder / "one", folder / "many"
    store_token(one)
    store_token(many)
    for number in range(MANY_PROFILES - 1):
        (many / "tokens" / f"p{number}.json").write_bytes(
            (many / "tokens" / "default.json").read_bytes()
        )
    (many / "config.toml").write_text(
        'default_profile = "default"\n[profiles.default]\nprovider = "github"\n'
    )
    commands = {
        BARE: ([str(python), "-c", "pass"], one),
        TOKEN: ([command, "token"], one),
        f"{TOKEN}, with {MANY_PROFILES:,} profiles and a config.toml": ([command, "token"], many),
        IN_PROJECT: ([command, "token"], one),
        "`env`": ([command, "env"], one),
        "`exec -- true`": ([command, "exec", "--", "true"], one),
        "`true`": (["true"], one),
    }
    inside = _trusted_project(command, one, folder / "clone", environment)
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for name in shuffled(list(commands), rounds):
        words, home = commands[name]
        here = {**environment, "LOOPBACK_AUTH_HOME": str(home)}
        taken[name].append(_timed(words, here, inside if name == IN_PROJECT else folder))
    # The first of each filled the caches.
    return {name: median(each[1:]) for name, each in taken.items()}


def measure_crowds(
    python: Path, folder: Path, environment: Mapping[str, str], server: Server
) -> Crowds:
    """Start many processes at once; return the medians of a few runs."""
    token = [str(python.with_name("loopback-auth")), "token"]
    here = {**environment, "LOOPBACK_AUTH_HOME": str(folder / "crowd")}
    store_token(folder / "crowd")
    of_bare = [_crowd(MANY, [str(python), "-c", "pass"], here) for _ in range(CROWDS)]
    of_token = [_crowd(MANY, token, here) for _ in range(CROWDS)]
    cached = [_crowd(WAITING, token, here) for _ in range(CROWDS)]
    alone, together, asked = [], [], []
    for number in range(2 * CROWDS):
        before = server.refreshes
        store_token(folder / "crowd", expired_at=server)
        if number % 2:
            alone.append(_timed(token, here))
        else:
            together.append(_crowd(WAITING, token, here))
            asked.append(server.refreshes - before)
    return Crowds(
        many=MANY,
        bare=median(of_bare),
        token=median(of_token),
        waiting=WAITING,
        cached=median(cached),
        refresh=median(alone),
        expired=median(together),
        refreshes=max(asked),
    )


def _trusted_project(command: str, home: Path, clone: Path, environment: Mapping[str, str]) -> Path:
    """Sign in to the profile of a project that is trusted; return a folder deep in it."""
    inside = clone / "packages" / "web" / "src"
    inside.mkdir(parents=True)
    (clone / ".git").mkdir()
    (clone / ".loopback-auth.toml").write_text(
        'default_profile = "team"\n\n[profiles.team]\n'
        'issuer = "https://id.example"\nclient_id = "bench"\nscope = "openid"\n'
    )
    here = {**environment, "LOOPBACK_AUTH_HOME": str(home)}
    trusted = subprocess.run(
        [command, "trust", "--json", str(clone)], env=here, capture_output=True, check=True
    )
    store_token(home, profile=json.loads(trusted.stdout)["profiles"]["team"]["profile"])
    return inside


def store_token(home: Path, *, profile: str = "default", expired_at: Server | None = None) -> None:
    """Write the token file of *profile*, good for years or expired at that server."""
    (home / "tokens").mkdir(parents=True, exist_ok=True, mode=0o700)
    home.chmod(0o700)
    document = {
        "version": 1,
        "profile": profile,
        "access_token": "t" * 40,
        "token_type": "Bearer",
        "refresh_token": "r" * 40,
        "obtained_at": "2025-01-01T00:00:00Z",
        "expires_at": "2025-01-01T01:00:00Z" if expired_at else "2099-01-01T00:00:00Z",
        "extra": {},
        "client": {"client_id": "bench"},
        "server": {
            "authorization_endpoint": expired_at.endpoints[0]
            if expired_at
            else "https://id.example/a",
            "token_endpoint": expired_at.endpoints[1] if expired_at else "https://id.example/t",
        },
    }
    (home / "tokens" / f"{profile}.json").write_text(json.dumps(document))


def _timed(
    words: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
) -> float:
    began = time.monotonic()
    subprocess.run(words, env=environment, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def _crowd(count: int, words: Sequence[str], environment: Mapping[str, str]) -> float:
    """Run so many at once; all have to print the same and succeed."""
    began = time.monotonic()
    crowd = [sys.executable, "-I", "-S", "-c", _CROWD, str(count), *words]
    said = subprocess.run(crowd, env=environment, capture_output=True, text=True, check=True).stdout
    taken = time.monotonic() - began
    if said.split() != ["1", "0"]:
        raise SystemExit(f"of {count} processes some failed or got another token: {said}")
    return taken


def table_of_commands(times: Mapping[str, float]) -> str:
    """Return the medians as a table, over that of the bare interpreter."""
    bare = times[BARE]
    rows = [
        f"| {name} | {taken / bare:.2f} | {taken * 1000:.0f} ms |"
        for name, taken in times.items()
        if name not in (BARE, "`true`")
    ]
    return "\n".join(
        ["| | ratio | median |", "|---|---|---|", f"| {BARE} | 1 | {bare * 1000:.0f} ms |", *rows]
    )


def table_of_crowds(crowds: Crowds) -> str:
    """Return what many at once take as a table, each beside what it is held to."""
    alone, good = (
        f"{crowds.refresh:.2f} s for one alone",
        f"{crowds.cached:.2f} s for as many with a good one",
    )
    many = f"{crowds.token / crowds.bare:.2f} x as many {BARE}"
    expired = f"{crowds.waiting} x {TOKEN} that find one expired token: {crowds.refreshes} refresh"
    return "\n".join(
        [
            "| at once | all done after | beside |",
            "|---|---|---|",
            f"| {crowds.many} x {TOKEN} | {crowds.token:.2f} s | {many} |",
            f"| {expired} | {crowds.expired:.2f} s | {alone}, {good} |",
        ]
    )


def aims_of_every_day(times: Mapping[str, float], crowds: Crowds) -> list[tuple[bool, str]]:
    """Return every aim as met or not, with what was measured."""
    found = [
        (
            taken / times[BARE] <= TOKEN_AIM,
            f"{name}: {taken / times[BARE]:.2f} (aim: at most {TOKEN_AIM:g})",
        )
        for name, taken in times.items()
        if name.startswith(TOKEN)
    ]
    more = times[IN_PROJECT] - times[TOKEN]
    measured = f"{IN_PROJECT}: {more * 1000:+.1f} ms"
    found.append((more <= IN_PROJECT_AIM_S, f"{measured} (aim: at most +2 ms)"))
    for name, base in (("`env`", 0.0), ("`exec -- true`", times["`true`"])):
        late = times[name] - times[TOKEN] - base
        found.append(
            (
                late <= BESIDE_TOKEN_AIM_S,
                f"{name}: {TOKEN} {late * 1000:+.0f} ms (aim: at most +10 ms)",
            )
        )
    ratio = crowds.token / crowds.bare
    found.append(
        (ratio <= TOKEN_AIM, f"{crowds.many} at once: {ratio:.2f} (aim: at most {TOKEN_AIM:g})")
    )
    limit = crowds.refresh + 2 * crowds.cached
    what = f"{crowds.waiting} find one expired token"
    measured = f"{crowds.refreshes} refresh, {crowds.expired:.2f} s"
    found.append(
        (
            crowds.refreshes == 1 and crowds.expired <= limit,
            f"{what}: {measured} (aim: 1, at most {limit:.2f} s)",
        )
    )
    return found
