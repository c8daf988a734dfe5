"""
ST-03: whom a file may belong to, and who may write it, by the facts;
`tests/faults/test_strangers.py` has real users.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.files.permissions import (
    PermissionsIgnored,
    check_own,
    check_trusted,
    file_system_in,
    quoted,
)
from loopback_auth.edge.process.users import is_private_group
from loopback_auth.errors import FileUnsafe, StoreUnsafe

from ...support.children import posix

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = posix

ME, NOBODY = os.geteuid() if os.name == "posix" else 0, 65534


def about(mode: int, uid: int = ME, gid: int = 0) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))


def group(name: str = "jane", gid: int = 1000, *members: str) -> grp.struct_group:
    return grp.struct_group((name, "x", gid, list(members)))


def user(name: str = "jane", uid: int = 1000, gid: int = 1000) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, gid, "", "/", "/bin/sh"))


SHARED = {
    "with another member": group("jane", 1000, "jane", "mallory"),
    "with another member alone": group("jane", 1000, "mallory"),
    "of another name": group("staff", 1000),
    "that is not the first one": group("jane", 1001),
}


@pytest.mark.parametrize("which", SHARED.values(), ids=SHARED)
def test_a_private_group_is_the_users_first_one_of_their_name_and_nobody_elses(
    which: grp.struct_group,
) -> None:
    everybody = [user(), user("root", 0, 0), user("mallory", 1001, 1001)]
    assert is_private_group(group(), user(), lambda: everybody)
    assert is_private_group(group("jane", 1000, "jane"), user(), lambda: everybody)
    assert not is_private_group(which, user(), lambda: everybody)


def test_a_member_by_first_group_is_a_member_and_a_second_name_of_the_user_is_none() -> None:
    assert not is_private_group(group(), user(), lambda: [user(), user("mallory", 1001, 1000)])
    assert is_private_group(group(), user(), lambda: [user(), user("jane-again", 1000, 1000)])


def test_everybody_is_listed_only_where_all_else_fits() -> None:
    """That may ask a directory service for all its users."""
    assert not is_private_group(group("staff"), user(), pytest.fail)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o555, 0o4755])
def test_what_is_ones_own_and_nobody_elses_to_write_is_believed(mode: int) -> None:
    check_trusted("/x", about(mode))
    assert check_own("/x", about(mode))


def test_what_is_roots_is_believed_and_not_written_to() -> None:
    check_trusted("/x", about(0o644, uid=0))
    if ME != 0:
        with pytest.raises(StoreUnsafe, match="belongs to another user"):
            check_own("/x", about(0o644, uid=0))


@pytest.mark.parametrize("mode", [0o602, 0o666, 0o777, 0o1777])
def test_what_everybody_can_write_is_not_believed(mode: int) -> None:
    """As root in a container there may be nobody else: it is told and believed."""
    with pytest.raises(
        (FileUnsafe, PermissionsIgnored), match=r"^/x y can be written by other users"
    ):
        check_trusted("/x y", about(mode))
    with pytest.raises(StoreUnsafe):
        check_own("/x y", about(mode))


def test_in_a_sticky_folder_nobody_takes_the_place_of_anothers_file() -> None:
    check_trusted("/x", about(stat.S_IFDIR | 0o1777, uid=0), sticky=True)
    with pytest.raises((FileUnsafe, PermissionsIgnored)):
        check_trusted("/x", about(stat.S_IFDIR | 0o777, uid=0), sticky=True)
    with pytest.raises((FileUnsafe, PermissionsIgnored)):
        check_trusted("/x", about(stat.S_IFDIR | 0o1777, uid=NOBODY), sticky=True)


def test_who_called_sudo_is_believed_by_root_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", str(NOBODY))
    if ME == 0:
        check_trusted("/x", about(0o600, uid=NOBODY))
    else:
        with pytest.raises(FileUnsafe):
            check_trusted("/x", about(0o600, uid=NOBODY))
    for nonsense in ("", "-1", "0x1", "nobody", "٣"):
        monkeypatch.setenv("SUDO_UID", nonsense)
        with pytest.raises((FileUnsafe, PermissionsIgnored)):
            check_trusted("/x", about(0o600, uid=NOBODY))


MOUNTS = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
70 60 0:52 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync,aname=drvfs;path=C:\\;uid=1000
80 60 0:55 / /mnt/d rw,noatime shared:1 master:2 - drvfs D: rw
90 60 0:5 / /odd
"""


def test_the_kind_of_a_file_system_is_found_by_its_device() -> None:
    kinds = [
        file_system_in(MOUNTS.splitlines(), device)
        for device in ("254:0", "0:52", "0:55", "0:5", "1:1")
    ]
    assert kinds == ["ext4", "9p", "drvfs", "", ""]


NAMES = ["plain", "a b", "it's", 'say "no"', "$HOME", "`id`", "-rf", "a;b", "a\\b", "*", "ü"]


@pytest.mark.parametrize("name", NAMES)
def test_the_fix_is_typed_as_it_stands(tmp_path: Path, name: str) -> None:
    """
    Whatever the path is made of, the shell takes it for one word, and the command for
    no option.
    """
    path = tmp_path / name
    path.touch()
    path.chmod(0o646)
    with pytest.raises(StoreUnsafe) as refused:
        check_own(str(path), path.stat())
    subprocess.run(["sh", "-c", refused.value.fix], check=True, cwd=tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert check_own(str(path), path.stat())


def test_a_path_from_here_is_named_from_the_root(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert quoted("-x") == f"{tmp_path}/-x"
