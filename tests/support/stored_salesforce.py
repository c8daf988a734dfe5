"""
A sign-in to a Salesforce of the test kit that lies in the store already: only its refreshes and
requests are under test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.testing.salesforce import REDIRECT_URI, USER, App

from .salesforce_asking import tokens
from .sockets import free_port
from .stored import at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loopback_auth.testing.salesforce import Salesforce

PORT = free_port()
APP = App(callback_urls=(REDIRECT_URI, f"http://localhost:{PORT}/OauthRedirect"))
SESSION_S = 7200


def signed_in(
    salesforce: Salesforce, home: Path, *, lasts_s: float = -60, **asked: str
) -> dict[str, Any]:
    """
    Sign in as people do, and store what a sign-in stores, with an access token that lasts *lasts_s*
    more by the clock.
    """
    got = tokens(salesforce.login_url, **asked)
    document = {
        "version": 1,
        "profile": "default",
        "access_token": got["access_token"],
        "refresh_token": got.get("refresh_token"),
        "token_type": "Bearer",
        "id_token": None,
        "scope": got["scope"],
        "obtained_at": at(lasts_s - SESSION_S),
        "expires_at": at(lasts_s),
        "extra": {"instance_url": got["instance_url"], "id": got["id"]},
        "identity": {"subject": got["id"], "name": USER.username},
        "client": {
            "client_id": APP.client_id,
            "client_secret": APP.client_secret,
            "token_endpoint_auth_method": "client_secret_post",
        },
        "server": {
            f"{name}_endpoint": f"{salesforce.login_url}/services/oauth2/{path}"
            for name, path in (
                ("authorization", "authorize"),
                ("token", "token"),
                ("revocation", "revoke"),
                ("userinfo", "userinfo"),
            )
        },
        "settings": {
            "provider": "salesforce",
            "login_url": salesforce.login_url,
            "client_id": APP.client_id,
            "port": PORT,
        },
    }
    FileStore(str(home)).save("default", document)
    salesforce.forget_requests()
    return document


def throwing(*accounts: Any) -> Callable[[Salesforce], None]:
    """Return a function that replaces these accounts: an administrator throws a switch."""
    return lambda salesforce: salesforce.put(*accounts)
