"""Who trusts a certificate here: the system's store, and on Linux the databases of browsers."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
from glob import escape, glob
from shutil import which

from ....errors import LoopbackAuthError
from ....oauth.text import one_line
from ...process.child import inheritable
from .certificate import handshake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOOL_TIMEOUT_S = 10.0
"""The time limit of certutil and mkcert, which answer in a fraction of a second."""

LOCALHOST = "localhost"
"""The first name of our own certificate, by which it is shown to a store."""

SYSTEM = "the system's store"
"""The name of the store that `ssl` uses, as do browsers on macOS and Windows."""

# A nickname, and whom the certificate is trusted to vouch for: C is for the servers of a CA.
_TRUSTED = re.compile(r"(.+?)\s+\w*C\w*,\w*,\w*\s*")
_CHROMIUM = {
    "Chromium, Chrome and Edge": ".pki/nssdb",
    "Chromium of snap": "snap/chromium/current/.pki/nssdb",
}
_FIREFOX = (".mozilla/firefox", ".config/mozilla/firefox", "snap/firefox/common/.mozilla/firefox")


def trust(server: ssl.SSLContext, host: str, environ: Mapping[str, str]) -> dict[str, bool | None]:
    """
    Return for each store here whether it trusts the certificate of *server* for *host*.

    `None` where that cannot be known: the store does not open, or certutil is not installed.
    """
    found: dict[str, bool | None] = {SYSTEM: _system_trusts(server, host, environ)}
    if sys.platform.startswith("linux"):
        certutil = which("certutil", path=environ.get("PATH"))
        for name, folder in browser_databases(environ):
            found[name] = (
                _database_trusts(server, host, certutil, folder, environ) if certutil else None
            )
    return found


def is_trusted(stores: Mapping[str, bool | None]) -> bool:
    """Return whether a browser here trusts it; those of Linux do not ask the system's store."""
    asks_system = not sys.platform.startswith("linux")
    return any(state for name, state in stores.items() if asks_system or name != SYSTEM)


def output_of(command: list[str], environ: Mapping[str, str]) -> str | None:
    """Return what *command* prints; `None` if it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - an absolute path, fixed words and folders of the user
            command,
            env=inheritable(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TOOL_TIMEOUT_S,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout


def browser_databases(
    environ: Mapping[str, str], *, is_there: bool = True
) -> Iterator[tuple[str, str]]:
    """
    Yield the browsers of this user and the folders of their databases.

    With *is_there* false also Chromium's where there is none: it is made by what is put into it.
    """
    home = environ.get("HOME", "")
    if not os.path.isabs(home):
        return
    for name, folder in _CHROMIUM.items():
        path = os.path.join(home, folder)
        if os.path.isfile(os.path.join(path, "cert9.db")) or not (
            is_there or folder.startswith("snap/")
        ):
            yield name, path
    for folder in _FIREFOX:
        for file in sorted(glob(os.path.join(escape(home), folder, "*", "cert9.db"))):
            path = os.path.dirname(file)
            yield f"Firefox ({one_line(os.path.basename(path), limit=40)})", path


def _system_trusts(server: ssl.SSLContext, host: str, environ: Mapping[str, str]) -> bool | None:
    from ...http.tls import Trust

    try:
        return _takes(Trust(None, environ).context, server, host)
    except LoopbackAuthError:
        return None


def _database_trusts(
    server: ssl.SSLContext, host: str, certutil: str, folder: str, environ: Mapping[str, str]
) -> bool | None:
    listed = output_of([certutil, "-L", "-d", f"sql:{folder}"], environ)
    if listed is None:
        return None
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for line in listed.splitlines():
        if named := _TRUSTED.fullmatch(line):
            read = [certutil, "-L", "-d", f"sql:{folder}", "-n", named[1], "-a"]
            if pem := output_of(read, environ):
                client.load_verify_locations(cadata=pem)
    return _takes(client, server, host)


def _takes(client: ssl.SSLContext, server: ssl.SSLContext, host: str) -> bool:
    try:
        handshake(server, client, host)
    except ssl.SSLError:
        return False
    return True
