"""
What all tests share: a server whose answers a test sets, a stopwatch, patience with examples,
signals that arrive, and the slow cases of a table, of which the fast tests run the first.
"""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from .support.scripted_server import ScriptedServer, json_answer
from .support.stopwatch import Stopwatch
from .support.stored import NEW

if TYPE_CHECKING:
    from collections.abc import Iterator


# A machine that stands still for a moment is no fault of an example, and what CI tries is the same
# each time: an example that nobody has seen is for whoever has just changed something.
hypothesis.settings.register_profile(
    "patient",
    deadline=None,
    derandomize=os.environ.get("LOOPBACK_AUTH_REQUIRE_SERVERS") == "1",
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")


def pytest_configure() -> None:
    """
    Let no process that a test starts inherit a signal that is ignored here.

    A shell has its background jobs ignore Ctrl-C, and nohup the hangup. Whoever tests with those
    signals would wait for ever.
    """
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_IGN:
            # A handler ends with exec, while being ignored is inherited; this run goes on ignoring
            # it.
            signal.signal(number, lambda *_: None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow all cases but the first of each test that is marked with `slow_cases`."""
    seen: set[str] = set()
    for item in items:
        if item.get_closest_marker("slow_cases"):
            function = item.nodeid.partition("[")[0]
            if function in seen:
                item.add_marker(pytest.mark.slow)
            seen.add(function)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Run a server whose answers the test sets; its token endpoint answers with new tokens."""
    with ScriptedServer() as running:
        running.answers["/token"] = json_answer(NEW)
        yield running


@pytest.fixture
def stopwatch() -> Iterator[Stopwatch]:
    """Measure a promise about time, on a machine that may stand still for a moment."""
    with Stopwatch() as running:
        yield running


@pytest.fixture
def lasting_folder(pytestconfig: pytest.Config) -> Iterator[Path]:
    """Make a folder that is not temporary by its place, as those of the tests are in memory."""
    assert pytestconfig.cache
    with tempfile.TemporaryDirectory(dir=pytestconfig.cache.mkdir("lasting")) as folder:
        yield Path(folder)
