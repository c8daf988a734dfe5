"""The members of a token endpoint's answer, read strictly or as far as possible."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from ...errors import ProtocolError
from ..http.lenient_json import read_members
from ..http.messages import read_json_object
from ..refusal import code_and_words, has_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ..http.messages import HttpReply

# A form without its content type.
_FORM = re.compile(rb"[a-z_]+=[!-;=-~]*\s*")


def strict_members(reply: HttpReply, *, what: str = "the token endpoint") -> Mapping[str, Any]:
    """
    Return the members of *reply*, a JSON object or, by its content type, a form.

    *what* names the endpoint in the errors.

    Raises:
        ProtocolError: It is neither, or a name occurs twice.
        ProviderError: Whatever else `read_json_object` raises.
    """
    if not _is_form(reply):
        return read_json_object(reply, what=what)
    pairs = _form(reply)
    if len(dict(pairs)) != len(pairs):
        raise ProtocolError(f"{what}: a name occurs twice in its form")
    return dict(pairs)


def lenient_members(reply: HttpReply) -> Mapping[str, Any]:
    """Return the members of *reply*, JSON or a form, that can be read."""
    if not _is_form(reply) and not _FORM.fullmatch(reply.body):
        return read_members(reply.body)
    pairs = _form(reply)
    # Nothing shows whether the last value is whole.
    return dict(pairs[:-1] if reply.incomplete else pairs)


def objections_to(reply: HttpReply, answer: Mapping[str, Any]) -> Iterator[str]:
    """
    Yield a clause for each reason for which a sign-in would refuse *reply*.

    *answer* are its members.
    """
    if reply.incomplete is not None:
        yield f"the token endpoint's answer was not read to its end ({reply.incomplete})"
    else:
        try:
            strict_members(reply)
        except ProtocolError:
            yield "the token endpoint's answer is malformed, and was read as far as it can be"
    if has_error(answer):
        shown = ": ".join(filter(None, code_and_words(reply, answer)))
        yield f"the token endpoint gave tokens, and an error ({shown})"


def _is_form(reply: HttpReply) -> bool:
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    # Some servers send JSON with this type.
    is_json = reply.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return kind == "application/x-www-form-urlencoded" and not is_json


def _form(reply: HttpReply) -> list[tuple[str, str]]:
    return parse_qsl(reply.body.decode("utf-8", "replace"), keep_blank_values=True)
