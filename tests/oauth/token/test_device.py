"""DS-08: the messages of the device flow - RFC 8628 sections 3.1 to 3.5."""

from __future__ import annotations

from typing import Any

import pytest

from loopback_auth.errors import (
    AuthorizationDenied,
    DeviceCodeExpired,
    DeviceFlowRefused,
    HTMLAnswer,
    LoopbackAuthError,
    ProtocolError,
    ServerUnavailable,
    TokenError,
    URLRefused,
)
from loopback_auth.oauth.authorize.pkce import code_challenge
from loopback_auth.oauth.secret import Secret
from loopback_auth.oauth.token.device import (
    GRANT_TYPE,
    INTERVAL_S,
    LIFETIME_S,
    DeviceAuthorization,
    DeviceRequest,
    device_authorization_request,
    device_code_grant,
    read_device_authorization,
    state_of,
)

from ...support.samples import CANARY, ISSUER, TOKEN_ENDPOINT, client, form_of, reply, server

ENDPOINT = f"{ISSUER}/device"
GOOD: dict[str, Any] = {
    "device_code": CANARY,
    "user_code": "WDJB-MJHT",
    "verification_uri": f"{ISSUER}/activate",
    "expires_in": 600,
    "interval": 7,
}


def asked(**members: Any) -> DeviceRequest:
    own = {"server": server(device_authorization_endpoint=ENDPOINT), "client": client()}
    return DeviceRequest(**{**own, "scope": "openid api", **members})


def read(**members: Any) -> DeviceAuthorization:
    answer = {name: value for name, value in {**GOOD, **members}.items() if value is not None}
    return read_device_authorization(reply(answer))


def test_the_request_has_scope_and_client_and_nothing_for_a_page() -> None:
    parameters = (("audience", "https://api"), ("prompt", "consent"), ("access_type", "offline"))
    post = device_authorization_request(asked(parameters=parameters))
    assert post.url == ENDPOINT
    assert form_of(post) == {
        "scope": ["openid api"],
        "audience": ["https://api"],
        "client_id": ["my-cli"],
    }


def test_pkce_is_sent_where_the_server_lists_it_and_its_verifier_at_each_poll() -> None:
    """Keycloak wants it of a client that is set so; RFC 6749 section 3.2: others ignore it."""
    request = asked(code_verifier=Secret("v" * 43))
    first = form_of(device_authorization_request(request))
    assert first["code_challenge"] == [code_challenge(Secret("v" * 43))]
    assert first["code_challenge_method"] == ["S256"]
    poll = device_code_grant(request, read())
    assert poll.url == TOKEN_ENDPOINT
    assert form_of(poll) == {
        "grant_type": [GRANT_TYPE],
        "device_code": [CANARY],
        "code_verifier": ["v" * 43],
        "client_id": ["my-cli"],
    }


def test_a_confidential_client_authenticates_at_both_endpoints() -> None:
    request = asked(client=client("the-secret"))
    assert device_authorization_request(request).authorization
    assert device_code_grant(request, read()).authorization


def test_cl_02_no_repr_shows_the_device_code() -> None:
    assert CANARY not in repr(read()) + repr(device_code_grant(asked(), read()))


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("WDJB-MJHT", "WDJB-MJHT"),
        (12345678, "12345678"),
        ("AB\x1b[2JCD", "AB [2JCD"),
        ("AB\u202eCD\u200bEF", "AB CD EF"),
        ("  AB\r\nCD ", "AB CD"),
    ],
)
def test_ds_08_cl_03_the_user_code_is_one_printable_line(sent: object, shown: str) -> None:
    assert read(user_code=sent).user_code == shown


def test_googles_older_name_of_the_page_is_read() -> None:
    page = "https://www.example.com/device"
    assert read(verification_uri=None, verification_url=page).verification_uri == page


@pytest.mark.parametrize(
    "page",
    [
        "http://id.example.com/activate",
        "https://user@id.example.com/",
        "https://id.example.com/\x1b[2J",
        "https://id.example.com/a b",
        'https://id.example.com/"',
        "javascript:alert(1)",
        "file:///etc/passwd",
        "--help",
        "",
        None,
        7,
        "https://id.example.com/" + "a" * 3000,
    ],
)
def test_ds_08_the_page_is_checked_as_any_endpoint(page: object) -> None:
    with pytest.raises((URLRefused, ProtocolError)):
        read(verification_uri=page)


@pytest.mark.parametrize(
    "complete",
    [
        "https://elsewhere.example/?user_code=WDJB-MJHT",
        "http://id.example.com/activate?user_code=WDJB-MJHT",
        f"{ISSUER}/activate?\x1b",
        ["a"],
    ],
)
def test_an_address_with_the_code_in_it_of_another_origin_is_left_out(complete: object) -> None:
    assert read(verification_uri_complete=complete).verification_uri_complete is None


def test_the_address_with_the_code_in_it_is_taken_from_the_same_origin() -> None:
    complete = f"{ISSUER}/activate?user_code=WDJB-MJHT"
    assert read(verification_uri_complete=complete).verification_uri_complete == complete


@pytest.mark.parametrize(
    ("member", "sent", "taken"),
    [
        ("interval", None, INTERVAL_S),
        ("interval", 0, 1),
        ("interval", -5, INTERVAL_S),
        ("interval", "10", 10),
        ("interval", "soon", INTERVAL_S),
        ("interval", True, INTERVAL_S),
        ("interval", 2.5, 2.5),
        ("interval", [1], INTERVAL_S),
        ("expires_in", None, LIFETIME_S),
        ("expires_in", "1800", 1800),
        ("expires_in", -1, LIFETIME_S),
        ("expires_in", {}, LIFETIME_S),
        ("expires_in", 10**400, 10**9),
        ("expires_in", "9" * 5000, 10**9 - 1),
    ],
)
def test_ds_08_odd_times_are_read_as_far_as_they_mean_something(
    member: str, sent: object, taken: float
) -> None:
    authorization = read(**{member: sent})
    times = {"interval": authorization.interval_s, "expires_in": authorization.expires_in_s}
    assert times[member] == taken


@pytest.mark.parametrize("times", [{"expires_in": 0}, {"interval": 601}, {"interval": 10**30}])
def test_a_code_that_can_never_be_asked_about_ends_the_sign_in_at_once(
    times: dict[str, Any],
) -> None:
    with pytest.raises(ProtocolError, match="nobody can sign in"):
        read(**times)


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ({"error": "unauthorized_client"}, 400, DeviceFlowRefused),
        ({"error": "device_flow_disabled"}, 200, DeviceFlowRefused),
        ({"error": "invalid_client"}, 401, TokenError),
        ({"error": "invalid_scope"}, 400, TokenError),
        (
            {
                "error": "invalid_client",
                "error_description": "Only clients of type 'TVs and Limited Input devices' can.",
            },
            401,
            DeviceFlowRefused,
        ),
        ({}, 200, ProtocolError),
        ({**GOOD, "device_code": None}, 200, ProtocolError),
        ({**GOOD, "device_code": 7}, 200, ProtocolError),
        ({**GOOD, "user_code": "\u200b\x07"}, 200, ProtocolError),
        ([], 200, ProtocolError),
        ({}, 503, ServerUnavailable),
        (b"<!doctype html>", 404, HTMLAnswer),
    ],
)
def test_an_answer_without_a_code_is_an_error(
    answer: Any, status: int, error: type[LoopbackAuthError]
) -> None:
    with pytest.raises(error):
        read_device_authorization(reply(answer, status=status))


@pytest.mark.parametrize("status", [200, 400, 403, 428, 429, 503])
@pytest.mark.parametrize(
    ("error", "state"), [("authorization_pending", "pending"), ("slow_down", "slow_down")]
)
def test_pending_is_pending_whatever_the_status(error: str, state: str, status: int) -> None:
    """GitHub sends 200, Google 428 and 403."""
    assert state_of(reply({"error": error}, status=status)) == state


@pytest.mark.parametrize(
    ("answer", "status", "state"),
    [
        ({"access_token": "at"}, 200, "final"),
        ({"error": "invalid_grant"}, 400, "final"),
        ({}, 400, "final"),
        ({}, 503, "busy"),
        ({}, 429, "busy"),
        ({"error": "server_error"}, 500, "busy"),
        (b"<html>", 502, "busy"),
    ],
)
def test_what_else_a_poll_is_answered(answer: Any, status: int, state: str) -> None:
    assert state_of(reply(answer, status=status)) == state


@pytest.mark.parametrize("error", ["access_denied", "authorization_declined", "user_denied"])
def test_a_no_of_the_person_is_a_denial(error: str) -> None:
    with pytest.raises(AuthorizationDenied):
        state_of(reply({"error": error}, status=400))


def test_a_code_that_the_server_gave_up_has_expired() -> None:
    with pytest.raises(DeviceCodeExpired):
        state_of(reply({"error": "expired_token"}, status=400))
