"""AR-01 to AR-08: which authorization response at the socket ends a login, and how."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings, strategies as st

from loopback_auth.errors import (
    AuthorizationDenied,
    AuthorizationError,
    AuthorizationResponseInvalid,
    IssuerMismatch,
)
from loopback_auth.oauth.authorize.request import AuthorizationRequest, AuthorizationResponse
from loopback_auth.oauth.authorize.response import AuthorizationErrorResponse, Stray
from tests.support import samples

from ...support.callback.pending_command import signing_in
from ...support.callback.pending_login import pending_login
from ...support.command import no_token_file

if TYPE_CHECKING:
    from pathlib import Path

PROMISE = {"authorization_response_iss_parameter_supported": True}

REQUESTS = {
    promised: samples.request(server=samples.server(**(PROMISE if promised else {})))
    for promised in (True, False)
}
ISSUER = samples.ISSUER
ONCE = (
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "access_token",
    "id_token",
    "response",
)

# What each parameter may be; "state" stands for the right one, None for its absence. The likely is
# there more than once.
CHOICES: dict[str, list[str | None]] = {
    "state": ["state", "state", "state", "state", "state", None, "", "wrong"],
    "iss": [ISSUER, ISSUER, None, ISSUER + "/", "https://evil.example"],
    "code": ["the-code", "the-code", None, "", "a\r\nb", "é"],
    "error": [None, None, None, "access_denied", ""],
    "error_description": [None, "x"],
    "access_token": [None, None, None, None, None, "x"],
    "id_token": [None, None, None, None, None, "x"],
    "response": [None, None, None, None, None, "x"],
    "session_state": [None, "x"],
}
NOISE = st.tuples(st.sampled_from([*ONCE, "session_state", "State", "scope"]), st.text(max_size=5))


@st.composite
def answers(draw: st.DrawFn) -> list[tuple[str, str]]:
    chosen = draw(
        st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CHOICES.items()})
    )
    said = [(name, value) for name, value in chosen.items() if value is not None]
    return draw(st.permutations(said + draw(st.just([]) | st.lists(NOISE, max_size=2))))


@pytest.mark.slow
@given(said=answers(), promised=st.booleans())
@settings(max_examples=400)
def test_ar_01_what_is_read_from_any_parameters_in_any_order(
    said: list[tuple[str, str]], *, promised: bool
) -> None:
    """
    AR-01: repeated, then state, then iss, then error, then code; the first two are strays and end
    nothing.
    """
    request = REQUESTS[promised]
    state = request.state.reveal()
    parameters = [
        (name, state if (name, value) == ("state", "state") else value) for name, value in said
    ]

    assert verdict(request, parameters) == by_the_book(parameters, state, promised=promised)


def verdict(request: AuthorizationRequest, parameters: list[tuple[str, str]]) -> str:
    try:
        answer = request.read(parameters)
    except IssuerMismatch:
        return "another issuer"
    except AuthorizationResponseInvalid:
        return "broken"
    kinds = {Stray: "stray", AuthorizationErrorResponse: "refusal", AuthorizationResponse: "code"}
    return kinds[type(answer)]


def by_the_book(parameters: list[tuple[str, str]], state: str, *, promised: bool) -> str:
    """Judge them as the requirement's sentence does, one check after the other."""
    names = [name for name, _ in parameters]
    said = dict(parameters)
    if any(names.count(name) > 1 for name in ONCE) or said.get("state") != state:
        return "stray"
    if said.get("iss", ISSUER) != ISSUER or (promised and not {"iss", "error"} & said.keys()):
        return "another issuer"
    if {"access_token", "id_token", "response"} & said.keys() or ("error" in said) == (
        "code" in said
    ):
        return "broken"
    if "error" in said:
        return "refusal"
    return (
        "code"
        if said["code"] and all(" " <= character <= "~" for character in said["code"])
        else "broken"
    )


async def test_ar_01_no_combination_with_a_transport_fault_or_a_wrong_state_ends_a_login(
    tmp_path: Path,
) -> None:
    """
    AR-01: Host, path, method, Sec-Fetch, a repeated parameter, state: each of the 63 combinations
    with one of them wrong.
    """
    async with pending_login(tmp_path) as pending:
        callback = pending.callback
        ended = []
        for host, path, method, fetch, twice, state in product((False, True), repeat=6):
            if not (host or path or method or fetch or twice or state):
                continue
            target = (
                callback.answer(**({"state": "wrong"} if state else {})) + "&code=second" * twice
            )
            reply = await callback.get(
                target.replace(callback.path, "/other") if path else target,
                *(["Sec-Fetch-Mode: no-cors"] if fetch else []),
                method="DELETE" if method else "GET",
                host="evil.example" if host else None,
            )
            if not 400 <= reply.status < 500:
                ended.append((host, path, method, fetch, twice, state))
        assert ended == []
        assert pending.endpoint.exchanges == 0
        assert (await callback.arrive()).status == 200
        await pending.outcome()


@pytest.mark.parametrize("name", ["code", "state", "iss", "error", "error_description"])
async def test_ar_02_a_repeated_parameter_is_refused(tmp_path: Path, *, name: str) -> None:
    """AR-02: neither the first nor the last is taken, not even where both are the same."""
    async with pending_login(tmp_path) as pending:
        right = {"code": "the-code", "state": pending.callback.state}
        target = pending.callback.target(**right) + f"&{name}={quote(right.get(name, 'x'))}" * 2
        assert (await pending.callback.get(target)).status == 400
        assert pending.strays == ["a parameter occurs twice"]
        assert pending.endpoint.exchanges == 0


@pytest.mark.parametrize(
    "iss",
    ["https://evil.example", "{issuer}/", "{ISSUER}", "", None],
    ids=["other", "slash", "case", "empty", "none"],
)
async def test_ar_03_an_answer_of_another_issuer_ends_the_login_unexchanged(
    tmp_path: Path, *, iss: str | None
) -> None:
    """
    AR-03: RFC 9207 section 2.4, byte for byte; absent counts as wrong where the server
    promised it.
    """
    async with pending_login(tmp_path, metadata=PROMISE) as pending:
        issuer = pending.endpoint.issuer
        sent = {} if iss is None else {"iss": iss.format(issuer=issuer, ISSUER=issuer.upper())}
        page = await pending.callback.arrive(**sent)
        error = await pending.error()

    assert isinstance(error, IssuerMismatch)
    assert error.exit_code == 7
    assert page.status == 400
    assert pending.endpoint.exchanges == 0
    assert no_token_file(tmp_path)


async def test_ar_03_the_right_issuer_and_a_refusal_without_one_are_taken(tmp_path: Path) -> None:
    """AR-03: two real servers promise iss and leave it out of their error responses."""
    async with pending_login(tmp_path / "right", metadata=PROMISE) as pending:
        assert (await pending.callback.arrive(iss=pending.endpoint.issuer)).status == 200
        await pending.outcome()
    async with pending_login(tmp_path / "refusal", metadata=PROMISE) as pending:
        await pending.callback.refuse("access_denied")
        assert isinstance(await pending.error(), AuthorizationDenied)


ERRORS = {
    "access_denied": (3, "access-denied"),
    "invalid_request": (7, "invalid-request"),
    "unauthorized_client": (7, "unauthorized-client"),
    "unsupported_response_type": (7, "unsupported-response-type"),
    "invalid_scope": (7, "invalid-scope"),
    "server_error": (7, "server-error"),
    "temporarily_unavailable": (7, "temporarily-unavailable"),
    "made_up_by_this_server": (7, "authorization-error"),
    "": (7, "authorization-error"),
}


@pytest.mark.parametrize("error", ERRORS)
async def test_ar_04_an_error_with_our_state_ends_the_login_with_its_own_name(
    tmp_path: Path, *, error: str
) -> None:
    """
    AR-04: with or without a description (RFC 6749 section 4.1.2.1 makes it optional), which is
    cleaned.
    """
    for description in ({}, {"error_description": "Sorry,\r\n\x1b[31mno\u202e."}):
        async with pending_login(tmp_path) as pending:
            page = await pending.callback.refuse(error, **description)
            ended = await pending.error()

        assert (ended.exit_code, ended.code) == ERRORS[error]
        assert isinstance(ended, AuthorizationDenied | AuthorizationError)
        assert ("Sorry, [31mno ." in str(ended)) == bool(description)
        assert page.status == (403 if error == "access_denied" else 400)
        assert "Sorry" not in page.text
        assert pending.endpoint.exchanges == 0


async def test_ar_04_a_refusal_by_the_server_is_told_apart_from_a_denial_by_the_command(
    tmp_path: Path,
) -> None:
    """AR-04: exit 7 and not 3 (RB-07 has the 3), with a name, a cause and a fix of its own."""
    async with signing_in(tmp_path) as scene:
        page = await scene.callback.refuse("invalid_scope")
        ended = await scene.command.outcome()

    assert (page.status, ended.exit_code, ended.error["code"]) == (400, 7, "invalid-scope")
    assert set(ended.error) == {"code", "message", "cause", "fix", "exit_code"}


BROKEN: dict[str, dict[str, str]] = {
    "AR-05: error and code": {"code": "the-code", "error": "access_denied"},
    "AR-05: neither": {},
    "AR-06: an empty code": {"code": ""},
    "AR-06: NUL": {"code": "a\0b"},
    "AR-06: a line end": {"code": "a\r\nb"},
    "AR-06: 12,001 characters": {"code": "c" * 12_001},
    "AR-06: not ASCII": {"code": "codé"},
    "AR-07: an access token": {"code": "the-code", "access_token": "a-canary"},
    "AR-07: an ID token": {"code": "the-code", "id_token": "a-canary"},
    "AR-07: a JWT response": {"code": "the-code", "response": "a-canary"},
}


@pytest.mark.parametrize("parameters", BROKEN.values(), ids=BROKEN)
async def test_ar_05_06_07_what_breaks_the_protocol_ends_the_login_unexchanged(
    tmp_path: Path, *, parameters: dict[str, str]
) -> None:
    async with pending_login(tmp_path) as pending:
        callback = pending.callback
        page = await callback.follow(
            await callback.get(callback.target(state=callback.state, **parameters))
        )
        error = await pending.error()

    assert type(error) is AuthorizationResponseInvalid
    assert error.exit_code == 7
    assert page.status == 400
    assert pending.endpoint.exchanges == 0
    assert "a-canary" not in repr(pending.notices) + str(error) + page.text


async def test_ar_06_percent_bytes_that_are_no_text_end_the_login_unexchanged(
    tmp_path: Path,
) -> None:
    """AR-06: what is not UTF-8 is not replaced by something that looks like a code."""
    async with pending_login(tmp_path) as pending:
        await pending.callback.follow(
            await pending.callback.get(
                pending.callback.target(state=pending.callback.state) + "&code=a%ff%fe"
            )
        )
        assert isinstance(await pending.error(), AuthorizationResponseInvalid)
        assert pending.endpoint.exchanges == 0


@pytest.mark.parametrize("code", ["http-https://x", "a+b/c=%41&d;e?", " ~", "4/0AX4", "c" * 12_000])
async def test_ar_06_a_code_goes_to_the_token_endpoint_character_for_character(
    tmp_path: Path, *, code: str
) -> None:
    async with pending_login(tmp_path) as pending:
        await pending.callback.arrive(code=code)
        await pending.outcome()

    assert [form["code"] for form in pending.endpoint.forms] == [code]


async def test_ar_08_unknown_parameters_are_ignored(tmp_path: Path) -> None:
    """AR-08: what Google, Keycloak, Salesforce and others add, one of them twice."""
    more: dict[str, Any] = {
        "session_state": "x",
        "scope": "openid",
        "hd": "example.com",
        "authuser": "0",
        "sfdc_community_url": "x",
    }
    async with pending_login(tmp_path) as pending:
        redirect = await pending.callback.get(pending.callback.answer(**more) + "&scope=again")
        assert (await pending.callback.follow(redirect)).status == 200
        await pending.outcome()

    assert pending.endpoint.exchanges == 1
