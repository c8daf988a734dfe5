"""The catalogue: every entry is whole, and every fix gives the reader something to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loopback_auth import explain, help as topics
from loopback_auth.explain.pitfalls import entries, pitfall_files
from loopback_auth.oauth.authorize import response as authorization
from loopback_auth.oauth.token import reply as token

PLACES = (
    "loopback-auth",
    "HTTPS_PROXY",
    "config.toml",
    "server's app settings",
    "LOOPBACK_AUTH_",
    "--",
    "pipx",
    "browser",
)


@pytest.mark.parametrize("code", explain.codes())
def test_an_entry_is_whole_and_its_fix_says_what_to_do(code: str) -> None:
    entry = explain.explanation(code)
    assert entry.title
    assert not entry.title.endswith(".")
    assert entry.cause.endswith((".", ")"))
    assert any(words in entry.fix for words in PLACES), entry.fix


@pytest.mark.parametrize("code", explain.codes())
def test_a_topic_that_is_pointed_to_exists(code: str) -> None:
    see = explain.explanation(code).see
    if see:
        assert (Path(next(iter(topics.__path__))) / f"{see.removeprefix('help ')}.md").is_file()


@pytest.mark.parametrize("code", sorted(authorization.KNOWN_ERRORS | token.KNOWN_ERRORS))
def test_every_error_code_of_the_specifications_is_explained(code: str) -> None:
    assert explain.find(code)


@pytest.mark.parametrize(
    "code",
    [
        *(
            "interaction_required",
            "login_required",
            "invalid_redirect_uri",
            "invalid_client_metadata",
        ),
        *("unsupported_token_type", "authorization_pending", "slow_down", "expired_token"),
        *("invalid_token", "insufficient_scope", "use_dpop_nonce", "invalid_dpop_proof"),
        *("insufficient_user_authentication", "unmet_authentication_requirements"),
    ],
)
def test_codes_that_other_programs_meet_are_explained_too(code: str) -> None:
    """RFC 6750, 7009, 7591, 8628, 9449, 9470 and OpenID Connect."""
    assert explain.find(code)


@pytest.mark.parametrize(
    "spelling", ["invalid_grant", "INVALID_GRANT", " invalid-grant ", "Invalid Grant"]
)
def test_a_code_is_found_in_any_spelling(spelling: str) -> None:
    assert explain.find(spelling) == "invalid-grant"


def test_placeholders_are_filled_and_words_stand_for_unknown_ones() -> None:
    assert "login work" in explain.explanation("sign-in-needed", profile="work").fix
    assert explain.explanation("refresh-rejected").fix == "loopback-auth login"
    found = explain.explanation("host-not-found")
    assert found.fix.startswith("Check how the server's name is spelled")
    assert explain.explanation("parameter-refused").cause.startswith("Such a parameter ties")


KNOWN = {"profile": "work", "fixed_redirect_uri": "http://127.0.0.1:8765/callback"}


@pytest.mark.parametrize("file", ["", *pitfall_files()])
def test_no_placeholder_is_shown(file: str) -> None:
    """Whatever is not known: what is said is a sentence."""
    every = entries(file) if file else explain._catalogue()  # noqa: SLF001 - its texts
    for code, entry in every.items():
        found = explain.filled(code, entry, {**KNOWN, **entry.get("places", {})})
        assert not re.search(r"<\w+>|[{}|]", f"{found.title} {found.cause} {found.fix}"), code


def test_an_unknown_code_gets_the_general_entry_and_braces_in_facts_are_text() -> None:
    assert explain.explanation("no-such-code").code == "error"
    assert "{evil}" in explain.explanation("host-not-found", host="{evil}").fix


def test_no_entry_holds_two_spaces_by_accident() -> None:
    """Three spaces part a command from the words after it; two would be a slip."""
    for code in explain.codes():
        entry = explain.explanation(code)
        assert not re.search(r"(?<! )  (?! )", entry.cause + entry.fix), code
