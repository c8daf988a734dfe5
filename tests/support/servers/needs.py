"""
Skips a test whose server or browser could not be had, with the very reason; on CI that is a
failure.
"""

from __future__ import annotations

import os

import pytest

from . import install


def need(name: str) -> None:
    why = install.missing().get(name)
    if why is None:
        return
    if os.environ.get("LOOPBACK_AUTH_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{name} is missing: {why}", pytrace=False)
    pytest.skip(f"{name} is missing: {why}")
