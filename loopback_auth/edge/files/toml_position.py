"""Where a key stands in a TOML file, which `tomllib` does not tell."""

from __future__ import annotations

import re


def position(text: str, key: str, table: tuple[str, ...]) -> tuple[int, int]:
    """
    Return line and column of *key* in *table*, from 1.

    Where it is not found, those of the table's header; else of the first line.
    """
    spelled = "|".join(re.escape(form) for form in (key, f'"{key}"', f"'{key}'"))
    found: tuple[int, int] = (1, 1)
    here: tuple[str, ...] = ()
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        header = re.match(r"\s*\[+([^\]]+)\]", line)
        if header and (path := _table_path(header[1])):
            here = path
            if here[: len(table) + 1] in (table, (*table, key)):
                found = (number, header.start(1) + 1)
        elif here == table and (match := re.match(rf"\s*({spelled})\s*[=.]", line)):
            return number, match.start(1) + 1
    return found


def _table_path(header: str) -> tuple[str, ...]:
    """Read a table's header as TOML does, quotes and all; a line of a longer string is none."""
    import tomllib

    try:
        path, table = [], tomllib.loads(f"[{header}]")
    except tomllib.TOMLDecodeError:
        return ()
    while table:
        name = next(iter(table))
        path.append(name)
        table = table[name]
    return tuple(path)
