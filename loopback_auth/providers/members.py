"""What a member of a provider file must be."""

from __future__ import annotations

from dataclasses import fields

from ..oauth.refusal import Refusals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TABLES = frozenset(
    {"server", "parameters", "environment", "login_hosts", "assertion_audiences", "machine_setup"}
)
_LISTS = frozenset(
    {"sources", "redirect_uris", "names", "flows", "verification_hosts", "credential_urls"}
)
_DEEP = frozenset({"server", "login_hosts"})
_NUMBERS = frozenset({"access_token_lifetime", "grants_per_user", "idle_days"})
_REFUSALS = frozenset(field.name for field in fields(Refusals))
_SWITCHES = frozenset({"preflight", "revocation_ends_all", "refresh_token_rotates"})


def why_unfit_member(member: str, value: object) -> str | None:
    """Return what *value*, of *member*, should be; `None` if it is that."""
    if member in _SPECIAL:
        is_fit, why = _SPECIAL[member]
        return None if is_fit(value) else why
    if member in _LISTS:
        return None if _are_texts(value) else "a list of strings"
    if member in _TABLES:
        fits = isinstance(value, dict) and (
            member in _DEEP
            or all(_is_text(v, repeats=member == "parameters") for v in value.values())
        )
        return None if fits else "a table of strings"
    if member in _NUMBERS:
        return None if _is_number(value) else "a number above 0"
    if member in _SWITCHES:
        return None if isinstance(value, bool) else "true or false"
    return None if isinstance(value, str) else "a string"


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _are_numbers(value: object) -> bool:
    return isinstance(value, list) and all(_is_number(each) for each in value)


def _is_text(value: object, *, repeats: bool) -> bool:
    several = value if repeats and isinstance(value, list) else [value]
    return all(isinstance(each, str) for each in several)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_refusals(value: object) -> bool:
    # An empty text is in every other one.
    return isinstance(value, dict) and all(
        name in _REFUSALS and _are_texts(texts) and all(text.strip() for text in texts)
        for name, texts in value.items()
    )


def _are_details(value: object) -> bool:
    import re

    if not isinstance(value, dict):
        return False
    try:
        return all(
            where.keys() <= {"member", "pattern"}
            and isinstance(where["member"], str)
            and re.compile(where.get("pattern", "()")).groups > 0
            for where in value.values()
        )
    except (AttributeError, KeyError, TypeError, re.error):
        return False


def _are_patterns(value: object) -> bool:
    return _are_texts(value) and all(map(_is_pattern, value))  # type: ignore[call-overload]


def _is_pattern(value: object) -> bool:
    import re

    try:
        # One that fits nothing at all would hide everything.
        return isinstance(value, str) and re.compile(value).match("") is None
    except re.error:
        return False


_SPECIAL: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "details": (_are_details, "tables with a member and perhaps a pattern that has a group"),
    "client_id_pattern": (_is_pattern, "a regular expression that does not fit an empty text"),
    "issuer_pattern": (_is_pattern, "a regular expression that does not fit an empty text"),
    "secret_patterns": (
        _are_patterns,
        "a list of regular expressions that do not fit an empty text",
    ),
    "refusals": (_are_refusals, f"lists of texts: {', '.join(sorted(_REFUSALS))}"),
    "session_timeouts": (_are_numbers, "a list of numbers above 0"),
}
"""What each of these members must be, and how that is said."""
