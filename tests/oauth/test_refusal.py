"""TR-08: a server's own words are found wherever servers put them, and are shown clean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.errors import ProtocolError, ServerUnavailable, TokenError
from loopback_auth.oauth.http.messages import HttpReply
from loopback_auth.oauth.secret import Secret
from loopback_auth.oauth.token.reply import read_token_reply

from ..support.samples import NOON, TOKEN_ENDPOINT, reply

if TYPE_CHECKING:
    from collections.abc import Mapping

# The shapes in which providers refuse, after their documents and public reports of their answers.
SHAPES: dict[str, tuple[dict[str, Any], str, str]] = {
    "RFC 6749": (
        {"error": "invalid_grant", "error_description": "expired"},
        "invalid_grant",
        "expired",
    ),
    "a code alone": ({"error": "invalid_grant"}, "invalid_grant", ""),
    "HubSpot": (
        {
            "status": "BAD_AUTH_CODE",
            "message": "missing or unknown auth code",
            "correlationId": "x",
        },
        "BAD_AUTH_CODE",
        "missing or unknown auth code",
    ),
    "Twitch": (
        {"status": 400, "message": "Invalid authorization code"},
        "",
        "Invalid authorization code",
    ),
    "Strava": (
        {
            "message": "Bad Request",
            "errors": [{"resource": "AuthorizationCode", "field": "code", "code": "invalid"}],
        },
        "invalid",
        "Bad Request",
    ),
    "Fitbit": (
        {
            "errors": [{"errorType": "invalid_grant", "message": "Refresh token invalid"}],
            "success": False,
        },
        "invalid_grant",
        "Refresh token invalid",
    ),
    "Facebook": (
        {"error": {"message": "This code has been used.", "type": "OAuthException", "code": 100}},
        "OAuthException",
        "This code has been used.",
    ),
    "Google's APIs": (
        {"error": {"code": 400, "message": "Bad", "status": "INVALID_ARGUMENT"}},
        "INVALID_ARGUMENT",
        "Bad",
    ),
    "Stripe": (
        {"error": {"type": "invalid_request_error", "message": "No such code"}},
        "invalid_request_error",
        "No such code",
    ),
    "Reddit": ({"message": "Bad Request", "error": 400}, "", "Bad Request"),
    "Figma": ({"error": True, "status": 400, "message": "Invalid code"}, "", "Invalid code"),
    "Zoom": (
        {"reason": "Invalid authorization code ", "error": "invalid_request"},
        "invalid_request",
        "Invalid authorization code",
    ),
    "Snowflake": (
        {
            "data": None,
            "message": "This is an invalid client.",
            "code": None,
            "error": "invalid_client",
        },
        "invalid_client",
        "This is an invalid client.",
    ),
    "Notion": (
        {
            "object": "error",
            "status": 401,
            "code": "unauthorized",
            "message": "API token is invalid.",
        },
        "unauthorized",
        "API token is invalid.",
    ),
    "Heroku": (
        {"id": "unauthorized", "message": "Invalid credentials."},
        "",
        "Invalid credentials.",
    ),
    "ClickUp": ({"err": "Code already used", "ECODE": "OAUTH_014"}, "", "Code already used"),
    "Slack": ({"ok": False, "error": "invalid_code"}, "invalid_code", ""),
    "Okta": (
        {"errorCode": "E0000011", "errorSummary": "Invalid token provided", "errorCauses": []},
        "E0000011",
        "Invalid token provided",
    ),
    "Instagram": (
        {
            "error_type": "OAuthException",
            "code": 400,
            "error_message": "Matching code was not found",
        },
        "OAuthException",
        "Matching code was not found",
    ),
    "Supabase": (
        {"code": 400, "error_code": "bad_oauth_state", "msg": "OAuth state not found"},
        "bad_oauth_state",
        "OAuth state not found",
    ),
    "Django": ({"detail": "Not found."}, "", "Not found."),
    "FastAPI": (
        {
            "detail": [
                {"loc": ["body", "code"], "msg": "field required", "type": "value_error.missing"}
            ]
        },
        "value_error.missing",
        "field required",
    ),
    "problem+json": (
        {
            "type": "https://x.example/p",
            "title": "Forbidden",
            "status": 403,
            "detail": "not for you",
        },
        "",
        "not for you",
    ),
    "Spring": (
        {"status": 400, "error": "Bad Request", "message": "Missing code", "path": "/token"},
        "Bad Request",
        "Missing code",
    ),
    "Anthropic's shape": (
        {"type": "error", "error": {"type": "invalid_request_error", "message": "bad code"}},
        "invalid_request_error",
        "bad code",
    ),
    "Shopify": ({"errors": "[API] Invalid API key"}, "", "[API] Invalid API key"),
    "a list of sentences": ({"errors": ["code is used", "and old"]}, "", "code is used"),
    "the same twice": ({"error": "invalid_grant", "message": "invalid_grant"}, "invalid_grant", ""),
    "a description that is none": (
        {"error": "invalid_grant", "error_description": None, "message": "used"},
        "invalid_grant",
        "used",
    ),
}


@pytest.mark.parametrize(("body", "code", "words"), SHAPES.values(), ids=SHAPES)
def test_tr_08_the_servers_own_words_are_found(body: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(TokenError) as refused:
        read_token_reply(reply(body, status=400), received_at=NOON)
    assert (refused.value.error, refused.value.facts["error_description"]) == (code, words)
    assert str(refused.value).endswith(f"({': '.join(filter(None, (code, words)))})")


def test_tr_08_a_code_of_the_specification_counts_wherever_it_is_found() -> None:
    with pytest.raises(TokenError) as refused:
        read_token_reply(reply(SHAPES["Fitbit"][0], status=401), received_at=NOON)
    assert refused.value.code == "invalid-grant"


@pytest.mark.parametrize(
    "body", [{}, {"error": None}, {"error": {}}, {"errors": []}, {"message": " \n"}, {"a": 1}]
)
def test_tr_08_a_refusal_without_a_word_is_told_as_one(body: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="status 400 and no error code"):
        read_token_reply(reply(body, status=400), received_at=NOON)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_tr_08_a_server_that_is_down_may_say_why(status: int) -> None:
    with pytest.raises(ServerUnavailable, match=rf"\(status {status}: Too Many Requests\)"):
        read_token_reply(reply({"message": "Too Many Requests"}, status=status), received_at=NOON)


def test_tr_08_an_answer_without_a_token_may_say_why() -> None:
    with pytest.raises(ProtocolError, match=r"has no access_token: choose an organization$"):
        read_token_reply(reply({"message": "choose an organization"}), received_at=NOON)


def refused_with(body: Mapping[str, Any]) -> HttpReply:
    """Return a refusal of a request that held a secret code."""
    return HttpReply(
        url=TOKEN_ENDPOINT,
        status=400,
        body=json.dumps(body).encode(),
        sent=(Secret("the-secret-code"),),
    )


@pytest.mark.parametrize("name", ["message", "reason", "detail", "err"])
def test_tr_08_cl_03_what_was_found_is_one_clean_line_without_what_was_sent(name: str) -> None:
    """TR-08, CL-03: wherever it stood."""
    text = "no \x1b[2J such\ncode: the-secret-code \u202e" + "x" * 9000
    for body in ({name: text}, {"error": {name: text}}, {"errors": [{name: text}]}):
        got = refused_with(body)
        with pytest.raises(TokenError) as refused:
            read_token_reply(got, received_at=NOON)
        assert str(refused.value).isprintable()
        assert len(str(refused.value)) < 400
        assert "no [2J such code: (hidden)" in str(refused.value)


def test_tr_08_a_code_does_not_repeat_what_was_sent() -> None:
    body = {"error": "the-secret-code"}
    got = refused_with(body)
    with pytest.raises(TokenError) as refused:
        read_token_reply(got, received_at=NOON)
    assert "the-secret-code" not in f"{refused.value} {refused.value.error}"
