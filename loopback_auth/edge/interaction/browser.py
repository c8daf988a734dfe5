"""
Starting the person's browser.

The standard library's launcher may run a text browser in this terminal, wait for the browser to
end, or let it write to our standard output. This one is given a one-time local address, so that no
text of a server is in an argv.
"""

from __future__ import annotations

import os
import sys

from ...oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .environment import Surroundings

TEXT_BROWSERS = frozenset({"www-browser", "links", "links2", "elinks", "lynx", "w3m", "browsh"})
"""Browsers that would take over this terminal."""

# The openers of desktops, which start the person's own choice, before browsers that may be there.
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
    Return the argv that opens *url*; `None` if there is no browser.

    *chosen*, else the variable `BROWSER`, is an executable or the usual list of commands with `%s`.
    On Windows without either, the argv begins with `start`, which stands for `os.startfile`.
    """
    if commands := chosen or environ.get("BROWSER"):
        return _chosen(commands, url, which)
    fixed = {"win32": ["start", url], "darwin": ["/usr/bin/open", url]}.get(around.platform)
    if fixed:
        # Over SSH it would open in front of whoever sits there.
        return fixed if around.display else None
    if around.wsl and not around.ssh_server:
        return _windows_from_linux(url, which)
    return _from_the_desktop(url, which) if around.display else None


def why_none(chosen: str | None, environ: Mapping[str, str] | None) -> str:
    """Return why no browser can be started; *chosen* and *environ* as in `open_browser`."""
    named = chosen or (os.environ if environ is None else environ).get("BROWSER", "")
    if not named:
        return "none was found here"
    who, shown = "the setting browser" if chosen else "BROWSER", one_line(named, limit=80)
    if os.path.basename(named.split(" ")[0]) in TEXT_BROWSERS:
        return f"{who} names {shown}, which would run inside this terminal"
    return f"{who} names {shown}, and there is no such program that can be started"


def _from_the_desktop(url: str, which: Callable[[str], str | None]) -> list[str] | None:
    for name in _OPENERS:
        path = which(name)
        if path and os.path.basename(os.path.realpath(path)) not in TEXT_BROWSERS:
            return [path, "open", url] if name == "gio" else [path, url]
    return None


def _chosen(commands: str, url: str, which: Callable[[str], str | None]) -> list[str] | None:
    # A path may hold spaces or colons: first look for an executable of the whole name.
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
    # No cmd.exe, which would interpret characters of the address.
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
    Start the browser on *url* without waiting for it; return whether a program was started.

    The program may still fail. It inherits no variable of this package, nor those of *withheld*,
    which hold a client's secret.
    """
    # Imported late: the address is on the screen by now.
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

    # In its own session, so that Ctrl-C here does not close the person's browser.
    process = subprocess.Popen(  # noqa: S603 - an absolute path and one address of our own making
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        close_fds=True,
    )
    # Some openers run until the browser is closed. Without this thread, an opener that has ended
    # would stay a zombie.
    Thread(target=process.wait, name="loopback-auth browser", daemon=True).start()
