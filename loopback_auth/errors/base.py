"""The base of all errors that this package raises on purpose, and the one that needs no file."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..explain import Explanation


class Remark(UserWarning):
    """The base of the warnings that a person reads as notes; `code` is a stable kebab-case name."""

    code = "remark"


class LoopbackAuthError(Exception):
    """
    The base of all: catch it to catch everything that this package raises on purpose.

    `str(error)` says what happened, `error.cause` why that usually happens and `error.fix` what to
    do next. `code` is a stable kebab-case name, and `exit_code` the exit status of the command.
    `facts` fill the placeholders of cause and fix and hold no secret: they are printed.
    `tokens_changed` tells whether the profile's stored tokens are others than before, and is `None`
    where the work that failed does not change any, or there are none.

    To raise one: *fix* is a constant text, written as `explain/fix.py` says, and the values in it
    are *facts*. Without *cause* and *fix*, those of the code's entry in the catalogue count.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, cause: str = "", fix: str = "", **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts
        self.explanation: Explanation | None = None
        self.tokens_changed: bool | None = None
        self._cause = cause
        self._fix = fix

    @property
    def cause(self) -> str:
        """Why this usually happens, in one sentence or two."""
        if self.explanation:
            return self.explanation.cause
        return self._cause or self._catalogue_entry().cause

    @property
    def fix(self) -> str:
        """The next thing to do: a command to type, or where to go."""
        if self.explanation or not self._fix:
            return (self.explanation or self._catalogue_entry()).fix
        # Here, as below.
        from ..explain.fix import rendered

        return rendered(self._fix, self.facts)

    def explain_with(self, explanation: Explanation) -> None:
        """Take cause and fix from *explanation*, which knows more than the catalogue does."""
        self.explanation = explanation

    def add(self, clause: str) -> None:
        """Append *clause*, such as "the sign-in was undone", to what happened."""
        self.message = f"{self.message}; {clause}"
        self.args = (self.message,)

    def __reduce__(self) -> tuple[object, ...]:
        # Exception.__reduce__ would call the class with `args` alone, and some need keywords.
        return _restored, (type(self), self.args), self.__dict__

    def _catalogue_entry(self) -> Explanation:
        # Here, so that reading TOML stays off the path of `token`.
        from ..explain import explanation

        return explanation(self.code, **self.facts)


class SystemRefused(LoopbackAuthError):
    """Raised when the system says no: too many open files, no memory. Look at its limits."""

    # Here, since no other module can be read with as many open files as there may be.
    code = "system-refused"


def _restored(kind: type[LoopbackAuthError], arguments: tuple[object, ...]) -> LoopbackAuthError:
    return kind.__new__(kind, *arguments)
