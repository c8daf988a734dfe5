"""What was granted against what was asked for (RFC 6749 section 3.3), in the servers' spellings."""

from __future__ import annotations


def scope_differences(asked: str, granted: str, *, has_refresh_token: bool) -> str:
    """Return for people what of *asked* is not in *granted*, and what is in it beside that."""
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
    """Return the words of *scope*: several servers want, or send, commas between them."""
    return set(scope.replace(",", " ").split())


def _is_granted(word: str, have: set[str]) -> bool:
    # Microsoft's .default stands for what the app has; GitHub's `user` holds `user:email`.
    return word.endswith("/.default") or any(
        _is_same(word, each) or word.startswith(each + ":") for each in have
    )


def _is_same(one: str, other: str) -> bool:
    """
    Tell whether one word is the other's long form, which is a URL.

    Microsoft's end in `/User.Read`, Google's in `/userinfo.email`.
    """
    short, long = sorted((one.casefold(), other.casefold()), key=lambda word: "://" in word)
    return "://" not in short and long.endswith((f"/{short}", f"/userinfo.{short}"))
