"""A profile's file while its lock is held. A refresh imports this, so it imports nothing heavy."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress

from ...errors import StoreChanged, StoreDamaged, StoreUnsafe, StoreUnwritable
from ...errors.frames import without_locals_of
from ..files.file_lock import FileLock, lock_file
from ..files.private_folder import LOCK_TIMEOUT_S, temporary_name
from .document import document_of, may_point_elsewhere
from .remembered import SUFFIX, remember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Any, TypeVar

    from ...errors import StoreError
    from ..files.private_folder import PrivateFolder

    T = TypeVar("T")


class LockedProfile:
    """
    One profile's file while its lock is held; made by `FileStore.locked`.

    A lock is lost when another process takes it over. Then `save` and `remove` take it again. If
    the file is not the one that this process read or wrote last, they raise `StoreChanged`, once.
    """

    def __init__(self, folder: PrivateFolder, profile: str, lock: FileLock) -> None:
        self.lock = lock
        self.has_changed = False
        self.folder = folder
        self.profile = profile
        self._name = f"{profile}.json"
        self._room = ""
        self._seen = self._content()

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The file descriptors that a child must inherit to use `FileStore.inherited`."""
        return self.lock.descriptors

    @property
    def path(self) -> str:
        """The path of the file."""
        return os.path.join(self.folder.path, self._name)

    @property
    def content(self) -> bytes | None:
        """The content of the file when this process read or wrote it last."""
        return self._seen

    @without_locals_of
    def load(self) -> dict[str, Any] | None:
        """As `FileStore.load`."""
        return self._load()

    def _load(self) -> dict[str, Any] | None:
        content = self._seen = self.folder.read(self._name)
        try:
            return None if content is None else self._read(content)
        except ValueError as error:
            raise self._move_aside(str(error)) from None

    @without_locals_of
    def save(self, document: Mapping[str, Any], *, is_only_copy: bool = False) -> StoreError | None:
        """
        Store *document* whole.

        With *is_only_copy* the tokens are nowhere else: if the keyring does not take them, they go
        to the file until the next save, and the keyring's error is returned.

        Raises:
            StoreError: What was stored is untouched.
            StoreChanged: The lock was lost, and another process has changed the file.
        """
        self._check_lock()
        with suppress(StoreUnwritable):
            # A process that was killed left them, with tokens. If this fails, the next save does.
            self.folder.remove_temporary_files(self.profile, but=self._room)
        refused = self._save(document, is_only_copy=is_only_copy)
        self.has_changed = True
        return refused

    @without_locals_of
    def note(self, document: Mapping[str, Any]) -> None:
        """Save *document*, whose tokens are stored already, so that they count as unchanged."""
        had_changed = self.has_changed
        self.save(document)
        self.has_changed = had_changed

    def _read(self, content: bytes) -> dict[str, Any] | None:
        """Return the document of a file of this *content*, or raise `ValueError`."""
        return document_of(content)

    def _save(self, document: Mapping[str, Any], *, is_only_copy: bool) -> StoreError | None:
        del is_only_copy  # There is nowhere else.
        self._set_damaged_aside()
        self._write(document)
        return None

    def _write(self, document: Mapping[str, Any], *, in_room: bool = True) -> None:
        # Half a surrogate pair, which no UTF-8 has, becomes the escape that JSON has for it.
        content = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode(
            "utf-8", "backslashreplace"
        )
        self._as_holder(lambda: self._replace(content, in_room=in_room))
        self._seen = content

    def _replace(self, content: bytes, *, in_room: bool) -> None:
        room = ""
        if in_room:
            room, self._room = self._room, ""
        temporary = room or temporary_name(self.profile)
        self.folder.replace(
            self._name,
            content,
            temporary=temporary,
            is_there=bool(room),
            last_check=lambda: self._before_replacing(temporary),
        )

    def remove(self) -> bool:
        """As `FileStore.remove`."""
        self._check_lock()
        self.folder.remove_temporary_files(self.profile, but=self._room)
        was_there = self._remove()
        self.has_changed = self.has_changed or was_there
        return was_there

    def _remove(self) -> bool:
        self._seen = None
        return self.folder.remove(self._name)

    def remember(self, document: Mapping[str, Any], *, is_end: bool = False) -> None:
        """As `LockedDocument.remember`; a client's secret that is in a file stays in one."""
        with_secret = is_end and not may_point_elsewhere(self.content or b"")
        remember(self.folder, document, self.profile, with_secret=with_secret)

    def rename(self, profile: str) -> None:
        """
        Give all to *profile*, which has nothing and whose lock is held; the contents stay the same.

        A process that is killed leaves the tokens to one of both.
        """
        self._check_lock()
        self.folder.remove_temporary_files(self.profile, but=self._room)
        for suffix in (SUFFIX, ".json"):
            try:
                self.folder.rename(self.profile + suffix, profile + suffix)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self.folder.refused(self.profile + suffix, error) from error

    def check_writable(self) -> None:
        """As `FileStore.check_writable`."""
        self._set_damaged_aside()
        self.folder.remove(self._as_holder(lambda: write_probe(self.folder, self.profile)))
        if self._seen is None and not self.lock.is_lost():
            # A name may be misspelled, and leaves nothing. Who waits for the lock makes it again.
            with suppress(StoreUnwritable):
                self.folder.remove(f"{self.profile}.lock")

    def reserve(self, octets: int) -> None:
        """
        Keep room on the disk for a document of *octets*, until the next save, or `release`.

        Raises:
            StoreError: The document could not be saved.
        """
        self._set_damaged_aside()
        self._room = self._as_holder(lambda: write_probe(self.folder, self.profile, octets))

    def release(self) -> None:
        """Free what `reserve` keeps, if no save has used it."""
        room, self._room = self._room, ""
        if room:
            with suppress(StoreUnwritable):
                self.folder.remove(room)

    def _as_holder(self, write: Callable[[], T]) -> T:
        """Do *write*, again if it failed because another process had the lock meanwhile."""
        try:
            return write()
        except StoreUnwritable:
            # Whoever takes the lock over removes the temporary files of its holder.
            if not self._check_lock():
                raise
        return write()

    def _check_lock(self) -> bool:
        """Take the lock again if it is lost; return whether it was."""
        if not self.lock.is_lost():
            return False
        self.lock.take(LOCK_TIMEOUT_S)
        seen, self._seen = self._seen, self._content()
        if self._seen != seen:
            profile = self.profile
            raise StoreChanged(
                f"the stored tokens of the profile {profile} have changed", profile=profile
            )
        return True

    def _before_replacing(self, temporary: str) -> None:
        self._check_lock()
        self.lock.guard(temporary)

    def _content(self) -> bytes | None:
        # Whoever uses the file reports that it is no plain one of ours.
        with suppress(StoreUnsafe):
            return self.folder.read(self._name)
        return None

    def _set_damaged_aside(self) -> None:
        """Refuse to replace a file of a later version; keep the bytes of a damaged one."""
        seen = self._seen
        with suppress(StoreDamaged):
            self._load()
            # Whoever saves now has not seen what another process may have stored since.
            self._seen = seen

    def _move_aside(self, why: str) -> StoreDamaged:
        folder = self.folder
        kept = f"{self._name}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
        taken = sum(name.startswith(kept) for name in folder.names())
        kept += f"-{taken}" if taken else ""
        moved = folder.set_aside(self._name, as_name=kept)
        self._seen = self._content()
        return damaged(self.profile, why, os.path.join(folder.path, kept if moved else self._name))


def lock_of(
    profile: str, folder: PrivateFolder, *, timeout_s: float, take_over: bool
) -> AbstractContextManager[FileLock]:
    """Return the lock on the files of *profile*, as `lock_file` takes it."""
    names = f"{profile}.lock", f"{profile}.json"
    return lock_file(folder, names[0], guarded=names[1], timeout_s=timeout_s, take_over=take_over)


def inherited_lock_of(profile: str, folder: PrivateFolder, descriptors: Sequence[int]) -> FileLock:
    """Return that lock as another process has it, whose `descriptors` this one has inherited."""
    return FileLock.inherited(descriptors, folder, f"{profile}.lock", guarded=f"{profile}.json")


def damaged(profile: str, why: str, where: str) -> StoreDamaged:
    """Return the error for a token file that is damaged (*why*) and now is at *where*."""
    return StoreDamaged(
        f"the token file of the profile {profile} is damaged ({why}); "
        f"its bytes are kept in {where}",
        profile=profile,
        path=where,
    )


def write_probe(folder: PrivateFolder, profile: str, size: int = 0) -> str:
    """Write a file of *size* octets as tokens are written, or more, and return its name."""
    probe = f".{profile}~probe-{os.getpid()}.tmp"
    content = b"a probe, holds nothing\n".ljust(size, b".")
    folder.replace(probe, content, temporary=temporary_name(profile))
    return probe
