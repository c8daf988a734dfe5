"""Questions to the person at the terminal, and what is pasted there unasked."""

from __future__ import annotations

from contextlib import suppress

from ..errors import UsageError
from ..oauth.text import one_line, trimmed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from argparse import Namespace
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from typing import TextIO

    from ..edge.interaction.delivery import Verdict
    from ..flows.login.answer import Deliveries, Pastes
    from ..flows.login.code_credentials import Credentials
    from ..flows.login.join import MayEnd
    from ..seams import MaySwitch, MayTrust
    from ..settings.profile import Profile
    from .console import Console
    from .context import Context

CHARACTERS = 4096
"""Of one line of credentials that is piped in."""


def confirm(question: str, console: Console, *, terminal: TextIO | None = None) -> bool:
    """
    Return whether the person says yes to *question*; Ctrl-C is a no.

    The answer comes from *terminal*, by default from standard input.
    """
    console.prompt(question)
    try:
        return _is_yes(terminal.readline() if terminal else _line(console))
    except KeyboardInterrupt:
        console.prompt("\n")
        return False


def ask(question: str, console: Console, *, usual: str = "") -> str:
    """
    Return the line that answers *question*, *usual* for an empty one.

    Raises:
        Cancelled: The answer is Ctrl-C or the end of the input.
        UsageError: Several lines came at once.
    """
    shown = f"{question} [{usual}]: " if usual else f"{question}: "
    what = f"the question: {question}"
    return _answer(shown, console, what=what, is_seen=True).strip() or usual


def ask_unseen(question: str, console: Console, *, what: str) -> str:
    """
    Return what is typed at *question* and not shown.

    Raises:
        Cancelled: The answer is Ctrl-C or the end of the input; *what* was asked for.
        UsageError: Several lines came at once.
    """
    return _answer(question, console, what=f"the question for {what}", is_seen=False)


def _answer(question: str, console: Console, *, what: str, is_seen: bool) -> str:
    from .input_text import typed

    text = typed(question, console, what=what, is_seen=is_seen)
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1:
        raise UsageError(
            "several lines came at once, and none was taken",
            cause="A question takes one line; another may be a secret, or answer another question.",
            fix="run it again, and paste one value at each question",
        )
    return lines[0] if lines else ""


async def confirm_meanwhile(question: str, console: Console) -> bool:
    """
    Return whether the person says yes to *question*, while other tasks of the event loop go on.

    A question that is cancelled is left open.
    """
    import asyncio
    import threading

    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        line = _line(console)
        # The loop may be over by the time somebody types.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if answer.done() else answer.set_result(line))

    console.erase_line()
    console.prompt(question)
    # A thread of the loop's own pool would be waited for at exit; nobody may ever type anything.
    threading.Thread(target=read, daemon=True).start()
    return _is_yes(await answer)


def ask_credentials(profile: Profile, console: Console) -> Credentials:
    """
    Return the username and the password: typed, or piped in a line each, and never in the command.

    Raises:
        UsageError: One is missing, or cannot be sent.
        Cancelled: The person stops at a question.
    """
    from ..flows.login.code_credentials import Credentials
    from ..oauth.secret import Secret

    hint = profile.login_hint
    username, password = _typed(hint, console) if console.interactive else _piped(hint, console)
    if not (username and password):
        raise UsageError(
            "the username or the password is missing",
            cause="They are asked for on a terminal; else standard input has the username on one"
            " line and the password on the next.",
            fix="`loopback-auth login {profile} --flow code-credentials --account USERNAME`,"
            " and type or pipe in the password",
            profile=profile.name,
        )
    if ":" in username:
        # RFC 7617 section 2: what stands before the first colon would be the username.
        raise UsageError(
            "the username has a colon in it",
            cause="A Basic header, which is what this flow sends, cannot carry it.",
            fix="sign in through the browser:"
            " `loopback-auth login {profile} --flow authorization-code`",
            profile=profile.name,
        )
    return Credentials(username=username, password=Secret(password))


def _typed(hint: str, console: Console) -> tuple[str, str]:
    username = ask("Username", console, usual=hint)
    question = "Password (not shown, and not kept): "
    return username, ask_unseen(question, console, what="the password")


def _piped(hint: str, console: Console) -> tuple[str, str]:
    """Read the username, unless *hint* is it, and the password: a line each."""
    if console.stdin is None:
        return hint, ""
    try:
        username = hint or trimmed(console.stdin.readline(CHARACTERS))
        return username, console.stdin.readline(CHARACTERS).rstrip("\r\n").lstrip("\ufeff")
    except UnicodeDecodeError:
        raise UsageError(
            "standard input is not text in this terminal's encoding",
            cause="A username and a password are read from it.",
            fix="pipe them in as UTF-8, a line each",
        ) from None


def check_standard_input(arguments: Namespace) -> None:
    """
    Check that no two options want standard input, or one wants what another forbids; and none
    listens for a sign-in that comes back in no browser here.

    Raises:
        UsageError: Two of them cannot be used together.
    """
    asks_password = arguments.flow == "code-credentials"
    readers = {"--paste": arguments.paste, "--flow code-credentials": asks_password}
    others = {
        "--no-input": arguments.no_input,
        "--client-secret-stdin": arguments.client_secret_stdin,
        "--manual": arguments.manual,
    }
    given = [name for name, is_given in {**readers, **others}.items() if is_given]
    ways = {"--device": arguments.device, "--manual": arguments.manual, **readers}
    named = [name for name, is_given in ways.items() if is_given]
    if arguments.device and len(named) > 1:
        raise UsageError(
            f"--device and {named[1]} cannot be used together",
            cause="Each is a different way to sign in.",
            fix="use only one of them: `loopback-auth login {profile} --device`",
        )
    if arguments.bind is not None and (asks_password or arguments.manual or arguments.device):
        raise UsageError(
            "--bind and a sign-in without a browser cannot be used together",
            cause="--manual, --device and --flow code-credentials do not wait for one.",
            fix="leave --bind out: `loopback-auth login {profile} [{way}]`",
            # A flow is a setting, and kept as one.
            way=named[0] if named[0] in ("--device", "--manual") else None,
        )
    if len(given) > 1 and given[0] in readers:
        raise UsageError(
            f"{given[0]} and {given[1]} cannot be used together",
            cause=f"{given[0]} reads what a person types, or standard input.",
            fix="use only one of them: {first} or {second}; a client secret can come from"
            " --client-secret-env, too",
            first=given[0],
            second=given[1],
        )


def may_switch(context: Context) -> MaySwitch | None:
    """Return who decides whether another account may replace the one that the profile holds."""
    console, is_decided = context.console, context.arguments.switch_account
    if not (is_decided or console.may_ask):
        return None

    async def decide(held: str, new: str) -> bool:
        names = f"This profile holds {one_line(held)}, and {one_line(new)} signed in."
        return is_decided or await confirm_meanwhile(f"{names} Replace it? [y/N] ", console)

    return decide


def may_end(context: Context) -> MayEnd | None:
    """Return who decides whether another process's sign-in is ended, for this one to begin."""
    console = context.console
    if not console.may_ask:
        return None

    async def decide(what: str) -> bool:
        # A line for itself: the wait goes on after it, or ends here.
        console.erase_line()
        return confirm(f"{what[:1].upper()}{what[1:]}. End that one? [y/N] ", console)

    return decide


def may_trust(context: Context) -> MayTrust | None:
    """
    Return who decides whether the token endpoint may have the code that the sign-in page gives.

    It is asked where only the server's metadata says that the two hosts belong together.
    """
    console = context.console
    if not console.may_ask:
        return None

    async def decide(issuer: str, page: str, token: str) -> bool:
        console.say(
            f"{issuer} wants you to sign in at {page}, and would then send the code to {token}."
        )
        console.say(
            "Their names do not show that they have one owner. A fake issuer would do just this."
        )
        return await confirm_meanwhile(f"Do both belong to whoever runs {issuer}? [y/N] ", console)

    return decide


def pastes_of(context: Context) -> Pastes | None:
    """
    Return what takes a paste while the browser is waited for.

    On a terminal there is always one, elsewhere it reads standard input with `--paste`.
    """
    console = context.console
    if console.stdin is None or not (console.may_ask or context.arguments.paste):
        return None
    # Also of a stream without one, such as a string's: an error now, not in the midst of it.
    descriptor = console.stdin.fileno()

    def taken() -> AbstractContextManager[asyncio.Queue[str]]:
        from ..edge.interaction.terminal import pasted_lines, pasted_on_terminal

        take = pasted_on_terminal if console.interactive else pasted_lines
        return take(descriptor)

    return taken


def deliveries_of(context: Context) -> Deliveries:
    """Return what takes what `deliver` brings from another terminal."""

    def receiving(take: Callable[[str, bool], Verdict]) -> AbstractAsyncContextManager[None]:
        from ..edge.interaction.delivery import receiving

        return receiving(context.home, context.profile_name, take)

    return receiving


def _line(console: Console) -> str:
    return console.stdin.readline() if console.stdin else ""


def _is_yes(line: str) -> bool:
    return line.strip().lower() in ("y", "yes")
