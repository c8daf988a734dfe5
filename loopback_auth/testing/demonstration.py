"""The servers that `demo` can sign in to, each with what a sign-in there needs."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """
    A server that runs, and what a sign-in there needs.

    *what* and *address* are for a sentence, *settings* are those of a profile. *api_path* is below
    the address, or below the token answer's member `instance_url` where there is one.
    """

    what: str
    address: str
    username: str
    password: str = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    api_path: str


@contextmanager
def _openid() -> Iterator[Demonstration]:
    from .openid.server import AuthorizationServer

    with AuthorizationServer.running() as server:
        user = next(iter(server.registry.users.values()))
        yield Demonstration(
            what="An authorization server",
            address=server.issuer,
            username=user.username,
            password=user.password,
            settings={"issuer": server.issuer, "client_id": "demo"},
            api_path="/api/me",
        )


@contextmanager
def _salesforce() -> Iterator[Demonstration]:
    from ..oauth.secret import Secret
    from .salesforce import APP, USER, App, Salesforce

    # Registered line by line, as in Setup; the last is for a machine that uses the others.
    ports = (1717, 8787, 8788, 8789, _free_port())
    callbacks = tuple(f"http://localhost:{port}/OauthRedirect" for port in ports)
    with Salesforce.running(apps=[App(callback_urls=callbacks)]) as salesforce:
        yield Demonstration(
            what="A stand-in for Salesforce",
            address=salesforce.login_url,
            username=USER.username,
            password=USER.password,
            settings={
                "provider": "salesforce",
                "login_url": salesforce.login_url,
                "client_id": APP.client_id,
                "client_secret": Secret(APP.client_secret),
                "redirect_uris": list(callbacks),
            },
            api_path="/services/data/v65.0/limits",
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


DEMONSTRATIONS: Mapping[str, Callable[[], AbstractContextManager[Demonstration]]] = {
    "openid": _openid,
    "salesforce": _salesforce,
}
"""By the name that `demo --provider` takes."""
