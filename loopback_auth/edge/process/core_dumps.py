"""No core dumps: a file of what is in memory would hold the tokens."""

from __future__ import annotations

import sys


def forbid_core_dumps() -> None:
    """Have the system write none of this process, nor of the ones it starts."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    # One octet and not none: Linux asks a program that takes dumps (core_pattern with "|") whatever
    # the limit, but for this one.
    limit = 1 if soft == resource.RLIM_INFINITY else min(1, soft)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, hard))
