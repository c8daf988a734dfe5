"""What an error means and what to do next: prose as data, in `catalogue.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..resources import read
from .fix import prose, rendered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """
    What is known of a code, its values filled in.

    *title* is a clause without a full stop; *fix* names a command to type or where to go; *see* is
    a help topic or a section. *number* is the lasting number of a pitfall of one kind of server.
    """

    code: str
    title: str
    cause: str
    fix: str
    see: str = ""
    number: int | None = None


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    import tomllib

    try:
        return tomllib.loads(read("explain/catalogue.toml").decode())
    except (OSError, ValueError):
        # A damaged installation: the error is shown without its cause, not hidden by another one.
        return {}


def codes() -> list[str]:
    """Return every code that has an explanation, sorted."""
    return sorted(_catalogue())


def find(code: str) -> str | None:
    """Return the catalogue's spelling of *code* (`Invalid_Grant` -> `invalid-grant`), or `None`."""
    kebab = code.strip().lower().replace("_", "-").replace(" ", "-")
    return kebab if kebab in _catalogue() else None


def explanation(code: str, **facts: object) -> Explanation:
    """
    Return the catalogue's entry for *code*, its placeholders filled from *facts*.

    A placeholder without a fact becomes words. An unknown code has the entry of `error`.
    """
    known = find(code) or "error"
    return filled(known, _catalogue().get(known, {}), facts)


def filled(code: str, entry: Mapping[str, Any], facts: Mapping[str, object]) -> Explanation:
    """Return the explanation for an *entry* of a data file, filled from *facts*."""
    values = {name: str(value) for name, value in facts.items() if value not in (None, "")}

    def text(name: str) -> str:
        return prose(str(entry.get(name, "")).strip(), values)

    return Explanation(
        code=code,
        title=text("title"),
        cause=text("cause"),
        fix=rendered(str(entry.get("fix", "")).strip(), facts),
        see=str(entry.get("see", "")),
        number=entry.get("number"),
    )
