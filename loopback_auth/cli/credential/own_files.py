"""Files of the person's own that a sign-in is written into."""

from __future__ import annotations

import os
from pathlib import Path

from ...edge.files.private_file import write_private_file
from ...errors import UsageError
from ...export.merging import kind_of, merged
from ...export.template import fill_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def filled_template(path: str, fields: Mapping[str, str]) -> str:
    """
    Return the content of the template at *path* with *fields* in it.

    Raises:
        UsageError: It cannot be read, or asks for a field that is not there.
        ValueUnquotable: It cannot carry a value.
    """
    return fill_template(_text(path), name=path, fields=fields)


def merged_file(path: str, asked: Sequence[str], fields: Mapping[str, str]) -> str:
    """
    Return the content of the file at *path* with those of *fields* in it that *asked* names.

    Each is `NAME=FIELD`. What the file had before us is kept beside it, as `path.bak`; a file of
    that name stays as it is.

    Raises:
        UsageError: The file cannot be read, or a field is not there.
        ValueUnquotable: The file cannot carry a value.
    """
    kind_of(path)
    values = dict(_asked(text, fields) for text in asked)
    if not os.path.lexists(path):
        return merged("", values, name=path)
    before = _text(path)
    after = merged(before, values, name=path)
    if not os.path.lexists(f"{path}.bak"):
        write_private_file(f"{path}.bak", before.encode(), overwrite=False)
    return after


def _asked(text: str, fields: Mapping[str, str]) -> tuple[str, str]:
    name, equals, field = text.partition("=")
    if not (name and equals and field in fields):
        raise UsageError(
            "--set takes NAME=FIELD, with a field of the sign-in",
            cause=f"It has: {', '.join(sorted(fields))}.",
            fix="for example: --set auth.token=access_token",
        )
    return name, fields[field]


def _text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(
            f"{path} cannot be read: {why}",
            cause="It is the file that the sign-in is written into.",
            fix="name another file",
        ) from None
