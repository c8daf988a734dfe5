"""The files of each IDE have the shape that its documentation gives."""

from __future__ import annotations

import json
import re
from types import NoneType
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from loopback_auth.export.ide import devcontainer, jetbrains, vscode, zed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback_auth.export.ide.ide_file import IdeFile

LOCALHOST = ("http://localhost:1717/OauthRedirect",)

# https://code.visualstudio.com/docs/reference/tasks-appendix: the members that we write, what each
# may be, and whether it may be missing. `dependsOn` and `instanceLimit` are in
# https://code.visualstudio.com/docs/debugtest/tasks.
PATTERN = {"regexp": str, "file": int, "message": int} | {
    f"{name}?": int for name in ("line", "column", "severity", "code")
}
BACKGROUND = {"activeOnStart?": bool, "beginsPattern?": str, "endsPattern?": str}
MATCHER = {
    "owner?": str,
    "severity?": {"error", "warning", "info"},
    "fileLocation?": [str],
    "pattern?": PATTERN,
    "background?": BACKGROUND,
}
PRESENTATION = {
    "reveal?": {"never", "silent", "always"},
    "panel?": {"shared", "dedicated", "new"},
    "showReuseMessage?": bool,
}
TASK = {
    "label": str,
    "type": {"shell", "process"},
    "command": str,
    "args?": [str],
    "isBackground?": bool,
    "presentation?": PRESENTATION,
    "problemMatcher?": MATCHER,
    "runOptions?": {"instanceLimit?": int},
    "dependsOn?": [str],
}
TASKS_2_0_0 = {"version": {"2.0.0"}, "tasks": [TASK]}

# https://containers.dev/implementors/json_reference/#port-attributes
PORT = {
    "label?": str,
    "protocol?": {"http", "https"},
    "onAutoForward?": {"notify", "openBrowser", "openBrowserOnce", "openPreview", "silent"},
    "requireLocalPort?": bool,
}

# https://zed.dev/docs/tasks
ZED_TASK = {
    "label": str,
    "command": str,
    "reveal?": {"always", "no_focus", "never"},
    "hide?": {"never", "always", "on_success"},
    "use_new_terminal?": bool,
    "allow_concurrent_runs?": bool,
}


def differences(value: Any, shape: Any, at: str = "") -> list[str]:
    """Return where *value* is not of *shape*."""
    if isinstance(shape, type):
        return [] if type(value) is shape else [f"{at}: {value!r}"]
    if isinstance(shape, set):
        return [] if value in shape else [f"{at}: {value!r}"]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at}: no array"]
        return [each for child in value for each in differences(child, shape[0], f"{at}[]")]
    if value == [] and at.endswith("problemMatcher"):
        return []
    known = {name.rstrip("?"): kind for name, kind in shape.items()}
    found = [f"{at}: {name} is unknown" for name in value.keys() - known.keys()]
    found += [f"{at}: no {name}" for name in shape if not (name.endswith("?") or name in value)]
    for name in value.keys() & known.keys():
        found += differences(value[name], known[name], f"{at}.{name}")
    return found


def documents(files: list[IdeFile]) -> dict[str, Any]:
    return {file.path: json.loads(file.text) for file in files}


def test_a_difference_would_be_seen() -> None:
    assert differences({"version": "2.0.0"}, TASKS_2_0_0) == [": no tasks"]
    assert differences({"version": "0.1", "tasks": [], "x": NoneType}, TASKS_2_0_0) != []


@pytest.mark.parametrize("profile", [None, "work", "a@b+c_d.e-f"])
def test_the_tasks_of_vs_code_are_of_version_2_0_0(profile: str | None) -> None:
    found = documents(vscode.files(profile, LOCALHOST))
    tasks = found[".vscode/tasks.json"]
    assert differences(tasks, TASKS_2_0_0) == []
    login, background, status = tasks["tasks"]
    words = [profile] if profile else []
    assert login["args"] == background["args"] == ["login", *words, "--if-needed"]
    assert status["args"] == ["status", *words]
    assert status["dependsOn"] == [login["label"]]
    assert background["isBackground"] is True
    ports = found[".vscode/settings.json"]["remote.portsAttributes"]
    assert differences(ports["1717"], PORT) == []


def test_a_port_is_forwarded_only_where_it_is_one_of_this_machine() -> None:
    uris = ("http://127.0.0.1:0/cb", "https://my.host:8443/cb", "https://localhost:8444/cb")
    found = documents(vscode.files(None, uris))
    ports = found[".vscode/settings.json"]["remote.portsAttributes"]
    assert {port: each["protocol"] for port, each in ports.items()} == {"8444": "https"}
    assert [file.path for file in vscode.files(None, uris[:2])] == [".vscode/tasks.json"]
    assert devcontainer.files(None, uris[:2]) == []


def test_a_dev_container_forwards_the_very_port() -> None:
    (file,) = devcontainer.files("work", (*LOCALHOST, "http://127.0.0.1:1718/cb"))
    assert file.partial
    document = json.loads(file.text)
    assert document["forwardPorts"] == [1717, 1718]
    assert list(document["portsAttributes"]) == ["1717", "1718"]
    for attributes in document["portsAttributes"].values():
        assert differences(attributes, PORT) == []
        assert attributes["requireLocalPort"] is True


def test_the_tasks_of_zed_are_an_array_of_its_own() -> None:
    (file,) = zed.files("work", LOCALHOST)
    tasks = json.loads(file.text)
    assert differences(tasks, [ZED_TASK]) == []
    assert [task["command"] for task in tasks] == [
        "loopback-auth login work --if-needed",
        "loopback-auth login work --if-needed && loopback-auth status work",
    ]


# Options of the run configuration "Shell Script", as the IDE writes them.
SHELL_SCRIPT = {
    "SCRIPT_TEXT",
    "INDEPENDENT_SCRIPT_PATH",
    "SCRIPT_PATH",
    "SCRIPT_OPTIONS",
    "INDEPENDENT_SCRIPT_WORKING_DIRECTORY",
    "SCRIPT_WORKING_DIRECTORY",
    "INDEPENDENT_INTERPRETER_PATH",
    "INTERPRETER_PATH",
    "INTERPRETER_OPTIONS",
    "EXECUTE_IN_TERMINAL",
    "EXECUTE_SCRIPT_FILE",
}


@pytest.mark.parametrize("profile", [None, "work"])
def test_the_run_configurations_of_jetbrains_are_shell_scripts(profile: str | None) -> None:
    login, status = (
        ET.fromstring(file.text)  # noqa: S314 - our own text
        for file in jetbrains.files(profile, LOCALHOST)
    )
    for component in (login, status):
        assert component.attrib == {"name": "ProjectRunConfigurationManager"}
        (configuration,) = component
        assert configuration.attrib["type"] == "ShConfigurationType"
        assert options(configuration).keys() == SHELL_SCRIPT
        assert options(configuration)["EXECUTE_IN_TERMINAL"] == "false"
    first = status.find("configuration/method/option")
    assert first is not None
    assert first.attrib == {
        "name": "RunConfigurationTask",
        "enabled": "true",
        "run_configuration_name": login[0].attrib["name"],
        "run_configuration_type": "ShConfigurationType",
    }


def options(configuration: ET.Element) -> Mapping[str, str]:
    return {each.attrib["name"]: each.attrib["value"] for each in configuration.findall("option")}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            "error[config-invalid]: /home/ada/.config/config.toml:3:1: error: unknown",
            ("config-invalid", "/home/ada/.config/config.toml", "3", "1"),
        ),
        (
            "error[config-invalid]: C:\\Users\\ada\\a b\\config.toml:12:40: error: Illegal",
            ("config-invalid", "C:\\Users\\ada\\a b\\config.toml", "12", "40"),
        ),
        ("error[sign-in-needed]: nobody is signed in", None),
        ("  cause: config.toml:3:1: error: no", None),
        ("Waiting for your browser... 4:59 left (Ctrl-C cancels)", None),
    ],
)
def test_a_line_about_a_place_in_a_file_is_a_problem(
    line: str, found: tuple[str, ...] | None
) -> None:
    problem = re.search(vscode.PROBLEM, line)
    assert (problem and problem.groups()[:4]) == found
