"""Questions that are asked again when the answer cannot be used, which is said."""

from __future__ import annotations

import re

from ...errors import Cancelled, LoopbackAuthError, UsageError
from ...oauth.http.url import check_url
from ...oauth.secret import Secret
from ...oauth.text import one_line
from ...settings.client import check_client_id, trimmed_secret
from ...settings.kinds import CLIENT_ID, ISSUER, port_number
from ..prompts import ask, ask_unseen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from ..console import Console

    T = TypeVar("T")

TRIES = 3
"""How often a question is asked at most: then its error ends the command."""

AGAIN = "run it again, or give the answers as options: `loopback-auth init --help`"
"""What to do where a question has no usable answer: no profile was written."""


def ask_until_usable(
    question: str, console: Console, read: Callable[[str], T], *, usual: str = ""
) -> T:
    """
    Return what *read* makes of the answer to *question*; an empty one means *usual*.

    Raises:
        Cancelled: The answer is Ctrl-C or the end of the input.
        LoopbackAuthError: *read* refused the last answer, too.
    """
    return _until_usable(lambda: ask(question, console, usual=usual), console, read)


def ask_secret(console: Console) -> Secret | None:
    """
    Return the client secret, typed unseen; `None` where the client has none.

    Raises:
        Cancelled: The answer is Ctrl-C or the end of the input.
    """

    def ask_once() -> str:
        question = "Client secret (not shown, or empty): "
        return ask_unseen(question, console, what="the client secret")

    return trimmed_secret(_until_usable(ask_once, console, Secret)) or None


def _until_usable(ask_once: Callable[[], str], console: Console, read: Callable[[str], T]) -> T:
    for left in reversed(range(TRIES)):
        try:
            answer = ask_once()
        except Cancelled as stopped:
            raise Cancelled(
                stopped.message,
                cause="The question was left without an answer. No profile was written.",
                fix=AGAIN,
            ) from None
        try:
            return read(answer)
        except LoopbackAuthError as error:
            if not left:
                raise
            console.say(f"Try again: {error.message}. {error.cause}")
    raise AssertionError  # the last try returns or raises


def client_id_of(answer: str, *, name: str = "client ID", pattern: str | None = None) -> str:
    """
    Return the client ID that *answer* means, which its server calls *name*.

    Raises:
        UsageError: There is none, a blank is in it, or it does not fit *pattern*, where the
            server's all do. It may be the secret then, and is not shown.
    """
    if not answer:
        raise UsageError(
            f"the {name} is missing",
            cause="The server shows it once the client is registered.",
            fix=AGAIN,
        )
    found = check_client_id(str(CLIENT_ID.meant(answer)))
    if pattern and not re.fullmatch(pattern, found):
        raise UsageError(
            f"that does not look like a {name}",
            cause="Copy it again: a name, an address or the secret does not belong here.",
            fix="give it as an option, which takes any: `loopback-auth init --help`",
        )
    return found


def port_of(answer: str) -> int:
    """
    Return the port that *answer* is.

    Raises:
        UsageError: It is none.
    """
    try:
        return port_number(answer)
    except ValueError:
        raise UsageError(
            f"{one_line(answer, limit=40)!r} is not a port",
            cause="A port is a number from 0 to 65535; 0 is any free one, which few servers allow.",
            fix=AGAIN,
        ) from None


def api_base_of(answer: str) -> str:
    """
    Return the address of an API that *answer* is.

    Raises:
        URLRefused: It is none.
    """
    return check_url(str(ISSUER.meant(answer)), name="the API's address")
