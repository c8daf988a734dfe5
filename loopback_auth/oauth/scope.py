"""Scopes (RFC 6749 section 3.3): what was asked for and what was granted, as servers spell it."""

from __future__ import annotations


def scope_differences(asked: str, granted: str, *, has_refresh_token: bool) -> str:
    """Return in words how *granted* differs from *asked*; empty if it does not."""
    want, have = scope_words(asked), scope_words(granted)
    # Servers answer offline_access with the refresh token itself and leave the word out.
    answered = {"offline_access", "refresh_token"} if has_refresh_token else set()
    missing = sorted(word for word in want - have - answered if not _is_granted(word, have))
    added = sorted(word for word in have - want if not any(_is_same(word, each) for each in want))
    return "; ".join(
        f"{what}: {' '.join(words)}"
        for what, words in (("not granted", missing), ("granted unasked", added if want else []))
        if words
    )


def scope_words(scope: str) -> set[str]:
    """
    Return the words of *scope*.

    Blanks separate them, or commas, which several servers want or send.
    """
    return set(scope.replace(",", " ").split())


def _is_granted(word: str, have: set[str]) -> bool:
    # Microsoft's .default stands for what the app has; GitHub's `user` holds `user:email`.
    return word.endswith("/.default") or any(
        _is_same(word, each) or word.startswith(each + ":") for each in have
    )


def _is_same(one: str, other: str) -> bool:
    """
    Return whether one word is the other's long form, which is a URL.

    Microsoft's end with `/User.Read`, Google's with `/userinfo.email`.
    """
    short, long = sorted((one.casefold(), other.casefold()), key=lambda word: "://" in word)
    return "://" not in short and long.endswith((f"/{short}", f"/userinfo.{short}"))
