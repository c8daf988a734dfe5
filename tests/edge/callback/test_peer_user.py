"""Whose program is at the other end of a connection: the kernel's table, read for one row of it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.callback.peer_user import other_user

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")

CLIENT, SERVER = 40_000, 8_080
MALLORY = 54_321
ME = os.getuid()
HEAD = (
    "  sl  local_address rem_address   st tx_queue rx_queue"
    " tr tm->when retrnsmt   uid  timeout inode\n"
)

V4 = "0100007F" if sys.byteorder == "little" else "7F000001"
V6 = "00000000000000000000000001000000" if sys.byteorder == "little" else f"{1:032X}"
MAPPED = f"0000000000000000FFFF0000{V4}" if sys.byteorder == "little" else f"{0xFFFF:024X}{V4}"


def row(host: str, local: int, remote: int, *, state: str = "01", uid: int = MALLORY) -> str:
    return (
        f"   0: {host}:{local:04X} {host}:{remote:04X} {state} 00000000:00000000 00:00000000"
        f" 00000000 {uid:5}        0 4711 1 0000000000000000 20 4 30 10 -1\n"
    )


def proc(
    folder: Path, *, tcp: str | None = "", tcp6: str | None = "", uid_map: str = "0 0 4294967295\n"
) -> str:
    for name, text in (
        ("net/tcp", tcp and HEAD + tcp),
        ("net/tcp6", tcp6 and HEAD + tcp6),
        ("sys/kernel/overflowuid", "65534\n"),
        ("self/uid_map", uid_map),
    ):
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    return str(folder)


def found(folder: str, *, host: str = "127.0.0.1", sudo: str = "") -> str | None:
    environ = {"SUDO_UID": sudo} if sudo else {}
    more = (0, 0) if ":" in host else ()
    return other_user((host, CLIENT, *more), (host, SERVER, *more), environ=environ, proc=folder)


@pytest.mark.parametrize("state", ["01", "04", "05"])
def test_cb_16_the_row_of_the_other_end_names_the_stranger(tmp_path: Path, *, state: str) -> None:
    """
    CB-16: the client's row has our peer's address as its own; our own row comes first here, and
    names us.
    """
    table = row(V4, SERVER, CLIENT, uid=ME) + row(V4, CLIENT, SERVER, state=state)
    assert found(proc(tmp_path, tcp=table)) == f"uid {MALLORY}"


def test_cb_16_the_stranger_is_called_by_name(tmp_path: Path) -> None:
    pwd = pytest.importorskip("pwd")
    daemon = pwd.getpwnam("daemon")
    assert found(proc(tmp_path, tcp=row(V4, CLIENT, SERVER, uid=daemon.pw_uid))) == "daemon"


OTHERS = {
    "no row": "",
    "our own end alone": row(V4, SERVER, CLIENT),
    "another connection of theirs": row(V4, CLIENT + 1, SERVER) + row(V4, CLIENT, SERVER + 1),
    "a connection that is over": row(V4, CLIENT, SERVER, state="06"),
    "this user": row(V4, CLIENT, SERVER, uid=ME),
    "root": row(V4, CLIENT, SERVER, uid=0),
    "a row that is cut off": row(V4, CLIENT, SERVER)[:45],
    "no table at all": None,
}


@pytest.mark.parametrize("table", OTHERS.values(), ids=OTHERS)
def test_cb_16_what_names_no_stranger_passes(tmp_path: Path, *, table: str | None) -> None:
    """CB-16: what the system does not tell refuses nobody."""
    assert found(proc(tmp_path, tcp=table, tcp6=None)) is None


def test_cb_16_who_called_sudo_is_no_stranger(tmp_path: Path) -> None:
    folder = proc(tmp_path, tcp=row(V4, CLIENT, SERVER))
    assert found(folder, sudo=str(MALLORY)) is None
    assert found(folder, sudo=str(MALLORY + 1)) == f"uid {MALLORY}"


def test_cb_16_a_client_with_a_socket_for_both_families_is_in_the_other_table(
    tmp_path: Path,
) -> None:
    """CB-16: ::ffff:127.0.0.1, as Java connects."""
    assert found(proc(tmp_path, tcp6=row(MAPPED, CLIENT, SERVER))) == f"uid {MALLORY}"


def test_cb_16_an_ipv6_connection_is_looked_up_as_such(tmp_path: Path) -> None:
    folder = proc(tmp_path, tcp6=row(V6, CLIENT, SERVER))
    assert found(folder, host="::1") == f"uid {MALLORY}"
    assert found(folder) is None


def test_cb_16_a_user_of_another_namespace_has_no_name_here(tmp_path: Path) -> None:
    """CB-16: the kernel says 65534 for all of them; where that is a user of ours, it is one."""
    nobody = row(V4, CLIENT, SERVER, uid=65_534)
    assert found(proc(tmp_path / "a", tcp=nobody, uid_map="0 1000 1\n")) is None
    assert found(proc(tmp_path / "b", tcp=nobody)) is not None


def test_cb_16_an_address_that_is_not_loopback_is_not_looked_up(tmp_path: Path) -> None:
    host = "0200000A" if sys.byteorder == "little" else "0A000002"
    assert found(proc(tmp_path, tcp=row(host, CLIENT, SERVER)), host="10.0.0.2") is None


@pytest.mark.parametrize("before", range(2_028, 2_036))
def test_cb_16_a_row_is_found_wherever_the_table_is_read_in_pieces(
    tmp_path: Path, *, before: int
) -> None:
    """CB-16: a piece may end within it."""
    table = row(V4, 1, 2) * before + row(V4, CLIENT, SERVER) + row(V4, 1, 2) * 40
    assert found(proc(tmp_path, tcp=table)) == f"uid {MALLORY}"
