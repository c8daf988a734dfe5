"""The child that finishes a refresh: what is left of it where it cannot be started."""

from __future__ import annotations

import os
import sys

import pytest

from loopback_auth.edge.process.child import Child

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX has the limit")


def test_no_pipe_stays_open_where_the_second_one_cannot_be_had() -> None:
    from resource import RLIMIT_NOFILE, getrlimit, setrlimit

    free = os.pipe()
    for end in free:
        os.close(end)
    before = getrlimit(RLIMIT_NOFILE)
    # Room for one pipe, in the two lowest free numbers.
    setrlimit(RLIMIT_NOFILE, (max(free) + 1, before[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            Child("no_module", files=(), environ={})
        again = os.pipe()
    finally:
        setrlimit(RLIMIT_NOFILE, before)
    for end in again:
        os.close(end)
    assert again == free
