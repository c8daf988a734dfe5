"""The files that make a sign-in a task of an IDE: new ones, or merged into what is there."""

from __future__ import annotations

from dataclasses import dataclass

from ..edge.files.config_file import BOM, text_of
from ..edge.project.shared_file import read_shared_file, write_shared_file
from ..errors import ConfigError, UsageError
from ..export.ide import devcontainer, jetbrains, vscode, zed
from ..export.ide.jsonc import JsonCommentsError, merged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..export.ide.ide_file import IdeFile

_IDES: dict[str, Callable[[str | None, Sequence[str]], list[IdeFile]]] = {
    "vscode": vscode.files,
    "jetbrains": jetbrains.files,
    "devcontainer": devcontainer.files,
    "zed": zed.files,
}

WRITTEN, MERGED, KEPT = "written", "merged", "kept"
"""What became of a file: it is new; something was added; it stays as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of the file at *path*; *added* are the labels of what is new in it."""

    path: str
    outcome: str
    added: tuple[str, ...] = ()


def ide_files(ide: str, profile: str | None, redirect_uris: Sequence[str]) -> list[IdeFile]:
    """
    Return the files of *ide* for *profile*, or for whichever profile is the default.

    Raises:
        UsageError: There is nothing to write, since no redirect URI has a port of its own.
    """
    found = _IDES[ide](profile, redirect_uris)
    if not found:
        raise UsageError(
            "the callback has no port of its own that could be forwarded",
            cause=f"It listens on any free port: {', '.join(redirect_uris)}.",
            fix="name one that the server takes:"
            " `loopback-auth init --ide devcontainer {profile} --port 8765`",
            profile=profile or "default",
        )
    return found


def write_ide_files(files: Sequence[IdeFile], folder: str) -> list[Written]:
    """
    Write *files* below *folder*, and return what became of each.

    What is there stays as it is, comments included; tasks that it does not have are added. Nothing
    is written unless all can be.

    Raises:
        ConfigError: One that is there cannot be read as JSON with comments.
        UsageError: One cannot be made by us, or is not to be touched.
        OutputFailed: The system refuses.
    """
    planned = [_planned(file, folder) for file in files]
    for written, content in planned:
        if content is not None:
            write_shared_file(folder, written.path, content)
    return [written for written, _ in planned]


def _planned(file: IdeFile, folder: str) -> tuple[Written, bytes | None]:
    path, content = file.path, _content(folder, file.path)
    if content is None and file.partial:
        raise UsageError(
            f"there is no {path} here",
            cause="The ports alone are no dev container: a file needs an image, too.",
            fix="create the dev container first; to see what goes into its file, leave --write out",
        )
    if content is None or not content.strip():
        return Written(path=path, outcome=WRITTEN), file.text.encode()
    if not file.additions:
        return Written(path=path, outcome=KEPT), None
    try:
        text, added = merged(text_of(content), file.additions)
    except JsonCommentsError as error:
        raise _unreadable(f"{path}:{error.line}:{error.column}", str(error)) from None
    except ValueError as error:
        raise _unreadable(f"{path}:1:1", str(error)) from None
    if not added:
        return Written(path=path, outcome=KEPT), None
    mark = BOM if content.startswith(BOM) else b""
    return Written(path=path, outcome=MERGED, added=tuple(added)), mark + text.encode()


def _content(folder: str, path: str) -> bytes | None:
    try:
        return read_shared_file(folder, path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}",
            cause="What is there is merged, and so has to be read.",
            fix="leave --write out, and put what is printed where it belongs",
        ) from error


def _unreadable(where: str, why: str) -> ConfigError:
    return ConfigError(
        f"{where}: error: {why}",
        cause="What is there is kept, and there is no place in it for what would be added.",
        fix="correct the file at that line, or leave --write out and put in what is printed",
    )
