"""
A sign-in inside the test's own event loop: the real flow on real sockets with a real store, a
hundredth of a process's price.

    async with story(tmp_path) as told:
        page = await told.callback.arrive(state="wrong")
        assert told.strays == ["wrong state"]
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from secrets import token_bytes as random_bytes
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import LoopbackAuthError
from loopback_auth.flows.login.browser import login
from loopback_auth.notices import OpenThisPage, StrayVisit
from loopback_auth.providers import load_provider
from loopback_auth.settings.config_toml import Config
from loopback_auth.settings.profile import resolve
from tests.support.command import Callback

from .callback_endpoint import Endpoint, running_endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from loopback_auth.notices import Notice
    from loopback_auth.oauth.credential import Credential

PATIENCE_S = 20
_ENDPOINTS = ("authorization_endpoint", "token_endpoint")


@dataclass(slots=True)
class Launches:
    """A browser to start: keeps the addresses it was started with, and goes nowhere."""

    addresses: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> bool:
        self.addresses.append(url)
        return True

    @property
    def path(self) -> str:
        [address] = self.addresses
        return urlsplit(address).path


@dataclass(slots=True, kw_only=True)
class Story:
    """A login that waits for its answer, and what it has told so far."""

    endpoint: Endpoint
    home: Path
    notices: list[Notice] = field(default_factory=list)
    shown: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[Credential] | None = None

    def notify(self, notice: Notice) -> None:
        self.notices.append(notice)
        if isinstance(notice, OpenThisPage):
            self.shown.set()

    @property
    def callback(self) -> Callback:
        [opened] = [notice for notice in self.notices if isinstance(notice, OpenThisPage)]
        return Callback({"url": opened.url, "redirect_uri": opened.redirect_uri})

    @property
    def strays(self) -> list[str]:
        return [notice.reason for notice in self.notices if isinstance(notice, StrayVisit)]

    async def outcome(self) -> Credential:
        """Wait for the end: the credential, or the error it ended with."""
        assert self.task is not None
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.shield(self.task)

    async def error(self) -> LoopbackAuthError:
        """Wait for an end that is an error."""
        try:
            await self.outcome()
        except LoopbackAuthError as error:
            return error
        raise AssertionError("the login succeeded")


def profile_of(**flags: Any) -> Any:
    return resolve(
        "default",
        flags=flags,
        environ={},
        config=Config("config.toml", "", {}),
        stored=None,
        find_provider=load_provider,
    )


@asynccontextmanager
async def story(
    home: Path,
    *,
    metadata: dict[str, Any] | None = None,
    browser: Callable[[str], object] | None = None,
    token_bytes: Callable[[int], bytes] = random_bytes,
    timeout_s: float = PATIENCE_S,
    **flags: Any,
) -> AsyncIterator[Story]:
    """
    Start a login and wait until it has shown the authorize URL, and opened the *browser*; it is
    cancelled if it still runs when the block ends.

    With *metadata* the login discovers the server by its issuer, and finds these members besides
    the endpoints.
    """
    async with running_endpoint() as endpoint:
        told = Story(endpoint=endpoint, home=home)
        where = {name: f"{endpoint.issuer}/{name.split('_')[0]}" for name in _ENDPOINTS}
        if metadata is not None:
            document = {"issuer": endpoint.issuer, **where, **metadata}
            endpoint.documents["/.well-known/openid-configuration"] = document
            where = {"issuer": endpoint.issuer}
        loop, called = asyncio.get_running_loop(), asyncio.Event()

        def opened(url: str) -> object:
            assert browser is not None
            result = browser(url)
            loop.call_soon_threadsafe(called.set)
            return result

        told.task = asyncio.create_task(
            login(
                profile_of(client_id="the-client", **{**where, **flags}),
                store=FileStore(str(home)),
                transport=HttpTransport(environ={}),
                browser=opened if browser else None,
                token_bytes=token_bytes,
                environ={},
                notify=told.notify,
                timeout_s=timeout_s,
            )
        )
        under_way = asyncio.create_task((called if browser else told.shown).wait())
        await asyncio.wait({told.task, under_way}, return_when=asyncio.FIRST_COMPLETED)
        under_way.cancel()
        try:
            yield told
        finally:
            told.task.cancel()
            with suppress(asyncio.CancelledError, LoopbackAuthError):
                await told.task
