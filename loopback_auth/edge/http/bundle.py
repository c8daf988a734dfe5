"""A look at a file of certificates before a sign-in shows its address, without loading `ssl`."""

from __future__ import annotations

import os
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

LOOK_OCTETS = 2**20
"""How far to look for the first certificate; a file may be as large as a disk."""


def check_bundle(path: str, environ: Mapping[str, str] | None) -> None:
    """
    Check that there are certificates in the file at *path*.

    Raises:
        ConfigError: It cannot be used; the request after the sign-in would fail.
        FileUnsafe: Others can write it.
    """
    if os.path.isfile(path):
        with suppress(OSError), open(path, "rb") as file:
            if b"-----BEGIN CERTIFICATE-----" in file.read(LOOK_OCTETS):
                return
    from .tls import Trust

    Trust(path, os.environ if environ is None else environ)
