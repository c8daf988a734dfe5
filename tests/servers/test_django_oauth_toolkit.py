"""
What only django-oauth-toolkit shows: an issuer with a path, two metadata documents, exact
`localhost`, other errors.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import in_the_session_loop

from ..support.callback.client import query
from ..support.command import login, no_token_file, token_file

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from ..support.servers.people import Server

pytestmark = [pytest.mark.server, pytest.mark.browser, in_the_session_loop]


async def test_an_issuer_with_a_slash_too_many_is_refused_with_the_right_spelling(
    django_oauth_toolkit: Server, tmp_path: Path
) -> None:
    """DS-02: an issuer is compared byte for byte, and the fix is the server's own spelling."""
    flags = ("--issuer", f"{django_oauth_toolkit.issuer}/", "--client-id", "public")
    async with login(*flags, "--no-browser", home=tmp_path) as command:
        ended = await command.outcome()

    assert (ended.exit_code, ended.error["code"]) == (2, "issuer-misspelled")
    assert f"--issuer {django_oauth_toolkit.issuer}" in ended.error["fix"] + "\n"
    assert f"{django_oauth_toolkit.issuer}/" not in ended.error["fix"]


async def test_what_only_one_of_the_two_documents_says_is_known_too(
    django_oauth_toolkit: Server, tab: Page, tmp_path: Path
) -> None:
    """
    The server names its revocation endpoint in the RFC 8414 document and userinfo in
    the other one.
    """
    async with login(
        *django_oauth_toolkit.flags("public"), "--no-browser", home=tmp_path
    ) as command:
        await tab.goto(await command.open_page())
        await django_oauth_toolkit.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0
    stored = json.dumps(token_file(tmp_path))
    assert f"{django_oauth_toolkit.issuer}/revoke_token/" in stored
    assert f"{django_oauth_toolkit.issuer}/userinfo/" in stored


async def test_localhost_with_the_one_registered_port(
    django_oauth_toolkit: Server, tab: Page, tmp_path: Path
) -> None:
    """Chromium goes to ::1 first when it reads `localhost`, so both families have to be ours."""
    [uri] = django_oauth_toolkit.clients["localhost"]["redirect_uris"]
    flags = (*django_oauth_toolkit.flags("localhost"), "--redirect-uri", uri)
    async with login(*flags, "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await django_oauth_toolkit.sign_in(tab)
        await tab.wait_for_url("http://localhost:*/done/*")
        ended = await command.outcome()

    assert ended.exit_code == 0
    assert not query(tab.url)


async def test_a_scope_it_does_not_have_ends_with_7_and_its_name(
    django_oauth_toolkit: Server, tab: Page, tmp_path: Path
) -> None:
    """
    AR-04: the redirect carries invalid_scope, which no person answered: that is the server's
    refusal, not a denial.
    """
    flags = (*django_oauth_toolkit.flags("public"), "--scope", "openid everything")
    async with login(*flags, "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await tab.get_by_label("Username").fill(django_oauth_toolkit.username)
        await tab.get_by_label("Password").fill(django_oauth_toolkit.password)
        await tab.get_by_role("button", name="Sign in").click()
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert (ended.exit_code, ended.error["code"]) == (7, "invalid-scope")
    assert not query(tab.url)


@pytest.mark.parametrize(
    ("client", "secret", "exit_code"), [("odd", None, 0), ("confidential", "not-the-secret", 7)]
)
async def test_credentials_are_read_back_as_they_were_meant(
    django_oauth_toolkit: Server,
    tab: Page,
    tmp_path: Path,
    *,
    client: str,
    secret: str | None,
    exit_code: int,
) -> None:
    """
    TX-03: also outside ASCII. A wrong secret is named, though this server challenges with Bearer
    instead of Basic.
    """
    given = secret or django_oauth_toolkit.secret(client)
    async with login(
        *django_oauth_toolkit.flags(client), "--no-browser", home=tmp_path, secret=given
    ) as command:
        await tab.goto(await command.open_page())
        await django_oauth_toolkit.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert ended.exit_code == exit_code
    assert no_token_file(tmp_path) is (exit_code != 0)
    assert not secret or ended.error["code"] == "invalid-client"
