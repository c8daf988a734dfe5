"""
A sign-in that waits for its answer in the test's own event loop: the real flow on real sockets with
a real store, for a hundredth of a process's time.

    async with pending_login(tmp_path) as pending:
        page = await pending.callback.arrive(state="wrong")
        assert pending.strays == ["wrong state"]
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
from loopback_auth.settings.resolve import resolve

from .client import Callback
from .endpoint import Endpoint, running_endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from loopback_auth.edge.callback.bind_address import BindAddress
    from loopback_auth.notices import Notice
    from loopback_auth.oauth.credential import Credential

TIMEOUT_S = 20
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
class PendingLogin:
    """A login that waits for its answer, and its notices so far."""

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
        async with asyncio.timeout(TIMEOUT_S):
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
async def pending_login(
    home: Path,
    *,
    metadata: dict[str, Any] | None = None,
    browser: Callable[[str], object] | None = None,
    token_bytes: Callable[[int], bytes] = random_bytes,
    timeout_s: float = TIMEOUT_S,
    bind_address: BindAddress | None = None,
    environ: Mapping[str, str] | None = None,
    **flags: Any,
) -> AsyncIterator[PendingLogin]:
    """
    Start a login and wait until it has shown the authorize URL, and opened the *browser*; it is
    cancelled if it still runs when the block ends.

    With *metadata* the login discovers the server by its issuer, and finds these members besides
    the endpoints.
    """
    async with running_endpoint() as endpoint:
        pending = PendingLogin(endpoint=endpoint, home=home)
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

        pending.task = asyncio.create_task(
            login(
                profile_of(client_id="the-client", **{**where, **flags}),
                store=FileStore(str(home)),
                transport=HttpTransport(environ={}),
                browser=opened if browser else None,
                token_bytes=token_bytes,
                environ=environ or {},
                notify=pending.notify,
                timeout_s=timeout_s,
                bind_address=bind_address,
            )
        )
        shown = asyncio.create_task((called if browser else pending.shown).wait())
        await asyncio.wait({pending.task, shown}, return_when=asyncio.FIRST_COMPLETED)
        shown.cancel()
        try:
            yield pending
        finally:
            pending.task.cancel()
            with suppress(asyncio.CancelledError, LoopbackAuthError):
                await pending.task
