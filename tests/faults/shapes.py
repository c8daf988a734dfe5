"""
What a file, an answer or a paste may hold that was written by somebody else, in another time, or
not to its end.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HUGE_OCTETS = 8 * 1024**3
"""No disk has to have them: the file is a hole."""

DEPTH = 100_000


def _members(good: bytes, **changed: object) -> bytes:
    """Return *good*, JSON or TOML, with its top-level members *changed*."""
    if good.lstrip().startswith(b"{"):
        return json.dumps({**json.loads(good), **changed}).encode()
    head = "".join(f"{name} = {json.dumps(value)}\n" for name, value in changed.items())
    return head.encode() + good


def _nested(good: bytes) -> bytes:
    """Return what is nested deeper than any reader goes, in the language of *good*."""
    if good.lstrip().startswith(b"{"):
        return good.rstrip().removesuffix(b"}") + b', "deep": ' + b"[" * DEPTH + b"]" * DEPTH + b"}"
    return b"deep = " + b"[" * DEPTH + b"]" * DEPTH + b"\n" + good


def _text(encoding: str, mark: str = "") -> Callable[[bytes], bytes]:
    return lambda good: (mark + good.decode()).encode(encoding)


CONTENTS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "a blank": lambda _: b" \n",
    "half of it": lambda good: good[: len(good) // 2],
    "without its last octet": lambda good: good.rstrip()[:-1],
    "twice": lambda good: good + good,
    "zeros of its length": lambda good: b"\0" * len(good),
    "octets of no encoding": lambda _: bytes(range(256)) * 4,
    "a NUL in it": lambda good: good[:10] + b"\0" + good[10:],
    "Latin-1 in it": lambda good: good.replace(b"a", b"\xe4", 1),
    "of an older version": lambda good: _members(good, version=0),
    "of a newer version": lambda good: _members(good, version=99),
    "of a version that is no number": lambda good: _members(good, version="new"),
    "deep": _nested,
    "deep from the start": lambda _: b"[" * DEPTH,
    "deep tables": lambda _: b'{"a":' * DEPTH,
    "a number of 10,000 digits": lambda good: (
        _members(good, number=1)[:-1].replace(b'"number": 1', b'"number": ' + b"9" * 10_000) + b"}"
    ),
    "a list": lambda _: b"[]",
    "a word": lambda _: b'"text"',
    "a number": lambda _: b"1e999",
    "nothing at all": lambda _: b"null",
    "a page": lambda _: b"<!doctype html><html><body>Not here</body></html>",
    "after a byte order mark": _text("utf-8", "\ufeff"),
    "UTF-16": _text("utf-16"),
    "UTF-16 without its mark": _text("utf-16-le"),
    "UTF-32": _text("utf-32"),
}
"""By name, what becomes of something that is good."""


def _fifo(path: Path) -> None:
    os.mkfifo(path, 0o600)


def _folder(path: Path) -> None:
    path.mkdir(0o700)


def _huge(path: Path) -> None:
    path.touch(0o600)
    os.truncate(path, HUGE_OCTETS)


FILES: dict[str, Callable[[Path], None]] = {
    "a pipe that nobody writes into": _fifo,
    "a folder": _folder,
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "huge": _huge,
}
"""By name, what may lie in a file's place."""
