"""
What several homes that name one sign-in in the keyring share: its lock, and its present entry.

A home may be copied, or restored from a backup. Then two token files name one sign-in, and a
refresh by one must serve both. So these files are in one folder per user, whatever HOME and the
variables for folders say.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import ExitStack, contextmanager, suppress

from ...errors import StoreError, StoreUnwritable
from ..files.file_lock import lock_file
from ..files.private_folder import create_private_folder, temporary_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..files.file_lock import FileLock
    from ..files.private_folder import PrivateFolder


class SharedIndex:
    """The file that says which entry of the keyring a sign-in has, while its lock is held."""

    def __init__(self, folder: PrivateFolder, name: str, lock: FileLock | None) -> None:
        self._folder = folder
        self._name = name
        self.descriptors = lock.descriptors if lock else ()

    @property
    def now(self) -> tuple[str, int]:
        """The name of the entry and the number of its parts; `("", 0)` where nothing is known."""
        with suppress(StoreError, ValueError, TypeError):
            entry, parts = json.loads(self._folder.read(self._name) or b"")
            return str(entry), int(parts)
        return "", 0

    def move(self, entry: str, parts: int) -> None:
        """Record that the sign-in is in *entry*; if that fails, other homes must sign in again."""
        with suppress(StoreError):
            temporary = temporary_name(self._name)
            content = json.dumps([entry, parts]).encode()
            self._folder.replace(self._name, content, temporary=temporary)


@contextmanager
def shared_index(
    sign_in: str, profile: str, *, timeout_s: float | None, take_over: bool
) -> Iterator[SharedIndex]:
    """
    Hold the lock of *sign_in*, on behalf of *profile*; without a *timeout_s* it was inherited.

    Raises:
        StoreBusy: Another process holds it for longer than *timeout_s*.
        StoreUnwritable: The folder for locks cannot be written.
    """
    name = f"keyring-{hashlib.sha256(sign_in.encode()).hexdigest()[:16]}"
    with ExitStack() as stack:
        folder, lock = _locks(stack, profile), None
        if timeout_s is not None:
            taken = lock_file(folder, f"{name}.lock", timeout_s=timeout_s, take_over=take_over)
            lock = stack.enter_context(taken)
        yield SharedIndex(folder, f"{name}.json", lock)


def _locks(stack: ExitStack, profile: str) -> PrivateFolder:
    path = _lock_folder()
    try:
        return stack.enter_context(create_private_folder(path))
    except StoreUnwritable as error:
        raise StoreUnwritable(
            error.message,
            cause="Whoever uses one keyring entry must meet at one lock, "
            "which is kept in the user's own home folder.",
            fix="make {path} writable, "
            "or keep the tokens in a file: `loopback-auth login {profile} --storage file`",
            path=path,
            profile=profile,
        ) from error


def _lock_folder() -> str:
    """Return the user's folder for locks, whatever HOME and the variables for folders say."""
    if sys.platform == "win32":
        from platformdirs import user_state_path

        return str(user_state_path("loopback-auth", appauthor=False) / "locks")
    from ..process.users import home_of

    # Without an entry in the passwd file HOME is all there is.
    home = home_of(os.geteuid()) or os.environ.get("HOME") or "/"
    below = "Library/Application Support" if sys.platform == "darwin" else ".local/state"
    return os.path.join(home, below, "loopback-auth", "locks")
