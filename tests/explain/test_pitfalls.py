"""
All pitfalls: what people paste leads to the right entry, and that holds the profile's
own values.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loopback_auth import help as topics
from loopback_auth.explain.pitfalls import (
    certain_pitfall_for,
    entries,
    pitfall_files,
    pitfall_for,
)
from loopback_auth.explain.report import Paste, read_paste

from .pitfalls_table import FACTS, OTHERS, REDIRECT_URI, SERVER_ENUM, TABLE
from .reports_table import REPORTS

ENTRIES = entries("salesforce")
PITFALLS = {code: entry for code, entry in ENTRIES.items() if "number" in entry}


def found(text: str, **more: object) -> tuple[int | None, str]:
    pitfall = pitfall_for(read_paste(text), pitfalls="salesforce", facts={**FACTS, **more})
    assert pitfall, text
    return pitfall.number, pitfall.code


@pytest.mark.parametrize(
    ("number", "text", "values"), TABLE, ids=[f"{row[0]}: {row[1][:50]}" for row in TABLE]
)
def test_a_paste_leads_to_its_pitfall_with_the_profiles_own_values(
    number: int, text: str, values: tuple[str, ...]
) -> None:
    pitfall = pitfall_for(read_paste(text), pitfalls="salesforce", facts=FACTS)
    assert pitfall
    assert pitfall.number == number, pitfall
    for value in values:
        assert value in f"{pitfall.cause} {pitfall.fix}"
    assert "<" not in pitfall.cause + pitfall.fix, "a value of the profile was left open"


@pytest.mark.parametrize(
    ("number", "text"),
    [(number, text) for number, texts in REPORTS.items() for text in texts],
    ids=[f"{number}.{index}" for number, texts in REPORTS.items() for index in range(len(texts))],
)
def test_a_report_leads_to_its_pitfall(number: int, text: str) -> None:
    """Whatever form it has: text, an address, JSON, the log of a tool."""
    assert found(text)[0] == number


def test_every_pitfall_has_a_number_and_is_in_a_table() -> None:
    """83 needs a fact of the profile."""
    numbers = sorted(entry["number"] for entry in PITFALLS.values())
    assert numbers == list(range(1, 90))
    assert {row[0] for row in TABLE} | set(REPORTS) == set(numbers) - {83}


@pytest.mark.parametrize("error", SERVER_ENUM)
def test_no_code_of_the_server_is_unknown(error: str) -> None:
    for spelling in (error, error.upper(), f"{error}: in words nobody has seen before"):
        assert pitfall_for(read_paste(spelling), pitfalls="salesforce", facts=FACTS), spelling


@pytest.mark.parametrize(("text", "code"), OTHERS.items(), ids=[text[:50] for text in OTHERS])
def test_what_is_no_pitfall_is_looked_up(text: str, code: str) -> None:
    assert found(text)[1] == code


@pytest.mark.parametrize("code", ENTRIES)
def test_an_entry_is_well_formed(code: str) -> None:
    entry = ENTRIES[code]
    pitfall = pitfall_for(Paste(kind="code", error=code), pitfalls="salesforce", facts=FACTS)
    assert pitfall
    assert pitfall.code == code
    assert pitfall.title
    assert not pitfall.title.endswith(".")
    assert pitfall.cause.endswith((".", ")"))
    assert re.search(r"loopback-auth \w|Setup >", pitfall.fix), "name a command or a place"
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    placeholders = set(
        re.findall(r"\{(\w+)\}", f"{entry['title']} {entry['cause']} {entry['fix']}")
    )
    assert placeholders <= {*FACTS, *entry["places"]}
    assert not set(entry) - {
        *("number", "errors", "descriptions", "phrases", "near", "status", "kinds", "when"),
        *("title", "cause", "fix", "see", "places"),
    }
    assert not re.search(r"(?<! )  (?! )", pitfall.cause + pitfall.fix)
    if pitfall.see:
        assert (
            Path(next(iter(topics.__path__))) / f"{pitfall.see.removeprefix('help ')}.md"
        ).is_file()


@pytest.mark.parametrize("code", ENTRIES)
def test_codes_are_in_lower_case_and_patterns_compile(code: str) -> None:
    entry = ENTRIES[code]
    assert all(error == error.lower() and "-" not in error for error in entry.get("errors", ()))
    for pattern in (
        *entry.get("descriptions", ()),
        *entry.get("phrases", ()),
        *entry.get("near", ()),
        *entry.get("when", {}).values(),
    ):
        assert re.compile(pattern, re.IGNORECASE).search("") is None


@pytest.mark.parametrize("number", [6, 9, 31])
def test_two_causes_in_the_same_words_are_both_given_and_how_they_differ(number: int) -> None:
    code = next(code for code, entry in PITFALLS.items() if entry["number"] == number)
    pitfall = pitfall_for(code, pitfalls="salesforce", facts=FACTS) or pitfall_for(
        Paste(kind="code", error=code), pitfalls="salesforce", facts=FACTS
    )
    assert pitfall
    assert "One of" in pitfall.cause
    assert pitfall.fix.startswith("To tell them apart")


def test_the_profiles_own_facts_decide_between_the_same_words() -> None:
    mismatch = "redirect_uri_mismatch: redirect_uri must match configuration"
    assert found(mismatch)[0] == 1
    assert found(mismatch, redirect_uri="http://localhost:0/OauthRedirect")[0] == 2
    assert found(mismatch, redirect_uri="http://127.0.0.1:1717/OauthRedirect")[0] == 3
    assert found(mismatch, redirect_uri="http://[::1]:1717/OauthRedirect")[0] == 3
    assert found("redirect_uri_mismatch", redirect_uri="http://localhost:0/OauthRedirect")[0] == 2
    assert found("invalid_client_id")[0] == 4
    assert found("invalid_client_id", preflight="passed")[0] == 64
    assert found(mismatch, preflight="passed")[0] == 64
    dead = "invalid_grant: expired access/refresh token"
    assert found(dead)[0] == 24
    assert found(dead, ci="yes")[0] == 26


NOISE = "2026-09-01T00:00:00Z DEBUG queue_{0} waits for deploy_step_{0} of the pipeline\n"
ENDS = {
    "a line": ("ERROR invalid_grant: user hasn't approved this consumer", 86),
    "a code alone": ("ERROR INVALID_SESSION_ID", 33),
    "JSON": ('{"error":"invalid_grant","error_description":"audience is invalid"}', 87),
    "a sentence": ("This session is not valid for use with the REST API", 59),
}


@pytest.mark.parametrize("lines", [20, 400, 4000])
@pytest.mark.parametrize("end", ENDS)
def test_an_error_at_the_end_of_a_long_log_is_found(end: str, lines: int) -> None:
    """A log of a pipeline ends with what went wrong."""
    text, number = ENDS[end]
    noise = "".join(NOISE.format(chr(97 + i % 26) * (i % 17 + 1)) for i in range(lines))
    assert found(f"{noise}{text}\nProcess completed with exit code 1.\n")[0] == number


@pytest.mark.parametrize("end", ENDS)
def test_an_error_in_a_log_of_json_lines_is_found(end: str) -> None:
    text, number = ENDS[end]
    line = '{"level":"info","message":"starting","code":7}\n'
    last = text if text.startswith("{") else f'{{"level":"error","message":"{text}"}}'
    assert found(f"{line * 30}{last}\n")[0] == number
    assert found(f"{line * 3}{text}\n")[0] == number


def test_a_word_near_it_decides_between_the_same_words() -> None:
    wrong = '{"error":"invalid_client","error_description":"invalid client credentials"}'
    assert found(wrong)[0] == 21
    assert found(f"grant_type=client_credentials\n{wrong}")[0] == 21
    assert found(f"sf org login jwt\n{wrong}")[0] == 76
    denied = '{"error":"access_denied","error_description":"end-user denied authorization"}'
    assert found(denied)[0] == 11
    assert found(f"grant_type=client_credentials\n{denied}")[0] == 80


def test_what_is_said_to_a_sign_in_without_a_browser_is_explained_for_that() -> None:
    words = "invalid_app_access: user is not admin approved to access this app"
    assert found(words)[0] == 14
    assert found(words, flow="code-credentials")[0] == 83


def test_a_description_beats_a_code_whatever_the_code() -> None:
    assert found("invalid_request: unexpected code verifier")[0] == 18
    assert found("new_code: redirect_uri must match configuration")[0] == 1


def test_a_known_code_is_not_overruled_by_words_that_stand_near_it() -> None:
    """A column called sandbox is no sandbox, and an answer's own code is what it is about."""
    assert found("INVALID_FIELD: No such column 'sandbox__c'")[1] == "malformed-query"
    assert (
        found('[{"errorCode":"INVALID_FIELD","message":"no such column sandbox"}]')[1]
        == "malformed-query"
    )
    for words in (
        '{"errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"wrong account"}',
        "FIELD_CUSTOM_VALIDATION_EXCEPTION: wrong account",
        "UNABLE_TO_LOCK_ROW: the sandbox timed out",
    ):
        assert pitfall_for(read_paste(words), pitfalls="salesforce", facts=FACTS) is None, words


def test_a_code_of_a_browser_or_a_library_stands_beside_its_words() -> None:
    assert found("ERR_CONNECTION_REFUSED: localhost refused to connect")[0] == 40
    assert found("SELF_SIGNED_CERT_IN_CHAIN: self-signed certificate in certificate chain")[0] == 48
    assert found("docker-compose: address already in use")[0] == 39


def test_the_same_words_under_two_codes_are_two_pitfalls() -> None:
    words = "External client app is not installed in this org"
    assert found(f"OAUTH_EC_APP_NOT_FOUND: {words}")[0] == 9
    assert found(f"app_not_found: {words}")[0] == 10


def test_a_code_inside_prose_is_found() -> None:
    assert (
        found(
            "simple_salesforce raised SalesforceExpiredSession with INVALID_SESSION_ID for my query"
        )[0]
        == 33
    )


def test_a_description_inside_prose_is_found_also_below_a_status() -> None:
    assert (
        found("ERROR running org login web, because this app is blocked by admin, so it says.")[0]
        == 12
    )
    assert (
        found("HTTP/1.1 403 Forbidden\nServer: x\n\nSorry! This app is blocked by admin.")[0] == 12
    )


def test_another_server_gets_the_general_words() -> None:
    for pitfalls in (None, "nothing-there", "../explain/salesforce", ""):
        pitfall = pitfall_for(
            "invalid_grant", "expired authorization code", pitfalls=pitfalls, facts=FACTS
        )
        assert pitfall
        assert (pitfall.code, pitfall.number) == ("invalid-grant", None)
        assert "Salesforce" not in pitfall.cause + pitfall.fix
    assert pitfall_for(read_paste("a stranger's words"), pitfalls=None, facts={}) is None


def test_without_a_known_server_only_its_own_words_are_believed() -> None:
    pitfall = certain_pitfall_for(read_paste("Cannot be an HTTP URL"), facts={})
    assert pitfall
    assert pitfall.number == 3
    assert "loopback-auth login --redirect-uri http://localhost:1717/OauthRedirect" in pitfall.fix
    assert certain_pitfall_for(read_paste("invalid_grant: gone"), facts={}) is None
    assert "salesforce" in pitfall_files()
    assert "catalogue" not in pitfall_files()


def test_a_callback_with_a_code_is_no_error() -> None:
    pitfall = pitfall_for(
        read_paste(f"{REDIRECT_URI}?code=aPrxFAKEFAKE%3D%3D&state=s"),
        pitfalls="salesforce",
        facts=FACTS,
    )
    assert pitfall
    assert pitfall.code == "callback-with-code"
    assert "loopback-auth exchange work" in pitfall.fix


def test_an_unknown_key_leads_to_the_my_domain_from_a_shared_host_alone() -> None:
    """Who signs in at their My Domain already is not told to."""
    own = pitfall_for(
        read_paste("invalid_client_id"),
        pitfalls="salesforce",
        facts={**FACTS, "host": "acme.my.salesforce.com"},
    )
    assert own
    assert "MYDOMAIN" not in own.fix
    assert found("invalid_client_id", host="login.salesforce.com")[1].endswith("-at-shared-host")


def test_who_signs_in_has_a_name_in_words_where_no_profile_says_it() -> None:
    """The sign-in that fails knows nobody yet."""
    facts = {name: value for name, value in FACTS.items() if name != "username"}
    pitfall = pitfall_for(read_paste("OAUTH_APP_ACCESS_DENIED"), pitfalls="salesforce", facts=facts)
    assert pitfall
    assert "the user has none of its" in pitfall.cause
    assert "<username>" not in pitfall.cause + pitfall.fix
