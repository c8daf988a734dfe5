"""AQ: the address that the person's browser is sent to."""

from __future__ import annotations

from secrets import token_bytes
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, strategies as st

from loopback_auth.errors import ParameterRefused
from loopback_auth.oauth.authorize.pkce import code_challenge
from loopback_auth.oauth.authorize.request import RESERVED, AuthorizationRequest

from ...support.samples import client, request, server

AWKWARD = "a+b%2Bc&d=e#f?g/h é 東\u202e'\"<>\\"


def parameters(asked: AuthorizationRequest) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(asked.url).query, keep_blank_values=True, strict_parsing=True)


def test_aq_01_aq_02_aq_07_state_verifier_and_nonce_are_new_and_long_in_1000_requests() -> None:
    asked = [request() for _ in range(1000)]
    for secrets in (
        [each.state.reveal() for each in asked],
        [each.code_verifier.reveal() for each in asked],
        [each.nonce.reveal() for each in asked if each.nonce],
    ):
        assert len(set(secrets)) == 1000
        assert min(map(len, secrets)) >= 43
        # No character stands still: 256 random bits reach every one of them.
        assert all(
            len(set(column)) > 8 for column in zip(*(text[:42] for text in secrets), strict=True)
        )


def test_aq_01_state_verifier_and_nonce_have_nothing_in_common() -> None:
    asked = request()
    assert asked.nonce
    assert len({asked.state.reveal(), asked.code_verifier.reveal(), asked.nonce.reveal()}) == 3


def test_aq_02_the_request_carries_the_challenge_and_never_the_verifier() -> None:
    asked = request()
    sent = dict(parameters(asked))
    assert sent["code_challenge"] == code_challenge(asked.code_verifier)
    assert sent["code_challenge_method"] == "S256"
    assert asked.code_verifier.reveal() not in asked.url


def test_aq_03_the_request_asks_for_a_code_and_nothing_else() -> None:
    assert dict(parameters(request()))["response_type"] == "code"


@pytest.mark.parametrize(
    "name",
    [
        "response_type",
        "client_id",
        "client_secret",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "response_mode",
        "request",
        "request_uri",
    ],
)
def test_aq_03_aq_04_no_extra_parameter_may_override_the_protocol(name: str) -> None:
    assert name in RESERVED
    with pytest.raises(ParameterRefused, match=name) as refused:
        request(parameters=((name, "token"),))
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("name", sorted(RESERVED - {"client_secret"}))
def test_aq_05_an_endpoint_whose_query_sets_a_parameter_of_ours_is_refused(name: str) -> None:
    endpoint = f"https://id.example.com/authorize?tenant=1&{name}=evil"
    with pytest.raises(ParameterRefused, match=name):
        request(server=server(authorization_endpoint=endpoint))


@pytest.mark.parametrize(
    ("endpoint", "kept"),
    [
        ("https://id.example.com/authorize", []),
        ("https://id.example.com/authorize?", []),
        ("https://id.example.com/authorize?a=b%2Bc", [("a", "b+c")]),
        (
            "https://id.example.com/authorize?a=1&a=2&empty=",
            [("a", "1"), ("a", "2"), ("empty", "")],
        ),
        ("https://id.example.com/authorize?tenant=a%20b%26c", [("tenant", "a b&c")]),
    ],
)
def test_aq_05_a_query_of_the_endpoint_is_kept(endpoint: str, kept: list[tuple[str, str]]) -> None:
    asked = request(server=server(authorization_endpoint=endpoint))
    assert asked.url.startswith(endpoint)
    sent = parameters(asked)
    assert sent[: len(kept)] == kept
    own = [name for name, _ in sent[len(kept) :]]
    assert len(own) == len(set(own))


def test_aq_05_every_value_arrives_as_it_was_given() -> None:
    asked = request(
        client=client(client_id=AWKWARD),
        redirect_uri="http://127.0.0.1:8765/callback?x=%2F&y=1+2",
        scope="openid " + AWKWARD,
        parameters=(("audience", AWKWARD), (AWKWARD, "name"), ("prompt", "select_account consent")),
        response_mode="form_post",
    )
    sent = dict(parameters(asked))
    assert sent["client_id"] == sent["audience"] == AWKWARD
    assert sent["redirect_uri"] == asked.redirect_uri
    assert sent["scope"] == "openid " + AWKWARD
    assert sent[AWKWARD] == "name"
    assert sent["prompt"] == "select_account consent"
    assert sent["response_mode"] == "form_post"
    assert asked.url.isascii()
    assert asked.url.isprintable()
    assert "#" not in asked.url


def test_cl_08_an_argument_that_is_not_utf8_arrives_as_its_bytes() -> None:
    sent = urlsplit(request(client=client(client_id="caf\udce9")).url).query
    assert "client_id=caf%E9&" in sent


@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])))
def test_aq_05_any_text_arrives_as_it_was_given(text: str) -> None:
    asked = request(client=client(client_id=text), parameters=(("login_hint", text),))
    sent = dict(parameters(asked))
    assert sent["client_id"] == sent["login_hint"] == text


def test_what_was_not_asked_for_is_not_sent() -> None:
    sent = dict(parameters(request(scope="", server=server(issuer=None))))
    assert sent.keys() == {
        "response_type",
        "client_id",
        "redirect_uri",
        "state",
        "code_challenge",
        "code_challenge_method",
    }


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("openid", True),
        ("api openid", True),
        ("api,openid", True),
        ("api, openid", True),
        ("api", False),
        ("openid2", False),
    ],
)
def test_aq_07_a_nonce_is_sent_when_the_scope_has_openid(scope: str, expected: bool) -> None:  # noqa: FBT001 - a column
    assert ("nonce" in dict(parameters(request(scope=scope)))) is expected


def test_tx_03_no_secret_of_the_client_is_in_the_address() -> None:
    assert "canary" not in request(client=client("canary")).url


def test_the_source_of_randomness_is_the_one_that_was_given() -> None:
    first, second = (request(token_bytes=bytes) for _ in range(2))
    assert first.url == second.url
    assert request(token_bytes=token_bytes).url != first.url
