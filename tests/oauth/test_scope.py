"""TR-05: a scope that was granted in another spelling is not told as one that was not."""

from __future__ import annotations

import pytest

from loopback_auth.oauth.scope import scope_differences

GOOGLE = "https://www.googleapis.com/auth/"
GRAPH = "https://graph.microsoft.com/"

# What was asked for, what was granted, what is said of it.
GRANTS: list[tuple[str, str, str]] = [
    ("", "", ""),
    ("", "api", ""),
    ("api read", "read api", ""),
    ("api read", "api", "not granted: read"),
    ("api", "api admin", "granted unasked: admin"),
    ("api", "admin", "not granted: api; granted unasked: admin"),
    # commas, in either place: Strava, Linear, Slack, Figma, Shopify
    ("read,activity:read_all", "activity:read_all read", ""),
    ("read,write", "read,write", ""),
    ("read, write", "read", "not granted: write"),
    ("repo gist", "repo,gist", ""),
    # Google's
    ("openid email profile", f"openid {GOOGLE}userinfo.email {GOOGLE}userinfo.profile", ""),
    (f"openid {GOOGLE}userinfo.email", "openid email", ""),
    (f"email {GOOGLE}drive", f"{GOOGLE}userinfo.email", f"not granted: {GOOGLE}drive"),
    (
        f"{GOOGLE}drive",
        f"{GOOGLE}drive.readonly",
        f"not granted: {GOOGLE}drive; granted unasked: {GOOGLE}drive.readonly",
    ),
    # Microsoft's
    ("openid User.Read", f"openid {GRAPH}User.Read", ""),
    ("user.read Mail.Read", f"{GRAPH}User.Read", "not granted: Mail.Read"),
    (f"{GRAPH}.default", f"{GRAPH}User.Read", f"granted unasked: {GRAPH}User.Read"),
    (f"{GRAPH}User.Read", f"{GRAPH}User.Read", ""),
    ("api://1234/access", "api://1234/access", ""),
    ("1234/access", "api://1234/access", ""),
    (
        "User.Read",
        f"{GRAPH}User.ReadWrite",
        f"not granted: User.Read; granted unasked: {GRAPH}User.ReadWrite",
    ),
    (
        f"{GRAPH}User.Read",
        "https://outlook.office.com/User.Read",
        f"not granted: {GRAPH}User.Read; granted unasked: https://outlook.office.com/User.Read",
    ),
    # GitHub takes out what another one holds
    ("user gist user:email", "gist,user", ""),
    ("user:email", "user", "granted unasked: user"),
    ("user", "user:email", "not granted: user; granted unasked: user:email"),
]


@pytest.mark.parametrize(("asked", "granted", "difference"), GRANTS)
def test_tr_05_a_difference_is_told_and_a_spelling_is_not(
    asked: str, granted: str, difference: str
) -> None:
    assert scope_differences(asked, granted, has_refresh_token=False) == difference


@pytest.mark.parametrize("word", ["offline_access", "refresh_token"])
def test_tr_05_a_refresh_token_answers_the_word_for_it(word: str) -> None:
    asked = f"api {word}"
    assert scope_differences(asked, "api", has_refresh_token=False) == f"not granted: {word}"
    assert scope_differences(asked, "api", has_refresh_token=True) == ""
