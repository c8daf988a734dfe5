"""Questions that are asked again when the answer cannot be used, which is said."""

from __future__ import annotations

import re

from ...edge.callback.listeners import check_redirect_uri, with_port
from ...errors import Cancelled, LoopbackAuthError, UsageError
from ...explain.redaction import redacted
from ...oauth.http.url import check_url
from ...oauth.secret import Secret
from ...oauth.text import one_line
from ...settings.client import check_client_id, trimmed_secret
from ...settings.kinds import CLIENT_ID, ISSUER, REDIRECT_URIS, port_number
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
    return _until_usable(lambda other: ask(question, console, usual=other or usual), console, read)


def ask_secret(console: Console, client_id: str) -> Secret | None:
    """
    Return the client secret, typed unseen; `None` where the client has none.

    It is another text than *client_id*.

    Raises:
        Cancelled: The answer is Ctrl-C or the end of the input.
    """

    def ask_once(_: str) -> str:
        question = "Client secret (not shown, or empty): "
        return ask_unseen(question, console, what="the client secret")

    def read(answer: str) -> Secret:
        secret = trimmed_secret(Secret(answer))
        if secret.matches(client_id):
            raise UsageError(
                "that is the client ID", cause="The secret is a text of its own.", fix=AGAIN
            )
        return secret

    return _until_usable(ask_once, console, read) or None


def _until_usable(ask_once: Callable[[str], str], console: Console, read: Callable[[str], T]) -> T:
    named = ""
    for left in reversed(range(TRIES)):
        try:
            return read(ask_once(named))
        except Cancelled as stopped:
            raise Cancelled(
                stopped.message,
                cause="The question was left without an answer. No profile was written.",
                fix=AGAIN,
            ) from None
        except LoopbackAuthError as error:
            if not left:
                raise
            console.say(f"Try again: {error.message}. {error.cause}")
            # What the server calls itself, where another of its addresses was given.
            named = str(error.facts.get("named", ""))
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
    if pattern and (not re.fullmatch(pattern, found) or redacted(found) != found):
        raise UsageError(
            f"that does not look like a {name}",
            cause="Copy it again: a name, an address or the secret does not belong here.",
            fix="give it as an option, which takes any: `loopback-auth init --help`",
        )
    return found


def other_than(secret: Secret | None, read: Callable[[str], T]) -> Callable[[str], T]:
    """Return *read*, which refuses *secret*: pasted twice, it would answer the next question."""

    def refuse_or_read(answer: str) -> T:
        if secret and Secret(answer) == secret:
            raise UsageError(
                "that is the client secret",
                cause="It was taken already, and belongs in no other answer.",
                fix=AGAIN,
            )
        return read(answer)

    return refuse_or_read


def callback_of(usual: str, answer: str) -> str:
    """
    Return the redirect URI that *answer* is, or *usual* with the port that it is.

    Raises:
        UsageError: It is no port.
        RedirectURIRefused: Nothing here can listen on it.
    """
    if not answer.isdigit():
        return check_redirect_uri(REDIRECT_URIS.meant((answer,))[0])
    try:
        return with_port(usual, port_number(answer))
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
