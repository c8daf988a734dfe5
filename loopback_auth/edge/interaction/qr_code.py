"""A QR code on a terminal, where the extra `qr` is installed."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

QUIET_ZONE = 2
"""Light cells around the code: half of what the standard wants, as terminals have room."""


def qr_code(text: str, terminal: TextIO | None) -> str:
    """
    Return *text* as lines for *terminal*; nothing where it is too small for them, or segno missing.

    The colors are set, so that a dark terminal shows dark on light, too.
    """
    # Optional, and slow to import.
    try:
        import segno

        columns, lines = os.get_terminal_size(terminal.fileno()) if terminal else (0, 0)
    except (ImportError, OSError, ValueError):
        return ""
    cells = [list(row) for row in segno.make(text, micro=False).matrix_iter(border=QUIET_ZONE)]
    if len(cells) >= columns or len(cells) // 2 + 1 > lines - 6:
        return ""
    cells += [[0] * len(cells)] * (len(cells) % 2)
    rows = zip(cells[::2], cells[1::2], strict=True)
    return "\n".join("\x1b[30;47m" + "".join(map(_block, *row)) + "\x1b[0m" for row in rows)


def _block(upper: int, lower: int) -> str:
    """Return the character of two cells, of which 1 is dark."""
    return " \u2580\u2584\u2588"[upper + 2 * lower]
