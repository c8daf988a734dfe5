"""Where a person sits, and how they sign in from there - CL-09."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from loopback_auth import from_settings
from loopback_auth.edge.interaction.environment import surroundings
from loopback_auth.flows.login.way import (
    BROWSER,
    DEVICE,
    PASTE,
    STOP,
    TABLE,
    way,
    way_in,
)

from ...edge.interaction.test_environment import SSH, WSL_1, WSL_2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback_auth.edge.interaction.environment import Surroundings


@dataclass(frozen=True)
class Seen:
    """All that can be observed, and the row that it is."""

    row: str
    how: str
    environ: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    platform: str = "linux"
    terminal: bool = True
    opens: bool = False
    has_device: bool = False

    def around(self) -> Surroundings:
        return surroundings(
            self.environ, self.platform, terminal=self.terminal, read=self.files.get
        )


HELPER = {"BROWSER": "/vscode/bin/helpers/browser.sh", "VSCODE_IPC_HOOK_CLI": "/run/v.sock"}
REMOTE = {**HELPER, "TERM_PROGRAM": "vscode"}
DOCKER = {"/.dockerenv": ""}

SEEN = {
    "a desktop of Linux": Seen("desktop", BROWSER, {"DISPLAY": ":0"}, opens=True),
    "macOS": Seen("desktop", BROWSER, platform="darwin", opens=True),
    "Windows": Seen("desktop", BROWSER, platform="win32", opens=True),
    "a desktop without a browser": Seen("desktop", PASTE, {"DISPLAY": ":0"}),
    "VS Code on a desktop": Seen(
        "desktop", BROWSER, {"DISPLAY": ":0", "TERM_PROGRAM": "vscode"}, opens=True
    ),
    "VS Code over SSH": Seen(
        "remote-editor", BROWSER, {**REMOTE, "SSH_CONNECTION": SSH}, opens=True
    ),
    "VS Code in a dev container": Seen(
        "remote-editor", BROWSER, {**REMOTE, "REMOTE_CONTAINERS": "true"}, DOCKER, opens=True
    ),
    "a task of VS Code over SSH": Seen(
        "remote-editor", BROWSER, HELPER, terminal=False, opens=True
    ),
    "a dev container without a helper": Seen(
        "devcontainer", PASTE, {"REMOTE_CONTAINERS": "true"}, DOCKER
    ),
    "a codespace, a server with the device flow": Seen(
        "codespaces", DEVICE, {**REMOTE, "CODESPACES": "true"}, opens=True, has_device=True
    ),
    "a codespace, a server without it": Seen(
        "codespaces", BROWSER, {**REMOTE, "CODESPACES": "true"}, opens=True
    ),
    "a codespace by SSH": Seen("codespaces", PASTE, {"CODESPACES": "true", "SSH_CONNECTION": SSH}),
    "SSH": Seen("ssh", PASTE, {"SSH_CONNECTION": SSH}, has_device=True),
    "SSH with X forwarding": Seen(
        "desktop", BROWSER, {"SSH_CONNECTION": SSH, "DISPLAY": "localhost:10.0"}, opens=True
    ),
    "SSH to macOS": Seen("ssh", PASTE, {"SSH_CONNECTION": SSH}, platform="darwin"),
    "SSH to Windows": Seen("ssh", PASTE, {"SSH_CONNECTION": SSH}, platform="win32"),
    "SSH with a command": Seen(
        "ssh", DEVICE, {"SSH_CONNECTION": SSH}, terminal=False, has_device=True
    ),
    "SSH with a command, a server without the device flow": Seen(
        "ssh", PASTE, {"SSH_CONNECTION": SSH}, terminal=False
    ),
    "WSL 1": Seen("wsl", BROWSER, files={"/proc/version": WSL_1}, opens=True),
    "WSL 2": Seen("wsl", BROWSER, files={"/proc/version": WSL_2}, opens=True),
    "WSL without a way to Windows": Seen("wsl", PASTE, {"WSL_DISTRO_NAME": "Debian"}),
    "a container": Seen("container", PASTE, files=DOCKER, has_device=True),
    "a container without a terminal": Seen(
        "container", DEVICE, files=DOCKER, terminal=False, has_device=True
    ),
    "a container of podman": Seen("container", PASTE, {"container": "podman"}),
    "a pod": Seen("container", PASTE, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}),
    "CI": Seen("ci", STOP, {"CI": "true"}, terminal=False, has_device=True),
    "CI on a machine with a display": Seen(
        "ci", STOP, {"CI": "true"}, platform="win32", terminal=False, opens=True
    ),
    "CI in a container": Seen("ci", STOP, {"CI": "true"}, DOCKER, terminal=False),
    "CI with a browser of its own": Seen(
        "ci", BROWSER, {"CI": "true", "BROWSER": "play"}, terminal=False, opens=True
    ),
    "CI with a terminal": Seen("headless", PASTE, {"CI": "true"}),
    "a run window of JetBrains": Seen(
        "jetbrains",
        BROWSER,
        {"DISPLAY": ":0", "PYCHARM_HOSTED": "1"},
        terminal=False,
        opens=True,
    ),
    "a terminal of JetBrains": Seen(
        "desktop", BROWSER, {"DISPLAY": ":0", "TERMINAL_EMULATOR": "JetBrains-JediTerm"}, opens=True
    ),
    "an agent on a desktop": Seen(
        "agent", BROWSER, {"DISPLAY": ":0", "CLAUDECODE": "1"}, terminal=False, opens=True
    ),
    "an agent without a display": Seen(
        "agent", DEVICE, {"CLAUDECODE": "1"}, terminal=False, has_device=True
    ),
    "an agent, a server without the device flow": Seen(
        "agent", PASTE, {"AI_AGENT": "somebody"}, terminal=False
    ),
    "no display": Seen("headless", PASTE, has_device=True),
    "no display, no terminal": Seen("headless", DEVICE, terminal=False, has_device=True),
    "no display, a browser set": Seen("headless", BROWSER, {"BROWSER": "firefox"}, opens=True),
}


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_each_situation_has_its_way_cl_09(seen: Seen) -> None:
    """CL-09: from what can be observed to what is done, one row of the table each."""
    around = seen.around()
    found = way(around, opens=seen.opens, has_device=seen.has_device)
    assert (found.row.name, found.how) == (seen.row, seen.how)


def test_each_row_has_its_test() -> None:
    assert {row.name for row in TABLE} == {seen.row for seen in SEEN.values()}


@pytest.mark.parametrize(
    ("environ", "browser", "how"),
    [
        ({"DISPLAY": ":0"}, None, BROWSER),
        ({}, None, DEVICE),
        ({}, "firefox", BROWSER),
        ({"BROWSER": "firefox"}, None, BROWSER),
        ({"WSL_DISTRO_NAME": "Debian"}, None, BROWSER),
        ({"SSH_CONNECTION": SSH}, None, DEVICE),
        ({"CI": "1"}, None, STOP),
        ({"CI": "1"}, "firefox", BROWSER),
        ({"CI": "1", "BROWSER": "firefox"}, None, BROWSER),
    ],
)
def test_without_a_search_a_browser_is_where_it_is_likely(
    environ: Mapping[str, str], browser: str | None, how: str
) -> None:
    """A sign-in shows its address before it looks for one."""
    assert way(surroundings(environ, "linux", read={}.get), browser=browser).how == how


@pytest.mark.parametrize(
    "environ", [{"DISPLAY": ":0"}, {"BROWSER": "missing"}, {"CI": "1", "BROWSER": "w3m"}]
)
def test_a_likely_browser_that_is_not_there_means_an_address(environ: Mapping[str, str]) -> None:
    """As `login` finds out after it has shown one."""
    assert way(surroundings(environ, "linux", read={}.get), opens=False).how == PASTE


LOCALHOST = "http://localhost:1717/OauthRedirect"
ADA = {"USER": "ada"}

# What is observed, the redirect URI, and what is to be typed or set.
RECIPES = {
    "SSH": (
        Seen("ssh", PASTE, {"SSH_CONNECTION": SSH, **ADA}),
        LOCALHOST,
        "ssh -N -L 1717:127.0.0.1:1717 ada@10.0.0.2",
    ),
    "SSH on a port of its own": (
        Seen("ssh", PASTE, {"SSH_CONNECTION": "::1 5 ::1 2222"}),
        "http://[::1]:8765/callback",
        "ssh -N -L 8765:[::1]:8765 -p 2222 ::1",
    ),
    "a dev container": (
        Seen("devcontainer", PASTE, {"REMOTE_CONTAINERS": "true"}),
        LOCALHOST,
        '"forwardPorts": [1717]',
    ),
    "a codespace": (
        Seen("codespaces", PASTE, {"CODESPACES": "true"}),
        LOCALHOST,
        "forward port 1717",
    ),
    "a container": (Seen("container", PASTE, files=DOCKER), LOCALHOST, "-p 127.0.0.1:1717:1717"),
    "WSL 1": (Seen("wsl", PASTE, files={"/proc/version": WSL_1}), LOCALHOST, "same localhost"),
    "WSL 2": (
        Seen("wsl", PASTE, files={"/proc/version": WSL_2}),
        LOCALHOST,
        "WSL 2 leads port 1717",
    ),
    "a desktop": (Seen("desktop", BROWSER, {"DISPLAY": ":0"}), LOCALHOST, ""),
}


@pytest.mark.parametrize(("seen", "redirect_uri", "recipe"), RECIPES.values(), ids=RECIPES)
def test_the_way_in_from_elsewhere_has_the_real_values_cl_09(
    seen: Seen, redirect_uri: str, recipe: str
) -> None:
    """CL-09: what to type on the person's own computer, with the port of this sign-in."""
    words = way_in(seen.around(), redirect_uri, from_settings("work", client_id="app"))
    assert recipe in words
    if recipe.startswith(("ssh", '"')):
        assert words.splitlines()[-1] == f"    {recipe}"
    assert bool(words) == bool(recipe)
    others = [other for _, _, other in RECIPES.values() if other and other != recipe]
    assert not [other for other in others if other in words and other not in recipe]


def test_what_is_typed_in_a_container_names_the_profile() -> None:
    seen, redirect_uri, _ = RECIPES["a container"]
    words = way_in(seen.around(), redirect_uri, from_settings("work", client_id="app"))
    typed = "loopback-auth login work --port 1717 --bind 0.0.0.0"
    assert words.splitlines()[-1].strip().startswith(typed)
