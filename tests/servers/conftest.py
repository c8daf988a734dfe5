"""The real servers, each started when the first test asks for it and ended with the run."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.chromium import chromium, context, tab, witness

from ..support.servers.needs import need
from ..support.servers.people import Canaille, DjangoOAuthToolkit, OidcProvider, Server
from ..support.servers.process import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["chromium", "context", "tab", "witness"]

# Below the range that systems give out by themselves, so that no other socket takes one meanwhile.
_ports = iter(range(21700, 29700))


def callback_ports(count: int) -> list[str]:
    """
    Find free ports, as options, for the clients that register exact ones; each call
    gives others.
    """
    found: list[str] = []
    while len(found) < 2 * count:
        port = next(_ports)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                found += ["--callback-port", str(port)]
    return found


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def oidc_provider(logs: Path) -> Iterator[Server]:
    need("oidc-provider")
    ports = callback_ports(2)
    with running("oidc_provider.mjs", *ports, log=logs / "oidc-provider.log") as facts:
        yield OidcProvider.of(facts)


@pytest.fixture(scope="session")
def django_oauth_toolkit(logs: Path) -> Iterator[Server]:
    need("django-oauth-toolkit")
    ports = callback_ports(1)
    with running(
        "django_oauth.py", "--iss", *ports, log=logs / "django-oauth-toolkit.log"
    ) as facts:
        yield DjangoOAuthToolkit.of(facts)


@pytest.fixture(scope="session")
def canaille(logs: Path) -> Iterator[Server]:
    need("canaille")
    ports = callback_ports(3)
    with running("canaille_server.py", *ports, log=logs / "canaille.log") as facts:
        yield Canaille.of(facts)


@pytest.fixture(scope="session")
def oauth2_mock(logs: Path) -> Iterator[dict[str, Any]]:
    need("oauth2-mock-server")
    with running("oauth2_mock.mjs", log=logs / "oauth2-mock-server.log") as facts:
        yield facts
