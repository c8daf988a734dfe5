"""
Starting the person's browser.

Our own launcher, since the standard library's may run a text browser on this terminal, wait for the
browser to end, or let it write on our standard output. It is handed a one-time local address: no
server's text ever reaches a command line.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .environment import Surroundings

TEXT_BROWSERS = frozenset({"www-browser", "links", "links2", "elinks", "lynx", "w3m", "browsh"})
"""They would take over the terminal this command runs in."""

# In the order in which desktops prefer them: what the person chose first, then what is there.
_OPENERS = (
    "xdg-open",
    "gio",
    "x-www-browser",
    "sensible-browser",
    "firefox",
    "google-chrome",
    "chromium",
    "chromium-browser",
)


def launch_command(
    url: str,
    *,
    around: Surroundings,
    environ: Mapping[str, str],
    chosen: str | None = None,
    which: Callable[[str], str | None],
) -> list[str] | None:
    """
    Give the argv that opens *url*, or `None` when there is no browser to open it with.

    *chosen*, else `BROWSER`, comes first: an executable, or the usual list of commands with `%s`.
    On Windows without it the answer begins with `start`, which `open_browser` carries out through
    the shell's own API.
    """
    if commands := chosen or environ.get("BROWSER"):
        return _chosen(commands, url, which)
    if fixed := {"win32": ["start", url], "darwin": ["/usr/bin/open", url]}.get(around.platform):
        return fixed
    if around.wsl:
        return _windows_from_linux(url, which)
    return _from_the_desktop(url, which) if around.display else None


def _from_the_desktop(url: str, which: Callable[[str], str | None]) -> list[str] | None:
    for name in _OPENERS:
        path = which(name)
        if path and os.path.basename(os.path.realpath(path)) not in TEXT_BROWSERS:
            return [path, "open", url] if name == "gio" else [path, url]
    return None


def _chosen(commands: str, url: str, which: Callable[[str], str | None]) -> list[str] | None:
    # A path may hold spaces or colons: a string that names an executable as a whole is one.
    for command in (commands, *commands.split(os.pathsep)):
        words = [command] if which(command) else _words(command)
        path = which(words[0]) if words else None
        if path is None or os.path.basename(os.path.realpath(path)) in TEXT_BROWSERS:
            continue
        if os.path.basename(path) in TEXT_BROWSERS:
            continue
        rest = [word.replace("%s", url) for word in words[1:] if word != "&"]
        return [path, *rest] if any("%s" in word for word in words[1:]) else [path, *rest, url]
    return None


def _words(command: str) -> list[str]:
    import shlex

    try:
        return shlex.split(command)
    except ValueError:
        return []


def _windows_from_linux(url: str, which: Callable[[str], str | None]) -> list[str] | None:
    if path := which("wslview"):
        return [path, url]
    # No shell in between, so that nothing in the address could mean anything to one.
    if path := which("rundll32.exe"):
        return [path, "url.dll,FileProtocolHandler", url]
    return None


def open_browser(
    url: str,
    *,
    chosen: str | None = None,
    withheld: Iterable[str | None] = (),
    environ: Mapping[str, str] | None = None,
) -> bool:
    """
    Start the browser on *url* and come back at once; tell whether something was started.

    True promises no more than that: a browser may still refuse to run. It inherits no variable of
    ours, nor those that *withheld* names, which hold a client's secret.
    """
    # Late, as all that is heavy: the address is on the screen by now.
    from functools import partial
    from shutil import which

    from ..process.child import inheritable
    from ..process.frozen import system_libraries
    from .environment import surroundings, without_variables

    variables = os.environ if environ is None else environ
    command = launch_command(
        url,
        around=surroundings(environ),
        environ=variables,
        chosen=chosen,
        which=partial(which, path=variables.get("PATH")),
    )
    if command is None:
        return False
    inherited = inheritable(variables, withheld=withheld)
    try:
        with system_libraries():
            if sys.platform == "win32" and command[0] == "start":
                with without_variables(os.environ.keys() - inherited.keys()):
                    os.startfile(command[1])  # noqa: S606 - our own one-time address
            else:
                _start(command, inherited)
    except OSError:
        return False
    return True


def _start(command: list[str], environ: Mapping[str, str]) -> None:
    import subprocess
    from threading import Thread

    # A session of its own: Ctrl-C here does not close the person's browser.
    process = subprocess.Popen(  # noqa: S603 - an absolute path and one address of our own making
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        close_fds=True,
    )
    # Some openers stay until the browser is closed. Nobody waits for this thread; without it, one
    # that has ended stays a zombie.
    Thread(target=process.wait, name="loopback-auth browser", daemon=True).start()
