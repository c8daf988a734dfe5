"""AR: what a visit to the redirect URI may say, and what it then is."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from loopback_auth.errors import (
    AuthorizationDenied,
    AuthorizationError,
    AuthorizationResponseInvalid,
    IssuerMismatch,
)
from loopback_auth.oauth.authorize.request import AuthorizationRequest, AuthorizationResponse
from loopback_auth.oauth.authorize.response import KNOWN_ERRORS, AuthorizationErrorResponse, Stray

from ...support.samples import ISSUER, answer, request, server

if TYPE_CHECKING:
    from collections.abc import Sequence

PROMISED = {"authorization_response_iss_parameter_supported": True}


def verdict(asked: AuthorizationRequest, query: Sequence[tuple[str, str]]) -> str:
    """Say in a word what *asked* makes of *query*."""
    try:
        read = asked.read(query)
    except IssuerMismatch:
        return "mismatch"
    except AuthorizationResponseInvalid:
        return "invalid"
    return {Stray: "stray", AuthorizationErrorResponse: "error", AuthorizationResponse: "code"}[
        type(read)
    ]


def test_a_code_with_our_state_is_the_answer() -> None:
    asked = request()
    read = asked.read(answer(asked))
    assert isinstance(read, AuthorizationResponse)
    assert read.request is asked
    assert read.code.reveal() == "the-code"


STATE = ("right", "wrong", "absent", "twice")
ISS = ("right", "wrong", "absent")
CODE = ("good", "malformed", "absent")
ERROR = ("present", "absent")
TOKEN = ("access_token", "id_token", "response", "")
PROMISE = (True, False)

ROWS = list(itertools.product(STATE, ISS, CODE, ERROR, TOKEN, PROMISE))


def query_of(
    asked: AuthorizationRequest, *, state: str, iss: str, code: str, error: str, token: str
) -> list[tuple[str, str]]:
    own = asked.state.reveal()
    said = {
        "right": [("state", own)],
        "wrong": [("state", own[:-1] + "~")],
        "twice": [("state", own), ("state", own)],
    }.get(state, [])
    said += {"right": [("iss", ISSUER)], "wrong": [("iss", "https://evil.example")]}.get(iss, [])
    said += {"good": [("code", "the-code")], "malformed": [("code", "a\x00b")]}.get(code, [])
    said += [("error", "access_denied")] if error == "present" else []
    return said + ([(token, "x")] if token else [])


def expected(state: str, iss: str, code: str, error: str, token: str, *, promised: bool) -> str:
    """Give AR-01's order: state, then iss, then what breaks the protocol, then error, then code."""
    if state != "right":
        return "stray"
    if iss == "wrong" or (iss == "absent" and promised and error == "absent"):
        return "mismatch"
    if token or (error == "present") == (code != "absent"):
        return "invalid"
    if error == "present":
        return "error"
    return "code" if code == "good" else "invalid"


def test_ar_01_the_order_of_the_checks_over_all_combinations() -> None:
    for state, iss, code, error, token, promised in ROWS:
        asked = request(server=server(authorization_response_iss_parameter_supported=promised))
        query = query_of(asked, state=state, iss=iss, code=code, error=error, token=token)
        wanted = expected(state, iss, code, error, token, promised=promised)
        for order in (query, query[::-1]):
            assert verdict(asked, order) == wanted, (state, iss, code, error, token, promised)


@pytest.mark.parametrize(
    "name",
    [
        "code",
        "state",
        "iss",
        "error",
        "error_description",
        "error_uri",
        "access_token",
        "id_token",
        "response",
    ],
)
def test_ar_02_a_repeated_parameter_makes_the_visit_none_of_ours(name: str) -> None:
    asked = request()
    value = dict(answer(asked)).get(name, "x")
    twice = [*((n, v) for n, v in answer(asked) if n != name), (name, value), (name, value)]
    assert verdict(asked, twice) == "stray"


def test_ar_08_unknown_parameters_are_ignored_even_when_repeated() -> None:
    asked = request()
    extra = [
        ("session_state", "1"),
        ("scope", "a"),
        ("hd", "x"),
        ("authuser", "0"),
        ("x", "1"),
        ("x", "2"),
    ]
    assert verdict(asked, [*answer(asked), *extra]) == "code"


@pytest.mark.parametrize(
    ("promised", "iss", "wanted"),
    [
        (True, ISSUER, "code"),
        (True, "", "mismatch"),
        (True, "https://evil.example", "mismatch"),
        (False, ISSUER, "code"),
        (False, "", "code"),
        (False, "https://evil.example", "mismatch"),
        (False, ISSUER + "/", "mismatch"),
        (False, ISSUER.upper(), "mismatch"),
        (False, ISSUER + "\x00", "mismatch"),
    ],
)
def test_ar_03_iss_is_compared_byte_for_byte_and_must_be_there_when_promised(
    promised: bool,  # noqa: FBT001 - a column
    iss: str,
    wanted: str,
) -> None:
    asked = request(server=server(authorization_response_iss_parameter_supported=promised))
    assert verdict(asked, answer(asked, iss=iss)) == wanted


def test_ar_03_an_empty_iss_is_not_an_absent_one() -> None:
    asked = request()
    assert verdict(asked, [*answer(asked), ("iss", "")]) == "mismatch"


def test_ar_03_a_refusal_without_the_promised_iss_is_still_a_refusal() -> None:
    asked = request(server=server(**PROMISED))
    assert verdict(asked, answer(asked, code="", error="access_denied")) == "error"


@pytest.mark.parametrize("error", sorted(KNOWN_ERRORS))
def test_ar_04_every_registered_error_has_its_own_name(error: str) -> None:
    asked = request()
    read = asked.read(answer(asked, code="", error=error, error_description="because"))
    assert isinstance(read, AuthorizationErrorResponse)
    raised = read.as_error()
    denied = error in ("access_denied", "consent_required")
    assert raised.exit_code == (3 if denied else 7)
    assert "because" in str(raised)
    assert isinstance(raised, AuthorizationDenied if denied else AuthorizationError)
    assert denied or raised.code == error.replace("_", "-")


DENIALS = """
access_denied ACCESS_DENIED user_cancelled_login user_cancelled_authorize user_cancelled
user_canceled USER_CANCELLED userCancelled user-cancelled cancelled canceled cancel login_cancelled
authorization_canceled cancelled_by_user user_denied user_denied_access consent_denied user_declined
declined_by_user user_rejected user_aborted user_refused_consent denied_by_end_user user_cancel
consent_required
"""
NO_DENIALS = """
OAUTH_APP_ACCESS_DENIED login_required interaction_required invalid_request unauthorized_client
server_error denied rejected login_denied client_denied token_cancelled subscription_cancelled
order_canceled request_denied_by_policy admin_consent_denied user_not_found user_denied_by_admin
account_suspended scan_cell cancellable x
"""


@pytest.mark.parametrize("error", DENIALS.split())
def test_ar_04_a_persons_no_is_3_in_whatever_words_the_server_says_it(error: str) -> None:
    asked = request()
    read = asked.read(answer(asked, code="", error=error))
    assert isinstance(read, AuthorizationErrorResponse)
    raised = read.as_error()
    assert isinstance(raised, AuthorizationDenied)
    assert (raised.exit_code, raised.code) == (3, "access-denied")
    assert error in str(raised)


@pytest.mark.parametrize("error", NO_DENIALS.split())
def test_ar_04_what_the_server_refuses_is_no_no_of_a_person(error: str) -> None:
    asked = request()
    read = asked.read(answer(asked, code="", error=error))
    assert isinstance(read, AuthorizationErrorResponse)
    assert isinstance(read.as_error(), AuthorizationError)


@pytest.mark.parametrize(
    "error", ["x-unknown", "", "INVALID-REQUESTS", "<script>", "a\r\nb", "x" * 5000]
)
def test_ar_04_an_unknown_error_is_cleaned_and_has_the_general_name(error: str) -> None:
    asked = request()
    own = asked.state.reveal()
    read = asked.read(
        [("state", own), ("error", error), ("error_description", "\x1b[31m" + "d" * 5000)]
    )
    assert isinstance(read, AuthorizationErrorResponse)
    raised = read.as_error()
    assert raised.code == "authorization-error"
    assert str(raised).isprintable()
    assert len(str(raised)) < 450


@pytest.mark.parametrize("state", ["", "x", "STATE", "ü" * 43, "\ud800"])
def test_cb_08_a_visit_without_our_state_is_a_stray_whatever_else_it_says(state: str) -> None:
    asked = request()
    assert verdict(asked, [("state", state), ("code", "x"), ("iss", ISSUER)]) == "stray"
    assert verdict(asked, [("state", state), ("error", "access_denied")]) == "stray"
    assert verdict(asked, [("error", "access_denied")]) == "stray"
    assert verdict(asked, []) == "stray"


def test_cl_02_a_stray_repeats_nothing_of_the_visit() -> None:
    asked = request()
    read = asked.read([("state", "canary"), ("code", "canary")])
    assert isinstance(read, Stray)
    assert "canary" not in read.reason


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("a", "code"),
        ("~!\"#$%&'()*+,-./ :;<=>?@[\\]^_`{|}", "code"),
        ("x" * 12_000, "code"),
        ("x" * 12_001, "invalid"),
        ("a\x00", "invalid"),
        ("a\r\nb", "invalid"),
        ("a\tb", "invalid"),
        ("a\x7f", "invalid"),
        ("é", "invalid"),
        ("\udcff\udcfe", "invalid"),
    ],
)
def test_ar_06_a_code_is_1_to_12000_printable_ascii_characters(code: str, wanted: str) -> None:
    asked = request()
    assert verdict(asked, answer(asked, code=code)) == wanted


def test_ar_06_a_code_that_is_too_long_is_called_that_and_not_malformed() -> None:
    asked = request()
    with pytest.raises(
        AuthorizationResponseInvalid, match=r"code is longer than 12,000 characters"
    ):
        asked.read(answer(asked, code="x" * 12_001))


def test_ar_06_an_empty_code_is_no_code() -> None:
    asked = request()
    assert verdict(asked, [("state", asked.state.reveal()), ("code", "")]) == "invalid"


@pytest.mark.parametrize("name", ["access_token", "id_token"])
def test_ar_07_a_token_in_the_front_channel_is_refused_and_not_repeated(name: str) -> None:
    asked = request()
    with pytest.raises(AuthorizationResponseInvalid) as refused:
        asked.read(answer(asked, **{name: "canary"}))
    assert "canary" not in str(refused.value)
