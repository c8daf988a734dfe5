"""
Gives a test's processes the home folder of a user of the test's own, as the system knows it,
whatever HOME says.
"""
# ruff: noqa: INP001 - as beside it

import os

if os.name == "posix" and "STAND_IN_PASSWD_HOME" in os.environ:
    import pwd

    _REAL = pwd.getpwuid

    def _getpwuid(uid: int) -> pwd.struct_passwd:
        return pwd.struct_passwd(
            (*_REAL(uid)[:5], os.environ["STAND_IN_PASSWD_HOME"], *_REAL(uid)[6:])
        )

    pwd.getpwuid = _getpwuid
