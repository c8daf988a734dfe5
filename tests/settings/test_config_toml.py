"""
config.toml: what is wrong with it is told by line and column, and never with a secret
in the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.errors import ConfigError
from loopback_auth.settings.config_toml import Config, load_config, parse_config
from loopback_auth.settings.kinds import seconds

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


@pytest.mark.parametrize(("text", "position"), WRONG)
def test_a_mistake_is_said_with_its_position(text: str, position: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config("/home/u/config.toml", text)
    assert str(caught.value).startswith(f"/home/u/config.toml:{position}: error: ")


def test_a_value_of_the_wrong_kind_is_not_repeated() -> None:
    """CL-02: what stands in the wrong place may be a secret."""
    with pytest.raises(ConfigError) as caught:
        parse_config("c", "[profiles.a]\nclient_secret = ['CANARY']\n")
    assert "CANARY" not in str(caught.value)


def test_a_misspelled_setting_gets_the_right_one_suggested() -> None:
    with pytest.raises(ConfigError, match="did you mean 'client_id'"):
        parse_config("c", "[profiles.a]\ncleint_id = 'x'\n")


def test_settings_come_under_their_one_name_with_their_line() -> None:
    text = (
        '[profiles.a]\nscopes = ["x", "y"]\nredirect_uri = "http://127.0.0.1/cb"\n'
        'ports = [1, 2]\ntimeout = "2m"\n'
    )
    assert parse_config("/x/config.toml", text).profile("a") == {
        "scope": (("x", "y"), "config.toml:2"),
        "redirect_uris": (("http://127.0.0.1/cb",), "config.toml:3"),
        "port": ((1, 2), "config.toml:4"),
        "timeout": (120.0, "config.toml:5"),
    }


def test_an_absent_file_is_an_empty_one(tmp_path: Path) -> None:
    assert load_config(str(tmp_path)).profiles == []
    assert load_config(str(tmp_path)).default_profile is None
    assert load_config(str(tmp_path / "no" / "folder")).default_profile is None


UNUSABLE: dict[str, tuple[bytes, str]] = {
    "latin-1": (
        '# für mich\ndefault_profile = "work"\n'.encode("latin-1"),
        "1:1: error: cannot be read: it is not UTF-8 in line 1",
    ),
    "latin-1 after the tables": (
        "[profiles.a]\n# für mich\n".encode("latin-1"),
        "1:1: error: cannot be read: it is not UTF-8 in line 2",
    ),
    "UTF-16": (
        'default_profile = "work"\n'.encode("utf-16"),
        "1:1: error: cannot be read: it is UTF-16, not UTF-8",
    ),
    "UTF-16 without a mark": ('default_profile = "work"\n'.encode("utf-16-le"), "1:2: error: "),
    "octets of zero, as after a crash": (b"\0" * 100, "1:1: error: "),
    "huge": (
        b"# " + b"x" * (8 * 1024 * 1024),
        "1:1: error: cannot be read: it is larger than 8 MiB",
    ),
    "deep": (b"a = " + b"[" * 100_000, "1:1: error: nested too deep"),
    "a number without end": (b"version = " + b"1" * 5000, "1:1: error: "),
    "broken after the tables": (b'default_profile = "work"\n[profiles.work\n', "2:15: error: "),
    "a key twice": (b'default_profile = "a"\ndefault_profile = "b"\n', "2:22: error: "),
    "a key in two spellings": (
        b'default_profile = "a"\n"default_profile" = "b"\n',
        "2:24: error: ",
    ),
    "no name": (
        b'default_profile = ""\n',
        "1:1: error: default_profile must be the name of a profile",
    ),
    "a name that is none": (
        b'\ndefault_profile = "../a"\n',
        "2:1: error: default_profile must be the name of a profile",
    ),
    "a list of names": (
        b'default_profile = ["a"]\n',
        "1:1: error: default_profile must be the name of a profile",
    ),
    "a hyphen": (
        b'default-profile = "work"\n',
        "1:1: error: unknown setting 'default-profile'; did you mean 'default_profile'?",
    ),
    "a typing error": (
        b"[profiles.a]\n[profile.work]\n",
        "2:2: error: unknown setting 'profile'; did you mean 'profiles'?",
    ),
    "below a table": (
        b'[profiles.a]\nclient_id = "x"\ndefault_profile = "work"\n',
        (
            "3:1: error: unknown setting 'default_profile';"
            " default_profile stands above the first table"
        ),
    ),
    "misspelled below a table": (
        b'[profiles.a]\ndefault-profil = "work"\n',
        (
            "2:1: error: unknown setting 'default-profil';"
            " default_profile stands above the first table"
        ),
    ),
    "a setting of a profile": (
        b'provider = "github"\n',
        "1:1: error: unknown setting 'provider'; settings of a profile go below [profiles.NAME]",
    ),
    "nothing alike": (
        b"qqq = 1\n",
        "1:1: error: unknown setting 'qqq'; known are version, default_profile, storage",
    ),
    "what looks like a header in a string": (
        b'[profiles.a]\nclient_id = """\n[ x y ]\n"""\ncleint = 1\n',
        "5:1: error: unknown setting 'cleint'",
    ),
}


@pytest.mark.parametrize(("content", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_that_cannot_be_used_is_an_error_and_never_no_default(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(str(tmp_path))
    assert str(caught.value).startswith(f"{path}:{message}")
    assert caught.value.fix


def config_of(content: bytes, folder: Path) -> Config:
    (folder / "config.toml").write_bytes(content)
    return load_config(str(folder))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('default_profile = "a.b"\n', "a.b"),
        ('default_profile="a"   \n', "a"),
        ("default_profile = 'a'\n", "a"),
        ('"default_profile" = "a"\n', "a"),
        ('default_profile = "\\u0061"\n', "a"),
        ('default_profile = """\na"""\n', "a"),
        ('# default_profile = "no"\n', None),
        ('# default_profile = "no"\ndefault_profile = "a"\n', "a"),
        ("", None),
        ('default_profile = "a"\r\n[profiles.a]\r\nclient_id = "x"\r\n', "a"),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "byte order mark"])
def test_the_default_profile_in_every_spelling(
    text: str, name: str | None, mark: bytes, tmp_path: Path
) -> None:
    assert config_of(mark + text.encode(), tmp_path).default_profile == name


def test_where_tokens_are_kept_is_said_for_one_profile_or_for_all() -> None:
    config = parse_config(
        "c", 'storage = "keyring"\n[profiles.a]\nstorage = "file"\n[profiles.b]\n'
    )
    assert [config.storage(name) for name in ("a", "b", "c")] == ["file", "keyring", "keyring"]
    assert parse_config("c", "").storage("a") is None


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("90s", 90), ("1.5m", 90), ("1h", 3600), (" 5m ", 300), (2, 2)]
)
def test_durations(text: object, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "m", "-1", "0", "1d", "25h", "1e3", "nan", True, None, "5 m"])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        seconds(text)
