"""A string that is never printed by accident."""

from __future__ import annotations

from .text import trimmed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


class Secret:
    """
    A token, a code or a password, which is shown as `Secret(...)` wherever it is formatted.

    Only `reveal()` returns the value. To pickle it or to write it as JSON raises an error.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value in clear."""
        return self._value

    def trimmed(self) -> Secret:
        """Return it without what a paste brings along: blanks and line ends around it."""
        return Secret(trimmed(self._value))

    def matches(self, text: str) -> bool:
        """Return whether the value is the untrusted *text*; compare in constant time."""
        # Imported late: it loads OpenSSL, which `token` has no use for.
        from hmac import compare_digest

        return compare_digest(self._value.encode(), text.encode("utf-8", "surrogatepass"))

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")
