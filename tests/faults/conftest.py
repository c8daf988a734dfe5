"""The server of these tests, and their counts in the last lines of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing import AuthorizationServer, Client, Policy

from .counts import Counts

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNTS = pytest.StashKey[list[Counts]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNTS] = []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for counts in config.stash[COUNTS]:
        terminalreporter.write_line(str(counts))


@pytest.fixture
def counts(request: pytest.FixtureRequest) -> Counts:
    """Count what this test tries; the counts are told at the end of the run."""
    counts = Counts(what=request.node.name)
    request.config.stash[COUNTS].append(counts)
    return counts


@pytest.fixture(scope="session")
def server() -> Iterator[AuthorizationServer]:
    """A server that rotates, forgives a lost answer for a while, and revokes all after that."""
    with AuthorizationServer.running(
        clients=(Client(client_id="public"),), policy=Policy(reuse_grace_s=600)
    ) as running:
        yield running
