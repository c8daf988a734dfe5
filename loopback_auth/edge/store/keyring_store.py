"""Profiles whose tokens are, were or shall be in the system's keyring. Imported only for those."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager, suppress
from dataclasses import replace

from ...errors import KeyringUnavailable, StoreChanged, StoreDamaged, StoreError, StoreUnwritable
from .document import document_of
from .keyring_entry import Entries
from .keyring_lock import shared_index
from .keyring_record import Record, record_of
from .keyring_service import Keyring
from .profile_lock import LockedProfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .keyring_lock import SharedIndex


def read_kept(content: bytes, profile: str) -> dict[str, Any] | None:
    """
    Return the document of *profile*, whose token file has this *content*; `None`: there is none.

    Raises:
        ValueError: The file is damaged, or the entry that it names is missing or not whole.
        StoreNewer: A later version of this program wrote it.
        KeyringUnavailable: The keyring does not answer.
    """
    record = record_of(content)
    if not record.entry:
        return dict(record.document) or None
    text = Entries(Keyring(profile)).read(record.entry, record.parts)
    if text is None:
        raise ValueError("the keyring has no such entry")
    return document_of(text.encode())


def location_of(content: bytes) -> dict[str, Any]:
    """Return what `FileStore.location` returns for a token file of this *content*."""
    record = Record()
    with suppress(ValueError):
        record = record_of(content)
    location: dict[str, Any] = {"storage": "file"}
    if record.entry:
        location = {"storage": "keyring", "backend": record.backend}
    elif record.document and record.storage == "keyring":
        location["awaits_keyring"] = True
    return {**location, "copy_in_keyring": True} if record.leftovers else location


@contextmanager
def lock_keyring_profile(
    plain: LockedProfile, *, storage: str | None, timeout_s: float | None, take_over: bool
) -> Iterator[LockedKeyringProfile]:
    """
    Hold the lock of the sign-in in the keyring, too; without a *timeout_s* it was inherited.

    Raises:
        StoreBusy: Another process holds it for longer than *timeout_s*.
    """
    locked = LockedKeyringProfile(plain, storage)
    index = shared_index(locked.sign_in, locked.profile, timeout_s=timeout_s, take_over=take_over)
    with index as locked.shared_index:
        yield locked


class LockedKeyringProfile(LockedProfile):
    """A `LockedProfile` whose tokens are, were or shall be in the keyring."""

    shared_index: SharedIndex

    def __init__(self, plain: LockedProfile, storage: str | None) -> None:
        super().__init__(plain.folder, plain.profile, plain.lock)
        self._entries = Entries(Keyring(plain.profile))
        record = self._record()
        self._storage = storage or record.storage
        own, files = f"{plain.profile}/", plain.folder.names()
        # Of a file that was renamed, the entries are its earlier name's, until the next save. Of a
        # copy they are the original's, too.
        entries = (
            name
            for name in (record.entry, *record.leftovers)
            if name.startswith(own) or f"{name.partition('/')[0]}.json" in files
        )
        name = next(entries, _new_sign_in(plain.folder.path, plain.profile))
        self.sign_in = "/".join(name.split("/")[:2])

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Both locks' file descriptors, for a child to inherit."""
        return (*super().descriptors, *self.shared_index.descriptors)

    def load(self) -> dict[str, Any] | None:
        """As `FileStore.load`."""
        try:
            return super().load()
        except StoreChanged:
            # The lock was lost between the file and the entry that it names; it is held again.
            return super().load()

    def rename(self, profile: str) -> None:
        """As `LockedProfile.rename`; what signs in under the earlier name then shares no entry."""
        self.shared_index.move("", 0)
        super().rename(profile)

    def check_writable(self) -> None:
        """As `FileStore.check_writable`, for the keyring as well."""
        super().check_writable()
        self._check_keyring()

    def reserve(self, octets: int) -> None:
        """As `LockedProfile.reserve`; check that the keyring works as well."""
        super().reserve(octets)
        self._check_keyring()

    def _check_keyring(self) -> None:
        if self._storage == "keyring":
            self._entries.probe(self.sign_in)

    def _read(self, content: bytes) -> dict[str, Any] | None:
        record = record_of(content)
        if not record.entry:
            return dict(record.document) or None
        try:
            text = self._entries.read(record.entry, record.parts)
            if text is None:
                self._check_lock()
                entry, parts = self.shared_index.now
                if entry not in ("", record.entry):
                    # This file is a copy or an old one: the sign-in has another entry by now.
                    self._write_record(replace(record, entry=entry, parts=parts))
                    text = self._entries.read(entry, parts)
            return None if text is None else document_of(text.encode())
        except ValueError as error:
            # A part may be gone only because another process took the lock over.
            self._check_lock()
            raise StoreDamaged(
                f"what the keyring holds of the profile {self.profile} is damaged ({error})",
                profile=self.profile,
                cause="Another program changed it, or took a part of it away.",
                fix="put a new sign-in in its place: `loopback-auth login {profile}`",
            ) from None

    def _set_damaged_aside(self) -> None:
        try:
            super()._set_damaged_aside()
        except KeyringUnavailable:
            # A keyring that cannot be reached does not keep the user from going back to a file.
            if self._storage == "keyring":
                raise

    def _save(self, document: Mapping[str, Any], *, is_only_copy: bool) -> StoreError | None:
        if self._storage == "file":
            self._set_damaged_aside()
            self._commit(self._emptied(document=document))
            return None
        try:
            self._set_damaged_aside()
            self._save_in_keyring(document)
        except (KeyringUnavailable, StoreUnwritable) as error:
            if not is_only_copy:
                raise
            self._write_record(self._emptied(storage="keyring", document=document))
            return error
        return None

    def _save_in_keyring(self, document: Mapping[str, Any]) -> None:
        before, entry = self._record(), f"{self.sign_in}/{os.urandom(8).hex()}"
        orphans: dict[str, int] = {}
        if not before.entry:
            self._entries.probe(self.sign_in)
            # What this folder had before it was deleted and made again.
            orphans = {self.sign_in: 0, **dict([self.shared_index.now])}
        # The file names the entry before it exists. The reserved room is for the next write.
        begun = replace(before, leftovers=_named({**orphans, **before.leftovers, entry: 0}))
        self._write_record(begun, in_room=False)
        try:
            # ASCII: an octet here is a character there, and half a surrogate pair is an escape.
            parts = self._entries.write(entry, json.dumps(document, separators=(",", ":")))
            backend = self._entries.keyring.backend()
            self._commit(
                self._emptied(storage="keyring", entry=entry, parts=parts, backend=backend)
            )
        except KeyringUnavailable:
            self._clean(begun)
            raise
        except StoreChanged:
            # Another process took the lock over, and has removed the entries that the file named.
            with suppress(KeyringUnavailable):
                self._entries.remove(entry, 0)
            raise

    def _commit(self, record: Record) -> None:
        self._write_record(record)
        self.shared_index.move(record.entry, record.parts)
        self._clean(record)

    def _clean(self, record: Record) -> KeyringUnavailable | None:
        """Remove the leftovers of *record*, which is written; return the error if some are left."""
        left, trouble = dict(record.leftovers), None
        for name, parts in record.leftovers.items():
            try:
                self._entries.remove(name, parts)
                del left[name]
            except KeyringUnavailable as error:
                trouble = error
        if left != record.leftovers:
            # If this fails, the next save removes them again.
            with suppress(StoreError):
                self._write_record(replace(record, leftovers=left), in_room=False)
        return trouble

    def _remove(self) -> bool:
        emptied = self._emptied(storage=self._storage)
        if not emptied.leftovers:
            return super()._remove()
        self._write_record(emptied)
        if trouble := self._clean(emptied):
            raise trouble
        return True

    def _emptied(self, **members: Any) -> Record:
        """Return a record of *members* whose leftovers are all other entries of this profile."""
        before = self._record()
        leftovers = {**before.leftovers, before.entry: before.parts}
        leftovers.pop(members.get("entry", ""), None)
        return Record(leftovers=_named(leftovers), **members)

    def _record(self) -> Record:
        """Return the record in the file; an empty one where that is damaged."""
        with suppress(ValueError):
            return record_of(self._content() or b"{}")
        return Record()

    def _write_record(self, record: Record, *, in_room: bool = True) -> None:
        if said := record.to_json(self.profile):
            self._write(said, in_room=in_room)
        else:
            super()._remove()


def _named(entries: Mapping[str, int]) -> dict[str, int]:
    return {name: parts for name, parts in entries.items() if name}


def _new_sign_in(folder: str, profile: str) -> str:
    """Return the name of the sign-in of *profile* in *folder*, which stays the same."""
    return f"{profile}/{hashlib.sha256(os.path.realpath(folder).encode()).hexdigest()[:12]}"
