"""Questions to the person at the terminal."""

from __future__ import annotations

import sys
from contextlib import suppress

from ..errors import Cancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    """Ask and wait for a line; an empty one means *usual*. Raises `Cancelled` for Ctrl-C and the end of the input."""
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
    """Ask in a running event loop, whose other tasks go on; a cancelled question is simply left open."""
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
    _put(question)
    # A thread of the loop's own pool would be waited for at exit; nobody may ever type anything.
    threading.Thread(target=read, daemon=True).start()
    return _is_yes(await answer)


def _put(question: str) -> None:
    sys.stderr.write(question)
    sys.stderr.flush()


def _is_yes(line: str) -> bool:
    return line.strip().lower() in ("y", "yes")
