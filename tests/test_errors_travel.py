"""
An error that is raised in a process of a pool is the same error where it is awaited; so
is a copy.
"""

from __future__ import annotations

import copy
import json
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth import errors
from loopback_auth.errors.packing import packed, unpacked
from loopback_auth.explain import explanation

from .test_architecture import every_error

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = sorted(every_error(), key=lambda kind: kind.__name__)
NEEDED = {
    errors.AuthorizationError: {"error": "invalid_scope", "known": True},
    errors.TokenError: {"error": "something_else", "known": False},
}
"""What a class wants besides the message."""


def made(kind: type[errors.LoopbackAuthError]) -> errors.LoopbackAuthError:
    error = kind(
        "what happened", cause="why", fix="what to do", profile="work", **NEEDED.get(kind, {})
    )
    error.tokens_changed = True
    error.exit_code = 42
    error.explain_with(explanation("invalid-grant", profile="work"))
    error.add_note("a note")
    return error


def raise_it(name: str) -> None:
    raise made(getattr(errors, name))


def members(error: BaseException) -> dict[str, Any]:
    assert isinstance(error, errors.LoopbackAuthError)
    return {
        **vars(error),
        "kind": type(error),
        "args": error.args,
        "str": str(error),
        "code": error.code,
        "cause": error.cause,
        "fix": error.fix,
        # Each has a line of its own on a terminal.
        "commands": getattr(error.fix, "commands", None),
    }


WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "JSON": lambda error: unpacked(json.loads(json.dumps(packed(error)))),
    **{
        f"pickle {protocol}": lambda error, protocol=protocol: pickle.loads(  # noqa: S301 - ours
            pickle.dumps(error, protocol)
        )
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_is_the_same_after_a_journey(
    kind: type[errors.LoopbackAuthError], way: str
) -> None:
    error = made(kind)
    again = WAYS[way](error)
    assert again is not error
    assert members(again) == members(error)


def test_a_class_of_a_callers_own_travels_too() -> None:
    """Whatever its __init__ asks for: what was made is kept, and not made anew."""
    again = copy.copy(OwnError(7, where="here"))
    assert (str(again), again.where, again.code) == ("number 7", "here", "error")


class OwnError(errors.LoopbackAuthError):
    """An error of a program that uses the library."""

    def __init__(self, number: int, *, where: str) -> None:
        super().__init__(f"number {number}")
        self.where = where


def test_every_error_comes_out_of_a_process_pool() -> None:
    """A pool whose worker raises what cannot be unpickled is broken, or waits for ever."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        futures = {kind: pool.submit(raise_it, kind.__name__) for kind in KINDS}
        for kind, future in futures.items():
            came = future.exception(timeout=60)
            assert came is not None
            assert members(came) == members(made(kind))
