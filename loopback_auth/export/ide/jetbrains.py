"""
JetBrains IDEs: run configurations of the kind "Shell Script", a file each, which a team shares.

They run in the run window, which waits for them; the IDE does not wait for one in its terminal.
"""

from __future__ import annotations

from html import escape

from .ide_file import IdeFile, labelled, login_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTIONS = {
    "INDEPENDENT_SCRIPT_PATH": "true",
    "SCRIPT_PATH": "",
    "SCRIPT_OPTIONS": "",
    "INDEPENDENT_SCRIPT_WORKING_DIRECTORY": "true",
    "SCRIPT_WORKING_DIRECTORY": "$PROJECT_DIR$",
    "INDEPENDENT_INTERPRETER_PATH": "true",
    "INTERPRETER_PATH": "/bin/sh",
    "INTERPRETER_OPTIONS": "",
    "EXECUTE_IN_TERMINAL": "false",
    "EXECUTE_SCRIPT_FILE": "false",
}
_TYPE = "ShConfigurationType"


def files(profile: str | None, _: Sequence[str]) -> list[IdeFile]:
    """Return two configurations for *profile*: the second runs the first one before itself."""
    sign_in = labelled("Sign in", profile)
    suffix = f"-{profile}" if profile else ""
    status = ["status", *([profile] if profile else [])]
    return [
        IdeFile(
            path=f".run/sign-in{suffix}.run.xml",
            text=_configuration(sign_in, login_words(profile)),
        ),
        IdeFile(
            path=f".run/who-is-signed-in{suffix}.run.xml",
            text=_configuration(labelled("Who is signed in", profile), status, first=sign_in),
        ),
    ]


def _configuration(name: str, words: Sequence[str], *, first: str = "") -> str:
    # No character of a profile's name means anything to the shell.
    script = " ".join(["loopback-auth", *words])
    options = "".join(
        f'    <option name="{option}" value="{escape(value)}" />\n'
        for option, value in {"SCRIPT_TEXT": script, **_OPTIONS}.items()
    )
    before = '    <method v="2" />\n'
    if first:
        before = (
            '    <method v="2">\n      <option name="RunConfigurationTask" enabled="true"'
            f' run_configuration_name="{escape(first)}" run_configuration_type="{_TYPE}" />\n'
            "    </method>\n"
        )
    return (
        '<component name="ProjectRunConfigurationManager">\n'
        f'  <configuration default="false" name="{escape(name)}" type="{_TYPE}">\n'
        f"{options}    <envs />\n{before}  </configuration>\n</component>\n"
    )
