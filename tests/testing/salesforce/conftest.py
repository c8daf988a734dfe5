"""What the tests of the Salesforce stand-in share."""

from __future__ import annotations

import pytest

from tests.support.asking import Clock


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still until a test advances it."""
    return Clock()
