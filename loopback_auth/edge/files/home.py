"""The folder of this program's files."""

from __future__ import annotations

import os
import sys

from ... import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "loopback-auth"


def variable(name: str, environ: Mapping[str, str] | None) -> str:
    """
    Return the variable *name* of *environ*, by default of this process; "" where it is not set.

    `os.environ` holds secrets, so it is no default value and no local variable anywhere: help(),
    `pytest -l` and error reporters print those.
    """
    return (os.environ if environ is None else environ).get(name, "")


def absolute_folder(path: str | bytes | os.PathLike[str]) -> str:
    """
    Return *path* as an absolute one, with `~` expanded.

    Raises:
        UsageError: It is empty, names an unknown user, or the current folder is gone.
    """
    given = os.path.expanduser(os.fsdecode(path))
    if not given or given.startswith("~"):
        raise errors.UsageError(
            f"{given!r} is not a folder to keep files in",
            cause="It is empty, "
            "or begins with ~ and the name of a user that this computer does not know.",
            fix="give an absolute path; a folder that is really called so is ./~name",
        )
    try:
        return os.path.abspath(given)
    except FileNotFoundError as error:
        raise errors.UsageError(
            f"{given!r} is relative, and the current folder does not exist any more",
            cause="Another program removed the folder that this one was started in.",
            fix="give an absolute path, or change to a folder that exists: cd",
        ) from error


def home(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> str:
    """
    Return the folder of all files: `LOOPBACK_AUTH_HOME`, else the user's configuration folder.

    Raises:
        UsageError: It would be a relative path, or one right below `/`.
    """
    chosen = variable("LOOPBACK_AUTH_HOME", environ)
    if chosen:
        if not os.path.isabs(chosen):
            raise errors.UsageError(
                f"LOOPBACK_AUTH_HOME must be an absolute path, not {chosen!r}",
                cause="A relative path would mean another folder in every directory.",
                fix="set it to an absolute path, or unset it",
            )
        if os.path.dirname(os.path.normpath(chosen)) == os.path.normpath(chosen):
            raise errors.UsageError(
                "LOOPBACK_AUTH_HOME must not be the root folder",
                cause="Files there belong to the whole machine.",
                fix="set it to a folder of your own, or unset it",
            )
        return os.path.normpath(chosen)
    if platform != "darwin" and not platform.startswith("linux"):
        from platformdirs import user_config_path

        return str(user_config_path(_NAME, appauthor=False))
    # This is what platformdirs returns there, and tests check that: importing it would cost `token`
    # a third of its time.
    base = variable("XDG_CONFIG_HOME", environ).strip()
    chosen = os.path.join(base, _NAME) if os.path.isabs(base) else ""
    if platform == "darwin":
        return _on_macos(chosen, environ)
    return chosen or os.path.join(_home_folder(environ), ".config", _NAME)


def _on_macos(chosen: str, environ: Mapping[str, str] | None) -> str:
    """
    Return *chosen*, the folder by XDG_CONFIG_HOME, else the one in Application Support.

    Before version 4.6 platformdirs did not read XDG_CONFIG_HOME there. So a folder in Application
    Support is used as long as *chosen* does not exist.
    """
    if chosen and os.path.lexists(chosen):
        return chosen
    try:
        former = os.path.join(_home_folder(environ), "Library", "Application Support", _NAME)
    except errors.UsageError:
        if not chosen:
            raise
        return chosen
    return former if not chosen or os.path.isdir(former) else chosen


def _home_folder(environ: Mapping[str, str] | None) -> str:
    folder = variable("HOME", environ)
    if not folder and sys.platform != "win32":
        from ..process.users import home_of

        folder = home_of(os.getuid())
    if not os.path.isabs(folder) or not os.path.normpath(folder).strip("/"):
        raise errors.UsageError(
            "there is no home folder to keep tokens in",
            cause="HOME is unset, relative or the root folder, and LOOPBACK_AUTH_HOME is not set.",
            fix="set LOOPBACK_AUTH_HOME to an absolute path that only you can write to",
        )
    return folder
