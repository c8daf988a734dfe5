"""Commands that set a variable in a shell, for each shell in its own quoting."""

from __future__ import annotations

from ...errors import ValueUnquotable

# The characters that PowerShell reads as a single quote: about_Quoting_Rules, and IsSingleQuote of
# System.Management.Automation.
_POWERSHELL_QUOTES = "'\u2018\u2019\u201a\u201b"


def sh(name: str, value: str) -> str:
    """
    Return the command for sh, dash, bash, zsh and ksh.

    Between single quotes all characters but the single quote stand for themselves (POSIX.1-2017 XCU
    section 2.2.2).
    """
    return f"export {name}='" + value.replace("'", "'\\''") + "'"


def fish(name: str, value: str) -> str:
    r"""
    Return the command for fish.

    Between single quotes only \\ and \' do not stand for themselves (its manual, "Quotes").
    """
    return f"set -gx {name} '" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def powershell(name: str, value: str) -> str:
    """
    Return the command for PowerShell.

    Between single quotes all characters stand for themselves but single quotes, which are doubled
    (about_Quoting_Rules).

    Raises:
        ValueUnquotable: *value* is empty, which would remove the variable.
    """
    if not value:
        # about_Environment_Variables.
        raise ValueUnquotable(
            f"the value for {name} is empty, which PowerShell cannot set", form="powershell"
        )
    return (
        f"$env:{name} = '" + "".join(c * 2 if c in _POWERSHELL_QUOTES else c for c in value) + "'"
    )


def cmd(name: str, value: str) -> str:
    """
    Return the command for cmd: `set "NAME=VALUE"` (`set /?`, `cmd /?`).

    Raises:
        ValueUnquotable: *value* is empty, or holds a percent sign, which is doubled in a batch file
            and not at the prompt; an exclamation mark, whose meaning is a setting; or a quote or
            control character, which cannot be written.
    """
    bad = sorted({c for c in value if c in '%!"' or c < " "})
    if bad or not value:
        what = " ".join(repr(c) for c in bad) or "nothing"
        raise ValueUnquotable(
            f"the value for {name} holds {what}, which cmd cannot be given safely", form="cmd"
        )
    return f'set "{name}={value}"'
