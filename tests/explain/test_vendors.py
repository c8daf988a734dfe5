"""What many servers say, as a person pastes it, leads to the entry that explains it."""

from __future__ import annotations

import re

import pytest

from loopback_auth.explain.pitfalls import certain_pitfall_for, entries, pitfall_files, pitfall_for
from loopback_auth.explain.report import read_paste

from .pages_table import WHOLE_PAGES
from .vendors_table import IN_THE_WORDS_OF_THE_RFCS, PAGES, STRANGERS

FACTS = {
    "profile": "work",
    "client_id": "0a1b",
    "redirect_uri": "http://127.0.0.1:8765/callback",
    "fixed_redirect_uri": "http://127.0.0.1:8765/callback",
    "scope": "openid profile",
}
VENDORS = {
    code: entry
    for name in pitfall_files()
    if name not in ("salesforce", "assertions")
    for code, entry in entries(name).items()
}


@pytest.mark.parametrize(("code", "text"), PAGES, ids=[f"{row[0]}: {row[1][:40]}" for row in PAGES])
def test_a_page_leads_to_its_entry_with_the_profiles_own_values(code: str, text: str) -> None:
    found = pitfall_for(read_paste(text), pitfalls=None, facts=FACTS)
    assert found
    assert found.code == code
    assert "<" not in found.cause + found.fix, "a value of the profile was left open"


@pytest.mark.parametrize(("code", "text"), [row for row in PAGES if row[1].startswith("Sign in\n")])
def test_a_page_of_the_company_is_explained_in_the_sign_in_to_another_server(
    code: str, text: str
) -> None:
    """Salesforce may send people on to Entra, whose page is then what they paste."""
    found = pitfall_for(read_paste(text), pitfalls="salesforce", facts=FACTS)
    assert found
    assert found.code == code


@pytest.mark.parametrize(("code", "text"), IN_THE_WORDS_OF_THE_RFCS)
def test_what_many_servers_say_is_one_vendors_where_the_profile_says_so(
    code: str, text: str
) -> None:
    found = pitfall_for(read_paste(text), pitfalls="gitlab", facts=FACTS)
    assert found
    assert found.code == code
    general = pitfall_for(read_paste(text), pitfalls=None, facts=FACTS)
    assert general is None or "GitLab" not in general.fix


@pytest.mark.parametrize("text", STRANGERS)
def test_words_that_are_no_error_match_nothing(text: str) -> None:
    assert certain_pitfall_for(read_paste(text), facts=FACTS) is None
    assert pitfall_for(read_paste(text), pitfalls=None, facts=FACTS) is None


@pytest.mark.parametrize(("code", "text"), [*PAGES, *WHOLE_PAGES])
def test_no_other_entry_claims_the_page(code: str, text: str) -> None:
    """Entries are read in the order of their files: two that match would depend on it."""
    read = read_paste(text)
    said = " ".join(f"{read.around} {read.text} {read.error} {read.description}".split())
    claims = {
        member: {
            other
            for other, entry in VENDORS.items()
            if any(re.search(words, said, re.IGNORECASE) for words in entry.get(member, ()))
        }
        for member in ("own_words", "other_words")
    }
    assert (claims["own_words"] or claims["other_words"]) == {code}


@pytest.mark.parametrize("code", VENDORS)
def test_an_entry_of_a_vendor_is_whole(code: str) -> None:
    entry = VENDORS[code]
    assert entry["source"].startswith("https://")
    assert not entry["title"].endswith(".")
    assert entry["cause"].endswith(".")
    assert re.search(r"`loopback-auth \w| > ", entry["fix"]), "name a command or a place"
    placeholders = set(re.findall(r"\{(\w+)\}", entry["title"] + entry["cause"] + entry["fix"]))
    assert placeholders <= {*FACTS, *entry["places"]}
    pasted = {row[0] for row in (*PAGES, *WHOLE_PAGES, *IN_THE_WORDS_OF_THE_RFCS)}
    assert code in pasted, "nobody has pasted it yet"
    own = code.partition("-")[0]
    named = pitfall_for(read_paste(code), pitfalls=own, facts=FACTS)
    assert named
    assert named.code == code


def test_there_are_entries_for_everybody() -> None:
    assert len(VENDORS) >= 60
    assert len({code for code, _ in PAGES}) >= 60
