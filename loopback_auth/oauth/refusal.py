"""
The code and the words with which a server refuses a request.

RFC 6749 section 5.2 has two members for them; in practice they are anywhere in the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .http.messages import HttpReply

CODE_CHARACTERS = 60
"""The most that is shown of a code."""

_WORDS = (
    "error_description",
    "message",
    "error_message",
    "errorMessage",
    "reason",
    "detail",
    "msg",
    "errorSummary",
    "error_summary",
    "err",
    "description",
    "title",
)
_CODES = ("errorCode", "error_code", "errorType", "error_type", "code", "type", "status")
_INNER = ("error", "errors", "detail")
# The word "error" alone is no code. These are compiled at the first refusal, not on import.
_CODE = r"(?!(?i:error)$)[A-Za-z][\w.-]*"
_WORD = r"(?s:.*\S.*)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """
    What a provider's refusals mean; each is a code of the server, or a part of its words.

    Of a refresh: *final* ones end the grant, *keeps* leave it alive, *retry* are worth one more
    request. Of an API's 401: a new access token mends *expired_session*.
    """

    final: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    retry: tuple[str, ...] = ()
    expired_session: tuple[str, ...] = ()


def is_among(phrases: tuple[str, ...], *said: str) -> bool:
    """Return whether one of *phrases* is in one of *said*, whatever the case."""
    texts = [" ".join(text.split()).casefold() for text in said]
    return any(phrase.casefold() in text for phrase in phrases for text in texts)


def has_error(answer: Mapping[str, Any]) -> bool:
    """
    Return whether *answer* has an `error`, whatever its status.

    Some servers write null or an empty string where there is none.
    """
    return isinstance(answer.get("error"), str) and answer["error"] != ""


def code_and_words(reply: HttpReply, answer: Mapping[str, Any]) -> tuple[str, str]:
    """
    Return the code and the words with which *answer*, the body of *reply*, refuses.

    Each is one line, or empty. Neither holds a secret of the request, which some servers repeat.
    """
    inner = list(_inner(answer))
    code = answer["error"] if has_error(answer) else _first([*inner, answer], _CODES, _CODE)
    words = _first([answer, *inner], _WORDS, _WORD)
    shown = one_line(reply.without_sent(code), limit=CODE_CHARACTERS)
    said = one_line(reply.without_sent(words))
    return shown, "" if said == shown else said


def _inner(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """
    Yield the objects one level deeper in *answer*; of a list, its first.

    A string there is yielded as a `message`.
    """
    for name in _INNER:
        value = answer.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, str) and name != "errors":
            continue
        if isinstance(value, str):
            yield {"message": value}
        elif isinstance(value, dict):
            yield value


def _first(objects: list[Mapping[str, Any]], names: tuple[str, ...], form: str) -> str:
    for members in objects:
        for name in names:
            value = members.get(name)
            if isinstance(value, str) and re.fullmatch(form, value):
                return value
    return ""
