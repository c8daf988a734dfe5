"""
A sign-in in this process against servers of any name: their answers are values, and nothing goes
over a network.

    internet = Internet(document={"issuer": ..., ...})
    stored, notices = await sign_in(tmp_path, internet, profile(issuer=...))
    internet.sent, internet.hosts
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.flows.login.browser import login
from loopback_auth.notices import OpenThisPage
from loopback_auth.oauth.http.messages import FormPost, HttpReply
from loopback_auth.providers import load_provider
from loopback_auth.settings.config_toml import parse_config
from loopback_auth.settings.resolve import resolve

from .exchange import follow

if TYPE_CHECKING:
    from pathlib import Path

    from loopback_auth.notices import Notice
    from loopback_auth.oauth.http.messages import Get
    from loopback_auth.settings.profile import Profile


@dataclass(slots=True, kw_only=True)
class Internet:
    """
    A transport: one issuer's *document*, and a token endpoint and a userinfo wherever it says they
    are; *sent* is what went out.
    """

    document: dict[str, Any]
    sent: list[FormPost | Get] = field(default_factory=list)

    async def __call__(self, message: FormPost | Get) -> HttpReply:
        self.sent.append(message)
        if "/.well-known/" in message.url:
            said: dict[str, Any] = self.document
        elif isinstance(message, FormPost):
            said = {"access_token": "the-token", "token_type": "Bearer"}
        else:
            said = {"sub": "1", "name": "Ada"}
        return HttpReply(url=message.url, status=200, body=json.dumps(said).encode())

    @property
    def hosts(self) -> list[str]:
        """Where anything but a question for metadata went."""
        return [
            str(urlsplit(each.url).hostname)
            for each in self.sent
            if "/.well-known/" not in each.url
        ]


def document(issuer: str, **members: Any) -> dict[str, Any]:
    return {"issuer": issuer, **members}


def profile(stored: dict[str, Any] | None = None, **flags: Any) -> Profile:
    flags = {"client_id": "c", **flags}
    return resolve(
        "work",
        flags=flags,
        environ={},
        config=parse_config("", ""),
        stored=stored,
        find_provider=load_provider,
    )


@dataclass(slots=True, kw_only=True)
class Asked:
    """Answers *says* to whoever asks for trust, and keeps the questions."""

    says: bool
    questions: list[tuple[str, ...]] = field(default_factory=list)

    async def __call__(self, *question: str) -> bool:
        self.questions.append(question)
        return self.says


def allow(url: str) -> str:
    """Give the address to which a server sends back the person who allowed everything."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    return f"{asked['redirect_uri']}?{urlencode({'code': 'the-code', 'state': asked['state']})}"


async def sign_in(
    home: Path, internet: Internet, about: Profile, may_trust: Asked | None = None, **more: Any
) -> tuple[dict[str, Any] | None, list[Notice]]:
    """
    Sign in with a browser that goes straight to the answer; give what is stored, and
    what was told.
    """
    notices, store = list[Any](), FileStore(str(home))
    visits: list[asyncio.Future[Any]] = []

    def notify(notice: Notice) -> None:
        notices.append(notice)
        if isinstance(notice, OpenThisPage):
            visits.append(
                asyncio.get_running_loop().run_in_executor(None, follow, allow(notice.url))
            )

    await login(
        about,
        store=store,
        transport=internet,
        browser=None,
        environ={},
        notify=notify,
        may_trust=may_trust,
        **more,
    )
    await asyncio.gather(*visits)
    return store.load("work"), notices
