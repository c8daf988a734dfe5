"""Questions to the person at the terminal, and what is pasted there unasked."""

from __future__ import annotations

import sys
from contextlib import suppress

from ..errors import Cancelled, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from argparse import Namespace
    from contextlib import AbstractContextManager

    from ..flows.login.answer import Pastes
    from .console import Console


def agreed(question: str) -> bool:
    """Ask and wait; only a yes agrees, and Ctrl-C does not."""
    _put(question)
    try:
        return _is_yes(sys.stdin.readline())
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return False


def answered(question: str, *, usual: str = "") -> str:
    """
    Ask and wait for a line; an empty one means *usual*. Raises `Cancelled` for Ctrl-C and the end
    of the input.
    """
    _put(f"{question} [{usual}]: " if usual else f"{question}: ")
    try:
        line = sys.stdin.readline()
    except KeyboardInterrupt:
        line = ""
    if not line:
        sys.stderr.write("\n")
        raise Cancelled(f"stopped at the question: {question}")
    return line.strip() or usual


async def agreed_meanwhile(question: str, console: Console) -> bool:
    """
    Ask in a running event loop, whose other tasks go on; a cancelled question is simply
    left open.
    """
    import asyncio
    import threading

    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        line = sys.stdin.readline()
        # The loop may be over by the time somebody types.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if answer.done() else answer.set_result(line))

    console.end_line()
    console.prompt(question)
    # A thread of the loop's own pool would be waited for at exit; nobody may ever type anything.
    threading.Thread(target=read, daemon=True).start()
    return _is_yes(await answer)


def check_standard_input(arguments: Namespace) -> None:
    """
    Refuse `--paste` and `--flow code-credentials` beside what reads standard input, or forbids
    that, or does not wait.
    """
    readers = {
        "--paste": arguments.paste,
        "--flow code-credentials": arguments.flow == "code-credentials",
    }
    others = {
        "--no-input": arguments.no_input,
        "--client-secret-stdin": arguments.client_secret_stdin,
        "--manual": arguments.manual,
    }
    given = [name for name, is_given in {**readers, **others}.items() if is_given]
    if len(given) > 1 and given[0] in readers:
        raise UsageError(
            f"{given[0]} and {given[1]} exclude each other",
            cause=f"{given[0]} reads what a person types, or standard input.",
            fix=f"leave one of them out: {given[0]} or {given[1]}; a client secret can come from --client-secret-env, too",
        )


def pastes_of(arguments: Namespace, console: Console) -> Pastes | None:
    """
    Say how a paste is taken while the browser is waited for: on a terminal always, from standard
    input with `--paste`.
    """
    is_for_a_person = console.interactive and not (
        arguments.no_input or console.json or console.quiet
    )
    if not (is_for_a_person or arguments.paste):
        return None

    def taken() -> AbstractContextManager[asyncio.Queue[str]]:
        from ..edge.interaction.terminal import pasted_lines, pasted_on_terminal

        return pasted_on_terminal() if console.interactive else pasted_lines()

    return taken


def _put(question: str) -> None:
    sys.stderr.write(question)
    sys.stderr.flush()


def _is_yes(line: str) -> bool:
    return line.strip().lower() in ("y", "yes")
