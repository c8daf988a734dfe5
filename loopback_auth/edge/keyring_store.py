"""
A profile whose tokens are in the system's keyring, or on their way there or back. Loaded only for such a profile.

Its token file holds no token then, but says where they are: `{"storage": "keyring", "entry": ...}`. While a credential moves, its
file has both, the tokens and `{"storage": "file", "entry": ...}`: the file counts, and in the keyring there may be a copy, which the
next save or removal takes away. While an entry is made or removed, the file says `"nowhere"`. So a process killed at any moment
loses nothing, and no copy is forgotten.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager, suppress

from ..errors import KeyringUnavailable, StoreDamaged, StoreError, StoreUnwritable
from .document import NOWHERE, document_of, place_of, without_marks
from .keyring_entry import Entry
from .keyring_lock import entry_locked
from .keyring_service import Keyring
from .store import Hold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .file_lock import FileLock
    from .private_folder import PrivateFolder


def load_from(place: Mapping[str, str], profile: str) -> dict[str, Any] | None:
    """Give the document of *profile* from where its file, which says *place*, points to."""
    if place["storage"] == NOWHERE:
        return None
    try:
        text = Entry(place["entry"], Keyring(profile)).read()
        return None if text is None else document_of(text.encode())
    except ValueError as error:
        raise StoreDamaged(
            f"what the keyring holds of the profile {profile} is damaged ({error})",
            profile=profile,
            cause="Another program changed it, or took a part of it away.",
            fix=f"loopback-auth login {profile}   puts a new sign-in in its place",
        ) from None


@contextmanager
def keyring_hold(
    folder: PrivateFolder,
    profile: str,
    lock: FileLock,
    *,
    storage: str | None,
    patience_s: float | None,
    take_over: bool,
) -> Iterator[KeyringHold]:
    """
    Hold the lock of the keyring entry, beside that of the file, which the caller holds; without *patience_s* it was inherited.

    Raises `StoreBusy` after *patience_s*.
    """
    place = place_of(folder.read(f"{profile}.json") or b"") or {}
    name = place.get("entry") or _new_entry_name(folder.path, profile)
    hold = KeyringHold(folder, profile, lock, Entry(name, Keyring(profile)), storage)
    if patience_s is None:
        yield hold
        return
    with entry_locked(name, profile, patience_s=patience_s, take_over=take_over) as of_entry:
        hold.of_entry = of_entry
        yield hold


class KeyringHold(Hold):
    """As `Hold`, of a profile whose tokens are, were or shall be in the keyring."""

    def __init__(
        self, folder: PrivateFolder, profile: str, lock: FileLock, entry: Entry, storage: str | None
    ) -> None:
        super().__init__(folder, profile, lock)
        self.of_entry: FileLock | None = None
        self._entry = entry
        self._storage = storage or ("keyring" if self._is_in_keyring() else "file")

    @property
    def descriptors(self) -> tuple[int, ...]:
        return (*super().descriptors, *(self.of_entry.descriptors if self.of_entry else ()))

    def load(self) -> dict[str, Any] | None:
        place = self._place()
        if place.get("storage", "file") != "file":
            return load_from(place, self._profile)
        document = super().load()
        return document and without_marks(document)

    def _save(self, document: Mapping[str, Any]) -> None:
        with suppress(StoreUnwritable):
            self._remove_leftovers()
        self._make_way()
        if self._storage == "keyring":
            self._move_in()
            self._save_in_keyring(without_marks(document))
        else:
            self._save_in_file(without_marks(document))

    def prove(self, size: int = 0) -> None:
        """As `FileStore.prove`; a credential that shall be in the keyring and is not goes there now, while nothing is at stake."""
        if self._storage == "file":
            super().prove(size)
        elif self._is_in_keyring():
            self._make_way()
            self._entry.probe()
        else:
            super().prove(size)
            self._move_in()

    def _remove(self) -> bool:
        place = self._place()
        if place:
            self._say_nowhere()
            try:
                self._entry.remove()
            except StoreError:
                # The tokens that can be removed are; what is left is the truth about the rest.
                self._point()
                raise
        return super()._remove()

    def _make_way(self) -> None:
        try:
            super()._make_way()
        except KeyringUnavailable:
            # Whoever wants to have done with a keyring that is out of reach gets a file.
            if self._storage == "keyring":
                raise

    def _move_in(self) -> None:
        """Bring the tokens from the file, if there are any, into the keyring as they are."""
        if self._is_in_keyring():
            return
        self._entry.probe()
        document = None
        with suppress(StoreDamaged):
            document = self.load()
        if document is None:
            return
        self._write({**document, **self._mark("file")})
        self._entry.write(_text(document))
        self._point()

    def _save_in_keyring(self, document: Mapping[str, Any]) -> None:
        if self._is_in_keyring():
            self._entry.write(_text(document))
            return
        # Nothing was stored. The file comes first, so that a process killed now leaves no tokens that no file knows of.
        self._say_nowhere()
        try:
            self._entry.write(_text(document))
        except StoreError:
            with suppress(StoreError):
                self._entry.remove()
                self._folder.remove(f"{self._profile}.json")
            raise
        self._point()

    def _save_in_file(self, document: Mapping[str, Any]) -> None:
        if not self._place():
            self._write(document)
            return
        self._write({**document, **self._mark("file")})
        # The credential is safe; what cannot be removed now stays marked, and is by the next save.
        with suppress(StoreError):
            self._entry.remove()
            self._write(document)

    def _point(self) -> None:
        backend = {}
        with suppress(KeyringUnavailable):
            backend["backend"] = self._entry.keyring.backend()
        self._write({"version": 1, "profile": self._profile, **self._mark("keyring"), **backend})

    def _say_nowhere(self) -> None:
        self._write({"version": 1, "profile": self._profile, **self._mark(NOWHERE)})

    def _mark(self, storage: str) -> dict[str, str]:
        return {"storage": storage, "entry": self._entry.name}

    def _is_in_keyring(self) -> bool:
        return self._place().get("storage") == "keyring"

    def _place(self) -> dict[str, str]:
        return place_of(self._folder.read(f"{self._profile}.json") or b"") or {}


def _text(document: Mapping[str, Any]) -> str:
    # ASCII: an octet here is a character there, and half a surrogate pair is an escape.
    return json.dumps(document, separators=(",", ":"))


def _new_entry_name(folder: str, profile: str) -> str:
    """Name the entry of a profile whose files are in *folder*: the same again there, and another in another place."""
    return f"{profile}/{hashlib.sha256(os.path.realpath(folder).encode()).hexdigest()[:12]}"
