"""The tables, and what they are held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .sign_in import SignIn

BARE, OURS = "bare script", "loopback-auth"
BY_ISSUER = "loopback-auth, by --issuer, signed in before"
COLUMNS = {
    "url": "start → URL shown",
    "saved": "callback → saved",
    "gone": "callback → gone",
    "peak": "peak memory",
}
AIMS = {"url": 1.5, "saved": 3.0}
GONE_AIM_S = 0.040


def table_of_sign_ins(sign_ins: Mapping[str, SignIn]) -> str:
    """Return the medians as a table, over those of the bare script."""
    bare = sign_ins[BARE]
    lines = ["| | " + " | ".join(COLUMNS.values()) + " |", "|---|" + "---|" * len(COLUMNS)]
    for name, one in sign_ins.items():
        cells = (f"{getattr(one, c) / getattr(bare, c):.2f} ({_shown(one, c)})" for c in COLUMNS)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _shown(one: SignIn, column: str) -> str:
    value = getattr(one, column)
    if column == "peak":
        return f"{value:.0f} MiB"
    return f"{value * 1000:.0f} ms"


def aims(sign_ins: Mapping[str, SignIn], peers: Iterable[str]) -> list[tuple[bool, str]]:
    """Return every aim of a sign-in as met or not, with what was measured."""
    ours, bare = sign_ins[OURS], sign_ins[BARE]
    found = [(COLUMNS[c], getattr(ours, c) / getattr(bare, c), aim) for c, aim in AIMS.items()]
    listed = [
        (ratio <= aim, f"{what}: {ratio:.2f} (aim: at most {aim:g})") for what, ratio, aim in found
    ]
    late = ours.gone - bare.gone
    listed.append(
        (
            late <= GONE_AIM_S,
            f"{COLUMNS['gone']}: bare script {late * 1000:+.0f} ms (aim: at most +40 ms)",
        )
    )
    return listed + [_ahead(ours, sign_ins[name], name) for name in peers]


def _ahead(ours: SignIn, peer: SignIn, name: str) -> tuple[bool, str]:
    behind = [COLUMNS[c] for c in COLUMNS if getattr(ours, c) >= getattr(peer, c)]
    return not behind, f"ahead of {name} in every column" + (
        f", but not in {', '.join(behind)}" if behind else ""
    )
