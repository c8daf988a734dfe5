"""
What the Salesforce that runs here answers is read, and leads to its pitfall: the explainer and the
simulator agree.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from loopback_auth.explain.pitfalls import pitfall_for
from loopback_auth.explain.report import read_paste
from loopback_auth.testing.salesforce import Salesforce

from .pitfalls_table import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKED = {
    "response_type": "code",
    "client_id": "nobody's",
    "redirect_uri": "http://localhost:1717/OauthRedirect",
}
PAGE = {
    "error": "OAUTH_APPROVAL_ERROR_GENERIC",
    "error_description": "An unexpected error has occured during authentication. Please try again.",
}


@pytest.fixture(scope="module")
def salesforce() -> Iterator[Salesforce]:
    with Salesforce.running() as running:
        yield running


def transcript(url: str, body: bytes | None = None) -> str:
    """Ask as `curl -i` does."""
    try:
        reply = urllib.request.urlopen(url, body, timeout=20)  # noqa: S310 - the server of this test
    except urllib.error.HTTPError as error:
        reply = error
    with reply:
        return f"HTTP/1.1 {reply.status} {reply.reason}\r\n{reply.headers}{reply.read().decode()}"


@pytest.mark.parametrize(
    ("path", "body", "kind", "code"),
    [
        (f"/services/oauth2/authorize?{urlencode(ASKED)}", None, "http", "invalid-client-id"),
        (
            f"/setup/secur/RemoteAccessErrorPage.apexp?{urlencode(PAGE)}",
            None,
            "html",
            "approval-error-generic",
        ),
        ("/services/oauth2/token", b"grant_type=nonsense", "http", "grant-type-unsupported"),
        ("/services/oauth2/userinfo", None, "http", "token-missing"),
        ("/services/oauth2/revoke", b"token=nobodys", "http", "invalid-token"),
    ],
)
def test_an_answer_of_the_simulator_leads_to_its_entry(
    path: str, body: bytes | None, kind: str, code: str, salesforce: Salesforce
) -> None:
    paste = read_paste(transcript(salesforce.login_url + path, body))
    pitfall = pitfall_for(paste, pitfalls="salesforce", facts=FACTS)
    assert pitfall
    assert (paste.kind, pitfall.code) == (kind, code), paste
