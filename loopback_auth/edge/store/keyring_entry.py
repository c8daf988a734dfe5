"""
The entries of the keyring: texts that are written once, each under a name of its own.

Nothing is replaced, since no backend promises that a reader then sees the old text or the new.
Windows takes at most 2560 octets of UTF-16, and other backends may cut off what is too long: so an
entry is split into parts where it has to be, and is read back.
"""

from __future__ import annotations

import os
import re

from ...errors import KeyringUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .keyring_service import Keyring

PART = 1200
"""The characters in a part: fewer than the 1280 that Windows takes."""

PROBES = 5
"""How often a keyring may lose a text until it is called forgetful."""

_EARLIER_PART = re.compile(r"loopback-auth 1 (\d+ \w+) (\d+)/(\d+) (.*)", re.DOTALL)


class Entries:
    """
    The entries that are named `PROFILE/HOME/RANDOM`; every method raises `KeyringUnavailable`.

    Those of version 0.1.0 are named `PROFILE/HOME`. They are read and removed.
    """

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring

    def read(self, name: str, parts: int) -> str | None:
        """
        Return the text of *name*; `None` if there is none.

        Raises:
            ValueError: Some of its *parts* are missing.
        """
        if _is_earlier(name):
            return self._read_earlier(name)
        found = [self._get(name, str(number)) for number in range(1, parts + 1)]
        texts = [text for text in found if text is not None]
        if 0 < len(texts) < parts:
            raise ValueError("a part of it is missing")
        return "".join(texts) if texts else None

    def write(self, name: str, text: str) -> int:
        """Write *text* under *name*, which is not in use; return the number of parts it took."""
        try:
            return self._put(name, [text])
        except KeyringUnavailable as error:
            if error.facts["reason"] not in ("refused", "forgetful") or len(text) <= PART:
                raise
        return self._put(name, [text[start : start + PART] for start in range(0, len(text), PART)])

    def remove(self, name: str, parts: int) -> None:
        """Remove *name*, which had so many *parts* or more."""
        for slot in ("a", "b") if _is_earlier(name) else ("",):
            count = parts
            while self._get(name, f"{slot}{count + 1}") is not None:
                count += 1
            # From the end: whatever is left when this is cut short is found again.
            for number in range(count, 0, -1):
                self.keyring.remove(*_address(name, f"{slot}{number}"))

    def probe(self, name: str) -> None:
        """
        Write, read and remove a text that is no secret, to see whether the keyring works.

        Another process may do so at the same time, and replace or remove ours before we read it.
        """
        for tries_left in reversed(range(PROBES)):
            try:
                self._put(f"{name}/probe", [os.urandom(8).hex()])
                break
            except KeyringUnavailable as error:
                if error.facts["reason"] != "forgetful" or not tries_left:
                    raise
        self.keyring.remove(*_address(f"{name}/probe", "1"))

    def _put(self, name: str, texts: list[str]) -> int:
        for number, text in enumerate(texts, 1):
            self.keyring.put(*_address(name, str(number)), text)
        if texts != [self._get(name, str(number)) for number in range(1, len(texts) + 1)]:
            raise self.keyring.unavailable(
                "forgetful",
                "the keyring did not keep what it was given",
                cause=f"{self.keyring.backend()} took it and gave something else back.",
            )
        return len(texts)

    def _get(self, name: str, part: str) -> str | None:
        return self.keyring.get(*_address(name, part))

    def _read_earlier(self, name: str) -> str | None:
        """Return the text of the newer of two slots, of those that have all parts of one save."""
        whole = {}
        for slot in ("a", "b"):
            parts: list[tuple[str, ...]] = []
            while part := _EARLIER_PART.fullmatch(self._get(name, f"{slot}{len(parts) + 1}") or ""):
                parts.append(part.groups())
            saves = {(save, count) for save, _, count, _ in parts}
            if len(saves) == 1 and int(parts[0][2]) == len(parts):
                whole[int(parts[0][0].split()[0])] = "".join(text for *_, text in parts)
            elif self._get(name, f"{slot}1") is not None:
                whole.setdefault(-1, "")
        return whole[max(whole)] if whole else None


def _is_earlier(name: str) -> bool:
    return name.count("/") == 1


def _address(name: str, part: str) -> tuple[str, str]:
    # A service of its own for each: on Windows, entries of one service take each other's places.
    return f"loopback-auth/{name}/{part}", name.partition("/")[0]
