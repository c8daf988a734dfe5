"""The line and column of a key in a TOML file, which `tomllib` does not return."""

from __future__ import annotations

import re


def position(text: str, key: str, table: tuple[str, ...]) -> tuple[int, int]:
    """
    Return the line and the column of *key* in *table*, counted from 1.

    Where it is not found, return those of the table's header, else of the first line.
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
    """Return the keys in a table's header; none for a line of a string that looks like one."""
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
