"""`help salesforce` says what is so in 2026, and nothing that was so once."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopback_auth import help as topics
from loopback_auth.providers import load_provider

TEXT = (Path(next(iter(topics.__path__))) / "salesforce.md").read_text("utf-8")
WORDS = " ".join(TEXT.replace("`", "").split())

SAID = {
    "where an External Client App is found": (
        "Since Spring '26 an External Client App is found at its org's My Domain alone"
    ),
    "words of other tools": "login and test",
    "old hosts": "lead nowhere since Spring '26",
    "Government and China": "Government Cloud",
    "scopes that are left out": "leaves it out without a word",
    "the secret of refreshes": "Require Secret for Refresh Token Flow",
    "rotation": "Enable Refresh Token Rotation",
    "rotation of the whole org": "for the whole org",
    "JWT tokens": "Issue JSON Web Token (JWT)-based access tokens for named users",
    "SOAP and JWT": "SOAP API takes JWT access tokens from version 67.0 on",
    "idle limit": "Limit Idle Refresh Token TTL to 30 Days",
    "IP allowlist": "Enforce Refresh Token IP Allowlist",
    "what ends no sign-in": "ends nothing",
    "session timeout": "the vendor recommends 15 minutes",
    "refresh token's life": "90 days",
    "the lifetime is learned": "is learned",
    "device activation": "activates the device",
    "passkeys": "phishing",
    "a browser of another org": "private window",
    "pre-approval without a browser": "pre-authorized",
    "the end of the password flow": "2027-02-20",
    "the end of SOAP login": "Summer '27",
    "scratch orgs": "ExternalClientApps",
    "Dev Hubs": "Dev Hub",
    "the Salesforce CLI and rotation": "stores the old one again",
    "what an export is": "as you",
    "a job that outlasts its token": "outlasts",
    "runners' addresses": "IPv6",
    "IP relaxation and JWT": "IP Relaxation has no effect on JWT bearer",
    "Data Cloud": "/services/a360/token",
    "hosted MCP": "mcp_api",
    "an app's own tokens": "introspect",
    "apps of several orgs": "2026-05-11",
}


@pytest.mark.parametrize("fact", SAID)
def test_what_holds_today_is_said(fact: str) -> None:
    assert SAID[fact] in WORDS


@pytest.mark.parametrize(
    "once",
    [
        "login.salesforce.com is the default, for production",
        "cannot make an External Client App",
        "Tokens last as long as the org's session timeout, usually 2 hours",
    ],
)
def test_what_no_longer_holds_is_not_said(once: str) -> None:
    assert once not in WORDS


def test_lines_fit_a_terminal() -> None:
    assert max(map(len, TEXT.splitlines())) <= 100


def test_the_scopes_are_the_providers() -> None:
    assert load_provider("salesforce").scope == "api refresh_token"
    assert "(api)" in WORDS
    assert "(refresh_token, offline_access)" in WORDS
