"""What the keys of a terminal mean as a text, and the file that a text may name."""

from __future__ import annotations

import os
import re

from ..files.config_file import decoded

OCTETS = 64 * 1024
"""The most of one text; the rest is cut off."""


def without_controls(text: str) -> str:
    """Return *text* without erased characters, arrow keys, and terminals' marks of a paste."""
    text = re.sub(r"\x1b\[[0-9;?]{0,20}[A-Za-z~]", "", text).replace("\r", "\n")
    kept = ""
    for character in text:
        match character:
            case "\x7f" | "\x08":
                kept = kept[:-1]
            case "\x15":  # Ctrl-U
                kept = ""
            case "\x17":  # Ctrl-W
                kept = "".join(kept.rstrip().rpartition(" ")[:2])
            case "\x04":  # Ctrl-D, which ends no line that is begun
                pass
            case _:
                kept += character
    return kept


def content_of(text: str) -> str:
    """
    Return the content of the file that *text* names; empty if it names none.

    Terminals insert its path when somebody drags a file to them.
    """
    path = text.strip()
    if "\n" in path or not re.match(r"['\"]?(?:/|~/|file://|[A-Za-z]:\\)", path):
        return ""
    path = path.strip("'\"").removeprefix("file://")
    # Terminals escape characters with a backslash, which on Windows is a part of the path.
    path = os.path.expanduser(path if os.name == "nt" else re.sub(r"\\(.)", r"\1", path))
    try:
        if not os.path.isfile(path):
            return ""
        with open(path, "rb") as file:
            return decoded(file.read(OCTETS))
    except (OSError, ValueError):
        return ""
