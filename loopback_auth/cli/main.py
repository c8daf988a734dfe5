"""From argv to exit status: finds the command, and loads that one alone."""

from __future__ import annotations

import warnings
from contextlib import contextmanager, suppress
from importlib import import_module

from .. import __version__, errors
from ..errors.base import Remark
from .arguments import Parser, speak_english, unknown_command
from .console import Console
from .context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, TextIO

    from ..settings.project_file import ProjectFile

COMMANDS = {
    "init": "set a profile up: what to register, what to enter, and whether it works",
    "login": "sign in through the browser and store the tokens",
    "exchange": "finish by hand what login --manual began: paste the address or the code",
    "deliver": "hand the address the browser ended at to a login that waits in another terminal",
    "relay": "be the browser of a sign-in on another machine: relay ssh://HOST/PROFILE",
    "token": "print a valid access token",
    "id-token": "print the token by which this CI job or pod says who it is",
    "exec": "run a command with the token in its environment",
    "env": "print the token as variables for a shell or a pipeline",
    "export": "print the sign-in as another program reads it, or write it into a file of yours",
    "push": "send what a profile needs in CI to a CI system or a vault, by its own program",
    "credential": "answer git, docker, kubectl, go and others that ask for a token",
    "import": "keep a refresh token that comes from elsewhere, such as a CI system",
    "api": "call an API with your token (sent only to that API's servers)",
    "refresh": "get a new access token now",
    "status": "show who is signed in, where, and where each setting came from",
    "profiles": "list the profiles; rename or remove one",
    "logout": "revoke the tokens and forget them",
    "config": "show the configuration: path, show",
    "callback-cert": "an https callback's certificate: create, show, and who trusts it",
    "trust": "let a repository's project file choose where to sign in",
    "providers": "list the kinds of server that are known by name",
    "doctor": "check everything a sign-in needs, and say what to fix",
    "explain": "explain an error, however you have it: what happened, why, what to do",
    "demo": "sign in to a server of our own, to see how it works",
    "completion": "print what makes your shell complete commands, options and profiles",
    "help": "read about a topic",
}
"""Every command with its line in `--help`; each is the module of that name in this package."""

USAGE = """\
usage: loopback-auth COMMAND [PROFILE] [OPTIONS]

Sign in to any OAuth 2.0 / OpenID Connect server through the browser.

commands:
{commands}

examples:
  loopback-auth init work --issuer https://id.example.com
  loopback-auth init salesforce --login-url acme
  loopback-auth login work --issuer https://id.example.com --client-id my-cli
  loopback-auth exec work -- terraform plan
  loopback-auth api /me -p work

A command's options: loopback-auth COMMAND --help
All topics: loopback-auth help
"""
"""What `--help` prints; `{commands}` becomes their list."""


def run(
    argv: Sequence[str],
    stdin: TextIO | None,
    stdout: TextIO | None,
    stderr: TextIO | None,
    environ: Mapping[str, str],
    *,
    is_process: bool = False,
) -> int:
    """
    Carry out one command line and return its exit status; no error of ours leaves as a traceback.

    Nothing else of the process is read or changed, so that a program can run commands in itself,
    also in a thread of its own. A stream is `None` where it is closed. Binary results (`api`) need
    streams with a `buffer`.

    *is_process* says that the command has this process to itself. These need one, and are left out
    without it:

    - Signals: SIGTERM and SIGHUP are not handled, and Ctrl-C is what the caller makes of it.
    - A terminal: passwords, answers that are pasted unseen and "press Enter" read the real one.
    - `exec`, which becomes another program, raises `NotImplementedError`.
    - The child that finishes a refresh whose command is stopped: the refresh runs here.
    - The limit on core dumps, and the end of writing to a descriptor whose reader has gone.

    The current folder, the user, `umask`, the warnings filter, OpenSSL's variables and those that
    `keyring` reads for its backend are the process's own in any case.
    """
    command, *rest = command_first(argv) or ["--help"]
    _survive_any_encoding(stdout, stderr)
    # What follows -- is another program's.
    own = rest[: rest.index("--")] if "--" in rest else rest
    console = Console(
        own, stdin=stdin, stdout=stdout, stderr=stderr, environ=environ, is_process=is_process
    )
    try:
        return _ended(command, rest, console)
    finally:
        # Whoever presses Ctrl-C now does not want to wait for words; what was done is done.
        with suppress(KeyboardInterrupt):
            console.flush()


def _ended(command: str, rest: Sequence[str], console: Console) -> int:
    try:
        with _printing_warnings(console):
            return _carry_out(command, rest, console)
    except SystemExit:
        # argparse leaves so once it has printed a command's help; its errors are raised as ours.
        return 0
    except errors.LoopbackAuthError as error:
        was_asked = isinstance(error, errors.Cancelled)
        return _cancelled(error, console) if was_asked else console.error(error)
    except BrokenPipeError:
        console.drop_stdout()
        return 1
    except (KeyboardInterrupt, RuntimeError) as error:
        # Before 3.12 Python wraps an interrupt that strikes a class in the making, at an import.
        interrupt = error.__cause__ if isinstance(error, RuntimeError) else error
        if not isinstance(interrupt, KeyboardInterrupt):
            raise
        return _cancelled(_stopped(interrupt), console)
    except OSError as error:
        return console.error(_refused(error))


def _carry_out(command: str, rest: Sequence[str], console: Console) -> int:
    if command in ("-h", "--help"):
        from .terminal.screen import page_columns
        from .terminal.wrap import wrapped

        columns = page_columns(console.stdout, console.stderr, console.environ)
        console.raw(wrapped(_usage(), columns))
        return 0
    if command in ("-V", "--version"):
        console.raw(f"loopback-auth {__version__}")
        return 0
    if command not in COMMANDS:
        raise unknown_command(command, rest, COMMANDS)
    if console.is_process and command != "exec":
        # What that one runs gets the limits that we were given, and waits for us.
        from ..edge.process.core_dumps import forbid_core_dumps

        forbid_core_dumps()
    if console.is_process:
        speak_english()
    module, parser = _load(command, console)
    arguments: Namespace = parser.parse_args(rest)
    context = Context(
        arguments,
        console,
        _ask_trust,
        typed=[command, *rest],
        commands=COMMANDS,
        parser_of=lambda name: _load(name, console)[1],
    )
    try:
        status: int = module.run(context)
    except errors.LoopbackAuthError as error:
        context.add_facts(error)
        raise
    # What was asked for is done, and something has to be put right.
    return status or context.late_exit_code


def _load(command: str, console: Console) -> tuple[Any, Parser]:
    """Return the module of *command*, and the parser of its arguments."""
    module: Any = import_module(f".commands.{command.replace('-', '_')}", __package__)
    parser = Parser(
        console,
        prog=f"loopback-auth {command}",
        description=COMMANDS[command][:1].upper() + COMMANDS[command][1:] + ".",
    )
    module.arguments(parser)
    topic = {
        "login": "getting-started",
        "config": "config",
        "trust": "team",
        "providers": "providers",
        "init": "getting-started",
        "doctor": "troubleshooting",
        "push": "ci",
    }.get(command)
    parser.epilog = f"learn more: loopback-auth help {topic}" if topic else None
    return module, parser


def _ask_trust(project: ProjectFile, before: Mapping[str, Any] | None, context: Context) -> None:
    # Late: who has agreed is not asked again.
    from .project.trusting import ask_trust

    ask_trust(project, before, context)


@contextmanager
def _printing_warnings(console: Console) -> Iterator[None]:
    """Print our own warnings as notes, each once."""
    shown = set[str]()

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, Remark):
            if str(message) in shown:
                return
            shown.add(str(message))
            from ..notices import Warned
            from .progress import ProgressReporter

            ProgressReporter(console)(Warned(code=category.code, message=str(message)))
        else:
            show_others(message, category, *where, **more)

    with warnings.catch_warnings():
        # Whatever -W and PYTHONWARNINGS say.
        # "once" would count for the whole process.
        warnings.simplefilter("always", Remark)
        show_others, warnings.showwarning = warnings.showwarning, show
        yield


def _cancelled(error: errors.LoopbackAuthError, console: Console) -> int:
    if not (console.nothing_sent and console.may_ask) or error.tokens_changed:
        return console.error(error)
    # A person's own Ctrl-C, at a question or while nothing but a page was asked for.
    console.erase_line()
    console.say("Cancelled. Nothing changed.")
    return error.exit_code


def _stopped(interrupt: KeyboardInterrupt) -> errors.LoopbackAuthError:
    error = errors.Stopped(f"stopped by {str(interrupt) or 'SIGINT'}")
    if remark := getattr(interrupt, "remark", ""):
        error = errors.Stopped(
            error.message,
            cause=f"{error.cause} {remark}",
            fix="run the same again: `loopback-auth token {profile}`",
        )
    error.exit_code = getattr(interrupt, "exit_code", error.exit_code)
    error.tokens_changed = getattr(interrupt, "tokens_changed", None)
    return error


def _refused(error: OSError) -> errors.LoopbackAuthError:
    where = f"{error.filename}: " if error.filename else ""
    return errors.SystemRefused(
        f"{where}{error.strerror or type(error).__name__}",
        # Not from the catalogue, which is a file that may not be had either.
        cause="Too many files are open, memory or a disk is at its end,"
        " or a folder is out of reach.",
        fix="look at the limits (`ulimit -a`) and at `df`, then run the same again",
    )


def command_first(argv: Sequence[str]) -> list[str]:
    """Return *argv* with the options that stand before the command behind it."""
    takes_name = ("-p", "--profile")
    for index, word in enumerate(argv):
        if index and argv[index - 1] in takes_name:
            continue
        if word in COMMANDS:
            return [word, *argv[:index], *argv[index + 1 :]]
        if word == "--" or not word.startswith("-"):
            break
    return list(argv)


def _usage() -> str:
    commands = "\n".join(f"  {name:<13}  {line}" for name, line in COMMANDS.items())
    return USAGE.format(commands=commands).rstrip()


def _survive_any_encoding(*streams: TextIO | None) -> None:
    # A name in a language this terminal cannot show must not end the program.
    for stream in streams:
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
