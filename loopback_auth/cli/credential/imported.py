"""The refresh token that a CI system hands over: used in this process, and written nowhere."""

from __future__ import annotations

import shlex

from ...edge.process.fed_program import run_fed
from ...export import environment_text, github_masks
from ...flows.tokens.import_credential import (
    VARIABLE,
    check_refresh_token,
    imported_document,
    refuse_rotation,
)
from ...notices import Warned
from ...oauth.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...edge.store.interface import Store
    from ...flows.services import Services
    from ..console import Console
    from ..context import Context

_TOKENS = ("access_token", "refresh_token")


def imported_by(context: Context) -> Imported | None:
    """
    Return the refresh token that is handed over; `None` for a machine profile, which needs none.

    Raises:
        UsageError: As `refuse_rotation`, or it is no refresh token.
    """
    return None if context.profile(None).is_machine else Imported(context)


def store_of(context: Context) -> Store:
    """Return the folder of `--store`, else this process's memory."""
    from ...edge.store.file_store import FileStore
    from ...edge.store.memory_store import MemoryStore

    folder: str | None = getattr(context.arguments, "store", None)
    return FileStore(folder) if folder else MemoryStore(context.home)


def hide(document: Mapping[str, Any], console: Console) -> None:
    """
    Have the log of a CI system hide the tokens of *document*, before anything has them.

    GitHub and Azure read both streams for their commands, and standard output is the answer; GitLab
    has no such command. With --json stderr still gets these lines, which are for the CI system.
    """
    secrets = {
        f"LOOPBACK_AUTH_HIDDEN_{name.upper()}": Secret(document[name])
        for name in _TOKENS
        if document.get(name)
    }
    lines = ""
    if console.environ.get("GITHUB_ACTIONS") == "true":
        lines = github_masks(secrets)
    elif console.environ.get("TF_BUILD") == "True":
        lines = environment_text("azure", secrets)
    if lines and console.stderr is not None:
        console.stderr.write(f"{lines}\n")
        console.stderr.flush()


class Imported:
    """
    The refresh token of the environment, and what becomes of another one.

    `store` is the folder of `--store`, or this process's memory.
    """

    def __init__(self, context: Context) -> None:
        arguments = context.arguments
        self._context = context
        self._token = check_refresh_token(context.environ[VARIABLE])
        self._profile = context.profile(None)
        self._on_rotate: str | None = getattr(arguments, "on_rotate", None)
        folder: str | None = getattr(arguments, "store", None)
        self.store: Store = store_of(context)
        if not (folder or self._on_rotate):
            refuse_rotation(self._profile)
        self._is_kept = bool(folder)

    async def first(self, services: Services) -> Mapping[str, Any]:
        """Return the document that the token is obtained with."""
        return await imported_document(self._profile, self._token, services)

    def settle(self, document: Mapping[str, Any]) -> None:
        """See to the refresh token of *document*, where it is new."""
        new = Secret(document.get("refresh_token") or "")
        if not new or new == self._token or self._is_kept:
            return
        if self._on_rotate:
            self._hand_over(new)
            return
        self._warn_of_the_end(
            f"the server replaced the refresh token: the one in {VARIABLE} is dead now. This token"
            " works until it ends. Give the CI system a new one, and say --store DIR or --on-rotate"
            " COMMAND (loopback-auth help ci)"
        )

    def _hand_over(self, token: Secret) -> None:
        """Give the new refresh token to the command of `--on-rotate`, on its standard input."""
        try:
            words = shlex.split(self._on_rotate or "")
            status = run_fed(words, token, self._context.environ).status
            failure = f"ended with status {status}" if status else ""
        except (OSError, ValueError, IndexError) as error:
            failure = getattr(error, "strerror", None) or "did not end in time"
        if failure:
            self._warn_of_the_end(
                f"the command of --on-rotate {failure}: the new refresh token is lost, and the one"
                f" in {VARIABLE} is dead. This token works until it ends"
            )

    def _warn_of_the_end(self, message: str) -> None:
        self._context.late_exit_code = 4
        self._context.notify(Warned(code="refresh-token-dead", message=message))
