"""
Variables for shells. Each text is read by the shell it is for; what cannot be quoted there is
refused.
"""

from __future__ import annotations

from ...errors import ValueUnquotable

# What PowerShell's tokenizer takes for a single quote: about_Quoting_Rules, and
# System.Management.Automation's IsSingleQuote.
_POWERSHELL_QUOTES = "'\u2018\u2019\u201a\u201b"


def sh(name: str, value: str) -> str:
    """
    Write for sh, dash, bash, zsh, ksh - POSIX.1-2017 XCU section 2.2.2: between single quotes all
    is itself, but for a single quote.
    """
    return f"export {name}='" + value.replace("'", "'\\''") + "'"


def fish(name: str, value: str) -> str:
    r"""
    Write for fish, whose manual has it under "Quotes": between single quotes only \\ and \' mean
    something else.
    """
    return f"set -gx {name} '" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def powershell(name: str, value: str) -> str:
    """
    Write for PowerShell - about_Quoting_Rules: between single quotes all is itself, and any of the
    quotes that count as one is doubled.
    """
    if not value:
        # An empty one would take the variable away: about_Environment_Variables.
        raise ValueUnquotable(
            f"the value for {name} is empty, which PowerShell cannot set", form="powershell"
        )
    return (
        f"$env:{name} = '" + "".join(c * 2 if c in _POWERSHELL_QUOTES else c for c in value) + "'"
    )


def cmd(name: str, value: str) -> str:
    """
    Write for cmd - `set /?`, `cmd /?`: between the quotes of `set "NAME=VALUE"` most is itself.

    A percent sign is doubled in a batch file and not at the prompt, an exclamation mark depends on
    a setting, and neither quotes nor line ends have a form at all: those are refused.
    """
    bad = sorted({c for c in value if c in '%!"' or c < " "})
    if bad or not value:
        what = " ".join(repr(c) for c in bad) or "nothing"
        raise ValueUnquotable(
            f"the value for {name} holds {what}, which cmd cannot be given safely", form="cmd"
        )
    return f'set "{name}={value}"'
