"""
RB-09: where `token` and `refresh` look when the environment says nothing, or nonsense, and when
home cannot be written.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.store.file_store import FileStore

from ..support.children import TIMEOUT_S, unprivileged
from ..support.command import COMMAND, environment, token_file
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, OLD, document, stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system says where home is"),
]

UNSET = None


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/token"] = json_answer({**NEW, "refresh_token": "the-next"})
        yield running


def run(
    command: str, cwd: Path, environ_given: Mapping[str, str | None], under: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run *command* in *cwd* with these variables instead of ours; a `None` is not set at all."""
    environ = {**environment(cwd), "LOOPBACK_AUTH_HOME": UNSET, **environ_given}
    return subprocess.run(
        (*under, *COMMAND, *command.split()),
        cwd=cwd,
        env={name: value for name, value in environ.items() if value is not None},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


HOMES: list[tuple[Mapping[str, str | None], str]] = [
    ({"HOME": "{}"}, ".config/loopback-auth"),
    ({"HOME": "{}", "XDG_CONFIG_HOME": ""}, ".config/loopback-auth"),
    ({"HOME": "{}", "XDG_CONFIG_HOME": "relative"}, ".config/loopback-auth"),
    ({"HOME": "{}", "XDG_CONFIG_HOME": "./.config"}, ".config/loopback-auth"),
    ({"HOME": "{}", "XDG_CONFIG_HOME": "{}/conf ü"}, "conf ü/loopback-auth"),
    ({"HOME": UNSET, "XDG_CONFIG_HOME": "{}/conf"}, "conf/loopback-auth"),
    ({"HOME": "relative", "LOOPBACK_AUTH_HOME": "{}/mine"}, "mine"),
]


@pytest.mark.parametrize(("environ_given", "subfolder"), HOMES)
def test_rb_09_a_token_is_refreshed_where_it_lies(
    server: ScriptedServer, tmp_path: Path, environ_given: Mapping[str, str | None], subfolder: str
) -> None:
    """
    RB-09: in the one place that the environment defines; the current folder, which is another one,
    stays empty.
    """
    here, root = tmp_path / "here", tmp_path / "root"
    here.mkdir()
    root.mkdir()
    home = root / subfolder
    stored(home, server)
    environ = {name: value and value.format(root) for name, value in environ_given.items()}
    assert run("token", here, environ).stdout == "the-new-token\n"
    assert token_file(home)["refresh_token"] == "the-next"
    assert run("refresh", here, environ).returncode == 0
    assert len(server.asked("/token")) == 2
    assert list(here.iterdir()) == []


NOWHERE: list[Mapping[str, str | None]] = [
    {"HOME": "relative"},
    {"HOME": "."},
    {"HOME": "/"},
    {"HOME": "~"},
    {"HOME": "relative", "XDG_CONFIG_HOME": "relative"},
    {"HOME": "/", "XDG_CONFIG_HOME": ""},
    {"LOOPBACK_AUTH_HOME": "relative"},
    {"LOOPBACK_AUTH_HOME": "/"},
]


@pytest.mark.parametrize("command", ["token", "refresh"])
@pytest.mark.parametrize("environ_given", NOWHERE)
def test_rb_09_no_home_is_a_refusal_and_never_the_current_folder(
    tmp_path: Path, environ_given: Mapping[str, str | None], command: str
) -> None:
    """RB-09: exit 2 with what to set; never a file in `/` or where the command happens to run."""
    ended = run(command, tmp_path, environ_given)
    assert (ended.returncode, ended.stdout) == (2, ""), ended
    assert "Traceback" not in ended.stderr
    assert "LOOPBACK_AUTH_HOME" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("environ_given", [{"HOME": UNSET}, {"HOME": ""}])
def test_rb_09_without_home_the_systems_word_for_it_counts(
    tmp_path: Path, environ_given: Mapping[str, str | None]
) -> None:
    """
    RB-09: the home folder of the user by /etc/passwd, and not the current folder, where the profile
    could be found.
    """
    store = FileStore(str(tmp_path / ".config" / "loopback-auth"))
    store.save("of-the-tests", {"version": 1, "access_token": "found", "token_type": "Bearer"})
    ended = run("token of-the-tests", tmp_path, environ_given)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "nobody is signed in to the profile of-the-tests" in ended.stderr


def test_rb_09_a_home_that_cannot_be_written_is_read_and_no_refresh_token_is_used(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    RB-09, RF-05: a good token is handed out; for the others exit 1, the reason, and no
    request.
    """
    home = tmp_path / "home"
    stored(home, server)
    FileStore(str(home)).save("good", document(server, profile="good", lasts_s=3000))
    for path in (home / "tokens").glob("*.lock"):
        path.unlink()
    for folder in (home / "tokens", home):
        folder.chmod(0o500)
    environ_given = {"LOOPBACK_AUTH_HOME": str(home)}
    try:
        good = run("token good", tmp_path, environ_given, unprivileged())
        assert (good.returncode, good.stdout) == (0, f"{OLD['access_token']}\n"), good
        for command in ("token", "refresh", "refresh good"):
            ended = run(command, tmp_path, environ_given, unprivileged())
            assert (ended.returncode, ended.stdout) == (1, ""), ended
            assert ended.stderr.startswith(f"error[store-unwritable]: {home}/tokens/"), ended
            assert "Permission denied" in ended.stderr
    finally:
        for folder in (home, home / "tokens"):
            folder.chmod(0o700)
    assert server.requests == []
    assert token_file(home)["refresh_token"] == OLD["refresh_token"]
