"""The refresh token that a CI system hands over: used in this process, and written nowhere."""

from __future__ import annotations

import shlex
import subprocess

from ...export import github_masks
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
    from ..context import Context

TIMEOUT_S = 120
"""How long the command of `--on-rotate` may take."""


class Imported:
    """
    The refresh token of the environment, and what becomes of another one.

    `store` is the folder of `--store`, or this process's memory.
    """

    def __init__(self, context: Context) -> None:
        from ...edge.store.file_store import FileStore
        from ...edge.store.memory_store import MemoryStore

        arguments = context.arguments
        self._context = context
        self._token = check_refresh_token(context.environ[VARIABLE])
        self._profile = context.profile(None)
        self._on_rotate: str | None = getattr(arguments, "on_rotate", None)
        folder: str | None = getattr(arguments, "store", None)
        self.store: Store = FileStore(folder) if folder else MemoryStore(context.home)
        if not (folder or self._on_rotate):
            refuse_rotation(self._profile)
        self._is_kept = bool(folder)

    async def first(self, services: Services) -> Mapping[str, Any]:
        """Return the document that the token is obtained with."""
        return await imported_document(self._profile, self._token, services)

    def settle(self, document: Mapping[str, Any]) -> None:
        """Hide the tokens of *document* in the log, and see to a refresh token that is new."""
        new = Secret(document.get("refresh_token") or "")
        if self._context.environ.get("GITHUB_ACTIONS") == "true":
            hidden = {"access_token": Secret(document["access_token"]), "refresh_token": new}
            # GitHub reads both streams for its commands, and standard output is the answer.
            self._context.console.say(github_masks({n: v for n, v in hidden.items() if v}))
        if not new or new == self._token or self._is_kept:
            return
        if self._on_rotate:
            self._hand_over(new)
            return
        self._context.late_exit_code = 4
        self._context.notify(
            Warned(
                code="refresh-token-dead",
                message=f"the server replaced the refresh token: the one in {VARIABLE} is dead"
                " now. This token works until it ends. Give the CI system a new one, and say"
                " --store PATH or --on-rotate COMMAND (loopback-auth help ci)",
            )
        )

    def _hand_over(self, token: Secret) -> None:
        """Give the new refresh token to the command of `--on-rotate`, on its standard input."""
        words = shlex.split(self._on_rotate or "")
        try:
            done = subprocess.run(  # noqa: S603 - the person's own command
                words,
                input=token.reveal().encode(),
                stdout=subprocess.DEVNULL,
                timeout=TIMEOUT_S,
                check=False,
            )
            failure = f"ended with status {done.returncode}" if done.returncode else ""
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            failure = getattr(error, "strerror", None) or "did not end in time"
        if failure:
            self._context.late_exit_code = 4
            self._context.notify(
                Warned(
                    code="refresh-token-dead",
                    message=f"the command of --on-rotate {failure}: the new refresh token is lost,"
                    f" and the one in {VARIABLE} is dead. This token works until it ends",
                )
            )
