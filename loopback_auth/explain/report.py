"""
The reader of what a person pastes: an error as a server, a browser or a tool shows it.

`read_paste` redacts first and parses then, so that no secret ends up in a `Paste`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote_plus

from .redaction import HIDDEN, redacted, shown
from .report_forms import Paste, read_form, read_json, read_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PASTE_CHARACTERS", "Paste", "read_paste"]

PASTE_CHARACTERS = 64 * 1024
"""A page of text and more; of what is longer the two halves at its ends are read."""


def read_paste(text: str, *, secret_patterns: Sequence[str] = ()) -> Paste:
    """
    Return what is understood of *text*; whatever it is, this raises nothing.

    *secret_patterns* are those of the user's own provider file.
    """
    clean = redacted(_clean(text), secret_patterns=secret_patterns)
    if not clean:
        return Paste(kind="empty")
    if re.fullmatch(rf"(?:bearer |token:? |code:? )?{re.escape(HIDDEN)}", clean, re.IGNORECASE):
        return Paste(kind="secret")
    paste = _read(clean)
    if secret_patterns:
        paste = _without(paste, secret_patterns)
    is_prose = paste.kind in ("text", "line", "code")
    text = paste.text or (clean if is_prose else f"{paste.error} {paste.description}".strip())
    return replace(paste, text=text, words=_words(text), around=clean)


def _without(paste: Paste, secret_patterns: Sequence[str]) -> Paste:
    """Return *paste* without what could be read only after it was decoded."""

    def clean(text: str) -> str:
        return redacted(text, secret_patterns=secret_patterns)

    return replace(
        paste,
        error=clean(paste.error),
        description=clean(paste.description),
        text=clean(paste.text),
        parameters={name: clean(value) for name, value in paste.parameters.items()},
    )


# Entra's error_uri, also where a terminal broke it: a page about an error, no answer with a code.
_NUMBERED = re.compile(r"\n?".join(map(re.escape, "/error?code=")) + r"\n?(\d{4,8})(?![\w&])")


def _clean(text: str) -> str:
    if len(text) > PASTE_CHARACTERS:
        # A server says what is wrong at the beginning, a log at its end.
        # What is left of a word that was cut may be a secret without its name.
        half = PASTE_CHARACTERS // 2
        text = text[:half] + re.sub(r"^\S+", "", text[-half:])
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # A chat or a word processor has curled them.
    text = text.replace("\u2018", "'").replace("\u2019", "'")
    text = re.sub(r"\x1b\[[0-9;?]{0,20}[A-Za-z]", "", text)
    text = _NUMBERED.sub(r"/error AADSTS\1", text)
    text = "".join(c if c.isprintable() or c in "\n\t" else " " * c.isspace() for c in text)
    lines = text.strip().split("\n")
    if len(lines) > 1 and all(line.startswith(">") for line in lines if line):
        text = "\n".join(line[1:] for line in lines)
    return _unquoted(text.strip())


def _unquoted(text: str) -> str:
    for first, last in ('""', "''", "``", "\u201c\u201d"):
        inner = text[1:-1]
        if len(text) > 1 and text[0] == first and text[-1] == last and first not in inner:
            return inner.strip()
    return text[1:-1].strip() if re.fullmatch(r"<[a-z][\w+.-]*:[^<>]*>", text) else text


def _read(text: str) -> Paste:
    return _http(text) or _read_body(text)


def _read_body(text: str) -> Paste:
    """Read what has no status, or stands below one: a status in there is part of it."""
    for read in (read_url, read_json, read_form, _own_error, _html, _named, _line, _code):
        paste = read(text)
        if paste is not None:
            return paste
    return Paste(kind="text")


_REASONS = (
    "OK|Found|Bad Request|Unauthorized|Forbidden|Not Found|Internal Server Error|Bad Gateway"
    "|Service Unavailable|Too Many Requests"
)
_STATUS_ALONE = re.compile(
    rf"(?:(?:HTTP|status|error)(?:[ /]?code)?[ :=]{{0,3}})?([2-5]\d\d)(?![\w.])"
    rf"(?:[ \t]*(?:{_REASONS})\b)?[\s:,;-]*",
    re.IGNORECASE,
)


def _http(text: str) -> Paste | None:
    """Read a status: alone, before a body, or the last one of a transcript (`curl -i`, `-v`)."""
    plain = text
    if re.search(r"^< HTTP/", text, re.MULTILINE):
        plain = re.sub(r"^[<*>{}] ?(.*)$", r"\1", text, flags=re.MULTILINE)
    heads = list(re.finditer(r"^HTTP/[\d.]{1,3} (\d{3})\b[^\n]*\n?", plain, re.MULTILINE))
    if heads:
        head, _, body = plain[heads[-1].end() :].partition("\n\n")
        location = re.search(r"^location:[ \t]*(\S+)", head, re.MULTILINE | re.IGNORECASE)
        status, body = int(heads[-1][1]), body.strip()
        in_body = _with_status(status, body)
        # Some errors are in the headers alone, and a body that was pasted without its empty line
        # stands below them.
        other = _with_status(status, location[1] if location else head.strip())
        return other if not in_body.error and (other.error or not body) else in_body
    alone = _STATUS_ALONE.match(text)
    return _with_status(int(alone[1]), text[alone.end() :].strip()) if alone else None


def _with_status(status: int, body: str) -> Paste:
    read = _read_body(body)
    kind = (
        read.kind if read.kind in ("html", "tokens", "answer", "callback", "error-page") else "http"
    )
    return replace(
        read, kind=kind, status=status, text=read.text or (body if read.kind == "text" else "")
    )


def _own_error(text: str) -> Paste | None:
    """Read an error as this program prints it, with the server's own inside."""
    found = re.search(r"error\[([a-z0-9-]{2,60})\]:\s*([^\n]*)", text)
    if not found:
        return None
    inner = re.search(r"\(([A-Za-z]+(?:_[A-Za-z]+)+)(?::\s*([^()]*))?\)", found[2])
    code, said = (inner[1], inner[2] or "") if inner else (found[1], found[2])
    return Paste(kind="line", error=code, description=shown(said))


def _html(text: str) -> Paste | None:
    """Read a page's source: the error in its text if there is one."""
    if not re.search(
        r"<!doctype html|<html|<body|<head|</(?:p|div|span|title)>", text, re.IGNORECASE
    ):
        return None
    from html import unescape

    # What stands between script tags is every second piece.
    pieces = re.split(
        r"</?(?:script|style)\b[^<>]{0,500}>", " ".join(text.split()), flags=re.IGNORECASE
    )[::2]
    prose = redacted(unescape(re.sub(r"<[^<>]*>", _apart, "\n\n".join(pieces))))
    found = _named(prose) or _line(prose) or Paste(kind="html")
    return replace(found, kind="html", text=prose.strip())


def _apart(tag: re.Match[str]) -> str:
    """Return what stands for a tag in the text: nothing for one within a line."""
    is_inline = re.match(r"</?(?:a|b|i|em|strong|span|code|small|font|u)\b", tag[0], re.IGNORECASE)
    return "" if is_inline else "\n\n"


_ERROR_NAMED = re.compile(
    r"(?<![\w-])(?:error|errorCode)[\"']?\s?[:=]\s*[\"']?([A-Za-z]+(?:[_-][A-Za-z]+)+)(?!\w)"
)
_DESCRIPTION_NAMED = re.compile(
    r"(?<![\w-])(?:error_description|message)[\"']?\s?[:=]\s*"
    r"(?:\"([^\"\n]*)\"|'([^'\n]*)'|([^\n,}]*))"
)


def _named(text: str) -> Paste | None:
    """Read `error: CODE` with `error_description: ...`, however a language or a log prints them."""
    error, said = _ERROR_NAMED.search(text), _DESCRIPTION_NAMED.search(text)
    if not error:
        return None
    description = next((words for words in said.groups() if words), "") if said else ""
    if "+" in description and " " not in description:
        # Taken from an address as it stood there.
        description = unquote_plus(description)
    return Paste(kind="line", error=error[1], description=shown(description)) if said else None


_LINE = re.compile(
    r"^[ \t>*-]*(?:(?i:error):?[ \t]+)?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]+(?:[_-][a-z]+)+)"
    r"(?:[ \t]*[:/,]\s*|[ \t]+(?:-{1,2}|\u2013|\u2014)[ \t]+)(\S[^\n]*(?:\n[^\n]+)*)",
    re.MULTILINE,
)


def _line(text: str) -> Paste | None:
    """Read `CODE : description` on a line of its own, and the lines that it was wrapped to."""
    for found in _LINE.finditer(text):
        if found[1] not in ("error_description", "redirect_uri", "client_id"):
            return Paste(kind="line", error=found[1], description=shown(found[2].strip("\"'")))
    return None


def _code(text: str) -> Paste | None:
    """Read a bare code: one word, or several as a person says it."""
    is_one = (
        re.fullmatch(r"[A-Za-z][\w.-]{1,79}(?: [A-Za-z]{2,20}){0,2}", text) and shown(text) == text
    )
    return Paste(kind="code", error=text) if is_one else None


def _words(text: str) -> tuple[str, ...]:
    found = re.findall(r"(?<![\w-])[A-Za-z]{1,30}(?:[_-][A-Za-z]{1,30}){1,8}(?![\w-])", text)
    return tuple(dict.fromkeys(word.lower() for word in found))
