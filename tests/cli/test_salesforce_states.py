"""What an administrator's switches do to a sign-in and to a refresh, and how each is explained."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.testing import Browser
from loopback_auth.testing.http import faults
from loopback_auth.testing.salesforce import APP, ORG, USER, Salesforce

from ..support.command import Outcome, login_here, run, token_file
from ..support.sockets import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback_auth.testing.browser import Page

PORT = free_port()
CALLBACK = f"http://localhost:{PORT}/OauthRedirect"


@contextmanager
def salesforce(
    app: dict[str, Any] | None = None,
    org: dict[str, Any] | None = None,
    user: dict[str, Any] | None = None,
) -> Iterator[Salesforce]:
    with Salesforce.running(
        apps=[replace(APP, callback_urls=(CALLBACK,), **(app or {}))],
        orgs=[replace(ORG, **(org or {}))],
        users=[replace(USER, **(user or {}))],
    ) as running:
        yield running


async def sign_in(
    server: Salesforce,
    home: Path,
    *more: str,
    secret: str | None = APP.client_secret,
    login_url: str | None = None,
) -> tuple[Outcome, Page]:
    flags = (
        "--provider",
        "salesforce",
        "--login-url",
        login_url or server.login_url,
        "--port",
        str(PORT),
    )
    async with login_here(
        *flags, "--client-id", APP.client_id, "--no-browser", *more, home=home, secret=secret
    ) as command:
        browser = Browser(username=USER.username, password=USER.password)
        page = await asyncio.to_thread(browser.visit, await command.open_page())
        return await command.outcome(), page


# app, org, user; then what the terminal says.
STATES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], str, str]] = {
    "blocked": ({"blocked": True}, {}, {}, "OAUTH_APP_BLOCKED", "Connected Apps OAuth Usage"),
    "not approved": (
        {"permitted_users": "preauthorized"},
        {},
        {},
        "OAUTH_APP_ACCESS_DENIED",
        "permission set",
    ),
    "frozen user": ({}, {}, {"active": False}, "inactive_user", "administrator"),
    "locked org": ({}, {"status": "locked"}, {}, "inactive_org", "administrator"),
    "wrong place": ({}, {}, {"login_ip_ranges": True}, "invalid_grant", "IP"),
    "wrong host": ({"distribution": "local"}, {}, {}, "OAUTH_EC_APP_NOT_FOUND", "MYDOMAIN"),
    "cross-org": (
        {"distribution": "local", "org_id": "00D000000000009AAA"},
        {},
        {},
        "OAUTH_AUTHORIZATION_BLOCKED",
        "My Domain",
    ),
    "late code": ({"code_ttl": -1}, {}, {}, "expired authorization code", "loopback-auth login"),
}


@pytest.mark.slow_cases
@pytest.mark.parametrize("name", STATES)
async def test_a_refusal_that_comes_back_is_reported_with_its_fix(
    tmp_path: Path, name: str
) -> None:
    app, org, user, said, fix = STATES[name]
    with salesforce(app, org, user) as server:
        server.vpn = False
        ended, page = await sign_in(server, tmp_path)
    assert ended.exit_code == 7
    assert said in ended.error["message"]
    assert fix in ended.error["cause"] + ended.error["fix"]
    assert page.url.startswith(f"http://localhost:{PORT}/done/")


# app, org, user; where the sign-in begins; what the browser shows; what `explain` makes of that.
SILENT: dict[str, tuple[dict[str, Any], dict[str, Any], str, str, str]] = {
    "wrong host": ({"distribution": "local"}, {}, "generic", "OAUTH_EC_APP_NOT_FOUND", "MYDOMAIN"),
    "cross-org": (
        {"distribution": "local", "org_id": "00D000000000009AAA"},
        {},
        "own",
        "OAUTH_AUTHORIZATION_BLOCKED",
        "My Domain",
    ),
    "scope": ({"scopes": ("api",)}, {}, "generic", "OAUTH_APPROVAL_ERROR_GENERIC", "scope"),
    "not installed": (
        {"kind": "connected", "installed": False},
        {},
        "generic",
        "invalid_client",
        "Install",
    ),
    "sandbox": (
        {},
        {"sandbox": True},
        "generic",
        "Please check your username and password",
        "salesforce-sandbox",
    ),
}


@pytest.mark.slow_cases
@pytest.mark.parametrize("name", SILENT)
async def test_what_the_browser_alone_is_shown_can_be_explained(tmp_path: Path, name: str) -> None:
    """Nothing comes back; what the tab shows is pasted to `explain`, which knows the profile."""
    app, org, host, shown, fix = SILENT[name]
    with salesforce(app, org) as server:
        server.state.errors_on_page = True
        url = server.my_domain() if host == "own" else server.login_url
        ended, page = await sign_in(server, tmp_path, "--timeout", "1s", login_url=url)
        assert (ended.exit_code, page.url.startswith(server.login_url) or host == "own") == (
            5,
            True,
        )
    assert shown in page.text
    pasted = (
        page.text
        if page.text.count(" : ")
        else "login fails: Please check your username and password"
    )
    lines = [
        line
        for line in pasted.replace("<p>", "\n").replace("</p>", "\n").splitlines()
        if shown in line
    ]
    config = (
        f'[profiles.default]\nprovider = "salesforce"\nclient_id = "{APP.client_id}"\n'
        f"port = {PORT}\n"
    )
    (tmp_path / "config.toml").write_text(config)
    explanation = await run("explain", lines[0] if lines else pasted, home=tmp_path)
    assert (explanation.exit_code, fix in explanation.stdout) == (0, True), (
        explanation.stdout + explanation.stderr
    )


async def test_an_app_without_a_secret_needs_none(tmp_path: Path) -> None:
    with salesforce({"require_secret_web": False, "require_secret_refresh": False}) as server:
        ended, _ = await sign_in(server, tmp_path, secret=None)
        refreshed = await run("refresh", home=tmp_path)
        assert (ended.exit_code, refreshed.exit_code) == (0, 0)
        assert all("client_secret" not in request.form for request in server.seen("token"))


@pytest.mark.slow
async def test_a_wrong_secret_is_refused_though_none_is_needed(tmp_path: Path) -> None:
    with salesforce({"require_secret_web": False}) as server:
        ended, _ = await sign_in(server, tmp_path, secret="wrong")
    assert ended.exit_code == 7
    assert "even by an app that requires none" in ended.error["cause"]


@pytest.mark.slow
async def test_a_jwt_says_when_it_ends(tmp_path: Path) -> None:
    with salesforce({"jwt_access_tokens": True, "session_timeout": 900}) as server:
        ended, _ = await sign_in(server, tmp_path)
        assert ended.exit_code == 0
        tokens = token_file(tmp_path)
    lasts = datetime.fromisoformat(tokens["expires_at"]) - datetime.fromisoformat(
        tokens["obtained_at"]
    )
    assert 890 <= lasts.total_seconds() <= 901


async def test_rotation_replaces_the_token_and_a_dead_one_is_explained(tmp_path: Path) -> None:
    with salesforce({"rotate_refresh": True}) as server:
        await sign_in(server, tmp_path)
        first = token_file(tmp_path)["refresh_token"]
        assert (await run("refresh", home=tmp_path)).exit_code == 0
        second = token_file(tmp_path)["refresh_token"]
        assert second != first
        # Somebody else, a pipeline say, uses the first one again: that ends the sign-in.
        file = tmp_path / "tokens" / "default.json"
        file.write_text(file.read_text().replace(second, first))
        ended = await run("refresh", home=tmp_path)
    assert ended.exit_code == 4
    assert "rotat" in ended.stderr


@pytest.mark.slow
async def test_the_sixth_sign_in_ends_the_first_and_that_is_explained(tmp_path: Path) -> None:
    """A sign-in that replaces one frees its place; six profiles are six."""
    with salesforce() as server:
        for number in range(6):
            assert (await sign_in(server, tmp_path, "-p", f"p{number}"))[0].exit_code == 0
        first = await run("refresh", "p0", home=tmp_path)
        last = await run("refresh", "p1", home=tmp_path)
        assert (first.exit_code, last.exit_code) == (4, 0)
        assert "five" in first.stderr.lower() or " 5 " in first.stderr
        assert "loopback-auth login p0" in first.stderr


@pytest.mark.slow
async def test_a_login_that_replaces_a_sign_in_frees_its_slot(tmp_path: Path) -> None:
    with salesforce() as server:
        for _ in range(7):
            assert (await sign_in(server, tmp_path))[0].exit_code == 0
        assert sum(not grant.revoked for grant in server.state.grants) == 1


async def test_an_instance_url_that_ends_in_a_slash_is_one_that_does_not(tmp_path: Path) -> None:
    """Some documents show it so; no address made of it has two slashes."""
    with salesforce() as server:
        server.faults.token = faults.members(instance_url=server.my_domain() + "/")
        ended, _ = await sign_in(server, tmp_path)
        server.faults.clear()
        limits = await run("api", "/services/data/v65.0/limits", home=tmp_path)
        url = await run("export", "sfdx-url", home=tmp_path)
        assert [asked.path for asked in server.seen("api")] == ["/services/data/v65.0/limits"]
    assert (ended.exit_code, limits.exit_code) == (0, 0)
    assert url.stdout.strip().endswith("@" + server.my_domain().removeprefix("http://"))
