"""What an error means and what to do next: prose as data, in `catalogue.toml`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One entry: *title* is a clause without a full stop, *fix* names a command or a place, *see* is a help topic or a section."""

    code: str
    title: str
    cause: str
    fix: str
    see: str = ""


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    import tomllib

    return tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text("utf-8"))


def codes() -> list[str]:
    """List every code that has an explanation."""
    return sorted(_catalogue())


def find(code: str) -> str | None:
    """Give the catalogue's spelling of *code* (`Invalid_Grant` -> `invalid-grant`), or `None`."""
    kebab = code.strip().lower().replace("_", "-").replace(" ", "-")
    return kebab if kebab in _catalogue() else None


def explanation(code: str, **facts: object) -> Explanation:
    """
    Give the entry for *code*, its placeholders filled from *facts*.

    A placeholder without a fact shows its own name in angle brackets, as a manual would write it. An unknown code gets the entry
    of `error`.
    """
    known = find(code) or "error"
    entry = _catalogue()[known]
    values = defaultdict(str, {name: str(value) for name, value in facts.items()})

    def filled(name: str) -> str:
        return str(entry.get(name, "")).strip().format_map(_Facts(values))

    return Explanation(
        code=known,
        title=filled("title"),
        cause=filled("cause"),
        fix=filled("fix"),
        see=str(entry.get("see", "")),
    )


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"<{name}>"
