"""Variables for later steps of a pipeline, which are hidden in its log."""

from __future__ import annotations

from ...errors import ValueUnquotable

_AZURE_ESCAPES = ("%0D", "%0A", "%3B", "%5D", "%AZP25")


def github_masks(value: str) -> list[str]:
    """
    Return the commands that hide *value* - GitHub's "Workflow commands", `add-mask`.

    Each line of it is hidden, too, since GitHub searches a log line by line.
    """
    lines = dict.fromkeys([value, *value.splitlines()])
    return [f"::add-mask::{_escaped(line)}" for line in lines if line.strip()]


def _escaped(text: str) -> str:
    # As actions/toolkit escapes the data of a command: the percent sign first.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_variable(name: str, value: str, *, delimiter: str) -> str:
    """
    Return a variable for `$GITHUB_ENV` - GitHub's "Workflow commands", "Multiline strings".

    A value with the *delimiter* in it could set more variables, so nobody must be able to guess it.

    Raises:
        ValueUnquotable: *value* holds the delimiter or a carriage return.
    """
    if delimiter in value or "\r" in value:
        raise ValueUnquotable(
            f"the value for {name} cannot be written into $GITHUB_ENV safely", form="github"
        )
    return f"{name}<<{delimiter}\n{value}\n{delimiter}"


def azure(name: str, value: str) -> str:
    """
    Return a secret variable for Azure Pipelines - "Logging commands", `task.setvariable`.

    The log hides a secret variable, and steps get it only when they name it.

    Raises:
        ValueUnquotable: *value* has several lines, which agents refuse for secrets, or an escape
            that agents read differently, or blanks at an end.
    """
    if (
        any(c < " " for c in value)
        or any(escape in value.upper() for escape in _AZURE_ESCAPES)
        or value != value.strip()
    ):
        raise ValueUnquotable(
            f"the value for {name} cannot be written as a logging command safely", form="azure"
        )
    return f"##vso[task.setvariable variable={name};issecret=true]{value}"
