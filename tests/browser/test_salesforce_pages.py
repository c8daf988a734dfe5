"""The pages of the test kit's Salesforce, clicked through by Chromium."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from loopback_auth.testing.salesforce import APP, USER, Salesforce
from tests.support.salesforce_asking import OAUTH, request

from ..support.chromium import in_the_session_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.async_api import Page

pytestmark = [pytest.mark.browser, in_the_session_loop]


@pytest.fixture
def salesforce() -> Iterator[Salesforce]:
    with Salesforce.running() as running:
        landing = f"{running.login_url}{OAUTH}/success"
        running.put(replace(APP, callback_urls=(landing,)))
        yield running


def address(salesforce: Salesforce) -> str:
    landing = f"{salesforce.login_url}{OAUTH}/success"
    return f"{salesforce.login_url}{OAUTH}/authorize?{urlencode(request(redirect_uri=landing))}"


async def log_in(tab: Page, password: str) -> None:
    await tab.fill("#username", USER.username)
    await tab.fill("#password", password)
    await tab.click("#Login")


@pytest.mark.parametrize(("button", "member"), [("#oaapprove", "code"), ("#oadeny", "error")])
async def test_a_person_can_click_through(
    salesforce: Salesforce, tab: Page, button: str, member: str
) -> None:
    """A wrong password stays on the page; then consent, and back with the state."""
    await tab.goto(address(salesforce))
    await log_in(tab, "wrong")
    assert "Please check your username and password." in await tab.inner_text("#error")
    await log_in(tab, USER.password)
    await tab.click(button)
    await tab.wait_for_url("**/success?*")
    answer = parse_qs(urlsplit(tab.url).query)
    assert member in answer
    assert answer["state"] == ["s&t=a te"]


async def test_the_error_page_is_where_the_tab_stays(salesforce: Salesforce, tab: Page) -> None:
    """What the app does not hear of is read by the person."""
    salesforce.put(
        replace(
            APP, callback_urls=salesforce.state.apps[APP.client_id].callback_urls, installed=False
        )
    )
    salesforce.state.errors_on_page = True
    await tab.goto(address(salesforce))
    await log_in(tab, USER.password)
    await tab.wait_for_url("**/RemoteAccessErrorPage.apexp?*")
    assert "OAUTH_EC_APP_NOT_FOUND : External client app is not installed" in await tab.inner_text(
        "body"
    )
