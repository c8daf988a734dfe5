"""Preventing core dumps: files of the memory, with the tokens in it."""

from __future__ import annotations

import sys


def forbid_core_dumps() -> None:
    """Keep the system from writing a core dump of this process or of the programs it starts."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    # One octet and not none: a program that takes dumps (core_pattern with "|") is run by Linux at
    # every limit but 1.
    limit = 1 if soft == resource.RLIM_INFINITY else min(1, soft)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, hard))
