"""
Keyrings for tests: `PYTHON_KEYRING_BACKEND=stand_in.Kept`, with this folder on PYTHONPATH and a
folder of theirs in STAND_IN_KEYRING.

They are no better than real ones: an entry is replaced by deleting it and adding it again, as on
macOS.
"""
# ruff: noqa: INP001 - the folder is put on the path, as a user's own would be

from __future__ import annotations

import os
import sys
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, PasswordDeleteError, PasswordSetError

WINDOWS_OCTETS = 2560

# Where a killed keyring leaves what it had not finished: no entry.
UNFINISHED = ".unfinished"


def entries() -> dict[str, str]:
    """Give all that is kept, by service."""
    folder = Path(os.environ["STAND_IN_KEYRING"])
    return {
        urlsafe_b64decode(path.name).decode().partition("\n")[0]: path.read_text("utf-8")
        for path in sorted(folder.iterdir())
        if not path.name.startswith(UNFINISHED)
    }


class Kept(KeyringBackend):
    """Keeps what it is given."""

    priority = 5  # type: ignore[assignment]  # as keyring's own backends say it, where no system has to be asked

    def _path(self, service: str, username: str) -> Path:
        name = urlsafe_b64encode(f"{service}\n{username}".encode()).decode()
        return Path(os.environ["STAND_IN_KEYRING"]) / name

    def get_password(self, service: str, username: str) -> str | None:
        try:
            return self._path(service, username).read_text("utf-8")
        except FileNotFoundError:
            return None

    def set_password(self, service: str, username: str, password: str) -> None:
        path = self._path(service, username)
        path.unlink(missing_ok=True)
        unfinished = path.with_name(f"{UNFINISHED}{os.getpid()}-{threading.get_ident()}")
        unfinished.write_text(password, "utf-8")
        unfinished.rename(path)

    def delete_password(self, service: str, username: str) -> None:
        try:
            self._path(service, username).unlink()
        except FileNotFoundError:
            raise PasswordDeleteError("no such entry") from None


class Windows(Kept):
    """Takes no more than Windows does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > WINDOWS_OCTETS:
            raise OSError(1783, "The stub received bad data", "CredWrite")
        super().set_password(service, username, password)


class Unwilling(Kept):
    """Answers everything in one way."""

    def answer(self, *given: str) -> None:
        raise NotImplementedError

    def get_password(self, service: str, username: str) -> None:
        self.answer(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.answer(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self.answer(service, username)


class Hanging(Unwilling):
    """Never answers: its service is gone, or somebody should type a password."""

    def answer(self, *_: str) -> None:
        threading.Event().wait()


class Busy(Unwilling):
    """Never answers, and computes meanwhile."""

    def answer(self, *_: str) -> None:
        while True:
            pass


class Locked(Unwilling):
    """Is locked."""

    def answer(self, *_: str) -> None:
        raise KeyringLocked("Failed to unlock the collection!")


class Dismissed(Unwilling):
    """Has its question for the password dismissed, as a Secret Service without a window does."""

    def answer(self, *_: str) -> None:
        raise InitError("Failed to create the collection: Prompt dismissed..")


class Talkative(Unwilling):
    """Refuses, and repeats what it was given."""

    def answer(self, *given: str) -> None:
        raise PasswordSetError(f"not today: {' '.join(given)}")


class Exiting(Unwilling):
    """Ends the program, or tries to."""

    def answer(self, *_: str) -> None:
        sys.exit("no keyring today")


class HangingAtSave(Kept):
    """Reads, and hangs when something is to be written."""

    def set_password(self, *_: str) -> None:
        threading.Event().wait()


class Slow(Kept):
    """Takes two seconds to answer."""

    def get_password(self, service: str, username: str) -> str | None:
        for _ in range(20):
            # While this process is stopped it gets nowhere.
            time.sleep(0.1)
        return super().get_password(service, username)


class LockedMeanwhile(Kept):
    """Is there when it is proved, and locked when a secret is to be written."""

    def set_password(self, service: str, username: str, password: str) -> None:
        if "/probe/" not in service:
            self.refuse()
        super().set_password(service, username, password)

    def refuse(self) -> None:
        raise KeyringLocked("Failed to unlock the item!")


class HangingMeanwhile(LockedMeanwhile):
    """Is there when it is proved, and waits for a password when a secret is to be written."""

    def refuse(self) -> None:
        threading.Event().wait()


class Forgetful(Kept):
    """Takes everything and keeps nothing."""

    def set_password(self, *_: str) -> None:
        pass


class Cutting(Kept):
    """Keeps the beginning."""

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password[: WINDOWS_OCTETS // 2])


class Lesser(Kept):
    """Is found when nothing else is there, and does not protect what it holds."""

    priority = 0.5  # type: ignore[assignment]  # as above


class FailingAtCall(Kept):
    """
    Refuses one call, or all from one on: `STAND_IN_FAILS=3 fails` or `3 locks`. Those of all
    processes are counted together.
    """

    def _count(self) -> None:
        number, how = os.environ["STAND_IN_FAILS"].split()
        calls = os.environ["STAND_IN_KEYRING"] + ".calls"
        with Path(calls).open("ab") as file:
            file.write(b".")
        count = Path(calls).stat().st_size
        if count == int(number) or (how == "locks" and count > int(number)):
            raise KeyringLocked("The screen was locked")

    def get_password(self, service: str, username: str) -> str | None:
        self._count()
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._count()
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self._count()
        super().delete_password(service, username)
