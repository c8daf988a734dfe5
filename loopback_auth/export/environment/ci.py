"""Variables for the steps of a pipeline that follow, hidden in its log first."""

from __future__ import annotations

from ...errors import ValueUnquotable

_AZURE_ESCAPES = ("%0D", "%0A", "%3B", "%5D", "%AZP25")


def github_masks(value: str) -> list[str]:
    """
    Write the commands that hide *value* - GitHub's "Workflow commands", `add-mask`.

    A value of several lines is hidden line by line, too, since a log is searched line by line.
    """
    lines = dict.fromkeys([value, *value.splitlines()])
    return [f"::add-mask::{_escaped(line)}" for line in lines if line.strip()]


def _escaped(text: str) -> str:
    # actions/toolkit escapes the data of a command so, the percent sign first.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_variable(name: str, value: str, *, delimiter: str) -> str:
    """
    Write *value* for `$GITHUB_ENV` - GitHub's "Workflow commands", "Multiline strings".

    A value that held the *delimiter* could set more variables; so the caller takes one that nobody
    can guess.
    """
    if delimiter in value or "\r" in value:
        raise ValueUnquotable(
            f"the value for {name} cannot be written into $GITHUB_ENV safely", form="github"
        )
    return f"{name}<<{delimiter}\n{value}\n{delimiter}"


def azure(name: str, value: str) -> str:
    """
    Write for Azure Pipelines - "Logging commands", `task.setvariable`: secret, so that it is hidden
    in the log and not in the environment unasked.

    Agents differ in how they read an escaped percent sign, and refuse secrets of several lines:
    such values are refused here.
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
