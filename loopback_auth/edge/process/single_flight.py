"""
One sign-in to a profile at a time: a lock that ends with its process, and a file that says what the
process shows.

Both are in the folder `signing-in`. A sign-in must not fail for want of them: where the folder
cannot be used, each process is the only one.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress

from ...errors import StoreBusy, StoreError
from ..files.file_lock import FileLock
from ..files.private_folder import create_private_folder, open_private_folder
from .flight_record import FlightRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..files.lock_holder import Holder

_FOLDER = "signing-in"


class SingleFlight:
    """
    The sign-in to *profile*, whichever process is at it; *home* is the folder of all files.

    Without a *home* nothing is shared.
    """

    def __init__(self, home: str | None, profile: str) -> None:
        self._folder = home and os.path.join(home, _FOLDER)
        self._profile = profile
        self._lock: FileLock | None = None

    def begin(self) -> bool:
        """Return whether this process is the one that signs in, until `end` or its own end."""
        if self._folder is None or self._lock is not None:
            return True
        try:
            with create_private_folder(self._folder) as folder:
                lock = FileLock(folder, f"{self._profile}.lock")
                lock.take(0)
                self._lock = lock
        except StoreBusy:
            return False
        except StoreError:
            # Whether the tokens could be saved is another question, and asked elsewhere.
            self._folder = None
        return True

    def end(self) -> None:
        """Let another process sign in."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def forget(self) -> None:
        """Leave no file: those who wait have nothing to learn from what was written."""
        if self._folder is None or self._lock is None:
            return
        with suppress(StoreError), open_private_folder(self._folder) as folder:
            if folder is not None:
                folder.remove(f"{self._profile}.json")
                # Windows removes no file that is open; elsewhere who waits for it makes another.
                folder.remove(f"{self._profile}.lock")

    def write(self, record: FlightRecord) -> None:
        """
        Say to those who wait what this process shows, or how it ended.

        The file is not synced: of a machine that went down no process waits.
        """
        if self._folder is None or self._lock is None:
            return
        name, flags = f"{self._profile}.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with suppress(StoreError, OSError), open_private_folder(self._folder) as folder:
            if folder is not None:
                with os.fdopen(folder.open_file(name, flags), "wb") as file:
                    folder.make_private(name, file.fileno())
                    file.write(json.dumps(record.members, default=str).encode())

    def read(self) -> FlightRecord:
        """Return what was written last; empty where there is nothing, or only a part of it yet."""
        members: object = {}
        if self._folder is not None:
            with suppress(StoreError, ValueError, RecursionError):
                with open_private_folder(self._folder) as folder:
                    content = folder.read(f"{self._profile}.json") if folder else None
                members = json.loads(content or b"{}")
        return FlightRecord(members if isinstance(members, dict) else {})

    def holder(self) -> Holder | None:
        """Return the process that signs in; `None` where the system does not say."""
        from ..files.lock_holder import holder_of

        return holder_of([os.path.join(self._folder or "", f"{self._profile}.lock")])

    def ask_to_end(self, holder: Holder) -> bool:
        """Have *holder* end as by `kill`; return whether it still was the one that signs in."""
        import signal

        if sys.platform != "linux" or holder.pid == os.getpid():
            return False
        with suppress(OSError):
            process = os.pidfd_open(holder.pid)
            try:
                # From here on the number cannot become another process's.
                if self.holder() == holder:
                    signal.pidfd_send_signal(process, signal.SIGTERM)
                    # A stopped one hears of it when it goes on.
                    signal.pidfd_send_signal(process, signal.SIGCONT)
                    return True
            finally:
                os.close(process)
        return False


def profile_signing_in(home: str, pid: int) -> str | None:
    """Return the profile that the process *pid* shows a page for; `None` where it shows none."""
    with suppress(StoreError), open_private_folder(os.path.join(home, _FOLDER)) as folder:
        for name in folder.names() if folder else ():
            profile, suffix = os.path.splitext(name)
            flight = SingleFlight(home, profile)
            if suffix == ".json" and flight.read().pid == pid:
                is_free = flight.begin()
                flight.end()
                return None if is_free else profile
    return None
