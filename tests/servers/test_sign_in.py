"""The main job, at three servers that nobody here wrote: one command, one tab, tokens on disk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.async_api import ProxySettings

from tests.support.chromium import in_the_session_loop

from ..support.callback.client import query
from ..support.command import login, no_token_file, token_file
from ..support.sockets import free_port, is_released

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, Page

    from tests.support.chromium import Witness

    from ..support.servers.people import Server

pytestmark = [pytest.mark.server, pytest.mark.browser, in_the_session_loop]

every_server = pytest.mark.parametrize(
    "name", ["oidc_provider", "django_oauth_toolkit", "canaille"]
)
every_kind_of_client = pytest.mark.parametrize("client", ["public", "confidential"])


@pytest.fixture
def server(name: str, request: pytest.FixtureRequest) -> Server:
    running: Server = request.getfixturevalue(name)
    return running


@every_server
@every_kind_of_client
async def test_allowing_ends_with_tokens_on_disk_and_a_page_that_says_who_signed_in(
    server: Server, client: str, tab: Page, witness: Witness, tmp_path: Path
) -> None:
    """
    The tokens lie in a 0600 file, the tab shows no code, and the port is free as soon as the
    command has ended.
    """
    async with login(
        *server.flags(client), "--no-browser", home=tmp_path, secret=server.secret(client)
    ) as command:
        url = await command.open_page()
        callback = urlsplit(await command.redirect_uri())
        await tab.goto(url)
        await server.sign_in(tab)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert is_released(callback.port or 0)
    assert ended.exit_code == 0
    assert [
        event["event"] for event in ended.events if event["event"] in {"exchanged", "saved"}
    ] == [
        "exchanged",
        "saved",
    ]
    assert ended.document["version"] == 1
    origin = f"http://{callback.netloc}/"
    assert server.username in await tab.locator("main").inner_text()
    assert not query(tab.url)
    assert not [url for url in await witness.history() if url.startswith(origin) and query(url)]
    assert not witness.complaints(origin)
    looks_complete(token_file(tmp_path))


def looks_complete(tokens: dict[str, object]) -> None:
    assert (tokens["version"], tokens["profile"], tokens["token_type"]) == (1, "default", "Bearer")
    assert tokens["access_token"]
    assert tokens["refresh_token"]
    assert str(tokens["id_token"]).count(".") == 2
    assert {"openid", "profile", "email"} <= set(str(tokens["scope"]).split())
    obtained, expires = (
        datetime.fromisoformat(str(tokens[name])) for name in ("obtained_at", "expires_at")
    )
    assert obtained.utcoffset() == timedelta(0)
    assert timedelta(minutes=30) < expires - obtained <= timedelta(days=11)


@every_server
@every_kind_of_client
async def test_denying_ends_with_3_and_a_page_that_says_so(
    server: Server, client: str, tab: Page, witness: Witness, tmp_path: Path
) -> None:
    """
    AR-03, AR-04: also at a server that promises `iss` and leaves it out of its errors, as one of
    these does.
    """
    async with login(
        *server.flags(client), "--no-browser", home=tmp_path, secret=server.secret(client)
    ) as command:
        url = await command.open_page()
        callback = urlsplit(await command.redirect_uri())
        await tab.goto(url)
        await server.sign_in(tab, allow=False)
        await tab.wait_for_url("**/done/*")
        ended = await command.outcome()

    assert is_released(callback.port or 0)
    assert (ended.exit_code, ended.error["code"], ended.error["exit_code"]) == (
        3,
        "access-denied",
        3,
    )
    assert not ended.events_named("exchanged")
    assert "refused" in (await tab.locator("main").inner_text()).lower()
    assert not query(tab.url)
    # A page with status 403 is itself a complaint of the console; a broken policy would be another.
    assert not [
        said
        for said in witness.complaints(f"http://{callback.netloc}/")
        if "Content Security" in said
    ]
    assert no_token_file(tmp_path)


@every_server
async def test_ar_09_the_address_of_a_browser_elsewhere_is_pasted(
    server: Server, chromium: Browser, tmp_path: Path
) -> None:
    """
    AR-09: the browser cannot reach the callback; what it was sent to, pasted, signs in, and its
    code is printed nowhere.
    """
    # A proxy that is not there stands between this browser and all but the server.
    nowhere = ProxySettings(
        server=f"http://127.0.0.1:{free_port()}",
        bypass=f"<-loopback>,{urlsplit(server.issuer).netloc}",
    )
    async with (
        await chromium.new_context(proxy=nowhere) as elsewhere,
        login(*server.flags("public"), "--no-browser", "--paste", home=tmp_path) as command,
    ):
        tab = await elsewhere.new_page()
        await tab.goto(await command.open_page())
        callback = await command.redirect_uri()
        async with tab.expect_request(
            lambda request: request.url.startswith(f"{callback}?")
        ) as sent:
            await server.sign_in(tab)
        address = (await sent.value).url
        await command.paste(address)
        ended = await command.outcome()

    assert (ended.exit_code, ended.events_named("warning")) == (0, [])
    assert query(address)["code"] not in ended.stdout + ended.stderr
    looks_complete(token_file(tmp_path))
