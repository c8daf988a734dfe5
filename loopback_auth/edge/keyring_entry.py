"""
One credential in the keyring.

Backends replace an entry in ways of their own: macOS deletes and adds, Windows leaves a copy beside it and takes no more than 2560
octets of UTF-16, none promises that a reader sees the old or the new. So there are two slots, `a` and `b`. A save fills the free
one, in as many parts as the backend makes necessary, reads it back, and then empties the other. The newest slot that is whole
counts, whenever the process is killed and whoever reads meanwhile.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field

from ..errors import KeyringUnavailable, StoreNewer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .keyring_service import Keyring

PART = 1200
"""Characters in a part: with its header under the 1280 that Windows takes."""

PARTS = 64
"""At most: no credential is that large."""

LOOKS = 4
"""How often a reader looks again at what changes under its eyes."""

# All in one line: some backends keep the first line only. Serial: which slot is newer. Mark: parts of one save bear the same.
_PART = re.compile(
    r"loopback-auth 1 (?P<serial>\d+) (?P<mark>[0-9a-f]{8}) (?P<number>\d+)/(?P<parts>\d+) (?P<text>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """What a slot holds; *text* is `None` unless all its parts are there."""

    name: str
    serial: int
    parts: int
    text: str | None = field(repr=False)


class Entry:
    """
    The text that is kept under *name*, `PROFILE/HOME`; every method raises `KeyringUnavailable`.

    Whoever writes or removes holds its lock.
    """

    def __init__(self, name: str, keyring: Keyring) -> None:
        self.name = name
        self.keyring = keyring

    def read(self) -> str | None:
        """Give the text; raises `ValueError` when there are only pieces of one."""
        seen: list[_Slot] | None = None
        for _ in range(LOOKS):
            slots = list(self._slots())
            if newest := _newest(slots):
                return newest.text
            if slots == seen:
                break
            # Somebody may be saving: between our looks at the one and the other slot, the text went from here to there.
            seen = slots
        if not slots:
            return None
        raise ValueError("parts of it are missing or changed")

    def write(self, text: str) -> None:
        """Put *text* in place of the old one, which stays if that fails."""
        slots = list(self._slots())
        newest = _newest(slots)
        free = "b" if newest and newest.name == "a" else "a"
        for slot in slots:
            if slot is not newest:
                self._empty(slot)
        serial = max((slot.serial for slot in slots), default=0) + 1
        self._fill(free, serial, text, in_parts=newest is not None and newest.parts > 1)
        if newest:
            # The new one is safe and counts; an old one that stays is emptied by the next save.
            with suppress(KeyringUnavailable):
                self._empty(newest)

    def remove(self) -> None:
        """See to it that nothing is left."""
        for slot in self._slots():
            self._empty(slot)

    def probe(self) -> None:
        """Keep something that is no secret, and look whether it was kept."""
        text = os.urandom(8).hex()
        self._put("probe", text)
        kept = self._get("probe")
        self.keyring.remove(*self._place("probe"))
        if kept != text:
            raise self._forgetful()

    def _slots(self) -> Iterator[_Slot]:
        for name in ("a", "b"):
            if (slot := self._slot(name)) is not None:
                yield slot

    def _slot(self, name: str) -> _Slot | None:
        first = self._get(f"{name}1")
        if first is None:
            return None
        header = _PART.fullmatch(first)
        if re.match(r"loopback-auth (?!1 )\d+ ", first):
            raise StoreNewer("the keyring entry was written by a later version of loopback-auth")
        if header is None:
            return _Slot(name=name, serial=0, parts=1, text=None)
        parts, texts = min(int(header["parts"]), PARTS), [header["text"]]
        for number in range(2, parts + 1):
            found = _PART.fullmatch(self._get(f"{name}{number}") or "")
            if found is None or (found["mark"], int(found["number"])) != (header["mark"], number):
                break
            texts.append(found["text"])
        whole = len(texts) == parts
        return _Slot(
            name=name, serial=int(header["serial"]), parts=parts, text="".join(texts) if whole else None
        )

    def _fill(self, name: str, serial: int, text: str, *, in_parts: bool) -> None:
        """Fill a slot with the whole text, or in parts where the backend does not take so much."""
        if not in_parts or len(text) <= PART:
            try:
                return self._put_parts(name, serial, [text])
            except KeyringUnavailable as error:
                if error.facts["reason"] not in ("refused", "forgetful") or len(text) <= PART:
                    raise
        texts = [text[start : start + PART] for start in range(0, len(text), PART)]
        if len(texts) > PARTS:
            size = f"{len(text)} characters"
            raise self.keyring.unavailable(
                "refused", f"the credential has {size}, more than the keyring takes"
            )
        return self._put_parts(name, serial, texts)

    def _put_parts(self, name: str, serial: int, texts: list[str]) -> None:
        """Put the first part first, and take it away last: it tells how many there may be."""
        mark, count = os.urandom(4).hex(), len(texts)
        slot = _Slot(name=name, serial=serial, parts=count, text="".join(texts))
        try:
            for number, text in enumerate(texts, 1):
                self._put(f"{name}{number}", f"loopback-auth 1 {serial} {mark} {number}/{count} {text}")
            if self._slot(name) != slot:
                raise self._forgetful()
        except KeyringUnavailable:
            with suppress(KeyringUnavailable):
                self._empty(slot)
            raise

    def _empty(self, slot: _Slot) -> None:
        for number in range(slot.parts, 0, -1):
            self.keyring.remove(*self._place(f"{slot.name}{number}"))

    def _get(self, part: str) -> str | None:
        return self.keyring.get(*self._place(part))

    def _put(self, part: str, text: str) -> None:
        self.keyring.put(*self._place(part), text)

    def _place(self, part: str) -> tuple[str, str]:
        # A service of its own for each: on Windows, entries of one service take each other's places, and two writers could lose one.
        return f"loopback-auth/{self.name}/{part}", self.name.partition("/")[0]

    def _forgetful(self) -> KeyringUnavailable:
        return self.keyring.unavailable(
            "forgetful",
            "the keyring did not keep what it was given",
            cause=f"{self.keyring.backend()} took it and gave something else back.",
        )


def _newest(slots: list[_Slot]) -> _Slot | None:
    whole = [slot for slot in slots if slot.text is not None]
    return max(whole, key=lambda slot: slot.serial) if whole else None
