"""
What a program may put in the place of ours: functions that `login` and its like call.

`Transport` and `Store` are beside what they carry, in `oauth.http.transport` and
`edge.store.interface`. All are protocols: any function or class of that shape will do. `typing` is
slow to import, so import this for type checking only.
"""

from __future__ import annotations

from typing import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from datetime import datetime

    from .notices import Notice


class Browser(Protocol):
    """
    Opens the one-time local address that leads to the sign-in page.

    It is called once, in a thread of its own, when the address answers; an async one is awaited in
    the event loop. It may stay until its window is closed: the sign-in does not wait for it. To
    return `False` or to raise says that nothing was opened; any other result says that something
    was. Whoever reads the address can sign in, so it belongs in no log.
    """

    def __call__(self, url: str, /) -> object:
        """Open *url*."""
        ...


class Clock(Protocol):
    """
    Tells the time, for the expiry of tokens and the checks of an ID token.

    It is called in whatever thread asks, returns at once, and raises nothing.
    """

    def __call__(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...


class Notify(Protocol):
    """
    Is told how a flow goes, one notice after the other.

    It is a plain function, called in the thread of the event loop; it must not block. What it
    raises ends the flow. No notice holds a secret but `OpenThisPage`, whose URL is the person's.
    """

    def __call__(self, notice: Notice, /) -> None:
        """Take *notice*: print it, draw it or drop it."""
        ...


class MaySwitch(Protocol):
    """
    Decides whether another person than before may sign in to a profile.

    It may be async. It is called after that person has signed in, and before anything is stored.
    """

    def __call__(self, held: str, new: str, /) -> Awaitable[bool] | bool:
        """Return whether *new* may take the place of *held*; both are names of persons."""
        ...


class MayTrust(Protocol):
    """
    Decides whether a server's sign-in page and token endpoint belong together.

    It may be async. It is called before anything is sent, where discovery alone says so.
    """

    def __call__(self, issuer: str, page_host: str, token_host: str, /) -> Awaitable[bool] | bool:
        """Return whether the code of a sign-in at *page_host* may go to *token_host*."""
        ...
