"""
The pytest plug-in: fixtures for testing a program that signs in.

    def test_sign_in(authorization_server, sign_in_browser):
        page = sign_in_browser.visit(start_my_login(authorization_server.issuer))
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .browser import Browser
    from .openid.server import AuthorizationServer
    from .salesforce import Salesforce


@pytest.fixture
def authorization_server() -> Iterator[AuthorizationServer]:
    """Run an authorization server with its default clients and people."""
    # Here, since every run of pytest loads this module.
    from .openid.server import AuthorizationServer

    with AuthorizationServer.running() as server:
        yield server


@pytest.fixture
def salesforce_server() -> Iterator[Salesforce]:
    """
    Run a Salesforce with one app, one org and one person: `APP`, `ORG` and `USER` of
    `loopback_auth.testing.salesforce`.
    """
    from .salesforce import Salesforce

    with Salesforce.running() as server:
        yield server


@pytest.fixture
def sign_in_browser() -> Browser:
    """Return a browser that signs in as the server's default person and allows what is asked."""
    from .browser import Browser

    return Browser()
