"""CL-02: a secret shows nowhere but where it is asked for by name."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
import traceback
from typing import TYPE_CHECKING

import pytest

from loopback_auth.oauth.secret import Secret

from ..support.samples import CANARY

if TYPE_CHECKING:
    from collections.abc import Callable


def traceback_with_locals(secret: Secret) -> str:
    try:
        int(repr(secret))
    except ValueError as error:
        return "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )
    return ""


def logged(secret: Secret) -> str:
    stream = io.StringIO()
    logger = logging.getLogger("loopback_auth.tests.secret")
    logger.addHandler(logging.StreamHandler(stream))
    logger.error("the token is %s", secret, extra={"token": secret})
    return stream.getvalue()


SHOWN: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda secret: f"{secret}",
    "format with a width": lambda secret: f"{secret:>40}",
    "format with a conversion": lambda secret: f"{secret!s} {secret!a}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - that is the point
    "in a list": lambda secret: str([secret]),
    "in a dictionary": lambda secret: repr({"token": secret}),
    "its attributes by name": lambda secret: str(dir(secret)),
    "in a frame of a traceback with locals": traceback_with_locals,
    "logged": logged,
}

LEAVES: dict[str, Callable[[Secret], object]] = {
    "pickle": pickle.dumps,
    "old pickle": lambda secret: pickle.dumps(secret, 0),
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "JSON": json.dumps,
    "vars": vars,
    "asdict": lambda secret: dataclasses.asdict(Holder(token=secret)),
}


@dataclasses.dataclass(frozen=True)
class Holder:
    token: Secret


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_cl_02_formatting_does_not_show_a_secret(show: Callable[[Secret], str]) -> None:
    assert CANARY not in show(Secret(CANARY))


@pytest.mark.parametrize("leave", LEAVES.values(), ids=LEAVES)
def test_cl_02_a_secret_leaves_the_process_by_no_general_way(
    leave: Callable[[Secret], object],
) -> None:
    with pytest.raises(TypeError) as refused:
        leave(Secret(CANARY))
    assert CANARY not in str(refused.value)


def test_cl_02_a_holder_shows_that_there_is_a_secret_and_not_which() -> None:
    assert repr(Holder(token=Secret(CANARY))) == "Holder(token=Secret(...))"


def test_a_secret_gives_its_value_when_asked_by_name() -> None:
    assert Secret(CANARY).reveal() == CANARY
    assert Secret(CANARY)
    assert not Secret("")


def test_secrets_are_equal_when_their_values_are() -> None:
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


@pytest.mark.parametrize(
    "text", ["", "canary", CANARY + " ", CANARY.upper(), "ü", "\ud800", "\x00", "x" * 100_000]
)
def test_aq_01_a_secret_matches_nothing_but_itself_and_no_text_makes_it_raise(text: str) -> None:
    assert not Secret(CANARY).matches(text)
    assert Secret(CANARY).matches(CANARY)
