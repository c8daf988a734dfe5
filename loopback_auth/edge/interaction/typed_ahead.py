"""What is typed or pasted on the terminal, and not read yet."""

from __future__ import annotations

import sys
import time
from contextlib import suppress

from .terminal import QUIET_S

if sys.platform == "win32":
    import msvcrt

    def discard_typed(_: int) -> None:
        """Discard what was typed on the console before a question that it would answer."""
        time.sleep(QUIET_S)
        while msvcrt.kbhit():
            msvcrt.getwch()

    def paste_goes_on(_: int) -> bool:
        """Return whether another key of a paste comes."""
        time.sleep(QUIET_S)
        return msvcrt.kbhit()

else:
    import select
    import termios

    def discard_typed(descriptor: int) -> None:
        """
        Discard what was typed or pasted on the terminal before a question that it would answer.

        A pasted address may end in a line break and a `y`, and come in parts.
        """
        time.sleep(QUIET_S)
        _discard(descriptor)

    def paste_goes_on(descriptor: int) -> bool:
        """
        Return whether another line of a paste comes; if not, discard one that has no Enter yet.

        The shell would take it for a command.
        """
        if select.select([descriptor], [], [], QUIET_S)[0]:
            return True
        _discard(descriptor)
        return False

    def _discard(descriptor: int) -> None:
        with suppress(termios.error):
            termios.tcflush(descriptor, termios.TCIFLUSH)
