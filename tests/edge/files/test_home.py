"""RB-09: where the files lie, and the refusal to put them anywhere odd."""

from __future__ import annotations

import itertools
import os
import pwd
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from platformdirs import user_config_path
from platformdirs.macos import MacOS

from loopback_auth.edge.files.home import home
from loopback_auth.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere platformdirs is asked itself"
)

UNSET = None


def test_rb_09_the_folder_is_below_the_users_configuration() -> None:
    assert home({"HOME": "/home/jane"}) == "/home/jane/.config/loopback-auth"
    assert (
        home({"HOME": "/home/jane", "XDG_CONFIG_HOME": "/etc/xdg jane/ü"})
        == "/etc/xdg jane/ü/loopback-auth"
    )


@pytest.mark.parametrize("chosen", ["/srv/auth", "/srv/a b/ü", "/srv/auth/", "/srv//auth/./x/.."])
def test_rb_09_loopback_auth_home_moves_all_files(chosen: str) -> None:
    assert home({"LOOPBACK_AUTH_HOME": chosen, "HOME": "/home/jane"}) == os.path.normpath(chosen)


@pytest.mark.parametrize("chosen", ["auth", "./auth", "../auth", "~/auth", "C:\\auth", " /auth"])
def test_rb_09_a_relative_loopback_auth_home_is_refused(chosen: str) -> None:
    with pytest.raises(UsageError, match="absolute path") as refused:
        home({"LOOPBACK_AUTH_HOME": chosen, "HOME": "/home/jane"})
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("chosen", ["/", "//", "/.", "/srv/.."])
def test_rb_09_the_root_folder_is_never_home(chosen: str) -> None:
    with pytest.raises(UsageError, match="root folder"):
        home({"LOOPBACK_AUTH_HOME": chosen})


@pytest.mark.parametrize("value", ["", "config", "./config", "../config", "~/.config"])
def test_rb_09_a_relative_xdg_config_home_is_ignored_as_its_specification_says(value: str) -> None:
    assert (
        home({"HOME": "/home/jane", "XDG_CONFIG_HOME": value}) == "/home/jane/.config/loopback-auth"
    )


@pytest.mark.parametrize("value", ["/", "//", "relative", "./x", "~"])
def test_rb_09_a_home_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="no home folder") as refused:
        home({"HOME": value})
    assert "LOOPBACK_AUTH_HOME" in refused.value.fix


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}])
def test_rb_09_without_home_the_system_is_asked_who_this_is(environ: dict[str, str]) -> None:
    folder = pwd.getpwuid(os.getuid()).pw_dir
    assert home(environ) == os.path.join(folder, ".config", "loopback-auth")


# No relative XDG_CONFIG_HOME: platformdirs 4.3, which is allowed, does not ignore it as we do.
MATRIX = list(
    itertools.product(
        [UNSET, "/home/jane", "/home/jane/", "/home/a b"], [UNSET, "", "/x/conf", "/x/conf/"]
    )
)


@pytest.mark.parametrize(("folder", "config"), MATRIX)
def test_on_linux_the_folder_is_the_one_that_platformdirs_names(
    monkeypatch: pytest.MonkeyPatch, folder: str | None, config: str | None
) -> None:
    for name, value in (
        ("HOME", folder),
        ("XDG_CONFIG_HOME", config),
        ("LOOPBACK_AUTH_HOME", UNSET),
    ):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert os.path.normpath(home()) == str(user_config_path("loopback-auth", appauthor=False))


SUPPORT = "Library/Application Support/loopback-auth"


def on_macos(user: Path, config: str | None) -> str:
    environ = {"HOME": str(user), **({} if config is None else {"XDG_CONFIG_HOME": config})}
    return home(environ, "darwin")


@pytest.mark.parametrize("config", [None, "", "relative", "~/.config", "./.config"])
def test_on_macos_the_folder_is_that_of_applications(tmp_path: Path, config: str | None) -> None:
    assert on_macos(tmp_path, config) == str(tmp_path / SUPPORT)


@pytest.mark.parametrize(
    ("there", "used"),
    [
        ((), "config/loopback-auth"),
        ((SUPPORT,), SUPPORT),
        (("config/loopback-auth",), "config/loopback-auth"),
        ((SUPPORT, "config/loopback-auth"), "config/loopback-auth"),
    ],
)
def test_on_macos_tokens_stay_where_an_older_platformdirs_had_them(
    tmp_path: Path, there: tuple[str, ...], used: str
) -> None:
    """
    Before 4.6 it ignored XDG_CONFIG_HOME there; since, an update of it would sign
    everybody out.
    """
    for folder in there:
        (tmp_path / folder).mkdir(parents=True)
    assert on_macos(tmp_path, str(tmp_path / "config")) == str(tmp_path / used)


def test_on_macos_xdg_config_home_is_enough() -> None:
    assert home({"HOME": "relative", "XDG_CONFIG_HOME": "/x"}, "darwin") == "/x/loopback-auth"
    with pytest.raises(UsageError, match="no home folder"):
        home({"HOME": "relative"}, "darwin")


@pytest.mark.parametrize("config", [UNSET, "", "/x/conf", "/x/conf/"])
def test_on_macos_a_new_folder_is_the_one_that_platformdirs_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, config: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("LOOPBACK_AUTH_HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if config is not None:
        monkeypatch.setenv("XDG_CONFIG_HOME", config)
    named = MacOS("loopback-auth", appauthor=False).user_config_dir
    looks_at_xdg = tuple(map(int, version("platformdirs").split(".")[:2])) >= (4, 6)
    assert (os.path.normpath(home(None, "darwin")) == named) is (looks_at_xdg or not config)


def test_rb_09_the_current_folder_never_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = home({"HOME": "/home/jane", "XDG_CONFIG_HOME": "."})
    monkeypatch.chdir(tmp_path)
    assert home({"HOME": "/home/jane", "XDG_CONFIG_HOME": "."}) == before
