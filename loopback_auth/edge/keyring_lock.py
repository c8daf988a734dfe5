"""
The lock of a keyring entry: in one place for the whole user, whatever HOME and the variables for folders say.

Two homes may point to one entry, and one refresh must be enough for both.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import ExitStack, contextmanager

from ..errors import StoreUnwritable
from .private_folder import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .file_lock import FileLock
    from .private_folder import PrivateFolder


@contextmanager
def entry_locked(entry: str, profile: str, *, patience_s: float, take_over: bool) -> Iterator[FileLock]:
    """Hold the lock of *entry* on behalf of *profile*; raises `StoreBusy` after *patience_s*, `StoreUnwritable`."""
    name = f"keyring-{hashlib.sha256(entry.encode()).hexdigest()[:16]}.lock"
    with ExitStack() as stack:
        yield stack.enter_context(
            _locks(stack, profile).locked(name, patience_s=patience_s, take_over=take_over)
        )


def _locks(stack: ExitStack, profile: str) -> PrivateFolder:
    path = _lock_folder()
    try:
        folder = stack.enter_context(opened(path, create=True))
    except StoreUnwritable as error:
        raise StoreUnwritable(
            error.message,
            cause="Whoever uses one keyring entry must meet at one lock, which is kept in the user's own home folder.",
            fix=f"make {path} writable, or keep the tokens in a file: loopback-auth login {profile} --storage file",
            path=path,
        ) from error
    assert folder is not None  # noqa: S101 - it was created
    return folder


def _lock_folder() -> str:
    """Name the one folder for locks that this user has, whatever HOME and the variables for folders say."""
    if sys.platform == "win32":
        from platformdirs import user_state_path

        return str(user_state_path("loopback-auth", appauthor=False) / "locks")
    below = "Library/Application Support" if sys.platform == "darwin" else ".local/state"
    return os.path.join(_passwd_home(), below, "loopback-auth", "locks")


def _passwd_home() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        # A container that runs under a number no passwd file knows: then HOME is all there is.
        return os.environ.get("HOME") or "/"
