"""From an issuer to a sign-in, at servers that nobody here wrote, by what `init` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import in_the_session_loop

from ..support.command import login, run, token_file

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from ..support.servers.people import Server

pytestmark = [pytest.mark.server, pytest.mark.browser, in_the_session_loop]


def with_a_port(server: Server) -> str:
    """Name a client without a secret that has registered a port."""
    return next(
        name for name in server.clients if server.ports(name) and server.secret(name) is None
    )


@pytest.mark.parametrize("name", ["oidc_provider", "django_oauth_toolkit", "canaille"])
@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_printed_redirect_uri_is_the_one_that_the_server_takes(
    name: str, slash: str, tab: Page, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Also with a slash more than the server's own name has."""
    server: Server = request.getfixturevalue(name)
    client = with_a_port(server)
    registered = server.clients[client]["redirect_uris"][0]
    is_usual = registered.startswith("http://127.0.0.1:")
    where = ("--port", str(server.ports(client)[0])) if is_usual else ("--redirect-uri", registered)
    flags = ("--issuer", server.issuer.rstrip("/") + slash, *where)
    client_id = server.clients[client]["client_id"]
    written = await run("init", "work", *flags, "--client-id", client_id, home=tmp_path)
    assert written.exit_code == 0, written.stderr
    assert written.stderr.endswith("All checks passed. Next: loopback-auth login work\n")
    (printed,) = (
        line.strip() for line in written.stdout.splitlines() if line.startswith("    http")
    )
    assert printed == registered

    async with login("work", "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        assert await command.redirect_uri() == printed
        await server.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()
    assert ended.exit_code == 0
    assert token_file(tmp_path, "work")["access_token"]


async def test_keycloaks_steps_fit_a_server_that_takes_any_port(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    """As at a Keycloak, the client has registered an address without a port."""
    flags = ("--issuer", oidc_provider.issuer, "--client-id", "public")
    written = await run("init", "keycloak", "work", *flags, home=tmp_path)
    assert written.exit_code == 0, written.stderr
    assert "Valid redirect URIs: http://127.0.0.1/callback\n" in written.stdout
    async with login("work", "--no-browser", home=tmp_path) as command:
        await tab.goto(await command.open_page())
        await oidc_provider.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()
    assert ended.exit_code == 0
