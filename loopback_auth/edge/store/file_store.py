"""
The token store: one JSON file per profile.

`token` imports this, so nothing heavy is imported here; and what locks and saves is imported where
it is used, since a token that is good needs neither.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext

from ... import errors
from ...errors.frames import without_locals_of
from ..files.home import absolute_folder
from ..files.private_folder import LOCK_TIMEOUT_S, create_private_folder, open_private_folder
from .document import STORAGES, document_of, may_point_elsewhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from ..files.file_lock import FileLock
    from ..files.private_folder import PrivateFolder
    from .profile_lock import LockedProfile

NAME_CHARACTERS = 64
"""The longest profile name: file names stay far below every system's limit."""

_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@+")
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
)


def check_profile_name(name: str) -> str:
    """Return *name* if it can be a file name on every system, or raise `UsageError`."""
    if what := _wrong_with(name):
        raise errors.UsageError(
            f"{what} cannot be a profile name",
            cause="A profile's name is also a file's: "
            f"at most {NAME_CHARACTERS} letters, digits or . _ - @ +.",
            fix="choose another name: `loopback-auth login NAME`; a server's address has an option:"
            " `loopback-auth login NAME --issuer URL --client-id ID`",
        )
    return name


def _wrong_with(name: str) -> str:
    """Return why *name* is none; it is not shown, since it may be a secret in the wrong place."""
    if not name:
        return "an empty text"
    if len(name) > NAME_CHARACTERS:
        return f"a text of {len(name)} characters"
    if other := next((character for character in name if character not in _ALLOWED), ""):
        return f"a text with {other!r} in it"
    if name[0] in ".-":
        return f"a text that begins with {name[0]!r}"
    if name.partition(".")[0].lower() in _WINDOWS_DEVICES:
        return f"{name!r}, a device of Windows,"
    return ""


class FileStore:
    """
    Keeps the tokens of each profile in a file below *home* that is its user's alone (mode 0600).

    That file may say that they are in the system's keyring. Any number of threads and processes may
    use it. All methods that take a profile raise `UsageError` for a name that can be no file's.
    """

    def __init__(self, home: str | bytes | os.PathLike[str], *, storage: str | None = None) -> None:
        """
        Set *home*, which may begin with `~` or be relative, and is made absolute now; *storage* is
        where a save puts the tokens, `file` or `keyring`, else where they are.

        Raises:
            UsageError: There is no such storage, or *home* is no folder.
        """
        if storage not in (None, *STORAGES):
            raise errors.UsageError(
                "there is no such storage for tokens",
                cause=f"It is one of {', '.join(STORAGES)}.",
                fix="`loopback-auth help security`",
            )
        self.home = absolute_folder(home)
        self.folder = os.path.join(self.home, "tokens")
        self.storage = storage
        self._changed: dict[str, bool | None] = {}

    def with_storage(self, storage: str | None) -> FileStore:
        """Return this store with another choice of *storage*; with `None` as it is."""
        if not storage:
            return self
        other = FileStore(self.home, storage=storage)
        other._changed = self._changed
        return other

    def path(self, profile: str) -> str:
        """Return the path of the token file of *profile*."""
        return os.path.join(self.folder, f"{check_profile_name(profile)}.json")

    def profiles(self) -> list[str]:
        """Return the names of the profiles that have tokens stored, sorted."""
        with open_private_folder(self.folder) as folder:
            names = folder.names() if folder else []
        return [
            name.removesuffix(".json")
            for name in names
            if name.endswith(".json") and name[0] not in ".-"
        ]

    def location(self, profile: str) -> dict[str, Any]:
        """
        Return where the tokens of *profile* are: `storage`, and for the keyring its `backend`.

        `awaits_keyring` is there when they should be in the keyring, which did not take them;
        `copy_in_keyring` when an older copy could not be removed from it yet.
        """
        content = self._content(profile)
        if content is not None and may_point_elsewhere(content):
            from .keyring_store import location_of

            return location_of(content)
        return {"storage": "file"}

    @without_locals_of
    def load(self, profile: str) -> dict[str, Any] | None:
        """
        Return the document of *profile*; `None` when nothing is stored.

        Raises:
            StoreDamaged: It cannot be read; the file was set aside under another name.
            StoreNewer: A later version wrote it; it stays as it is.
            StoreError: The file, or the keyring, cannot be reached.
        """
        content = self._content(profile)
        if content is None:
            return None
        is_elsewhere = may_point_elsewhere(content)
        try:
            if not is_elsewhere:
                return document_of(content)
            from .keyring_store import read_kept

            return read_kept(content, profile)
        except ValueError as error:
            why = str(error)
        if is_elsewhere and self._content(profile) != content:
            # The profile was saved between our reading of the file and that of the keyring.
            return self.load(profile)
        # Read it again under the lock, where no other process can replace it.
        try:
            with self.locked(profile) as locked:
                return locked.load()
        except errors.StoreUnwritable:
            if is_elsewhere:
                raise
            from .profile_lock import damaged

            raise damaged(profile, why, self.path(profile)) from None

    @without_locals_of
    def save(self, profile: str, document: Mapping[str, Any]) -> None:
        """Store *document* whole, or raise a `StoreError` and leave the old one untouched."""
        with self.locked(profile) as locked:
            locked.save(document)

    def busy(self, profile: str, waited_s: float) -> errors.StoreBusy:
        """Return the error that says who has held the lock of *profile* for *waited_s* seconds."""
        from ..files.file_lock import held_by_another

        path = self.path(profile)
        return held_by_another((f"{path.removesuffix('.json')}.lock", path), waited_s)

    def remove(self, profile: str) -> bool:
        """Remove what is stored of *profile*; return whether there was anything."""
        check_profile_name(profile)
        with open_private_folder(self.folder) as folder:
            if folder is None:
                return False
        with self.locked(profile) as locked:
            return locked.remove()

    def check_writable(self, profile: str) -> None:
        """
        Do all that a save does except the replacing, and wait for no other process.

        A sign-in does this first: else its tokens could be lost to a full disk.

        Raises:
            StoreError: The save would raise it.
        """
        try:
            with self.locked(profile, timeout_s=0) as locked:
                locked.check_writable()
        except (errors.StoreBusy, errors.StoreChanged):
            from .profile_lock import write_probe

            # Another process may hold the lock for ever. This touches nothing of the profile's.
            with create_private_folder(self.folder) as folder:
                folder.remove(write_probe(folder, ""))

    @contextmanager
    def tracking_changes(self, profile: str) -> Iterator[None]:
        """
        Set `tokens_changed` on a `LoopbackAuthError` or `KeyboardInterrupt` that leaves the block.

        It says whether those of *profile*, if any, were changed in the block; `None`: they may be.
        """
        self._changed.pop(profile, None)
        try:
            yield
        except (errors.LoopbackAuthError, KeyboardInterrupt) as error:
            has_changed = self._changed.get(profile, False)
            # Where nothing is stored, or was begun, it need not be said that nothing has changed.
            is_stored = os.path.lexists(os.path.join(self.folder, f"{profile}.json"))
            is_early = isinstance(error, errors.UsageError) or type(error) is errors.SignInNeeded
            if has_changed is not False or (is_stored and not is_early):
                # KeyboardInterrupt has no such attribute, and takes it all the same.
                error.tokens_changed = has_changed  # type: ignore[union-attr]
            raise

    @contextmanager
    def locked(
        self, profile: str, *, timeout_s: float = LOCK_TIMEOUT_S, take_over: bool = False
    ) -> Iterator[LockedProfile]:
        """
        Hold the lock of *profile* for a block that reads and then saves.

        With *take_over* the lock is taken from a process that has it for longer than *timeout_s*. A
        finished sign-in may do that: its tokens are newer than those that process has yet to save.

        Raises:
            StoreBusy: Another process has the lock for longer than *timeout_s*.
            StoreError: The folder or the lock cannot be opened.
        """
        from .profile_lock import lock_of

        check_profile_name(profile)
        with (
            create_private_folder(self.folder) as folder,
            lock_of(profile, folder, timeout_s=timeout_s, take_over=take_over) as lock,
            self._locked_profile(
                folder, profile, lock, timeout_s=timeout_s, take_over=take_over
            ) as locked,
        ):
            try:
                yield locked
            finally:
                if locked.has_changed:
                    self.record_change(profile, has_changed=True)

    @contextmanager
    def inherited(self, profile: str, descriptors: Sequence[int]) -> Iterator[LockedProfile]:
        """As `locked`, in a child that has inherited the `descriptors` of a `LockedProfile`."""
        from .profile_lock import inherited_lock_of

        with create_private_folder(self.folder) as folder:
            lock = inherited_lock_of(profile, folder, descriptors)
            with self._locked_profile(folder, profile, lock, timeout_s=None) as locked:
                try:
                    yield locked
                finally:
                    self.record_change(profile, has_changed=locked.has_changed)

    def record_change(self, profile: str, *, has_changed: bool | None) -> None:
        """
        Record for `tracking_changes` whether the tokens of *profile* were changed.

        `None`: they may be changed, now or later.
        """
        self._changed[profile] = has_changed

    def _locked_profile(
        self,
        folder: PrivateFolder,
        profile: str,
        lock: FileLock,
        *,
        timeout_s: float | None,
        take_over: bool = False,
    ) -> AbstractContextManager[LockedProfile]:
        from .profile_lock import LockedProfile

        locked = LockedProfile(folder, profile, lock)
        if self.storage != "keyring" and not may_point_elsewhere(locked.content or b""):
            return nullcontext(locked)
        from .keyring_store import lock_keyring_profile

        return lock_keyring_profile(
            locked, storage=self.storage, timeout_s=timeout_s, take_over=take_over
        )

    def _content(self, profile: str) -> bytes | None:
        name = f"{check_profile_name(profile)}.json"
        with open_private_folder(self.folder) as folder:
            return folder.read(name) if folder else None
