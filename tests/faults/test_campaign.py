"""
RF-01, RF-02, RF-09: twelve processes at one profile: sign-ins, refreshes and sign-outs.

Meanwhile lock files are removed, and whoever holds the lock is stopped for a while. The server
rotates, forgives nothing, and is slow. `CAMPAIGN_ROUNDS=50` goes on for longer.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.files.lock_holder import holder_of
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.testing import AuthorizationServer, Browser, Client
from loopback_auth.testing.http import faults

from ..support.children import posix
from ..support.command import Login, Outcome, login, run_process
from ..support.keyrings import new_person, use

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.alone, posix]

ROUNDS = int(os.environ.get("CAMPAIGN_ROUNDS", "4"))
REFRESHES, SIGN_INS, SIGN_OUTS = 6, 4, 2
SPREAD_S = 4.0
"""Not all at once: each process of a crowd that meets at one refresh needs only that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What goes on in *home*, whose lock files are below *folder*, and how it ended."""

    folder: Path
    home: Path
    server: AuthorizationServer
    environment: Mapping[str, str]
    chance: random.Random
    ended: Counter[str] = field(default_factory=Counter)

    async def sign_in(self) -> None:
        flags = (
            "--issuer",
            self.server.issuer,
            "--client-id",
            "public",
            "--scope",
            "openid offline_access",
        )
        await asyncio.sleep(SPREAD_S * self.chance.random())
        async with login(*flags, "--no-browser", home=self.home, more=self.environment) as command:
            visits = asyncio.create_task(self.visit_pages(command))
            outcome = await command.outcome()
            visits.cancel()
            await asyncio.gather(visits, return_exceptions=True)
        self.ended[f"login {outcome.exit_code}"] += 1
        # Nobody's finished sign-in is lost, whatever the others do.
        assert outcome.exit_code == 0, outcome

    async def visit_pages(self, command: Login) -> None:
        """
        Open each page that *command* shows: where the lock of the sign-in it waits for was removed,
        it may show one of its own after that.
        """
        visited = 0
        while True:
            for event in command.seen("open_page")[visited:]:
                visited += 1
                # The page of another process may have been answered before.
                with suppress(OSError):
                    await asyncio.to_thread(Browser().visit, event["url"])
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await command.news()

    async def refresh(self) -> None:
        outcome = await self.run("token", "--refresh", "--json")
        self.ended[f"token {outcome.exit_code}"] += 1
        # 4: somebody was quicker to sign out.
        assert outcome.exit_code == 0 or outcome.error["code"] == "sign-in-needed", outcome

    async def sign_out(self) -> None:
        outcome = await self.run("logout", "--json")
        self.ended[f"logout {outcome.exit_code}"] += 1
        # 7: it was stopped until the server was no longer waited for. 1: somebody signed in
        # meanwhile, and stays so.
        codes = ("sign-in-needed", "store-changed")
        assert outcome.exit_code in (0, 7) or outcome.error["code"] in codes, outcome

    async def run(self, *words: str) -> Outcome:
        await asyncio.sleep(SPREAD_S * self.chance.random())
        return await run_process(*words, home=self.home, more=self.environment)

    async def remove_locks(self) -> None:
        while True:
            await asyncio.sleep(self.chance.random() / 2)
            for path in self.folder.rglob("*.lock"):
                path.unlink(missing_ok=True)
                self.ended["lock files removed"] += 1

    async def stop_holders(self) -> None:
        while True:
            await asyncio.sleep(self.chance.random() / 2)
            holder = holder_of(map(str, self.home.glob("tokens/default.*")))
            if holder and holder.pid != os.getpid():
                with suppress(ProcessLookupError):
                    os.kill(holder.pid, signal.SIGSTOP)
                    await asyncio.sleep(2 * self.chance.random())
                    os.kill(holder.pid, signal.SIGCONT)
                    self.ended["holders stopped"] += 1

    async def round(self) -> None:
        troubles = [
            asyncio.create_task(self.remove_locks()),
            asyncio.create_task(self.stop_holders()),
        ]
        crowd = [self.refresh] * REFRESHES + [self.sign_in] * SIGN_INS + [self.sign_out] * SIGN_OUTS
        self.chance.shuffle(crowd)
        try:
            await asyncio.gather(*(act() for act in crowd))
        finally:
            for trouble in troubles:
                trouble.cancel()
            await asyncio.gather(*troubles, return_exceptions=True)

    def check(self) -> None:
        """
        Hold the server's side against the stored one: no refresh token came twice, and what is
        stored works.
        """
        sent = Counter(request.form["refresh_token"][0] for request in self.refreshes())
        assert max(sent.values(), default=0) <= 1, sent
        document = FileStore(str(self.home)).load("default")
        if document is not None:
            registry = self.server.registry
            access = registry.access_tokens[document["access_token"]]
            refresh = registry.refresh_tokens[document["refresh_token"]]
            assert access.grant is refresh.grant
            assert registry.is_alive(refresh)
            assert refresh.replaced_at is None

    def refreshes(self) -> list[faults.Request]:
        return [request for request in self.server.seen("token") if "refresh_token" in request.form]


@pytest.mark.parametrize("storage", ["file", "keyring"])
async def test_rf_09_twelve_processes_sign_in_refresh_and_sign_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storage: str
) -> None:
    """
    RF-01, RF-02, RF-09: no refresh token is sent twice, no finished sign-in is lost, and what is
    stored works.
    """
    person = new_person(tmp_path)
    use(person, monkeypatch)
    seed = int.from_bytes(os.urandom(3))
    with AuthorizationServer.running(clients=(Client(client_id="public"),)) as server:
        server.faults.token = faults.late(0.3)
        campaign = Campaign(
            folder=tmp_path,
            home=person.home,
            server=server,
            environment=person.environment(LOOPBACK_AUTH_STORAGE=storage),
            chance=random.Random(seed),  # noqa: S311 - a test's
        )
        for _ in range(ROUNDS):
            await campaign.sign_in()
            await campaign.round()
            campaign.check()
        await campaign.sign_in()
        counts = ", ".join(f"{what}: {count}" for what, count in sorted(campaign.ended.items()))
        sys.stdout.write(
            f"{storage}, {ROUNDS} rounds, seed {seed}: {len(campaign.refreshes())} "
            f"refreshes, tokens lost: 0; {counts}\n"
        )
    assert campaign.ended["lock files removed"] > 0
    # Nor is a copy of any of them left behind.
    assert len(person.entries()) == (storage == "keyring")
