"""
A sign-in of the real command that waits for its answer, and a token endpoint for it.

    async with signing_in(tmp_path) as scene:
        reply = await scene.callback.get("/favicon.ico")  # anything anybody might send
        page = await scene.callback.arrive()  # the genuine answer, followed to the final page
        outcome = await scene.command.outcome()
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..command import Login, login, token_file
from .endpoint import Endpoint, running_endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

    from .client import Callback


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A sign-in that waits for its answer."""

    endpoint: Endpoint
    command: Login
    callback: Callback
    home: Path

    def tokens(self) -> dict[str, Any]:
        return token_file(self.home)


@asynccontextmanager
async def signing_in(
    home: Path, *arguments: str, more: Mapping[str, str] | None = None, under: Iterable[str] = ()
) -> AsyncIterator[Scene]:
    """
    Start a sign-in at an endpoint of its own, and wait until it has shown the authorize URL.

    `{issuer}` in *arguments* is the endpoint's address.
    """
    async with running_endpoint() as endpoint:
        flags = (*endpoint.flags(), *(() if more and "BROWSER" in more else ("--no-browser",)))
        flags = (*flags, *(argument.replace("{issuer}", endpoint.issuer) for argument in arguments))
        async with login(*flags, home=home, more=more, under=under) as command:
            callback = await command.callback()
            yield Scene(endpoint=endpoint, command=command, callback=callback, home=home)
