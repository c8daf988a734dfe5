"""
Clients of the Salesforce of the test kit that take nothing from the code under test: http.client,
and parameters spelled out.
"""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from loopback_auth.testing.salesforce import APP, REDIRECT_URI, USER
from tests.support.asking import CHALLENGE, VERIFIER, Reply, hidden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback_auth.testing.salesforce import Salesforce

OAUTH = "/services/oauth2"
FORM = "application/x-www-form-urlencoded"
LIMITS = "/services/data/v65.0/limits"


def ask(
    url: str,
    *,
    method: str = "GET",
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Make one request; nothing is followed, kept or retried."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        error_in = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(status=answer.status, headers=error_in, body=answer.read())
    finally:
        connection.close()


def post(url: str, form: Mapping[str, str | None], **headers: str) -> Reply:
    """Post a form; a `None` leaves a parameter out, header names have `_` for `-`."""
    body = urlencode({name: value for name, value in form.items() if value is not None})
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(url, method="POST", body=body, headers={"Content-Type": FORM, **sent})


def request(**changes: str | None) -> dict[str, str]:
    """Give the parameters of an authorize request; a change to `None` leaves one out."""
    parameters = {
        "response_type": "code",
        "client_id": APP.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "api refresh_token",
        "state": "s&t=a te",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in parameters.items() if value is not None}


def authorize(host: str, *, cookie: str | None = None, **changes: str | None) -> Reply:
    headers = {"Cookie": cookie} if cookie else {}
    return ask(f"{host}{OAUTH}/authorize?{urlencode(request(**changes))}", headers=headers)


def action(page: Reply) -> str:
    return page.text.partition('action="')[2].partition('"')[0]


def log_in(
    host: str, page: Reply, *, username: str = USER.username, password: str = USER.password
) -> Reply:
    """Fill in the login page."""
    return post(
        host + action(page),
        {"interaction": hidden(page), "username": username, "password": password},
    )


def cookie_of(page: Reply) -> str:
    return page.headers.get("set-cookie", "").partition(";")[0]


def decide(host: str, page: Reply, decision: str = "allow") -> Reply:
    """Press a button of the consent page."""
    return post(host + action(page), {"interaction": hidden(page), "decision": decision})


def signed_in(host: str, *, username: str = USER.username, **changes: str | None) -> Reply:
    """Come as far as the consent page, or as far as it goes."""
    return log_in(host, authorize(host, **changes), username=username)


def code(host: str, *, username: str = USER.username, **changes: str | None) -> str:
    """Sign in and allow: the code that comes back."""
    page = signed_in(host, username=username, **changes)
    reply = page if page.status == 302 else decide(host, page)
    return reply.sent_back["code"][0]


def exchange(host: str, form: Mapping[str, str | None], **headers: str) -> Reply:
    """Redeem a code; a `None` leaves a parameter out."""
    whole = {
        "grant_type": "authorization_code",
        "client_id": APP.client_id,
        "client_secret": APP.client_secret,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        **form,
    }
    return post(f"{host}{OAUTH}/token", whole, **headers)


def tokens(host: str, *, client_id: str = APP.client_id, **changes: str | None) -> dict[str, Any]:
    """Go the whole way to the tokens."""
    found = code(host, client_id=client_id, **changes)
    reply = exchange(host, {"code": found, "client_id": client_id})
    assert reply.status == 200, reply.text
    return reply.json


def refresh(host: str, token: str, **form: str | None) -> Reply:
    whole = {
        "grant_type": "refresh_token",
        "client_id": APP.client_id,
        "client_secret": APP.client_secret,
        "refresh_token": token,
        **form,
    }
    return post(f"{host}{OAUTH}/token", whole)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def limits(salesforce: Salesforce, token: str) -> int:
    """The status of a request to the API: 200 as long as the token is good."""
    return ask(salesforce.my_domain() + LIMITS, headers=bearer(token)).status


def error_in(text: str) -> tuple[str, str]:
    """Read an error that is a form: its code and description."""
    fields = parse_qs(text)
    return fields["error"][0], fields["error_description"][0]
