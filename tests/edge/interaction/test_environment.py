"""What can be observed of where this process runs, as facts - CL-09."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.interaction.environment import surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping

WSL_1 = "Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) (gcc version 5.4.0)"
WSL_2 = "Linux version 5.15.90.1-microsoft-standard-WSL2 (oe-user@oe-host)"
SSH = "10.0.0.1 50000 10.0.0.2 22"

# Variables, files, platform; the facts that follow.
FACTS: list[tuple[Mapping[str, str], Mapping[str, str], str, Mapping[str, object]]] = [
    ({}, {}, "linux", {"display": False, "ssh_server": "", "seen": ()}),
    ({"DISPLAY": ":0"}, {}, "linux", {"display": True, "seen": ("DISPLAY",)}),
    ({"WAYLAND_DISPLAY": "wayland-0"}, {}, "linux", {"display": True}),
    ({}, {}, "darwin", {"display": True, "wsl": 0}),
    ({}, {}, "win32", {"display": True, "wsl": 0}),
    ({"SSH_CONNECTION": SSH}, {}, "linux", {"ssh_server": "10.0.0.2", "ssh_port": 22}),
    ({"SSH_CONNECTION": SSH}, {}, "darwin", {"ssh_server": "10.0.0.2", "display": False}),
    ({"SSH_CONNECTION": SSH}, {}, "win32", {"display": False}),
    (
        {"SSH_CONNECTION": "fe80::1%eth0 5 fe80::2%eth0 2222", "USER": "ada"},
        {},
        "linux",
        {"ssh_server": "fe80::2%eth0", "ssh_port": 2222, "user": "ada"},
    ),
    ({"SSH_CONNECTION": SSH, "DISPLAY": "localhost:10.0"}, {}, "linux", {"display": True}),
    ({"SSH_CONNECTION": "nonsense"}, {}, "linux", {"ssh_server": "", "seen": ()}),
    ({"SSH_CONNECTION": "a b $(id) 22"}, {}, "linux", {"ssh_server": ""}),
    ({"USER": "-oProxyCommand=id"}, {}, "linux", {"user": ""}),
    ({"LOGNAME": "a;b"}, {}, "linux", {"user": ""}),
    ({"CODESPACES": "true"}, {}, "linux", {"codespaces": True}),
    ({"WSL_DISTRO_NAME": "Debian"}, {}, "linux", {"wsl": 2}),
    ({}, {"/proc/version": WSL_1}, "linux", {"wsl": 1, "seen": ("/proc/version",)}),
    ({"WSL_DISTRO_NAME": "Debian"}, {"/proc/version": WSL_1}, "linux", {"wsl": 1}),
    ({}, {"/proc/version": WSL_2}, "linux", {"wsl": 2}),
    ({}, {"/proc/version": "Linux version 6.1.0-18-amd64"}, "linux", {"wsl": 0}),
    ({"REMOTE_CONTAINERS": "true"}, {}, "linux", {"container": True, "devcontainer": True}),
    ({}, {"/.dockerenv": ""}, "linux", {"container": True, "seen": ("/.dockerenv",)}),
    ({}, {"/run/.containerenv": ""}, "linux", {"container": True, "devcontainer": False}),
    ({}, {"/.dockerenv": ""}, "darwin", {"container": False}),
    ({"BROWSER": "firefox"}, {}, "linux", {"browser": True}),
    ({"VSCODE_IPC_HOOK_CLI": "/run/v.sock"}, {}, "linux", {"remote_editor": True}),
    ({"TERMINAL_EMULATOR": "JetBrains-JediTerm"}, {}, "linux", {"jetbrains": True}),
    ({"PYCHARM_HOSTED": "1"}, {}, "linux", {"jetbrains": True, "seen": ("PYCHARM_HOSTED",)}),
    ({"TERMINAL_EMULATOR": "other"}, {}, "linux", {"jetbrains": False}),
    ({"CLAUDECODE": "1"}, {}, "linux", {"agent": True}),
    ({"AI_AGENT": "somebody"}, {}, "linux", {"agent": True}),
    ({"CI": "true"}, {}, "linux", {"ci": True}),
    ({"CI": "false"}, {}, "linux", {"ci": False, "seen": ()}),
    ({"TF_BUILD": "True"}, {}, "win32", {"ci": True}),
]


@pytest.mark.parametrize(("environ", "files", "platform", "facts"), FACTS)
def test_the_surroundings_are_recognised_cl_09(
    environ: Mapping[str, str],
    files: Mapping[str, str],
    platform: str,
    facts: Mapping[str, object],
) -> None:
    """CL-09: SSH, containers, WSL, codespaces and missing displays are told apart."""
    around = surroundings(environ, platform, read=files.get)
    assert {name: getattr(around, name) for name in facts} == facts


def test_a_terminal_is_the_callers_to_know() -> None:
    assert surroundings({}, terminal=True).terminal
    assert not surroundings({}).terminal
