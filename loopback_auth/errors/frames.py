"""
Errors that leave the library without the local variables of its frames.

`pytest -l`, debuggers and error reporters print those of each frame in a traceback, and ours hold
answers, requests and documents in clear.
"""

from __future__ import annotations

import sys
from functools import wraps

from .base import LoopbackAuthError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    T = TypeVar("T")


def without_locals(
    function: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """
    Return the async *function* so that an error that leaves it shows no local variable of ours.

    Of an error that is no `LoopbackAuthError` a note tells the frames that were taken off.
    """

    @wraps(function)
    async def call(*arguments: P.args, **options: P.kwargs) -> T:
        outer = sys.exception()
        try:
            return await function(*arguments, **options)
        except BaseException as error:
            _take_frames_off(error, outer)
            del arguments, options
            raise

    return call


def without_locals_of(function: Callable[P, T]) -> Callable[P, T]:
    """Do as `without_locals`, for a *function* that is not async."""

    @wraps(function)
    def call(*arguments: P.args, **options: P.kwargs) -> T:
        outer = sys.exception()
        try:
            return function(*arguments, **options)
        except BaseException as error:
            _take_frames_off(error, outer)
            del arguments, options
            raise

    return call


def _take_frames_off(error: BaseException, outer: BaseException | None) -> None:
    """
    Take the frames off *error* and its causes.

    Its context becomes *outer*, which the caller handles just now.
    """
    if isinstance(error, Exception) and not isinstance(error, LoopbackAuthError):
        from traceback import format_tb

        # Our own errors say what happened; of a mistake it has to be known where.
        error.add_note("".join(("Inside loopback_auth:\n", *format_tb(error.__traceback__))))
    error.__context__ = outer
    cause = error.__cause__
    while cause is not None and cause is not outer and (cause.__traceback__ or cause.__context__):
        cause.__traceback__ = cause.__context__ = None
        cause = cause.__cause__
    error.__traceback__ = None
