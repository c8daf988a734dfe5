"""
What keeps tokens, as the flows see it; `FileStore` is ours, and another class will do.

`typing` is slow to import, so import this for type checking only.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from ...errors import StoreBusy
from ..files.private_folder import LOCK_TIMEOUT_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from ...errors import StoreError


class LockedDocument(Protocol):
    """
    The document of one profile while `Store.locked` holds the profile's lock.

    Documents are JSON objects that hold tokens in clear; a store writes them as they are. Whoever
    derives a class from this one needs `load`, `save` and `remove`.
    """

    @property
    def path(self) -> str:
        """Where the document is, in words for a person; no secret is in them."""
        return ""

    @abstractmethod
    def load(self) -> dict[str, Any] | None:
        """
        Return the document; `None` when nothing is stored.

        Raises:
            StoreError: What is stored cannot be read; `StoreDamaged`, where it is no longer of use.
        """
        ...

    @abstractmethod
    def save(self, document: Mapping[str, Any], *, is_only_copy: bool = False) -> StoreError | None:
        """
        Store *document* whole: on return it outlives the process and a loss of power.

        The server may have used up the refresh token that was stored before. With *is_only_copy*
        the tokens are nowhere else: a store with two places takes the other one if the first fails,
        and returns that failure.

        Raises:
            StoreError: Nothing was stored, and the old document is untouched.
            StoreChanged: Another process has taken the lock over, and stored another document.
        """
        ...

    def note(self, document: Mapping[str, Any]) -> None:
        """Save *document*, whose tokens are those that are stored already."""
        self.save(document)

    @abstractmethod
    def remove(self) -> bool:
        """
        Forget the document; return whether there was one.

        Raises:
            StoreError: It is still there.
        """
        ...

    def remember(self, document: Mapping[str, Any], *, is_end: bool = False) -> None:
        """
        Keep the settings of *document* for a sign-in that finds no tokens; no failure counts.

        *is_end*: it is about to be removed, and the client's secret with it.
        """
        del document, is_end

    def reserve(self, octets: int) -> None:
        """
        Set room aside for a document of *octets*, until `release` or the next save.

        Raises:
            StoreError: The save would fail.
        """
        del octets

    def release(self) -> None:
        """Give back what `reserve` set aside."""
        self.reserve(0)


class Store(Protocol):
    """
    Keeps one JSON document for each profile, for as many threads and processes as there are.

    All methods are plain functions, called in whatever thread asks, the event loop's among them:
    none blocks for longer than a disk takes, but `locked`, for as long as its caller says. What
    they raise is a `StoreError` (`StoreDamaged` is a `SignInNeeded`). Whoever derives a class from
    this one needs `profiles`, `load` and `locked`.
    """

    @property
    def home(self) -> str | None:
        """The folder that has `providers/NAME.toml` of the user's own; `None`: there is none."""
        return None

    @property
    def storage(self) -> str | None:
        """What was chosen by `with_storage`; `None`: nothing was."""
        return None

    def path(self, profile: str) -> str:
        """Return where the tokens of *profile* are kept, in words for a person."""
        return profile

    def location(self, profile: str) -> dict[str, Any]:
        """Return the kind of place where the tokens of *profile* are, as `storage`."""
        del profile
        return {"storage": type(self).__name__}

    def with_storage(self, storage: str | None) -> Store:
        """Return this store with another choice of *storage*, the setting of that name."""
        del storage
        return self

    @abstractmethod
    def profiles(self) -> list[str]:
        """
        Return the names of the profiles that have tokens stored.

        Raises:
            StoreError: Nobody can tell.
        """
        ...

    @abstractmethod
    def load(self, profile: str) -> dict[str, Any] | None:
        """
        Return the document of *profile* without waiting for a lock; `None` when nothing is stored.

        Raises:
            StoreError: What is stored cannot be read; `StoreDamaged`, where it is no longer of use.
        """
        ...

    @abstractmethod
    def locked(
        self, profile: str, *, timeout_s: float = LOCK_TIMEOUT_S, take_over: bool = False
    ) -> AbstractContextManager[LockedDocument]:
        """
        Hold the lock of *profile* for a block: nobody else, in any process, has it meanwhile.

        With a *timeout_s* of 0 this returns or raises at once. With *take_over* the lock is taken
        from whoever has held it for too long, whose save then raises `StoreChanged`.

        Raises:
            StoreBusy: Another has it for longer than *timeout_s*; its fact `is_stopped` says
                whether that process was stopped.
            StoreError: Nothing can be locked.
        """
        ...

    def busy(self, profile: str, waited_s: float) -> StoreBusy:
        """Return the error that says who has held the lock of *profile* for *waited_s* seconds."""
        return StoreBusy(
            f"another process has held the profile {profile} for {waited_s:g} s",
            profile=profile,
            is_stopped=False,
        )

    def check_writable(self, profile: str) -> None:
        """
        Do all that a save does but the replacing; wait for nobody.

        It comes before a sign-in, which would be lost to a full disk.

        Raises:
            StoreError: The save would fail.
        """
        del profile

    def record_change(self, profile: str, *, has_changed: bool | None) -> None:
        """Take note whether the tokens of *profile* have changed; `None`: they may be."""
        del profile, has_changed

    def remove(self, profile: str) -> bool:
        """
        Forget *profile*; return whether anything was stored.

        Raises:
            StoreError: It is still there.
        """
        with self.locked(profile) as locked:
            return locked.remove()
