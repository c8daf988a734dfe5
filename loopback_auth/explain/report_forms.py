"""What was pasted, once it is understood; the readers of addresses, forms and JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from .redaction import HIDDEN, is_secret_name, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_FIELDS = 100
# RFC 9110 section 15.
_ERRORS = range(400, 600)
_ANSWER = r"(?:error|code)="
"""How an answer begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paste:
    """
    What was pasted, understood and without its secrets.

    *kind* is empty, code, line, json, form, error-page, callback (with an error), answer (a
    callback with a code), url, http, html, tokens (a token endpoint's success), secret (nothing but
    one) or text. *words* are all that look like the code of an error; *text* is prose to search,
    and *around* all that was pasted, never to show.
    """

    kind: str
    error: str = ""
    description: str = ""
    status: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    around: str = field(default="", repr=False)


def read_url(text: str) -> Paste | None:
    """Read an address, also one that a terminal broke into lines."""
    address = _address_in(text)
    if not address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return Paste(kind="url")
    parameters = {**_parameters(parts.query), **_parameters(parts.fragment)}
    page = shown(f"{parts.scheme}://{parts.netloc}{parts.path}")
    return replace(
        _of_parameters(_kind_of(parameters, parts.path), parameters),
        text="" if parameters.get("error") else page,
    )


def unwrapped(text: str) -> str:
    """Return *text* without the line ends that a terminal put in, and the blanks around them."""
    # Not by a regular expression: those take a run of blanks apart at each of its characters.
    return "".join(line.strip() for line in text.split("\n"))


def _address_in(text: str) -> str:
    """Return the address that *text* is, or the first in it that holds an answer."""
    joined = unwrapped(text)
    if re.fullmatch(r"[a-z][a-z0-9+.-]{0,30}:/\S+", joined, re.IGNORECASE):
        return joined
    # Documentation gives each parameter a line of its own.
    text = re.sub(r"\n[ \t]{0,40}(?=&\w+=)", "", text)
    found = re.findall(r"\b[a-z][a-z0-9+.-]{0,30}://[^\s?#]{0,400}[?#]\S*", text, re.IGNORECASE)
    answers = [address for address in found if re.search(rf"[?#&]{_ANSWER}", address)]
    return answers[0].rstrip(".,;)\"'>") if answers else ""


def _kind_of(parameters: Mapping[str, str], path: str) -> str:
    if "error" in parameters:
        return "error-page" if "errorpage" in path.lower() else "callback"
    return "answer" if "code" in parameters else "url"


def read_form(text: str) -> Paste | None:
    """
    Read a form, such as the body that a browser saves as a file called authorize.

    `+` and `%20` are both spaces.
    """
    joined = unwrapped(text)
    is_form = re.fullmatch(r"[?&#]?[\w.-]+=[^&]*(?:&[\w.-]+=[^&]*)*", joined)
    pattern = rf"(?:^|[?&#\s\"'])({_ANSWER}[^\s\"']+)"
    # Apart from a whole form, what stands on the next line is something else.
    found = re.search(pattern, joined) if is_form else re.search(pattern, text, re.MULTILINE)
    if not found:
        return None
    parameters = _parameters(joined.lstrip("?&#") if is_form else found[1])
    # A page's source has `error=&quot;CODE&quot;`.
    if parameters.get("error"):
        return _of_parameters("form", parameters)
    return _of_parameters("answer", parameters) if "code" in parameters else None


def _parameters(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        return {}
    return {shown(name, limit=60): _value(name, value) for name, value in reversed(pairs) if name}


def _value(name: str, value: str) -> str:
    if is_secret_name(name):
        return HIDDEN
    # Encoded twice on its way through another page.
    return shown(unquote(value) if re.search(r"%[0-9A-Fa-f]{2}", value) else value)


def _of_parameters(kind: str, parameters: Mapping[str, str]) -> Paste:
    error = parameters.get("error", "")
    description = parameters.get("error_description") or ""
    # Some pages put both into one: error=CODE : description.
    code, colon, rest = error.partition(" : ")
    if colon and not description:
        error, description = code, rest
    return Paste(
        kind=kind,
        error=error.strip(),
        description=description.strip(),
        parameters=parameters,
    )


def read_json(text: str) -> Paste | None:
    """
    Read the JSON object or array that names an error: a token endpoint's, a REST API's, ours.

    One that only describes something counts where it is the only one: a log has many.
    """
    described: list[Paste] = []
    for value in _documents(text):
        for found in value if isinstance(value, list) else [value]:
            paste = _of_members(found) if isinstance(found, dict) else None
            if paste is not None and (paste.error or paste.kind != "json"):
                return paste
            described += [paste] if paste is not None else []
    return described[0] if len(described) == 1 else None


def _documents(text: str) -> Iterator[Any]:
    # If nothing can be read, a terminal may have broken a string into lines.
    found = list(_documents_in(text))
    yield from found or _documents_in(text.replace("\n", ""))


def _documents_in(text: str) -> Iterator[Any]:
    index, decoder = 0, json.JSONDecoder(strict=False)
    for _ in range(_TRIES):
        start = _JSON.search(text, index)
        if start is None:
            return
        try:
            value, index = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            index = start.end() - 1
            continue
        yield value


_JSON = re.compile(r"[\[{]\s*[\"{]")
_TRIES = 400


def _of_members(members: Mapping[str, Any]) -> Paste | None:
    def text_of(*names: str) -> str:
        values = (members.get(name) for name in names)
        return next((shown(value) for value in values if isinstance(value, str) and value), "")

    inner = members.get("error")
    if isinstance(inner, dict):
        return _of_members(inner) if "error" not in inner else None
    # A terminal may have broken it; no code has a line break.
    error = text_of("error", "errorCode", "error_code", "code").replace("_ ", "_")
    if not error and "access_token" in members:
        names = {shown(str(name), limit=60): HIDDEN for name in list(members)[:_FIELDS]}
        return Paste(kind="tokens", parameters=names)
    description = text_of("error_description", "message", "errorMessage", "detail")
    if error == HIDDEN:
        return Paste(kind="answer")
    numbers = (members.get(name) for name in ("status", "code", "statusCode"))
    status = next((n for n in numbers if isinstance(n, int) and n in _ERRORS), None)
    known = error or description or status
    return (
        Paste(kind="json", error=error, description=description, status=status) if known else None
    )
