"""What a paste is taken for while the browser is waited for."""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.callback.session import CallbackSession
from loopback_auth.errors import (
    AuthorizationDenied,
    AuthorizationError,
    AuthorizationResponseInvalid,
    LoginTimedOut,
    LoopbackAuthError,
)
from loopback_auth.flows.login.answer import answer_or_paste, judge
from loopback_auth.notices import PasteExplained, Waiting, Warned
from loopback_auth.oauth.authorize.request import AuthorizationRequest, AuthorizationResponse
from loopback_auth.oauth.metadata import Client, server_metadata
from loopback_auth.oauth.secret import Secret
from loopback_auth.providers import load_provider
from loopback_auth.settings.config_toml import parse_config
from loopback_auth.settings.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopback_auth.notices import Notice

REDIRECT_URI = "http://localhost:1717/OauthRedirect"
CODE = "aPrxSomeCode.With_All-Of.It=="
PROFILE = resolve(
    "work",
    flags={"provider": "salesforce", "client_id": "3MVG9key"},
    environ={},
    config=parse_config("", ""),
    stored=None,
    find_provider=load_provider,
)
REQUEST = AuthorizationRequest(
    server=server_metadata(PROFILE.endpoints()),
    client=Client(client_id="3MVG9key"),
    redirect_uri=REDIRECT_URI,
    state=Secret("the-state"),
    code_verifier=Secret("v" * 43),
)
ANSWERS = {
    "the whole address": f"{REDIRECT_URI}?code=aPrxSomeCode.With_All-Of.It%3D%3D&state=the-state",
    "with its = kept": f"{REDIRECT_URI}?code={CODE}&state=the-state",
    "in quotes, with line breaks": f'"{REDIRECT_URI}?code=aPrxSomeCode.With\n'
    '_All-Of.It%3D%3D&state=the-state"\n',
    "as an address bar shows it": f"localhost:1717/OauthRedirect?code={CODE}&state=the-state",
    "from its path on": f"/OauthRedirect?code={CODE}&state=the-state",
    "from its last segment on": f"OauthRedirect?code={CODE}&state=the-state",
    "without its scheme": f"//localhost:1717/OauthRedirect?code={CODE}&state=the-state",
    "without its scheme, in brackets and over lines": "<localhost:1717/Oauth\r\n"
    f"  Redirect?code={CODE}&state=the-state>",
    "in curly quotes": f"\u201c{REDIRECT_URI}?code={CODE}&state=the-state\u201d",
    "as Markdown": f"`{REDIRECT_URI}?code={CODE}&state=the-state`",
    "with marks that have no width": f"\ufeff{REDIRECT_URI}?code={CODE}&state=the-\u200bstate",
    "at the end of a sentence": f"It says {REDIRECT_URI}?code={CODE}&state=the-state.",
    "in parentheses, without its scheme": (
        f"(localhost:1717/OauthRedirect?code={CODE}&state=the-state)"
    ),
    "in a line of a log": f"GET /OauthRedirect?code={CODE}&state=the-state HTTP/1.1",
    "the query alone": "?state=the-state&code=aPrxSomeCode.With_All-Of.It%3D%3D",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_ar_09_an_answer_with_its_state_is_the_answer(name: str) -> None:
    """AR-09: an address, quoted or broken or not, or its query."""
    judged = judge(ANSWERS[name], REQUEST, PROFILE)
    assert isinstance(judged, AuthorizationResponse)
    assert judged.code.reveal() == CODE


STRAYS = {
    "another state": (f"{REDIRECT_URI}?code={CODE}&state=another", "wrong state"),
    "no state": (f"{REDIRECT_URI}?code={CODE}", "no state"),
    "another port": (
        f"http://localhost:1718/OauthRedirect?code={CODE}&state=the-state",
        "redirect URI",
    ),
    "https": (f"https://localhost:1717/OauthRedirect?code={CODE}&state=the-state", "redirect URI"),
    "this machine by another name": (
        f"http://127.0.0.1:1717/OauthRedirect?code={CODE}&state=the-state",
        "redirect URI",
    ),
    "the same without a scheme": (
        f"127.0.0.1:1717/OauthRedirect?code={CODE}&state=the-state",
        "redirect URI",
    ),
    "another port without a scheme": (
        f"localhost:1718/OauthRedirect?code={CODE}&state=the-state",
        "redirect URI",
    ),
    "another path without a scheme": (
        f"localhost:1717/Redirect?code={CODE}&state=the-state",
        "redirect URI",
    ),
    "another path that ends alike": (
        f"localhost:1717/NoOauthRedirect?code={CODE}&state=the-state",
        "redirect URI",
    ),
    "an error of another sign-in, without a scheme": (
        "localhost:1717/OauthRedirect?error=server_error&state=another",
        "wrong state",
    ),
    "an error of nobody's, without a scheme": (
        "localhost:1717/OauthRedirect?error=server_error&error_description=down",
        "no state",
    ),
    "an error at this machine by another name": (
        "127.0.0.1:1717/OauthRedirect?error=server_error&state=the-state",
        "redirect URI",
    ),
    "an address that was cut off": (
        f"{REDIRECT_URI}?state=the-state",
        "neither a code nor an error",
    ),
    "the same without a scheme ": (
        "localhost:1717/OauthRedirect?state=the-state",
        "neither a code nor an error",
    ),
    "cut off after the name": (f"{REDIRECT_URI}?state=the-state&co", "neither a code nor an error"),
    "the address alone": (REDIRECT_URI, "neither a code nor an error"),
    "a page of nobody's": ("HTTP ERROR 404 localhost", "is not the answer to this sign-in. Paste"),
    "two codes": (f"{REDIRECT_URI}?code={CODE}&code=b&state=the-state", "twice"),
    "somebody else's refusal": (f"{REDIRECT_URI}?error=access_denied&state=another", "wrong state"),
    "a code alone": ("aPrxKx4Y9vJ2QpLm7Zt0Wc3Rb8Nd5Hs1Gf6Ue_Aq-Iy==", "no state"),
    "an access token": (
        '{"access_token": "00D000000000001!AQ4AQFakeFakeFakeFakeFake", "token_type": "Bearer"}',
        "no state",
    ),
    "a word": ("hello", "is not the answer to this sign-in. Paste"),
    "a sentence": ("Hello: is this the right place?", "is not the answer to this sign-in. Paste"),
}


@pytest.mark.parametrize("name", STRAYS)
def test_ar_09_what_is_not_this_sign_ins_answer_ends_nothing(name: str) -> None:
    """AR-09: the same verdicts as the callback server's; what was pasted is not repeated."""
    text, reason = STRAYS[name]
    judged = judge(text, REQUEST, PROFILE)
    assert isinstance(judged, Warned)
    assert reason in judged.message
    assert CODE not in judged.message
    assert "AQ4AQ" not in judged.message


def test_ar_09_a_broken_answer_with_the_right_state_ends_the_sign_in() -> None:
    """AR-09: as one that a browser brings does."""
    judged = judge(f"{REDIRECT_URI}?code=a&error=b&state=the-state", REQUEST, PROFILE)
    assert isinstance(judged, AuthorizationResponseInvalid)


def test_ar_09_a_refusal_with_the_right_state_is_the_refusal() -> None:
    """AR-09: a person's no is a no by whatever way it comes."""
    judged = judge(f"{REDIRECT_URI}?error=access_denied&state=the-state", REQUEST, PROFILE)
    assert isinstance(judged, AuthorizationDenied)


# What was pasted; the code of the error; a part of its fix, with the profile's own values.
SHOWN = {
    "the downloaded file": (
        "error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration",
        "redirect_uri_mismatch",
        REDIRECT_URI,
    ),
    "an error page's address": (
        (
            "https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp"
            "?error=OAUTH_AUTHORIZATION_BLOCKED"
            "&error_description=Cross-org+OAuth+flows+are+not+supported"
            "+for+this+external+client+app"
        ),
        "OAUTH_AUTHORIZATION_BLOCKED",
        "My Domain",
    ),
    "an error page's text": (
        (
            "We can't authorize you because of an OAuth error."
            " For more information, contact your Salesforce administrator.\n\n"
            "OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occured during authentication."
            " Please try again.\n"
        ),
        "OAUTH_APPROVAL_ERROR_GENERIC",
        "Connected Apps OAuth Usage",
    ),
    "a code": ("invalid_client_id", "invalid_client_id", "Consumer Key"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_an_error_that_the_browser_was_shown_ends_the_sign_in_with_its_fix(name: str) -> None:
    text, error, fix = SHOWN[name]
    judged = judge(text, REQUEST, PROFILE)
    assert isinstance(judged, AuthorizationError)
    assert (judged.error, judged.exit_code) == (error, 7)
    assert fix in judged.cause + judged.fix


@pytest.mark.parametrize(
    "text",
    [
        "error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration",
        "error=invalid_client_id&error_description=client%20identifier%20invalid",
        "invalid_client_id",
    ],
)
def test_after_a_pre_flight_that_passed_it_is_the_browsers_session(text: str) -> None:
    """And no mistyped key: without the browser's cookies the same request was answered well."""
    before = judge(text, REQUEST, PROFILE)
    assert isinstance(before, AuthorizationError)
    assert "session of another org" not in before.cause
    judged = judge(text, REQUEST, PROFILE, preflight_passed=True)
    assert isinstance(judged, AuthorizationError)
    assert "session of another org" in judged.cause
    assert "private window" in judged.fix
    assert "Copy it anew" not in judged.fix


@pytest.mark.parametrize(
    "text",
    [
        "access_denied: end-user denied authorization",
        "error=user_cancelled_login&error_description=The+user+cancelled",
        '{"error": "user_cancelled_authorize"}',
    ],
)
def test_a_denial_that_was_pasted_is_a_denial(text: str) -> None:
    judged = judge(text, REQUEST, PROFILE)
    assert isinstance(judged, AuthorizationDenied)


def test_what_the_login_page_says_is_explained_and_may_still_come_right() -> None:
    """A wrong password can be typed again: the sign-in goes on."""
    judged = judge(
        "Please check your username and password."
        " If you still can't log in, contact your Salesforce administrator.",
        REQUEST,
        PROFILE,
    )
    assert isinstance(judged, PasteExplained)
    assert "salesforce-sandbox" in judged.fix


@pytest.mark.parametrize(
    "text", ["", "\n", "\0\x1b[31m", "%" * 5000, "://", "http://[", "{" * 2000, "é" * 70000]
)
def test_whatever_is_pasted_something_is_said_of_it(text: str) -> None:
    assert judge(text, REQUEST, PROFILE)


def session_with(notices: list[Notice]) -> CallbackSession:
    return CallbackSession(
        REQUEST, launch_path=None, profile="work", notify=notices.append, token_bytes=os.urandom
    )


@contextmanager
def queue_of(*texts: str) -> Iterator[asyncio.Queue[str]]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    for text in texts:
        queue.put_nowait(text)
    yield queue


async def test_ar_09_strays_are_reported_and_the_answer_after_them_counts() -> None:
    """AR-09: as many strays as may come."""
    notices: list[Notice] = []
    texts = ("hello", f"{REDIRECT_URI}?code=x&state=another", ANSWERS["the whole address"])
    answer = await answer_or_paste(
        REQUEST,
        PROFILE,
        session=session_with(notices),
        pastes=lambda: queue_of(*texts),
        notify=notices.append,
        timeout_s=5,
    )
    assert answer.code.reveal() == CODE
    assert [type(notice) for notice in notices if not isinstance(notice, Waiting)] == [
        Warned,
        Warned,
    ]


async def test_the_browsers_answer_ends_the_reading() -> None:
    """The block that reads is left however the wait ends, so that the terminal is as it was."""
    left: list[str] = []

    @contextmanager
    def reading() -> Iterator[asyncio.Queue[str]]:
        try:
            yield asyncio.Queue()
        finally:
            left.append("left")

    with pytest.raises(LoginTimedOut):
        await answer_or_paste(
            REQUEST,
            PROFILE,
            session=session_with([]),
            pastes=reading,
            notify=lambda _: None,
            timeout_s=0.05,
        )
    came = session_with([])
    came.resolve(AuthorizationResponse(request=REQUEST, code=Secret(CODE)))
    await answer_or_paste(
        REQUEST, PROFILE, session=came, pastes=reading, notify=lambda _: None, timeout_s=5
    )
    assert left == ["left", "left"]


async def test_a_pasted_error_is_raised() -> None:
    with pytest.raises(LoopbackAuthError, match="redirect_uri_mismatch"):
        await answer_or_paste(
            REQUEST,
            PROFILE,
            session=session_with([]),
            pastes=lambda: queue_of(SHOWN["the downloaded file"][0]),
            notify=lambda _: None,
            timeout_s=5,
        )
