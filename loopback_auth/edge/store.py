"""The token store: one JSON file per profile. On the path of `token`, so nothing heavy is imported here."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, nullcontext, suppress

from ..errors import (
    LoopbackAuthError,
    StoreBusy,
    StoreChanged,
    StoreDamaged,
    StoreError,
    StoreUnsafe,
    StoreUnwritable,
    UsageError,
)
from .document import STORAGES, VERSION, document_of, place_of, without_marks
from .file_lock import LOCK_PATIENCE_S, FileLock, held_by_another
from .home import absolute_folder
from .private_folder import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from .private_folder import PrivateFolder

NAME_CHARACTERS = 64
"""The longest profile name: file names stay far below every system's limit."""

AMEND_PATIENCE_S = 1.0
"""How long to wait with what is good to know, and no more."""

_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@+")
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
)


def check_profile_name(name: str) -> str:
    """Return *name* if it can be a file name everywhere; raises `UsageError`."""
    stem = name.partition(".")[0].lower()
    if (
        not 1 <= len(name) <= NAME_CHARACTERS
        or not _ALLOWED.issuperset(name)
        or name[0] in ".-"
        or stem in _WINDOWS_DEVICES
    ):
        raise UsageError(
            f"{name[:80]!r} cannot be a profile name",
            cause=f"A profile's name is also a file's: at most {NAME_CHARACTERS} letters, digits or . _ - @ +.",
            fix="choose another name: loopback-auth login NAME",
        )
    return name


class FileStore:
    """
    Token files below *home*. Documents are plain JSON objects; `oauth.credential.Credential` gives them meaning.

    A profile's file may say that its tokens are in the system's keyring; `keyring_store` has the rest of that.
    """

    def __init__(self, home: str | bytes | os.PathLike[str], *, storage: str | None = None) -> None:
        """*home* may be relative or begin with `~`; it is what that means now. *storage* says where a save puts the tokens, `file` or `keyring`; without it they stay where they are."""
        if storage not in (None, *STORAGES):
            raise UsageError(
                "there is no such storage for tokens",
                cause=f"It is one of {', '.join(STORAGES)}.",
                fix="loopback-auth help security",
            )
        self._home = absolute_folder(home)
        self.folder = os.path.join(self._home, "tokens")
        self._storage = storage
        self._changed: dict[str, bool | None] = {}

    def storing(self, storage: str | None) -> FileStore:
        """Give this store with another choice of where a save puts the tokens."""
        if not storage:
            return self
        other = FileStore(self._home, storage=storage)
        other._changed = self._changed
        return other

    def path(self, profile: str) -> str:
        """Name the file of *profile*."""
        return os.path.join(self.folder, f"{check_profile_name(profile)}.json")

    def profiles(self) -> list[str]:
        """List the profiles that have tokens stored."""
        with self._opened(create=False) as folder:
            names = folder.names() if folder else []
        return [
            name.removesuffix(".json") for name in names if name.endswith(".json") and name[0] not in ".-"
        ]

    def place(self, profile: str) -> dict[str, str]:
        """
        Tell where the tokens of *profile* are: `storage`, and for the keyring `entry` and `backend`.

        A file with an `entry` has left the keyring, where a copy could not be removed yet.
        """
        with self._opened(create=False) as folder:
            return (folder and _place_in(folder, profile)) or {"storage": "file"}

    def load(self, profile: str) -> dict[str, Any] | None:
        """
        Read the document of *profile*; `None` when nothing is stored.

        A damaged one is set aside and raises `StoreDamaged`; one of a later version raises `StoreNewer` and stays as it is.
        """
        name = f"{check_profile_name(profile)}.json"
        with self._opened(create=False) as folder:
            content = folder.read(name) if folder else None
            if content is None:
                return None
            place = place_of(content)
            if place and place["storage"] != "file":
                return self._load_from_keyring(profile, place)
            try:
                return without_marks(document_of(content)) if place else document_of(content)
            except ValueError as error:
                why = str(error)
        # Once more under the lock, where no other process can replace it.
        try:
            with self.locked(profile) as hold:
                return hold.load()
        except StoreUnwritable:
            raise _damaged(profile, why, self.path(profile)) from None

    def save(self, profile: str, document: Mapping[str, Any]) -> None:
        """Store *document* whole; raises a `StoreError` with the old one untouched."""
        with self.locked(profile) as hold:
            hold.save(document)

    def amend(self, profile: str, document: Mapping[str, Any]) -> bool:
        """
        Store what was learned since about the tokens of *document*, unless others are stored by now; tell whether that was done.

        A refresh may have come between, whose refresh token is the only one that works.
        """
        with self.locked(profile, patience_s=AMEND_PATIENCE_S) as hold:
            stored = hold.load()
            is_of_these = stored is not None and all(
                stored.get(name) == document.get(name) for name in ("access_token", "refresh_token")
            )
            if is_of_these:
                hold.save(document)
            return is_of_these

    def busy(self, profile: str, waited_s: float) -> StoreBusy:
        """Return the error that tells who has held the lock of *profile* for *waited_s* seconds."""
        path = self.path(profile)
        return held_by_another((f"{path.removesuffix('.json')}.lock", path), waited_s)

    def remove(self, profile: str) -> bool:
        """Forget *profile*; tell whether anything was stored."""
        check_profile_name(profile)
        with self._opened(create=False) as folder:
            if folder is None:
                return False
        with self.locked(profile) as hold:
            return hold.remove()

    def put_back(
        self, profile: str, before: Mapping[str, Any] | None, *, instead_of: Mapping[str, Any]
    ) -> bool:
        """
        Store *before* again, or nothing for `None`, if *instead_of* is still what is stored.

        Return whether it was; then the tokens of *profile* count as unchanged (`watched`).
        """
        with self.locked(profile) as hold:
            stored = hold.load()
            if stored is None or stored.get("access_token") != instead_of.get("access_token"):
                return False
            if before is None:
                hold.remove()
            else:
                hold.save(before)
        self._changed.pop(profile, None)
        return True

    def prove(self, profile: str) -> None:
        """
        Do all that a save does except the replacing, so that a finished sign-in is not lost to a full disk or a read-only folder.

        Raises the `StoreError` that the save would have raised, but waits for no other process.
        """
        try:
            with self.locked(profile, patience_s=0) as hold:
                hold.prove()
        except StoreBusy:
            # Who holds the lock may stand still for ever. This touches nothing of the profile's.
            with self._opened(create=True) as folder:
                assert folder is not None  # noqa: S101 - it was created
                folder.remove(_probe(folder, ""))

    @contextmanager
    def watched(self, profile: str) -> Iterator[None]:
        """Have an error of the block, and Ctrl-C, know whether the tokens of *profile* were changed in it (`tokens_changed`)."""
        self._changed.pop(profile, None)
        try:
            yield
        except (LoopbackAuthError, KeyboardInterrupt) as error:
            has_changed = self._changed.get(profile, False)
            # What was wrong with the command line is told in three lines: nothing had begun.
            if has_changed is not False or not isinstance(error, UsageError):
                error.tokens_changed = has_changed  # type: ignore[union-attr]  # KeyboardInterrupt takes it as well
            raise

    @contextmanager
    def locked(
        self, profile: str, *, patience_s: float = LOCK_PATIENCE_S, take_over: bool = False
    ) -> Iterator[Hold]:
        """
        Hold *profile*'s lock, for what must not be disturbed between reading and saving.

        When another process has it for longer than *patience_s*, this raises `StoreBusy`; or it takes the lock over, which a finished
        sign-in may do: it is newer than whatever that process has yet to save.
        """
        check_profile_name(profile)
        with self._opened(create=True) as folder:
            assert folder is not None  # noqa: S101 - it was created
            lock = folder.locked(
                f"{profile}.lock", guarded=f"{profile}.json", patience_s=patience_s, take_over=take_over
            )
            with (
                lock as taken,
                self._hold(folder, profile, taken, patience_s=patience_s, take_over=take_over) as hold,
            ):
                try:
                    yield hold
                finally:
                    if hold.has_changed:
                        self.record_change(profile, has_changed=True)

    @contextmanager
    def inherited(self, profile: str, descriptors: Sequence[int]) -> Iterator[Hold]:
        """As `locked`, in a process that has inherited the `descriptors` of the `Hold` of another."""
        with self._opened(create=True) as folder:
            assert folder is not None  # noqa: S101 - it was created
            lock = FileLock.inherited(descriptors, folder, f"{profile}.lock", guarded=f"{profile}.json")
            with self._hold(folder, profile, lock, patience_s=None) as hold:
                try:
                    yield hold
                finally:
                    self.record_change(profile, has_changed=hold.has_changed)

    def record_change(self, profile: str, *, has_changed: bool | None) -> None:
        """Note for `watched` whether the tokens of *profile* were changed; `None`: they may be, now or later."""
        self._changed[profile] = has_changed

    def _hold(
        self,
        folder: PrivateFolder,
        profile: str,
        lock: FileLock,
        *,
        patience_s: float | None,
        take_over: bool = False,
    ) -> AbstractContextManager[Hold]:
        if self._storage != "keyring" and not _place_in(folder, profile):
            return nullcontext(Hold(folder, profile, lock))
        from .keyring_store import keyring_hold

        return keyring_hold(
            folder, profile, lock, storage=self._storage, patience_s=patience_s, take_over=take_over
        )

    def _load_from_keyring(self, profile: str, place: Mapping[str, str]) -> dict[str, Any] | None:
        from .keyring_store import load_from

        document = load_from(place, profile)
        if document is None and self.place(profile) != place:
            # Meanwhile they went from the keyring to the file.
            return self.load(profile)
        return document

    def _opened(self, *, create: bool) -> AbstractContextManager[PrivateFolder | None]:
        return opened(self.folder, create=create)


class Hold:
    """
    One profile's file while its lock is held; made by `FileStore.locked`.

    A lock can be lost, to somebody who removes its file or takes it over. Then `save` and `remove` take it again, and raise
    `StoreChanged`, once, if the file is another one than this process has seen or written last.
    """

    def __init__(self, folder: PrivateFolder, profile: str, lock: FileLock) -> None:
        self.lock = lock
        self.has_changed = False
        self._folder = folder
        self._profile = profile
        self._room = ""
        self._seen = self._content()

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a child has to inherit to go on in the place of this process (`FileStore.inherited`)."""
        return self.lock.descriptors

    def load(self) -> dict[str, Any] | None:
        """As `FileStore.load`."""
        content = self._seen = self._folder.read(f"{self._profile}.json")
        try:
            return None if content is None else document_of(content)
        except ValueError as error:
            raise self._set_aside(str(error)) from None

    def save(self, document: Mapping[str, Any]) -> None:
        """As `FileStore.save`."""
        self._check_lock()
        self._save(document)
        self.has_changed = True

    def _save(self, document: Mapping[str, Any]) -> None:
        with suppress(StoreUnwritable):
            # What cannot be removed now is by the next save: this one may hold the only copy of a refresh token.
            self._remove_leftovers()
        self._make_way()
        self._write(document)

    def _write(self, document: Mapping[str, Any]) -> None:
        # Half a surrogate pair, which no UTF-8 has, becomes the escape that JSON has for it.
        content = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode(
            "utf-8", "backslashreplace"
        )
        room, self._room = self._room, ""
        temporary = room or _temporary(self._profile)
        self._folder.replace(
            f"{self._profile}.json",
            content,
            temporary=temporary,
            is_there=bool(room),
            last_check=lambda: self._before_replacing(temporary),
        )
        self._seen = content

    def remove(self) -> bool:
        """As `FileStore.remove`."""
        self._check_lock()
        was_there = self._remove()
        self.has_changed = self.has_changed or was_there
        return was_there

    def _remove(self) -> bool:
        self._remove_leftovers()
        return self._folder.remove(f"{self._profile}.json")

    def prove(self, size: int = 0) -> None:
        """As `FileStore.prove`; room for a document of so many octets stays set aside until the next save, or `release`."""
        self._make_way()
        probe = _probe(self._folder, self._profile, size)
        if size:
            self._room = probe
        else:
            self._folder.remove(probe)

    def release(self) -> None:
        """Give back the room that `prove` set aside, if no save has used it."""
        room, self._room = self._room, ""
        if room:
            with suppress(StoreUnwritable):
                self._folder.remove(room)

    def _check_lock(self) -> None:
        if not self.lock.is_lost():
            return
        self.lock.take(LOCK_PATIENCE_S)
        seen, self._seen = self._seen, self._content()
        if self._seen != seen:
            profile = self._profile
            raise StoreChanged(
                f"the stored tokens of the profile {profile} are other ones now", profile=profile
            )

    def _before_replacing(self, temporary: str) -> None:
        self._check_lock()
        self.lock.guard(temporary)

    def _content(self) -> bytes | None:
        # What is no plain file of ours is told by whoever wants to use it.
        with suppress(StoreUnsafe):
            return self._folder.read(f"{self._profile}.json")
        return None

    def _make_way(self) -> None:
        """Refuse to replace a file of a later version; keep the bytes of a damaged one."""
        with suppress(StoreDamaged):
            self.load()

    def _set_aside(self, why: str) -> StoreDamaged:
        profile, folder = self._profile, self._folder
        kept = f"{profile}.json.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
        taken = sum(name.startswith(kept) for name in folder.names())
        kept += f"-{taken}" if taken else ""
        moved = folder.set_aside(f"{profile}.json", as_name=kept)
        self._seen = self._content()
        return _damaged(profile, why, os.path.join(folder.path, kept if moved else f"{profile}.json"))

    def _remove_leftovers(self) -> None:
        # Under the lock nobody else is writing: such a file was left by a process that was killed, and holds tokens.
        for name in self._folder.names():
            if name.startswith(f".{self._profile}~") and name.endswith(".tmp") and name != self._room:
                self._folder.remove(name)


def _damaged(profile: str, why: str, where: str) -> StoreDamaged:
    return StoreDamaged(
        f"the token file of the profile {profile} is damaged ({why}); its bytes are kept in {where}",
        profile=profile,
        path=where,
    )


def _temporary(profile: str) -> str:
    # "~" is in no profile's name, so that one profile's leftovers are never taken for another's.
    return f".{profile}~{os.urandom(8).hex()}.tmp"


def _probe(folder: PrivateFolder, profile: str, size: int = 0) -> str:
    """Write a file of so many octets in the way that tokens are, and return its name."""
    probe = f".{profile}~probe-{os.getpid()}.tmp"
    content = b"a probe, holds nothing\n".ljust(size, b".")
    folder.replace(probe, content, temporary=_temporary(profile))
    return probe


def _place_in(folder: PrivateFolder, profile: str) -> dict[str, str] | None:
    # What is no plain file of ours is told by whoever wants to use it.
    with suppress(StoreUnsafe):
        return place_of(folder.read(f"{profile}.json") or b"")
    return None


__all__ = ["VERSION", "FileStore", "StoreError", "StoreUnwritable", "check_profile_name"]
