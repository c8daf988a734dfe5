"""
A whole sign-in in this process, against a scripted server and with a browser of ten lines: only the
answers are the test's.

    ended = await sign_in(server, tmp_path)             # server.answers["/token"] = ...
    ended.error, ended.page.status, ended.stored
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from loopback_auth.edge.files.provider_files import load_provider
from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import LoopbackAuthError
from loopback_auth.flows.login.browser import login
from loopback_auth.settings.config_toml import load_config
from loopback_auth.settings.resolve import resolve

from .callback.client import query
from .scripted_server import json_answer, redirect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loopback_auth.notices import Notice
    from loopback_auth.oauth.credential import Credential
    from loopback_auth.seams import MaySwitch

    from .scripted_server import Connection, Script, ScriptedServer

TOKENS = {
    "access_token": "the-access-token",
    "token_type": "Bearer",
    "refresh_token": "the-refresh-token",
}
CODE = "the-code"


def consent(connection: Connection) -> None:
    """Send the browser back with a code: everybody is signed in and allows everything."""
    asked = query(connection.request.target)
    answer = urlencode({"code": CODE, "state": asked["state"]})
    connection.socket.sendall(redirect(302, f"{asked['redirect_uri']}?{answer}"))


def flags(server: ScriptedServer, *paths: str) -> dict[str, Any]:
    """
    Give the settings for *server*, whose endpoints are /authorize, /token and those in *paths*
    (`userinfo`, `revocation`).
    """
    ends = {f"{name}_endpoint": server.url(f"/{name}") for name in ("token", *paths)}
    return {"authorization_endpoint": server.url("/authorize"), "client_id": "the-client", **ends}


def as_options(settings: dict[str, Any]) -> list[str]:
    """Give the same settings as the command takes them."""
    return [
        word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)
    ]


def issuing(server: ScriptedServer, **members: Any) -> None:
    """Let *server* allow everything, and answer with tokens that *members* change."""
    server.answers["/authorize"] = consent
    server.answers["/token"] = json_answer({**TOKENS, **members})


def spoil_then_answer(home: Path, **members: Any) -> Script:
    """Answer with tokens, after the place where they belong has been taken away."""

    def answer(connection: Connection) -> None:
        (home / "tokens").rename(home / "tokens.gone")
        (home / "tokens").write_bytes(b"in the way")
        connection.socket.sendall(json_answer({**TOKENS, **members}))

    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where the browser ended."""

    status: int
    url: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a sign-in ended, for the program, for the browser and on disk."""

    credential: Credential | None
    error: LoopbackAuthError | None
    page: Page
    notices: list[Notice]
    store: FileStore

    @property
    def stored(self) -> dict[str, Any] | None:
        return self.store.load("default")

    @property
    def words(self) -> str:
        """All words that reached anybody."""
        error = self.error
        return (
            repr((self.notices, str(error), repr(error), error.cause, error.fix))
            if error
            else repr(self.notices)
        )


async def sign_in(
    server: ScriptedServer,
    home: Path,
    *paths: str,
    timeout_s: float = 5,
    may_switch: MaySwitch | None = None,
    remembers: bool = False,
    rediscover: bool = False,
    visit: Callable[[str], Page] | None = None,
    **settings: Any,
) -> Ended:
    """
    Sign in at *server*, with a browser that opens its address with *visit*.

    A sign-in that *remembers* knows what the one before it has stored, as the command does.
    """
    store, notices = FileStore(str(home)), list[Any]()
    ended: asyncio.Future[Page] = asyncio.get_running_loop().create_future()

    opened = []

    def browser(url: str) -> None:
        opened.append(url)
        ended.get_loop().call_soon_threadsafe(ended.set_result, (visit or follow)(url))

    profile = resolve(
        "default",
        flags={**flags(server, *paths), **settings},
        environ={},
        config=load_config(str(home)),
        stored=store.load("default") if remembers else None,
        find_provider=lambda name: load_provider(name, str(home)),
    )
    credential = error = None
    try:
        transport = HttpTransport(timeout_s=timeout_s, environ={})
        login_task = login(
            profile,
            store=store,
            transport=transport,
            browser=browser,
            environ={},
            notify=notices.append,
            may_switch=may_switch,
            rediscover=rediscover,
        )
        credential = await login_task
    except LoopbackAuthError as failed:
        error = failed
    page = await ended if opened else Page(status=0, url="", text="")
    return Ended(credential=credential, error=error, page=page, notices=notices, store=store)


def follow(url: str, *, steps: int = 6) -> Page:
    """
    Visit *url* as a browser does: redirects are followed, *steps* addresses at most, the last page
    is read.
    """
    for _ in range(steps):
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        location = response.getheader("Location")
        if location is None:
            break
        url = urljoin(url, location)
    return Page(status=response.status, url=url, text=text)


def every_file(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()
