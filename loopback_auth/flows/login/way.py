"""How a person can sign in from here: what can be observed, and what is done about it."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...oauth.http.url import port_of
from ..diagnosis import flags_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...edge.interaction.environment import Surroundings
    from ...settings.profile import Profile

BROWSER, DEVICE, PASTE, STOP = "browser", "device", "paste", "stop"
"""
What is done: a browser is opened here; the device flow; the address is shown, and what comes back
is waited for, pasted or forwarded; nothing, since nobody would ever come.
"""


class Row:
    """One situation: whether it is this one, and what is done there, the first that is possible."""

    def __init__(
        self,
        name: str,
        situation: str,
        applies: Callable[[Surroundings], bool],
        hows: tuple[str, ...] = (BROWSER, PASTE),
    ) -> None:
        self.name, self.situation, self.applies, self.hows = name, situation, applies, hows


class Way:
    """What is done, and the row of the table that says so; *seen* is what that was read from."""

    def __init__(self, how: str, row: Row, seen: tuple[str, ...]) -> None:
        self.how, self.row, self.seen = how, row, seen


TABLE = (
    # Its editor may be a page of a browser, which no redirect to localhost reaches.
    Row("codespaces", "a codespace", lambda at: at.codespaces, (DEVICE, BROWSER, PASTE)),
    Row("ci", "CI without a terminal", lambda at: at.ci and not at.terminal, (STOP,)),
    Row("remote-editor", "VS Code, connected to here", lambda at: at.remote_editor and at.browser),
    Row("devcontainer", "a dev container", lambda at: at.devcontainer),
    Row("ssh", "SSH without a display", lambda at: bool(at.ssh_server) and not at.display),
    Row("wsl", "WSL", lambda at: bool(at.wsl)),
    Row("container", "a container without a display", lambda at: at.container and not at.display),
    Row("agent", "an agent's shell", lambda at: at.agent and not at.terminal),
    Row("jetbrains", "a JetBrains run window", lambda at: at.jetbrains and not at.terminal),
    Row("desktop", "a desktop", lambda at: at.display),
    Row("headless", "a machine without a display", lambda _: True),
)
"""The first row that applies says what is done."""


def way(
    around: Surroundings,
    *,
    has_device: bool = True,
    opens: bool | None = None,
    browser: str | None = None,
) -> Way:
    """
    Return how to sign in.

    *has_device*: the server has the device flow, which is used where neither a redirect nor a paste
    can come back. *opens*: a browser can be started; if that was not looked up, as *around* and the
    *browser* that the profile names suggest.
    """
    row = next(row for row in TABLE if row.applies(around))
    is_chosen = bool(browser) or around.browser
    may_open = is_chosen or around.display or bool(around.wsl)
    is_possible = {BROWSER: may_open if opens is None else opens, DEVICE: has_device}
    hows = (BROWSER, PASTE) if row.hows == (STOP,) and is_chosen else row.hows
    how = next(how for how in hows if is_possible.get(how, True))
    if how == PASTE and has_device and not (around.terminal or may_open):
        how = DEVICE
    return Way(how, row, around.seen)


def way_in(
    around: Surroundings, redirect_uri: str, profile: Profile, *, is_to_be_shared: bool = False
) -> str:
    """
    Return how a browser elsewhere can reach *redirect_uri* of *profile*; empty if none has to.

    What is to be typed stands on lines of its own. It has the flags of this sign-in, unless it
    *is_to_be_shared*: the address of an endpoint may hold a key.
    """
    parts = urlsplit(redirect_uri)
    port, row = port_of(redirect_uri), next(row for row in TABLE if row.applies(around))
    if make := _RECIPES.get(row.name):
        flags = () if is_to_be_shared else flags_of(profile)
        facts = {"profile": profile.name, "port": port, "flags": flags}
        return make(around, port, "[::1]" if parts.hostname == "::1" else "127.0.0.1", facts)
    return ""


def _codespaces(_: Surroundings, port: int, *__: object) -> str:
    return (
        f"In a codespace, forward port {port} to your computer's own port {port}"
        " (VS Code desktop: Ports view)."
    )


def _devcontainer(_: Surroundings, port: int, *__: object) -> str:
    return (
        "Have the editor forward the callback, in devcontainer.json (loopback-auth help ide):"
        f'{_TYPED}"forwardPorts": [{port}]'
    )


def _ssh(around: Surroundings, port: int, host: str, _: object) -> str:
    server = around.ssh_server or around.host or "HOST"
    where = f"{around.user}@{server}" if around.user else server
    # As OpenSSH wants it: -p before the destination.
    door = f"-p {around.ssh_port} " if around.ssh_port != _SSH_PORT else ""
    # Else sshd may not have been the way here.
    known = "From your own computer" if around.ssh_server else "From the computer of your browser"
    line = f"ssh -N -L {port}:{host}:{port} {door}{where}"
    return f"{known}, forward the callback first:{_TYPED}{line}"


_SSH_PORT = 22
_TYPED = "\n    "
_LISTENS = "`loopback-auth login {profile} --port {port} --bind 0.0.0.0`"


def _container(_: Surroundings, port: int, __: str, facts: Mapping[str, object]) -> str:
    # Late: a sign-in with a browser shows its address without them.
    from ...explain.fix import rendered

    return (
        "To reach a container, publish the port and listen where it arrives:"
        f"{_TYPED}docker run -p 127.0.0.1:{port}:{port} ..."
        f"{_TYPED}{rendered(_LISTENS, facts)}"
    )


def _wsl(around: Surroundings, port: int, *_: object) -> str:
    if around.wsl == 1:
        return "Open the address in a Windows browser: WSL 1 has the same localhost as Windows."
    return (
        "Open the address in a Windows browser:"
        f" WSL 2 leads port {port} of localhost there to the one here."
    )


_RECIPES: dict[str, Callable[[Surroundings, int, str, Mapping[str, object]], str]] = {
    "codespaces": _codespaces,
    "devcontainer": _devcontainer,
    "ssh": _ssh,
    "container": _container,
    "wsl": _wsl,
    "agent": lambda at, port, *to: "" if at.display else _ssh(at, port, *to),
    "headless": _ssh,
}
