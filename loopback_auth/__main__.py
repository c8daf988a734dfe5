"""`loopback-auth` and `python -m loopback_auth`."""

from __future__ import annotations

import gc
import os
import sys

if __name__ == "__main__" and sys.path[:1] in ([""], [os.getcwd()]):
    # `python -m` puts the current folder first, where a file named yarl.py would be taken for the
    # library.
    del sys.path[0]


def run_process(argv: list[str]) -> int:
    """Carry out the command line *argv* as this process and return its exit status."""
    from loopback_auth.cli.main import run

    return run(argv, sys.stdin, sys.stdout, sys.stderr, os.environ, is_process=True)


def main() -> None:
    """Run the command line and leave with its exit status."""
    # Starting makes thousands of objects and no garbage: by default Python would look through them
    # every 700.
    gc.set_threshold(20_000)
    try:
        status = run_process(sys.argv[1:])
    except KeyboardInterrupt:
        # Ctrl-C before the command had begun: there is nothing to tell and nothing to undo.
        status = 130
    # Whatever lives now goes with the process: without this, Python looks through all of aiohttp
    # for garbage on its way out.
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()
