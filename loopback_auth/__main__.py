"""`loopback-auth` and `python -m loopback_auth`."""

from __future__ import annotations

import atexit
import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

if __name__ == "__main__" and sys.path[:1] in ([""], [os.getcwd()]):
    # `python -m` puts the current folder first, where a file named yarl.py would be taken for the
    # library.
    del sys.path[0]


def run_process(argv: list[str]) -> int:
    """Carry out the command line *argv* as this process and return its exit status."""
    from loopback_auth.cli.main import run

    return run(argv, sys.stdin, sys.stdout, sys.stderr, os.environ, is_process=True)


def docker() -> None:
    """Be `docker-credential-loopback-auth`, a name by which Docker finds a credential helper."""
    sys.argv[1:1] = ["credential", "docker"]
    main()


def main() -> None:
    """Run the command line and end the process with its exit status."""
    # Starting makes thousands of objects and no garbage: by default Python would look through them
    # every 700.
    gc.set_threshold(20_000)
    try:
        status = run_process(sys.argv[1:])
    except (KeyboardInterrupt, RuntimeError) as error:
        # Ctrl-C before the command had begun: there is nothing to tell and nothing to undo. Before
        # 3.12 Python wraps one that strikes a class in the making, at an import.
        interrupt = error.__cause__ if isinstance(error, RuntimeError) else error
        if not isinstance(interrupt, KeyboardInterrupt):
            raise
        status = 130
    _end(status)


def _end(status: int) -> NoReturn:
    """
    End the process as `sys.exit` does, but leave what was loaded as it is.

    The system takes it with the process. Python would take it apart first, object by object, which
    is half of what a sign-in does after its callback.
    """
    if not (_is_followed() or _is_awaited()):
        try:
            # As Python does: what was registered, then the streams.
            atexit._run_exitfuncs()  # noqa: SLF001 - it has no public name
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
        except (OSError, ValueError):
            # Python says what there is to say of a stream that takes no more.
            pass
        else:
            os._exit(status)
    gc.freeze()
    sys.exit(status)


def _is_followed() -> bool:
    """Return whether a debugger, a profiler or a coverage tool has yet to see the end."""
    tool = getattr(getattr(sys, "monitoring", None), "get_tool", lambda _: None)
    return bool(sys.gettrace() or sys.getprofile() or any(map(tool, range(6))))


def _is_awaited() -> bool:
    """Return whether there are threads that the end of the process has to wait for."""
    if not (threading := sys.modules.get("threading")):
        return False
    first = threading.main_thread()
    return any(not thread.daemon for thread in threading.enumerate() if thread is not first)


if __name__ == "__main__":
    main()
