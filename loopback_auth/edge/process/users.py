"""
Users and groups by their numbers. Windows has none.

Loaded only where it is needed: the answers may come from a directory service, and take their time.
"""

from __future__ import annotations

import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    if sys.platform == "win32":
        Group = Any
        User = Any
    else:
        import grp
        import pwd

        Group = grp.struct_group
        User = pwd.struct_passwd


def user_name(uid: int) -> str:
    """Return the name of the user *uid*; "" where the system has none for the number."""
    if sys.platform != "win32":
        import pwd

        with suppress(KeyError):
            return pwd.getpwuid(uid).pw_name
    return ""


def home_of(uid: int) -> str:
    """Return the home folder of the user *uid*; "" where the system does not know the user."""
    if sys.platform != "win32":
        import pwd

        # A container may run under a number that no passwd file knows.
        with suppress(KeyError):
            return pwd.getpwuid(uid).pw_dir
    return ""


def is_group_of_one(gid: int, uids: Iterable[int]) -> bool:
    """Return whether one of the users *uids* is alone in the group *gid*."""
    if sys.platform == "win32":
        return False
    import grp
    import pwd

    for uid in uids:
        with suppress(KeyError):
            if is_private_group(grp.getgrgid(gid), pwd.getpwuid(uid), pwd.getpwall):
                return True
    return False


def is_private_group(group: Group, user: User, users: Callable[[], Iterable[User]]) -> bool:
    """
    Return whether *user* is alone in *group*: their first one, of their name, and nobody else's.

    *users* lists everybody, which may ask a directory service: it is called last.
    """
    return (
        group.gr_name == user.pw_name
        and group.gr_gid == user.pw_gid
        and set(group.gr_mem) <= {user.pw_name}
        and not any(one.pw_gid == group.gr_gid and one.pw_uid != user.pw_uid for one in users())
    )
