"""A store that is gone with its process: nothing of it is on a disk."""

from __future__ import annotations

import threading
from contextlib import contextmanager

from ..files.private_folder import LOCK_TIMEOUT_S
from .interface import LockedDocument, Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


class MemoryStore(Store):
    """
    Keeps the documents of one process, for as many threads as it has.

    *home* is the folder of the user's own provider files, if there is one.
    """

    def __init__(self, home: str | None = None) -> None:
        self._home = home
        self._documents: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    @property
    def home(self) -> str | None:
        """The folder that has `providers/NAME.toml` of the user's own."""
        return self._home

    def profiles(self) -> list[str]:
        """Return the names of the profiles that have tokens."""
        return sorted(self._documents)

    def load(self, profile: str) -> dict[str, Any] | None:
        """Return the document of *profile*; `None` when there is none."""
        return self._documents.get(profile)

    @contextmanager
    def locked(
        self, profile: str, *, timeout_s: float = LOCK_TIMEOUT_S, take_over: bool = False
    ) -> Iterator[LockedDocument]:
        """Hold the one lock; *take_over* changes nothing, as no process was stopped with it."""
        del take_over
        if not self._lock.acquire(timeout=max(timeout_s, 0)):
            raise self.busy(profile, timeout_s)
        try:
            yield _Locked(self._documents, profile)
        finally:
            self._lock.release()


class _Locked(LockedDocument):
    def __init__(self, documents: dict[str, dict[str, Any]], profile: str) -> None:
        self._documents = documents
        self._profile = profile

    def load(self) -> dict[str, Any] | None:
        return self._documents.get(self._profile)

    def save(self, document: Mapping[str, Any], *, is_only_copy: bool = False) -> None:
        del is_only_copy
        self._documents[self._profile] = dict(document)

    def remove(self) -> bool:
        return self._documents.pop(self._profile, None) is not None
