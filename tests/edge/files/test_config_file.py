"""
Files that are read because they are believed: which there are, where links lead, and what is no
file.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from loopback_auth.edge.files.client_secrets import read_client_secret
from loopback_auth.edge.files.config_file import MEBIBYTES, read_anywhere, read_below, text_of
from loopback_auth.errors import UsageError

from ...support.children import posix

NAME = "config.toml"


def test_a_file_is_read_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / NAME).write_bytes(b"x\r\n")
    assert read_below(str(tmp_path), "below", NAME) == b"x\r\n"
    assert read_anywhere(str(tmp_path / "below" / NAME)) == b"x\r\n"


@pytest.mark.parametrize("home", ["", "no", "no/such/folder"])
def test_what_is_not_there_is_none(tmp_path: Path, home: str) -> None:
    assert read_below(str(tmp_path / home), NAME) is None
    assert read_below(str(tmp_path / home), "providers", NAME) is None


@pytest.mark.parametrize(("made", "found"), [("home", None), (f"home/{NAME}", b"x")])
def test_what_another_process_makes_at_that_moment_is_read_or_not_there_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str, found: bytes | None
) -> None:
    """Of twelve first commands that write config.toml, one reads while another makes it."""
    real, path = os.open, tmp_path / made

    def late(*arguments: Any, **more: Any) -> int:
        try:
            return real(*arguments, **more)
        except FileNotFoundError:
            monkeypatch.setattr(os, "open", real)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"x") if found else path.mkdir()
            raise

    monkeypatch.setattr(os, "open", late)
    assert read_below(str(tmp_path / "home"), NAME) == found
    assert path.exists()


@posix
@pytest.mark.parametrize("dangling", ["home", "home/providers", f"home/providers/{NAME}", "above"])
def test_a_link_that_leads_nowhere_does_not_mean_that_there_is_no_file(
    tmp_path: Path, dangling: str
) -> None:
    """
    An encrypted or remote folder that is not mounted at the moment holds the file, for
    all we know.
    """
    home = tmp_path / ("above/home" if dangling == "above" else "home")
    path = tmp_path / dangling
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("/not/mounted")
    with pytest.raises(OSError, match="a link leads nowhere"):
        read_below(str(home), "providers", NAME)


@posix
@pytest.mark.parametrize("wrong", ["home", f"home/{NAME}"])
def test_a_file_in_place_of_a_folder_and_the_other_way_round_are_errors(
    tmp_path: Path, wrong: str
) -> None:
    path = tmp_path / wrong
    path.touch() if wrong == "home" else path.mkdir(parents=True)
    with pytest.raises(OSError, match=r"Not a directory|it is not a regular file"):
        read_below(str(tmp_path / "home"), NAME)


@posix
def test_links_of_ones_own_are_followed_as_to_dotfiles(tmp_path: Path) -> None:
    dotfiles, home = tmp_path / "dotfiles", tmp_path / "home"
    dotfiles.mkdir()
    (dotfiles / "real").write_bytes(b"mine")
    (dotfiles / NAME).symlink_to("real")
    (tmp_path / "link").symlink_to(dotfiles)
    home.mkdir()
    (home / NAME).symlink_to(f"../link/{NAME}")
    assert read_below(str(home), NAME) == b"mine"
    (tmp_path / "other-home").symlink_to("home")
    assert read_below(str(tmp_path / "other-home"), NAME) == b"mine"


def test_a_file_of_any_size_is_read_up_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"x" * (MEBIBYTES * 1024 * 1024))
    assert len(read_below(str(tmp_path), NAME) or b"") == MEBIBYTES * 1024 * 1024
    with path.open("ab") as file:
        file.write(b"x")
    for read in (lambda: read_below(str(tmp_path), NAME), lambda: read_anywhere(str(path))):
        with pytest.raises(OSError, match="it is larger than 8 MiB"):
            read()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"\xef\xbb\xbfa", "a"),
        ("ü\r\n".encode(), "ü\r\n"),
        (b"\xef\xbb\xbf\xef\xbb\xbf", "\ufeff"),
    ],
)
def test_text_is_utf_8_and_its_mark_does_not_count(content: bytes, text: str) -> None:
    assert text_of(content) == text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a\nb\xfc\n", "not UTF-8 in line 2"),
        ("ü".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ],
)
def test_what_is_no_utf_8_is_said_with_its_line(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        text_of(content)


@posix
def test_a_secret_may_come_out_of_a_pipe(tmp_path: Path) -> None:
    """As `--client-secret-file <(pass show work)` gives it, in pieces and not at once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb", buffering=0) as end:
            end.write(b"sec")
            end.write(b"ret\n")

    writer = threading.Thread(target=write)
    writer.start()
    assert read_client_secret(str(pipe)).reveal() == "secret"
    writer.join()


SECRETS = {
    "absent": (Path.absolute, "No such file"),
    "a folder": (Path.mkdir, "it is not a regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "it is not a regular file"),
    "empty": (Path.touch, "it is empty"),
    "an empty line": (lambda path: path.write_text("\n"), "it is empty"),
    "latin-1": (lambda path: path.write_bytes(b"CANARY\xfc"), "it is not UTF-8"),
    "huge": (lambda path: path.write_text("CANARY" * 2_000_000), "it is larger than 8 MiB"),
}


@posix
@pytest.mark.parametrize(("put", "why"), SECRETS.values(), ids=SECRETS)
def test_a_secret_that_cannot_be_read_is_reported_and_not_shown(
    put: object, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    assert callable(put)
    put(path)
    with pytest.raises(UsageError, match=why) as refused:
        read_client_secret(str(path))
    assert str(path) in refused.value.message
    assert "CANARY" not in refused.value.message + refused.value.cause + refused.value.fix


def test_of_a_secret_the_line_break_and_the_mark_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbf se cret \r\n")
    assert read_client_secret(str(tmp_path / "secret")).reveal() == " se cret "
