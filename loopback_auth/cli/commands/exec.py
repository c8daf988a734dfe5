"""`exec`: run a command with the token in its environment, and nowhere else."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress

from ...errors import CommandNotRun, UsageError, ValueUnquotable
from ..credential.options import login_argument, token_arguments
from ..variables import filled_variables, set_argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...oauth.secret import Secret
    from ..arguments import Parser
    from ..console import Console
    from ..context import Context


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.usage = "%(prog)s [PROFILE] [OPTIONS] -- COMMAND [ARGUMENT ...]"
    parser.profile_argument()
    set_argument(parser)
    token_arguments(parser)
    login_argument(parser)
    parser.command_argument()


def run(context: Context) -> int:
    """Become the command; on Windows, return its exit status."""
    command: list[str] = context.arguments.command
    if not command:
        raise UsageError(
            "there is no command to run",
            cause="What stands after -- is the command and its arguments.",
            fix="for example: `loopback-auth exec {profile} -- terraform plan`",
        )
    filled = filled_variables(context)
    environ = {
        **_inherited(context.environ),
        **{name: _plain(name, value) for name, value in filled.items()},
    }
    try:
        context.console.flush()
        return _run(command, environ, context.console)
    except OSError as error:
        raise _not_run(command[0], error) from None


def _inherited(environ: Mapping[str, str]) -> Mapping[str, str]:
    if not hasattr(sys, "_MEIPASS"):
        return environ
    from ...edge.process.frozen import as_started, bundle

    return as_started(environ, bundle())


def _plain(name: str, value: Secret) -> str:
    """
    Return *value* as a process can have it in its environment; raise `ValueUnquotable` for one that
    none can.
    """
    plain = value.reveal()
    with suppress(UnicodeEncodeError):
        if b"\0" not in os.fsencode(plain):
            return plain
    raise ValueUnquotable(
        f"the value for {name} cannot be in an environment",
        cause="It holds a NUL, or characters that the system's encoding does not have.",
        fix="leave the field out, and name those that are wanted:"
        " `loopback-auth exec {profile} --set NAME=FIELD -- COMMAND`",
        form="exec",
    )


def _run(command: list[str], environ: Mapping[str, str], console: Console) -> int:
    if not console.is_process:
        raise NotImplementedError("exec becomes another program, and needs a process for that")
    for stream in (console.stdout, console.stderr):
        if stream is not None:
            stream.flush()
    if sys.platform != "win32":
        _as_we_were_started()
        # This process becomes the command, which has terminal, signals and exit status without our
        # doing. No shell may come between.
        os.execvpe(command[0], command, environ)  # noqa: S606
    import signal
    import subprocess

    from ...edge.process.frozen import system_libraries

    # Ctrl-C goes to the whole console; it is for the command to end, and for us to wait.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with system_libraries():
        # The words are the person's own.
        return subprocess.run(command, env=environ, check=False).returncode  # noqa: S603


def _as_we_were_started() -> None:
    """
    Undo what Python does to signals, which an exec would hand down: programs expect to die of a
    closed pipe.
    """
    import signal

    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(signal.Signals[name], signal.SIG_DFL)


def _not_run(command: str, error: OSError) -> CommandNotRun:
    if error.errno == errno.E2BIG:
        return CommandNotRun(
            f"{command[:200]} was not run: its variables and arguments are larger than the system"
            " allows",
            cause="The system limits their size, one by one and in total.",
            fix="fill fewer variables, and name those that are wanted:"
            " `loopback-auth exec {profile} --set NAME=FIELD -- COMMAND`",
        )
    missing = isinstance(error, FileNotFoundError)
    failed = CommandNotRun(
        f"{command[:200]} was not run: {'there is no such command' if missing else error.strerror}",
        cause="The program is not on PATH." if missing else "The system would not start it.",
        fix="check its name and PATH; the first word after -- is the program"
        if missing
        else "check that it is a program and executable: ls -l",
    )
    # As shells do: POSIX.1-2017 XCU section 2.8.2.
    failed.exit_code = 127 if missing else 126
    return failed
