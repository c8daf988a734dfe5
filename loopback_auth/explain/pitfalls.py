"""
The pitfalls of one kind of server: which of them an error is.

A file `NAME.toml` beside this module lists them; a provider file names it (`pitfalls = "NAME"`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from urllib.parse import urlsplit

from ..resources import names, read
from . import Explanation, explanation, filled, find
from .denial import is_denial
from .report import Paste

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# The weight of a match: on the entry's own name, the description, words of the paste, the code, a
# fact, the kind of paste, a word of it, the status.
_NAME, _DESCRIPTION, _PHRASE, _ERROR, _FACT, _KIND, _WORD, _STATUS = 100, 40, 30, 10, 8, 6, 5, 3

# Where the kind of server is not known, only words that are its own count.
_CERTAIN = _PHRASE

# What stands for a value that no profile says: a callback to register.
_USUAL = {"fixed_redirect_uri": "http://127.0.0.1:8765/callback"}

_OF_STATUS = {
    401: "invalid-token",
    403: "insufficient-scope",
    404: "api-refused",
    407: "proxy-failed",
    429: "server-unavailable",
}
_SERVER_ERRORS = range(500, 600)
_OF_KIND = {"answer": "callback-with-code", "secret": "secret-pasted"}
_ANSWERS = frozenset({"json", "form", "callback", "error-page"})
_AT_LAST = {"tokens": "token-answer", "html": "answer-is-html"}


def pitfall_files() -> list[str]:
    """Return the names of the files of pitfalls: the kinds of server that are known."""
    return [name for name in names("explain", ".toml") if name != "catalogue"]


@cache
def entries(name: str) -> dict[str, dict[str, Any]]:
    """
    Return the entries of the file *name* by their codes, or none if there is no such file.

    Each has the file's `places`: the pages of the server's own settings, as facts.
    """
    import tomllib

    if name not in pitfall_files():
        return {}
    document = tomllib.loads(read(f"explain/{name}.toml").decode())
    common = {"places": document.pop("places", {}), "see": document.pop("see", "")}
    return {code: {**common, **entry} for code, entry in document.items()}


def words_of(name: str) -> set[str]:
    """Return the names and the server's codes by which entries of the file *name* are found."""
    named = {code: entry.get("errors", ()) for code, entry in entries(name).items()}
    return {*named, *(error.replace("_", "-") for errors in named.values() for error in errors)}


def pitfall_for(
    paste: Paste | str, description: str = "", *, pitfalls: str | None, facts: Mapping[str, object]
) -> Explanation | None:
    """
    Return the entry of the file *pitfalls*, or else of the catalogue, that fits best, or `None`.

    *paste* is a `Paste`, or the server's code with its *description*. A description weighs more
    than a code, and facts of the profile decide between entries with the same words.
    """
    if isinstance(paste, str):
        paste = Paste(kind="line", error=paste, description=description)
    if paste.kind in _OF_KIND:
        return explanation(_OF_KIND[paste.kind], **facts)
    return (
        _by_own_words(paste, facts)
        or _by_own_words(paste, facts, "other_words")
        or (_best(pitfalls, paste, facts, least=_DESCRIPTION) if pitfalls else None)
        or (_best(pitfalls, paste, facts, least=_STATUS) if pitfalls else None)
        or _general(paste, facts)
    )


def certain_pitfall_for(paste: Paste, *, facts: Mapping[str, object]) -> Explanation | None:
    """Return the entry of any file whose own words are in *paste*, or `None`."""
    if paste.kind in _OF_KIND:
        return None
    # What a file with own words has besides them is said by many servers.
    others = (
        name
        for name in pitfall_files()
        if not any("own_words" in e for e in entries(name).values())
    )
    found = (_best(name, paste, facts, least=_CERTAIN) for name in others)
    return (
        _by_own_words(paste, facts)
        or _by_own_words(paste, facts, "other_words")
        or next((entry for entry in found if entry), None)
    )


def pitfall_of_error(
    code: str, said: Paste, *, pitfalls: str | None, facts: Mapping[str, object]
) -> Explanation | None:
    """
    Return the entry of the file *pitfalls* for an error of ours called *code*, or `None`.

    *said* is what the server said: its words count most, then *code* (`refresh-rejected`), then the
    server's bare code. Without a file, only words that are one server's own count.
    """
    if not pitfalls:
        return _by_own_words(said, facts)
    return (
        _best(pitfalls, said, facts, least=_DESCRIPTION)
        or _by_own_words(said, facts)
        or _best(pitfalls, Paste(kind="line", error=code), facts, least=_ERROR)
        or _best(pitfalls, said, facts, least=_ERROR)
    )


def _best(
    name: str, paste: Paste, facts: Mapping[str, object], *, least: int
) -> Explanation | None:
    paste = _of_a_log(name, paste)
    known = {**facts, **_derived(paste, facts)}
    # Words near a known code, or near a program's answer, do not overrule it.
    has_known_code = bool(paste.error) and (
        paste.kind in _ANSWERS or _is_code(paste) or _spelled(paste.error) in _errors(name)
    )
    words = frozenset(map(_spelled, () if paste.error else paste.words))
    scores = {
        code: _score(code, entry, paste, known, words=words, has_known_code=has_known_code)
        for code, entry in entries(name).items()
    }
    code = max(scores, key=scores.__getitem__, default="")
    if not code or scores[code] < least:
        return None
    entry = entries(name)[code]
    return filled(code, entry, {**_USUAL, **facts, **entry["places"]})


def _by_own_words(
    paste: Paste, facts: Mapping[str, object], member: str = "own_words"
) -> Explanation | None:
    """
    Return the entry of any file that is named, or one of whose *member* stands in *paste*.

    The server of the profile does not count: many a company's sign-in ends at another one's page.
    """
    page = paste.text if paste.kind == "html" else ""
    said = f"{paste.around} {page} {paste.error} {paste.description}"
    name = _spelled(paste.error) if paste.kind == "code" else ""
    # A terminal breaks lines within words, and a page between them.
    for text in dict.fromkeys((said, said.replace("\n", ""))):
        words = " ".join(text.split())
        for code, entry in _with(member):
            if name == _spelled(code) or _matches(entry, member, words):
                return filled(code, entry, {**_USUAL, **facts, **entry["places"]})
    return None


@cache
def _with(member: str) -> list[tuple[str, dict[str, Any]]]:
    files = map(entries, pitfall_files())
    return [row for file in files for row in file.items() if member in row[1]]


def _of_a_log(name: str, paste: Paste) -> Paste:
    """Return *paste* without its error, if that is a line of a log and no code that is known."""
    is_known = _spelled(paste.error) in _errors(name) or find(paste.error)
    if paste.kind != "line" or is_known or "\n" not in paste.text:
        return paste
    return replace(paste, error="", description="")


def _is_code(paste: Paste) -> bool:
    """Return whether *paste* is a server's code with its description, and no browser's."""
    return (
        paste.kind == "line"
        and re.fullmatch(r"(?!ERR_|DNS_|NS_|SSL_|PR_)[A-Z]+(_[A-Z]+)+", paste.error) is not None
    )


@cache
def _errors(name: str) -> frozenset[str]:
    return frozenset(error for entry in entries(name).values() for error in entry.get("errors", ()))


def _score(
    code: str,
    entry: Mapping[str, Any],
    paste: Paste,
    facts: Mapping[str, object],
    *,
    words: frozenset[str],
    has_known_code: bool,
) -> int:
    error = _spelled(paste.error)
    has_error = error in entry.get("errors", ())
    # Several entries may share a server's code: then the facts decide between them.
    if paste.kind == "code" and error == _spelled(code) and not has_error:
        return _NAME
    text = " ".join((paste.text or f"{paste.error} {paste.description}").split())
    has_description = _matches(entry, "descriptions", paste.description or text)
    has_phrase = (has_error or has_description or not has_known_code) and _matches(
        entry, "phrases", text
    )
    fits = _fits(entry, paste, facts)
    if not (has_phrase or fits):
        return 0
    score = (
        _DESCRIPTION * has_description
        + _PHRASE * has_phrase
        + _ERROR * has_error
        + _KIND * (paste.kind in entry.get("kinds", ()))
        + _WORD * (not words.isdisjoint(entry.get("errors", ())))
    )
    if score and (entry.get("when") or (entry.get("near") and fits)):
        score += _FACT
    return score or _STATUS * (not error and paste.status in entry.get("status", ()))


def _matches(entry: Mapping[str, Any], name: str, text: str) -> bool:
    return bool(text) and any(
        re.search(pattern, text, re.IGNORECASE) for pattern in entry.get(name, ())
    )


def _fits(entry: Mapping[str, Any], paste: Paste, facts: Mapping[str, object]) -> bool:
    if entry.get("near") and not _matches(entry, "near", " ".join(paste.around.split())):
        return False
    return all(
        re.search(pattern, str(facts.get(name) or ""))
        for name, pattern in entry.get("when", {}).items()
    )


def _spelled(text: str) -> str:
    return text.strip().lower().replace("-", "_").replace(" ", "_")


def _derived(paste: Paste, facts: Mapping[str, object]) -> dict[str, str]:
    """Return the facts that follow from *paste* and *facts* together."""
    own = str(facts.get("redirect_uri") or "")
    asked = paste.parameters.get("redirect_uri") or own
    differs = asked != own and _without_port(asked) == _without_port(own)
    missing = (
        {"refresh_token", "expires_in"} - set(paste.parameters)
        if paste.kind == "tokens"
        else set[str]()
    )
    return {
        "any_port": "yes" if own and (differs or _port(own) == 0) else "",
        "answer_without": " ".join(sorted(missing)),
    }


def _port(address: str) -> int | None:
    try:
        return urlsplit(address).port
    except ValueError:
        return None


def _without_port(address: str) -> str:
    return re.sub(r"^([a-z]+://(?:\[[^\]]*\]|[^/:]+)):\d+", r"\1", address)


def _general(paste: Paste, facts: Mapping[str, object]) -> Explanation | None:
    """Return the catalogue's entry for *paste*, or `None`."""
    words = [paste.error] if paste.error else paste.words
    code = next((code for word in words if (code := find(word))), None)
    code = (
        code
        or ("access-denied" if is_denial(paste.error) else None)
        or _AT_LAST.get(paste.kind)
        or ("" if paste.error else _of_status(paste.status or 0))
    )
    return explanation(code, **facts) if code else None


def _of_status(status: int) -> str:
    return "server-unavailable" if status in _SERVER_ERRORS else _OF_STATUS.get(status, "")
