"""Writing a profile into config.toml and leaving the rest as its owner wrote it."""

from __future__ import annotations

import os
import stat
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.errors import ConfigError, StoreBusy, StoreUnwritable, UsageError
from loopback_auth.settings.config_toml import load_config
from loopback_auth.settings.config_writer import write_profile

from ..support.children import posix, start

if TYPE_CHECKING:
    from pathlib import Path

NEW: dict[str, Any] = {"provider": "github", "client_id": "new", "port": [1, 2]}

COMMENTED = (
    "# kept\n[profiles.work] # the work one\n# why\nclient_id = 'old' # the old one\n"
    "[profiles.other]\nport = 1\n"
)
HAS_WORK = [
    "[profiles.work]\nclient_id = 'old'\n[profiles.other]\nclient_id = 'o' # kept\n",
    "[profiles.other]\nclient_id = 'o' # kept\n\n[profiles.work]\nissuer = 'https://x.example'\n",
    "[profiles]\nwork = { client_id = 'old', scope = 'a' }\nother = { client_id = 'o' } # kept\n",
    "profiles = { work = { client_id = 'old' }, other = { client_id = 'o' } } # kept\n",
    "profiles.work.client_id = 'old'\nprofiles.other.client_id = 'o' # kept\n",
    "[profiles]\nwork.client_id = 'old'\nother.client_id = 'o' # kept\n",
    (
        "[profiles.work]\nclient_id = 'old'\n[profiles.work.parameters]\na = 'b'\n"
        "[profiles.other]\nclient_id = 'o' # kept\n"
    ),
    (
        "[profiles.work]\nclient_id = 'old'\n[profiles.other]\nclient_id = 'o' # kept\n"
        "[profiles.work.parameters]\na = 'b'\n"
    ),
    '[profiles."work"]\nclient_id = "old"\n\n[profiles.other]\nclient_id = "o" # kept\n',
    (
        "storage = 'file'\n[profiles.work]\nclient_id = 'old'\n[profiles.other]\n"
        "client_id = 'o' # kept\n"
    ),
    COMMENTED,
    "profiles.work.scope = 's'\nversion = 1 # kept\n",
    (
        "[profiles.other]\nclient_id = 'o'\nbrowser = '''\nx # kept\n[profiles.work]\n'''\n"
        "[profiles.work]\n"
    ),
]
HAS_NONE = [
    "",
    "\n",
    "# nothing but a comment, kept",
    "default_profile = 'other'\n\n[profiles.other]\nclient_id = 'o' # kept\n",
    "[profiles.other]\nclient_id = 'o' # kept",
    "profiles = { other = { client_id = 'o' } } # kept\n",
    "[profiles]\nother = { client_id = 'o' } # kept\n",
    "[profiles]\n",
    "profiles = {}\n",
    "profiles.other.client_id = 'o' # kept\n",
    "[profiles]\nother.client_id = 'o' # kept\n",
    "[profiles.other]\nclient_id = 'o' # kept\n[profiles.other.parameters]\na = 'b'\n",
]


def written(home: Path) -> bytes:
    return (home / "config.toml").read_bytes()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "byte order mark"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("before", [*HAS_WORK, *HAS_NONE])
def test_a_profile_is_written_however_the_rest_is(
    home: Path, before: str, newline: str, mark: bytes
) -> None:
    """
    Afterwards it says what it should and nothing of before; the others, comments, line ends and
    mark are there.
    """
    octets = mark + before.replace("\n", newline).encode()
    (home / "config.toml").write_bytes(octets)
    write_profile(str(home), "work", {**NEW, "client_secret_env": "SECRET"}, may_replace=True)
    after = written(home)
    text = after.removeprefix(mark).decode()
    expected = tomllib.loads(before)
    expected.setdefault("profiles", {})["work"] = {**NEW, "client_secret_env": "SECRET"}
    assert after.startswith(mark)
    assert tomllib.loads(text) == expected
    assert load_config(str(home)).profile("work")["port"][0] == (1, 2)
    if before in HAS_NONE and "profiles = {" not in before:
        assert after.startswith(octets)
    if newline in before.replace("\n", newline):
        assert text.count("\n") == text.count(newline)
    for line in before.splitlines():
        assert "# kept" not in line or line in text or line.startswith("profiles = {")
    assert text.count("# kept") == before.count("# kept")


def test_tuples_and_tables_are_written_as_toml_has_them(home: Path) -> None:
    settings = {
        "redirect_uris": ("http://127.0.0.1/a",),
        "parameters": {"resource": ("a", "b"), "prompt": "login"},
    }
    for _ in range(2):
        write_profile(str(home), "work", settings, may_replace=True)
        found = tomllib.loads(written(home).decode())["profiles"]["work"]
        assert found == {
            "redirect_uris": ["http://127.0.0.1/a"],
            "parameters": {"resource": ["a", "b"], "prompt": "login"},
        }


def test_comments_in_the_profile_itself_are_kept(home: Path) -> None:
    (home / "config.toml").write_text(COMMENTED)
    write_profile(str(home), "work", NEW, may_replace=True)
    assert (
        written(home)
        .decode()
        .startswith(
            '# kept\n[profiles.work] # the work one\n# why\nclient_id = "new" # the old one\n'
        )
    )


def test_line_ends_of_both_kinds_stay_where_they_are(home: Path) -> None:
    (home / "config.toml").write_bytes(b"# a\r\n# b\n[profiles.a]\r\n")
    write_profile(str(home), "work", NEW, may_replace=False)
    assert written(home).startswith(b"# a\r\n# b\n[profiles.a]\r\n")


@pytest.mark.parametrize("name", ["a.b", "a@b", "1", "_", "+"])
def test_any_name_of_a_profile_can_be_written(home: Path, name: str) -> None:
    for client_id in ("one", "two"):
        write_profile(str(home), name, {"client_id": client_id}, may_replace=True)
        assert load_config(str(home)).profile(name)["client_id"][0] == client_id


@pytest.mark.parametrize(
    "broken",
    ["[profiles.work\n", "qqq = 1\n", "profiles = 3\n", "# f\udcfcr\n", "default_profile = ''\n"],
)
def test_a_broken_file_is_left_alone(home: Path, broken: str) -> None:
    (home / "config.toml").write_text(broken, errors="surrogateescape")
    before = written(home)
    with pytest.raises(ConfigError):
        write_profile(str(home), "work", NEW, may_replace=True)
    assert written(home) == before
    assert sorted(os.listdir(home)) == ["config.lock", "config.toml"]


def test_a_profile_that_came_meanwhile_is_not_replaced_unasked(home: Path) -> None:
    (home / "config.toml").write_text("[profiles.work]\nclient_id = 'theirs'\n")
    before = written(home)
    with pytest.raises(UsageError, match="there is a profile work already") as refused:
        write_profile(str(home), "work", NEW, may_replace=False)
    assert "--force" in refused.value.fix
    assert written(home) == before


def test_what_a_killed_writer_left_is_removed_st_09(home: Path) -> None:
    """ST-09: it may hold a client's secret."""
    (home / ".config~0123.tmp").write_text("client_secret = 'x'")
    write_profile(str(home), "work", NEW, may_replace=False)
    assert sorted(os.listdir(home)) == ["config.lock", "config.toml"]


def test_the_first_profile_makes_the_folder_and_the_file_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    home = tmp_path / "a" / "home"
    write_profile(str(home), "work", NEW, may_replace=False)
    if os.name == "posix":
        assert [stat.S_IMODE(path.stat().st_mode) for path in (home, home / "config.toml")] == [
            0o700,
            0o600,
        ]


@posix
def test_a_link_to_dotfiles_stays_one_and_the_file_that_it_leads_to_is_written(
    tmp_path: Path,
) -> None:
    """With whatever folder they are kept in as open to readers as it was."""
    home, dotfiles = tmp_path / "home", tmp_path / "dotfiles"
    home.mkdir(0o700)
    dotfiles.mkdir()
    dotfiles.chmod(0o755)
    (dotfiles / "auth.toml").write_text("# kept\n")
    (dotfiles / "link").symlink_to("auth.toml")
    (home / "config.toml").symlink_to("../dotfiles/link")
    write_profile(str(home), "work", NEW, may_replace=False)
    assert (home / "config.toml").is_symlink()
    assert (dotfiles / "link").is_symlink()
    assert (dotfiles / "auth.toml").read_text().startswith("# kept\n\n[profiles.work]\n")
    assert stat.S_IMODE(dotfiles.stat().st_mode) == 0o755
    assert sorted(os.listdir(dotfiles)) == ["auth.toml", "link"]


@posix
@pytest.mark.parametrize("target", ["nowhere", "config.toml"])
def test_a_link_that_leads_nowhere_is_left_alone(home: Path, target: str) -> None:
    (home / "config.toml").symlink_to(target)
    with pytest.raises((ConfigError, StoreUnwritable)):
        write_profile(str(home), "work", NEW, may_replace=False)
    assert (home / "config.toml").readlink().name == target


HOLD = """
with create_private_folder(sys.argv[1]) as folder, lock_file(folder, "config.lock"):
    print("held", flush=True)
    sys.stdin.read()
"""


@posix
def test_a_writer_waits_for_another_and_not_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config.toml").write_text("# kept\n")
    with start(HOLD, home) as child:
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        with pytest.raises(StoreBusy, match=r"has held .*config\.lock for 0\.1 s"):
            write_profile(str(home), "work", NEW, may_replace=False, timeout_s=0.1)
        assert written(home) == b"# kept\n"
        child.communicate("", timeout=10)
    write_profile(str(home), "work", NEW, may_replace=False)


AT_ONCE = """
from loopback_auth.__main__ import run_process
number = sys.argv[1]
sys.stdin.read()
status = 0
for name in "abc":
    profile = ["init", "github", f"p{number}{name}", "--client-id", "x"]
    status |= run_process([*profile, "--no-doctor", "--json"])
sys.exit(status)
"""
PROCESSES = 12


@pytest.mark.parametrize(
    "before",
    [
        None,
        pytest.param(
            b"\xef\xbb\xbf# kept\r\n\r\n[profiles]\r\nother = { client_id = 'o' }\r\n",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["no file", "a file with a mark and CRLF"],
)
def test_of_profiles_written_at_once_none_is_lost(
    home: Path, before: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    12 processes write 3 profiles each: afterwards all 36 are there, and what was there
    before.
    """
    monkeypatch.setenv("LOOPBACK_AUTH_HOME", str(home))
    if before is not None:
        (home / "config.toml").write_bytes(before)
    writers = [start(AT_ONCE, number) for number in range(PROCESSES)]
    for writer in writers:
        assert writer.stdin
        writer.stdin.close()
    for writer in writers:
        assert writer.stdout
        said = writer.stdout.read()
        assert writer.wait(60) == 0, said
        writer.stdout.close()
    names = {f"p{number}{name}" for number in range(PROCESSES) for name in "abc"}
    assert set(load_config(str(home)).profiles) - {"other"} == names
    assert written(home).startswith(before or b"[profiles.")
    assert sorted(os.listdir(home)) == ["config.lock", "config.toml"]
