"""Secrets in text that somebody pasted: taken out before anything of it is kept or shown."""

from __future__ import annotations

import re
from functools import cache

from ..resources import names, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

HIDDEN = "(hidden)"

# How the name of a secret ends: access_token, client-secret, code_verifier, apiKey.
_ENDS = (
    r"(?:token|secret|passw(?:or)?d|passphrase|pwd|assertion|verifier|challenge|signature|cookie"
    r"|credentials?|(?:api|private)[-_]?key"
    r"|sid(?:_[A-Za-z]{1,20})?|session(?:[-_]?(?:id|key|state))?)"
)
# These are secrets only if they are the whole name.
_WHOLE = r"(?<![\w.-])(?:code|state|nonce|otp|pin|jwt|launch)"
_NAME = re.compile(rf"(?:.*{_ENDS}|{_WHOLE})", re.IGNORECASE | re.DOTALL)

_JSON_MEMBER = re.compile(
    rf"""(["'])([^"'\\\n]{{0,80}}{_ENDS}|{_WHOLE})\1(\s*:\s*)"""
    r"""("(?:[^"\\]|\\.)*"?|'[^'\n]*'?|[^\s,{}\[\]"']+)""",
    re.IGNORECASE,
)
_PARAMETER = re.compile(rf"((?:{_ENDS}|{_WHOLE})\s?=\s?)([^\s&#\"'<>;,]+)", re.IGNORECASE)
_MEMBER = re.compile(rf"((?:{_ENDS}|{_WHOLE}))(\s?:[ \t]+)([^\s\"'<>,;}}]+)", re.IGNORECASE)
_HEADER = re.compile(
    r"\b((?:proxy-)?authorization|(?:set-)?cookie)([ \t]*:)[^\n'\"]*", re.IGNORECASE
)
_SCHEME = re.compile(
    r"\b(bearer|basic|dpop|oauth)[ \t]+(?=\S{12})(?=\S*[\d=!])(?!\w+=\")[\w.!~+/=%-]+",
    re.IGNORECASE,
)
_USER = re.compile(r"((?:^|\s)(?:-u|--user)[ =]?)\S+")
_PASSWORD_IN_URL = re.compile(r"(://)[^/\s@?#]{1,200}@")

_JWT = r"\beyJ[\w.%=-]{8,}"
_RUN = re.compile(r"[\w!~+=%-]{20,}")


def redacted(text: str, *, secret_patterns: Sequence[str] = ()) -> str:
    """
    Return *text* without codes, tokens, passwords, state and what looks like one of them.

    *secret_patterns* are those of the user's own provider file; those of the providers of this
    package are always looked for. What stays can still be parsed: only values go.
    """
    text = _HEADER.sub(rf"\1\2 {HIDDEN}", text)
    text = _JSON_MEMBER.sub(_hide_member, text)
    text = _PARAMETER.sub(rf"\1{HIDDEN}", text)
    text = _MEMBER.sub(_hide_after_colon, text)
    text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
    text = _USER.sub(rf"\1{HIDDEN}", text)
    text = _PASSWORD_IN_URL.sub(rf"\1{HIDDEN}@", text)
    for pattern in (_JWT, *_secret_patterns(), *secret_patterns):
        text = re.sub(pattern, HIDDEN, text)
    return text


@cache
def _providers() -> list[dict[str, Any]]:
    """Return the provider files of this package: they say how a server's own secrets look."""
    import tomllib

    files = [read(f"providers/{name}.toml") for name in names("providers", ".toml")]
    return [tomllib.loads(file.decode()) for file in files]


@cache
def _secret_patterns() -> tuple[str, ...]:
    return tuple(
        pattern for provider in _providers() for pattern in provider.get("secret_patterns", ())
    )


@cache
def _client_ids() -> re.Pattern[str]:
    found = [each for provider in _providers() if (each := provider.get("client_id_pattern"))]
    return re.compile("|".join(found))


def shown(text: str, *, limit: int = 300) -> str:
    """
    Return *text* as one line that may be printed.

    It is without what `redacted` takes out, and without any long run that is no word.
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in text[: limit * 8]).split())
    text = _RUN.sub(lambda run: HIDDEN if _is_opaque(run[0]) else run[0], redacted(text))
    return text if len(text) <= limit else text[: limit - 3] + "..."


def is_secret_name(name: str) -> bool:
    """Return whether a parameter or member of that *name* holds a secret."""
    return bool(_NAME.fullmatch(name.strip()))


def _is_opaque(run: str) -> bool:
    """Return whether *run* is a key, and no words joined by underscores nor a public client ID."""
    return (
        any(c.isdigit() for c in run)
        and any(c.isalpha() for c in run)
        and not _client_ids().fullmatch(run)
    )


def _hide_member(member: re.Match[str]) -> str:
    quote, name, colon, value = member.groups()
    # A code of an error or a number is no secret: "code": "invalid_grant", "state": 3.
    if name.lower() in ("code", "state") and re.fullmatch(
        r"[\"'][a-z]+(?:[_-][a-z]+)+[\"']|-?\d{1,4}|null", value, re.IGNORECASE
    ):
        return member[0]
    return f"{quote}{name}{quote}{colon}{quote}{HIDDEN}{quote}"


def _hide_after_colon(member: re.Match[str]) -> str:
    name, colon, value = member.groups()
    # Prose has colons too. A password may be a word; the others are not.
    is_word = re.fullmatch(
        r"[A-Za-z]+(?:[_-][A-Za-z]+)*[.:]?", value
    ) and not name.lower().startswith("pass")
    return member[0] if is_word else f"{name}{colon}{HIDDEN}"
