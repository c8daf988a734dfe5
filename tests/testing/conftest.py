"""One server for all tests of the kit, with a clock to advance and clients of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer, Client, Policy, User
from tests.support.asking import REDIRECT_URI, SECRET, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

EXACT = "https://app.example/back?tenant=1"

CLIENTS = (
    Client(
        client_id="public",
        redirect_uris=("http://127.0.0.1/callback", "http://[::1]/callback", EXACT),
    ),
    Client(client_id="exact", redirect_uris=(REDIRECT_URI,), any_loopback_port=False),
    Client(client_id="basic", client_secret=SECRET),
    Client(client_id="post", client_secret=SECRET, token_endpoint_auth_method="client_secret_post"),
    Client(client_id="plain", client_secret="a/b=c"),
    Client(client_id="odd id:%+é", client_secret=SECRET),
    Client(client_id="code-only", grant_types=("authorization_code",)),
    Client(client_id="no-code", grant_types=("refresh_token",)),
    Client(client_id="narrow", scopes=("openid",)),
)
USERS = (
    User(username="ada", password="lovelace", claims={"name": "Ada", "email": "ada@example.com"}),
    User(username="grace", password="hopper <&>", subject="42"),
)


@pytest.fixture(scope="session")
def the_server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer.running(clients=CLIENTS, users=USERS, clock=Clock()) as running:
        yield running


@pytest.fixture
def server(the_server: AuthorizationServer) -> Iterator[AuthorizationServer]:
    the_server.forget_requests()
    yield the_server
    the_server.faults.clear()
    the_server.policy = Policy()
    the_server.metadata = None


@pytest.fixture
def clock(server: AuthorizationServer) -> Clock:
    assert isinstance(server.registry.clock, Clock)
    return server.registry.clock
