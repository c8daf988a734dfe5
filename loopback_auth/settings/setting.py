"""One setting of a profile, and where it came from."""

from __future__ import annotations

from ..value import Value, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Setting(Value):
    """
    A value, and where it came from, in words: `--client-id`, `config.toml:7`.

    A source of a lower *rank* was closer to the person.
    """

    value: Any = field(repr=False)
    source: str
    rank: int = field(default=0, repr=False)


LAST_SIGN_IN = "the last sign-in"
"""The source of what is remembered."""
