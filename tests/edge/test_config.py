"""config.toml: what is wrong with it is told by line and column, and never with a secret in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.config import default_profile, load_config, parse_config, seconds
from loopback_auth.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

WRONG = [
    ("client_id = ", "1:13"),
    ("[profiles.a\n", "1:12"),
    ("[profiles.a]\nclient_id = 'x'\nclient_id = 'y'\n", "3:16"),
    ("client_id = 'x'\n", "1:1"),
    ("version = 2\n", "1:1"),
    ("default_profile = 3\n", "1:1"),
    ("profiles = 3\n", "1:1"),
    ("[profiles]\na = 3\n", "2:1"),
    ("[profiles.a]\n\n  cleint_id = 'x'\n", "3:3"),
    ("[profiles.a]\nport = 70000\n", "2:1"),
    ("[profiles.a]\nport = true\n", "2:1"),
    ("[profiles.b]\nport = 1\n[profiles.a]\nport = 'x'\n", "4:1"),
    ("[profiles.a]\nscope = [1]\n", "2:1"),
    ("[profiles.a]\ntimeout = 'soon'\n", "2:1"),
    ("[profiles.a]\ntimeout = '0s'\n", "2:1"),
    ("[profiles.a]\nstrict_scope = 'yes'\n", "2:1"),
    ("[profiles.a]\nparameters = 'a=b'\n", "2:1"),
    ("[profiles.a.parameters]\nx = 3\n", "1:2"),
    ('[profiles."a b"]\n"client_id" = 7\n', "2:1"),
]


@pytest.mark.parametrize(("text", "place"), WRONG)
def test_a_mistake_is_told_with_its_place(text: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config("/home/u/config.toml", text)
    assert str(caught.value).startswith(f"/home/u/config.toml:{place}: error: ")


def test_a_value_of_the_wrong_kind_is_not_repeated() -> None:
    """CL-02: what stands in the wrong place may be a secret."""
    with pytest.raises(ConfigError) as caught:
        parse_config("c", "[profiles.a]\nclient_secret = ['CANARY']\n")
    assert "CANARY" not in str(caught.value)


def test_a_misspelled_setting_gets_the_right_one_suggested() -> None:
    with pytest.raises(ConfigError, match="did you mean 'client_id'"):
        parse_config("c", "[profiles.a]\ncleint_id = 'x'\n")


def test_settings_come_under_their_one_name_with_their_line() -> None:
    text = '[profiles.a]\nscopes = ["x", "y"]\nredirect_uri = "http://127.0.0.1/cb"\nports = [1, 2]\ntimeout = "2m"\n'
    assert parse_config("/x/config.toml", text).profile("a") == {
        "scope": (("x", "y"), "config.toml:2"),
        "redirect_uris": (("http://127.0.0.1/cb",), "config.toml:3"),
        "port": ((1, 2), "config.toml:4"),
        "timeout": (120.0, "config.toml:5"),
    }


def test_an_absent_file_is_an_empty_one(tmp_path: Path) -> None:
    assert load_config(str(tmp_path)).profiles == []
    assert default_profile(str(tmp_path)) is None


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(str(tmp_path))


def test_the_default_profile_is_found_without_reading_the_profiles(tmp_path: Path) -> None:
    """What comes after the first table may be of any length, and may be broken: `token` has no need of it."""
    (tmp_path / "config.toml").write_text('# mine\ndefault_profile = "work"\n\n[profiles.work\n')
    assert default_profile(str(tmp_path)) == "work"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('default_profile = "a.b"\n', "a.b"),
        ('default_profile="a"   \n', "a"),
        ("default_profile = 'a'\n", "a"),
        ('"default_profile" = "a"\n', "a"),
        ('default_profile = "\\u0061"\n', "a"),
        ('# default_profile = "no"\n', None),
        ('# default_profile = "no"\ndefault_profile = "a"\n', "a"),
    ],
)
def test_the_default_profile_in_every_spelling(text: str, name: str | None, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(text)
    assert default_profile(str(tmp_path)) == name


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("90s", 90), ("1.5m", 90), ("1h", 3600), (" 5m ", 300), (2, 2)]
)
def test_durations(text: object, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "m", "-1", "0", "1d", "25h", "1e3", "nan", True, None, "5 m"])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        seconds(text)
