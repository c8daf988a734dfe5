"""Another program that is given a secret: on its standard input, or in a file of its own."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import NamedTuple

from .child import inheritable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ...oauth.secret import Secret

TIMEOUT_S = 300.0
"""The time for a program that may ask for a fingerprint or a second factor."""


class Ended(NamedTuple):
    """A program that has ended, with its exit *status* and the *complaint* on its stderr."""

    status: int
    complaint: str


def program_path(name: str, environ: Mapping[str, str]) -> str | None:
    """
    Return the path of the program *name*, `None` where there is none.

    One in the working directory, which may be somebody else's work, is none.
    """
    from shutil import which

    found = which(name, path=environ.get("PATH", os.defpath))
    return found if found and os.path.isabs(found) else None


def run_fed(
    argv: Sequence[str],
    given: Secret | None,
    environ: Mapping[str, str],
    *,
    withheld: Sequence[str | None] = (),
) -> Ended:
    """
    Run *argv* with *given* on its standard input; what it prints on stdout is dropped.

    Our own variables, and those that *withheld* names, are not in its environment; it may call us
    itself, as kubectl does, and so it knows where our files are.

    Raises:
        OSError: It cannot be started.
        TimeoutError: It has not ended within `TIMEOUT_S`.
    """
    # Late: it is heavy.
    import subprocess

    home = {name: environ[name] for name in ("LOOPBACK_AUTH_HOME",) if name in environ}
    try:
        done = subprocess.run(  # noqa: S603 - words of our own data, or the person's
            argv,
            input=given.reveal().encode() if given else b"",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**inheritable(environ, withheld=withheld), **home},
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"no end within {TIMEOUT_S:g} s") from None
    return Ended(done.returncode, done.stderr.decode(errors="replace"))


@contextmanager
def secret_file(content: Secret) -> Iterator[str]:
    """Return the path of a file of mode 0600 that holds *content* until the end of the block."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="loopback-auth-") as folder:
        path = os.path.join(folder, "secret")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content.reveal().encode())
        yield path
