from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..support.chromium import chromium, context, tab, witness
from ..support.stage import Stage, running_stage

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["chromium", "context", "tab", "witness"]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with running_stage() as stage:
        yield stage
