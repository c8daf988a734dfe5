"""A code for a username and a password: what is asked, and what an answer means."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from loopback_auth.errors import (
    AuthorizationError,
    AuthorizationResponseInvalid,
    CodeCredentialsUnavailable,
    HTMLAnswer,
    LoopbackAuthError,
    ProtocolError,
    ServerUnavailable,
    UnexpectedRedirect,
)
from loopback_auth.oauth.authorize.code_credentials import (
    code_credentials_request,
    read_code_credentials_reply,
)
from loopback_auth.oauth.authorize.pkce import code_challenge
from loopback_auth.oauth.secret import Secret

from ...support.samples import reply, request

if TYPE_CHECKING:
    from loopback_auth.oauth.http.messages import FormPost

ASKED = request(
    scope="api refresh_token", parameters=(("prompt", "login"), ("login_hint", "a"), ("x", "y"))
)
PASSWORD = "pässword:with colon"


def sent() -> FormPost:
    return code_credentials_request(ASKED, username="ada@acme.example", password=Secret(PASSWORD))


def test_the_request_is_a_form_with_pkce_and_nothing_that_is_for_a_page() -> None:
    """No state either: the answer comes on the same connection."""
    assert sent().url == ASKED.server.authorization_endpoint
    assert dict(sent().fields) == {
        "response_type": "code_credentials",
        "client_id": ASKED.client.client_id,
        "redirect_uri": ASKED.redirect_uri,
        "scope": "api refresh_token",
        "code_challenge": code_challenge(ASKED.code_verifier),
        "code_challenge_method": "S256",
        "x": "y",
    }


def test_username_and_password_are_in_the_header_alone() -> None:
    message = sent()
    assert message.authorization
    scheme, _, pair = message.authorization.reveal().partition(" ")
    assert (scheme, b64decode(pair).decode()) == ("Basic", f"ada@acme.example:{PASSWORD}")
    assert message.headers == (("Auth-Request-Type", "Named-User"),)
    assert b"ssword" not in message.body()
    assert "ssword" not in repr(message)


def test_a_code_is_the_answer_to_the_request() -> None:
    """Members that nobody asked for do no harm."""
    answer = read_code_credentials_reply(
        reply({"code": "aPrx==", "sfdc_community_url": "https://a.example"}), ASKED
    )
    assert (answer.code.reveal(), answer.request) == ("aPrx==", ASKED)


PAGE = "<!DOCTYPE html><html><body>Log in</body></html>"
REFUSALS: dict[str, tuple[object, int, type[LoopbackAuthError], str]] = {
    "a wrong password": (
        {"error": "invalid_grant", "error_description": "authentication failure"},
        400,
        AuthorizationError,
        "invalid_grant: authentication failure",
    ),
    "an error with status 200": (
        {"error": "invalid_grant"},
        200,
        AuthorizationError,
        "invalid_grant",
    ),
    "an error in a form": (
        "error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration",
        400,
        AuthorizationError,
        "redirect_uri_mismatch: redirect_uri must match configuration",
    ),
    "a message in place of an error": (
        {"message": "Too many attempts", "code": 42},
        403,
        AuthorizationError,
        r"\(Too many attempts\)",
    ),
    "a message beside an error": (
        {"error": "invalid_grant", "reason": "locked"},
        400,
        AuthorizationError,
        "invalid_grant: locked",
    ),
    "the sign-in page": (PAGE, 200, CodeCredentialsUnavailable, "sign-in page"),
    "a page that is none of a sign-in": (PAGE, 404, HTMLAnswer, "web page"),
    "a server that is down": (PAGE, 503, ServerUnavailable, "503"),
    "a redirect": ("", 302, UnexpectedRedirect, "redirect"),
    "no code": ({"ok": "true"}, 200, AuthorizationResponseInvalid, "neither a code nor an error"),
    "a code that is none": (
        {"code": 7},
        200,
        AuthorizationResponseInvalid,
        "neither a code nor an error",
    ),
    "a code with a line end": ({"code": "a\nb"}, 200, AuthorizationResponseInvalid, "malformed"),
    "a list": ([], 200, ProtocolError, "JSON object"),
    "nothing": ("", 200, ProtocolError, "JSON object"),
    "a form with status 200": ("error=x", 200, ProtocolError, "JSON object"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_whatever_is_no_code_is_told_as_what_it_is(name: str) -> None:
    body, status, kind, said = REFUSALS[name]
    with pytest.raises(kind, match=said):
        read_code_credentials_reply(
            reply(body, status=status, headers={"content-type": "x"}), ASKED
        )


def test_a_description_is_one_line_and_short() -> None:
    with pytest.raises(AuthorizationError) as refused:
        read_code_credentials_reply(
            reply(
                {"error": "x\x1b[2J", "error_description": "\x1b]0;t\x07" + "d" * 9999}, status=400
            ),
            ASKED,
        )
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500


def test_a_password_that_the_server_repeats_is_not_repeated() -> None:
    """Though it was sent in another spelling."""
    body = {"error": "invalid_grant", "error_description": f"no such password: {PASSWORD}"}
    answer = replace(reply(body, status=400), sent=sent().secrets)
    with pytest.raises(AuthorizationError, match=r"no such password: \(hidden\)") as refused:
        read_code_credentials_reply(answer, ASKED)
    assert PASSWORD not in str(refused.value) + str(refused.value.facts)
