"""
The authorization endpoint refuses what RFC 6749, RFC 7636, OpenID Connect and RFC 9207 have it
refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.support.asking import (
    CHALLENGE,
    REDIRECT_URI,
    allowed,
    ask,
    authorize,
    code,
    decide,
    hidden,
    post,
    sign_in,
)
from tests.testing.conftest import EXACT

if TYPE_CHECKING:
    from loopback_auth.testing import AuthorizationServer
    from tests.support.asking import Clock


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_asks_who_it_is(server: AuthorizationServer, method: str) -> None:
    """Both methods are served (OpenID Connect Core section 3.1.2.1)."""
    page = authorize(server, method=method)

    assert page.status == 200
    assert 'type="password"' in page.text


@pytest.mark.parametrize(
    ("client_id", "redirect_uri", "status"),
    [
        ("public", "http://127.0.0.1/callback", 200),
        ("public", "http://127.0.0.1:1/callback", 200),
        ("public", "http://[::1]:65535/callback", 200),
        ("public", EXACT, 200),
        ("exact", REDIRECT_URI, 200),
        ("exact", "http://127.0.0.1:10/callback", 400),
        ("exact", "http://127.0.0.1/callback", 400),
        ("public", "http://localhost:1/callback", 400),
        ("public", "http://127.0.0.2:1/callback", 400),
        ("public", "https://127.0.0.1:1/callback", 400),
        ("public", "HTTP://127.0.0.1:1/callback", 400),
        ("public", "http://127.0.0.1:1/Callback", 400),
        ("public", "http://127.0.0.1:1/callback/", 400),
        ("public", "http://127.0.0.1:1/callback?x=1", 400),
        ("public", "http://127.0.0.1:1/callback#x", 400),
        ("public", "http://127.0.0.1:1/%63allback", 400),
        ("public", "http://127.0.0.1:1/callback\n", 400),
        ("public", "http://127.0.0.1:x/callback", 400),
        ("public", "http://127.0.0.1:1@evil.example/callback", 400),
        ("public", "http://evil.example/callback", 400),
        ("public", "https://app.example:444/back?tenant=1", 400),
        ("public", "", 400),
        ("public", None, 400),
    ],
)
def test_redirect_uris_are_compared_octet_by_octet(
    server: AuthorizationServer, client_id: str, redirect_uri: str | None, status: int
) -> None:
    """
    RFC 9700 section 2.1: only the port of a loopback address may differ, and only where the client
    asked for that.
    """
    reply = authorize(server, client_id=client_id, redirect_uri=redirect_uri)

    assert reply.status == status
    assert "location" not in reply.headers


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"client_id": "nobody"}, ""),
        ({"client_id": None}, ""),
        ({}, "&client_id=public"),
        ({}, "&redirect_uri=http://127.0.0.1:9/callback"),
    ],
)
def test_an_unknown_way_back_is_never_taken(
    server: AuthorizationServer, changes: dict[str, Any], more: str
) -> None:
    """RFC 6749 section 4.1.2.1: the person is told, on a page; the browser stays."""
    reply = authorize(server, more=more, **changes)

    assert reply.status == 400
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "location" not in reply.headers


@pytest.mark.parametrize(
    ("changes", "more", "error"),
    [
        ({"response_type": None}, "", "invalid_request"),
        ({"response_type": ""}, "", "invalid_request"),
        ({"response_type": "token"}, "", "unsupported_response_type"),
        ({"response_type": "code id_token"}, "", "unsupported_response_type"),
        ({"response_mode": "fragment"}, "", "invalid_request"),
        ({"code_challenge": None}, "", "invalid_request"),
        ({"code_challenge_method": None}, "", "invalid_request"),
        ({"code_challenge_method": "plain"}, "", "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1]}, "", "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "", "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "+"}, "", "invalid_request"),
        ({"scope": "openid nonsense"}, "", "invalid_scope"),
        ({"scope": 'openid "'}, "", "invalid_scope"),
        ({"scope": "openid  email"}, "", "invalid_scope"),
        (
            {"client_id": "narrow", "redirect_uri": REDIRECT_URI, "scope": "openid email"},
            "",
            "invalid_scope",
        ),
        ({"client_id": "no-code"}, "", "unauthorized_client"),
        ({"prompt": "none login"}, "", "invalid_request"),
        ({"prompt": "nonsense"}, "", "invalid_request"),
        ({"prompt": "none"}, "", "login_required"),
        ({"max_age": "soon"}, "", "invalid_request"),
        ({"max_age": "9" * 5000}, "", "invalid_request"),
        ({"request": "a.b.c"}, "", "request_not_supported"),
        ({"request_uri": "https://app.example/r"}, "", "request_uri_not_supported"),
        ({}, "&scope=openid", "invalid_request"),
        ({}, "&nonce=", "invalid_request"),
    ],
)
def test_every_other_error_goes_back_to_the_client(
    server: AuthorizationServer, changes: dict[str, Any], more: str, error: str
) -> None:
    """With the state as it came and the issuer (RFC 6749 section 4.1.2.1, RFC 9207 section 2)."""
    reply = authorize(server, more=more, **changes)

    assert reply.status == 303
    assert reply.headers["location"].startswith(f"{REDIRECT_URI}?")
    assert (reply.sent_back["error"], reply.sent_back["state"], reply.sent_back["iss"]) == (
        [error],
        ["s&t=a te"],
        [server.issuer],
    )
    assert "code" not in reply.sent_back


@pytest.mark.parametrize("state", ["s\x00", "a\r\nb", "é"])
def test_a_state_that_is_no_visible_ascii_is_refused(
    server: AuthorizationServer, state: str
) -> None:
    """RFC 6749 appendix A.5."""
    assert authorize(server, state=state).sent_back["error"] == ["invalid_request"]


def test_no_state_comes_back_where_none_was_sent(server: AuthorizationServer) -> None:
    assert "state" not in authorize(server, state=None, prompt="none").sent_back


def test_a_state_that_was_sent_twice_is_not_chosen_from(server: AuthorizationServer) -> None:
    sent_back = authorize(server, more="&state=other").sent_back

    assert sent_back["error"] == ["invalid_request"]
    assert "state" not in sent_back


def test_a_sign_in_ends_with_a_code(server: AuthorizationServer) -> None:
    """The code, the state, the issuer, and nothing else."""
    reply = allowed(server)

    assert reply.status == 303
    assert reply.sent_back.keys() == {"code", "state", "iss"}
    assert (reply.sent_back["state"], reply.sent_back["iss"]) == (["s&t=a te"], [server.issuer])
    assert reply.headers["cache-control"] == "no-store"


def test_a_query_of_the_redirect_uri_is_kept(server: AuthorizationServer) -> None:
    """RFC 6749 section 3.1.2."""
    assert allowed(server, redirect_uri=EXACT).headers["location"].startswith(f"{EXACT}&code=")


def test_who_denies_is_denied(server: AuthorizationServer) -> None:
    sent_back = decide(server, sign_in(server, authorize(server)), "deny").sent_back

    assert (sent_back["error"], sent_back["state"], sent_back["iss"]) == (
        ["access_denied"],
        ["s&t=a te"],
        [server.issuer],
    )
    assert "code" not in sent_back


def test_an_issuer_that_is_not_promised_is_not_sent(server: AuthorizationServer) -> None:
    from loopback_auth.testing import Policy

    server.policy = Policy(iss=False)

    assert "iss" not in allowed(server).sent_back
    assert "iss" not in authorize(server, prompt="none").sent_back


@pytest.mark.parametrize(
    ("username", "password"),
    [("ada", "wrong"), ("nobody", "lovelace"), ("ada", ""), ("", ""), ("grace", "lovelace")],
)
def test_a_wrong_password_leads_nowhere(
    server: AuthorizationServer, username: str, password: str
) -> None:
    signed_in = sign_in(server, authorize(server), username=username, password=password)

    assert signed_in.page.status == 403
    assert 'role="alert"' in signed_in.page.text
    assert not signed_in.cookie


def test_an_interaction_is_answered_once(server: AuthorizationServer) -> None:
    """A page that was sent twice, or guessed, gives no second code."""
    signed_in = sign_in(server, authorize(server))
    assert decide(server, signed_in, "allow").status == 303

    assert decide(server, signed_in, "allow").status == 400
    assert (
        post(
            server,
            "/sign-in",
            {"interaction": "guessed", "username": "ada", "password": "lovelace"},
        ).status
        == 400
    )


def test_only_the_browser_that_signed_in_may_decide(server: AuthorizationServer) -> None:
    """Else a page elsewhere could allow in the person's name."""
    signed_in = sign_in(server, authorize(server))
    form = {"interaction": signed_in.interaction, "decision": "allow"}
    other = sign_in(server, authorize(server), username="grace", password="hopper <&>")

    assert post(server, "/consent", form).status == 400
    assert post(server, "/consent", form, Cookie=other.cookie).status == 400
    assert (
        post(server, "/consent", {**form, "decision": "perhaps"}, Cookie=signed_in.cookie).status
        == 400
    )
    assert decide(server, signed_in, "allow").status == 303


def test_the_sign_in_page_gives_no_consent(server: AuthorizationServer) -> None:
    """An interaction that nobody signed in to cannot be allowed with the cookie of another."""
    other = sign_in(server, authorize(server))
    form = {"interaction": hidden(authorize(server)), "decision": "allow"}

    assert post(server, "/consent", form, Cookie=other.cookie).status == 400


def with_session(server: AuthorizationServer, cookie: str, **changes: str) -> str:
    """
    What the server does with a browser that has signed in: ask for consent, ask who it is, or
    answer.
    """
    location = authorize(server, **changes, prompt="none").headers["location"] if not cookie else ""
    query = urlsplit(location).query or "&".join(
        (
            f"client_id=public&redirect_uri={REDIRECT_URI}&response_type=code&scope=openid",
            f"code_challenge={CHALLENGE}&code_challenge_method=S256",
            *(f"{name}={value}" for name, value in changes.items()),
        )
    )
    reply = ask(server, f"/authorize?{query}", headers={"Cookie": cookie})
    if reply.status == 303:
        return reply.sent_back.get("error", ["code"])[0]
    return "sign-in" if 'type="password"' in reply.text else "consent"


def test_a_session_is_remembered_as_far_as_prompt_and_max_age_let_it(
    server: AuthorizationServer, clock: Clock
) -> None:
    """OpenID Connect Core section 3.1.2.1."""
    signed_in = sign_in(server, authorize(server, scope="openid"))

    assert with_session(server, signed_in.cookie) == "consent"
    assert with_session(server, signed_in.cookie, prompt="login") == "sign-in"
    assert with_session(server, signed_in.cookie, prompt="select_account") == "sign-in"
    assert with_session(server, signed_in.cookie, max_age="60") == "consent"
    clock.advance(61)
    assert with_session(server, signed_in.cookie, max_age="60") == "sign-in"
    assert with_session(server, signed_in.cookie, max_age="60", prompt="none") == "login_required"


def test_prompt_none_answers_only_what_was_allowed_before(server: AuthorizationServer) -> None:
    server.registry.consents.clear()
    signed_in = sign_in(server, authorize(server, scope="openid"))

    assert with_session(server, signed_in.cookie, prompt="none") == "consent_required"
    decide(server, signed_in, "allow")
    assert with_session(server, signed_in.cookie, prompt="none") == "code"


def test_form_post_carries_the_answer_in_a_form(server: AuthorizationServer) -> None:
    """
    OAuth 2.0 Form Post Response Mode: an HTML form that posts itself, with every value
    escaped.
    """
    page = allowed(server, response_mode="form_post", state='"><script>')

    assert page.status == 200
    assert f'<form method="post" action="{REDIRECT_URI}">' in page.text
    assert 'name="state" value="&quot;&gt;&lt;script&gt;"' in page.text
    assert "document.forms[0].submit()" in page.text
    assert "script-src 'sha256-" in page.headers["content-security-policy"]


def test_form_post_carries_errors_too(server: AuthorizationServer) -> None:
    page = authorize(server, response_mode="form_post", prompt="none")

    assert page.status == 200
    assert 'name="error" value="login_required"' in page.text


@pytest.mark.parametrize("kind", ["sign-in", "wrong password", "consent", "refusal", "form_post"])
def test_every_page_has_strict_headers(server: AuthorizationServer, kind: str) -> None:
    """
    Nothing is stored, framed, referred or sniffed, and only what the page itself brings
    is run.
    """
    page = {
        "sign-in": lambda: authorize(server),
        "wrong password": lambda: sign_in(server, authorize(server), password="wrong").page,
        "consent": lambda: sign_in(server, authorize(server)).page,
        "refusal": lambda: authorize(server, client_id="nobody"),
        "form_post": lambda: allowed(server, response_mode="form_post"),
    }[kind]()
    policy = page.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"


def test_nothing_that_was_sent_is_markup_on_a_page(server: AuthorizationServer) -> None:
    page = authorize(server, login_hint='"><script>alert(1)</script>')

    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


def test_codes_differ_and_look_like_real_ones(server: AuthorizationServer) -> None:
    """Some end in `=`, which a client must escape."""
    first, second = code(server), code(server)

    assert first != second
    assert first.endswith("==")
