"""
A sign-in in the formats of the programs that read it: pure functions, one for each format.

Whatever a value holds, its reader gets that value, no other variable is set, and no command runs. A
value that a format cannot carry is refused. `env` imports this module, so it imports nothing heavy.
"""

from __future__ import annotations

from ..errors import ValueUnquotable
from .environment import ci, dotenv, shells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..oauth.secret import Secret

_LINES: dict[str, Callable[[str, str], str]] = {
    "dotenv": dotenv.dotenv,
    "sh": shells.sh,
    "fish": shells.fish,
    "powershell": shells.powershell,
    "cmd": shells.cmd,
    "azure": ci.azure,
}

FORMATS = ("sh", "fish", "powershell", "cmd", "dotenv", "json", "github", "azure")
"""The formats of `env`."""


def environment_text(form: str, values: Mapping[str, Secret]) -> str:
    """
    Return the variables *values* in the format *form*, one of `FORMATS` but `github`.

    The format `github` is two texts: `github_masks` and `github_environment`. The caller checks the
    names of the variables.

    Raises:
        ValueUnquotable: The format cannot carry a value.
    """
    revealed = {name: _plain(name, value, form) for name, value in values.items()}
    if form == "json":
        import json

        return json.dumps(revealed)
    return "\n".join(_LINES[form](name, value) for name, value in revealed.items())


def github_masks(values: Mapping[str, Secret]) -> str:
    """
    Return the commands that hide *values* in a workflow's log.

    They must be on standard output before the values are used.

    Raises:
        ValueUnquotable: The format cannot carry a value.
    """
    plain = (_plain(name, value, "github") for name, value in values.items())
    return "\n".join(line for value in plain for line in ci.github_masks(value))


def github_environment(values: Mapping[str, Secret], *, delimiter: str) -> str:
    """
    Return the variables *values* for the file `$GITHUB_ENV`.

    *delimiter* is a word that nobody can guess.

    Raises:
        ValueUnquotable: The format cannot carry a value.
    """
    plain = {name: _plain(name, value, "github") for name, value in values.items()}
    return "\n".join(
        ci.github_variable(name, value, delimiter=delimiter) for name, value in plain.items()
    )


def _plain(name: str, value: Secret, form: str) -> str:
    plain = value.reveal()
    if "\0" in plain:
        raise ValueUnquotable(
            f"the value for {name} holds a NUL, which no environment can hold", form=form
        )
    if any("\ud800" <= c <= "\udfff" for c in plain):
        raise ValueUnquotable(f"the value for {name} is not text in any encoding", form=form)
    return plain
