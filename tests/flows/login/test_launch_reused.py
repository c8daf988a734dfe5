"""
The launch address is opened a second time: somebody was first, and may have brought a code of their
own.

Until the tab has closed, that undoes the sign-in: nothing of the new one stays, and all of the old.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import LaunchURLReused
from loopback_auth.notices import Warned

from ...support.exchange import TOKENS, follow, issuing, sign_in
from ...support.keyrings import new_person, use
from ...support.scripted_server import ScriptedServer, json_answer
from ...support.stored import OLD, document, stored
from .test_replacement import provider, revoked, who

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...support.exchange import Ended, Page
    from ...support.scripted_server import Connection, Script

ENDS = ("userinfo", "revocation")
NEW = TOKENS["refresh_token"]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        issuing(server)
        server.answers["/revocation"] = json_answer({})
        who(server, "ada-1", "ada")
        yield server


@dataclass(slots=True)
class Launch:
    """
    The launch address, opened first by a browser that brings an answer, and again when a test says
    so.
    """

    url: str = ""
    second: list[Page] = field(default_factory=list)
    is_looked_at: bool = True

    def visit(self, url: str) -> Page:
        self.url = url
        # Four steps lead to the last page, three to the redirect that leads there.
        return follow(url, steps=4 if self.is_looked_at else 3)

    def visit_and_again(self, url: str) -> Page:
        """
        Come back with the answer, and open the address again before the last page is
        asked for.
        """
        self.is_looked_at = False
        page = self.visit(url)
        self.again()
        return page

    def again(self) -> None:
        self.second.append(follow(self.url, steps=1))

    def before(self, answer: bytes) -> Script:
        """Open the address again before *answer* is sent."""

        def script(connection: Connection) -> None:
            self.again()
            connection.socket.sendall(answer)

        return script


async def reused(
    server: ScriptedServer, home: Path, when: str, **settings: Any
) -> tuple[Ended, Launch]:
    launch = Launch()
    visit = launch.visit
    if when == "the exchange":
        server.answers["/token"] = launch.before(json_answer(TOKENS))
    elif when == "the name":
        server.answers["/userinfo"] = launch.before(json_answer({"sub": "ada-1", "name": "ada"}))
    else:
        visit = launch.visit_and_again
    return await sign_in(server, home, *ENDS, visit=visit, **settings), launch


WHEN = ["the exchange", "the name", "the last page"]


@pytest.mark.parametrize("when", WHEN)
async def test_cb_16_a_second_visit_before_the_tab_has_closed_undoes_the_sign_in(
    server: ScriptedServer, tmp_path: Path, *, when: str
) -> None:
    """
    CB-16: it is the proof that somebody else was first; nothing stays, and the new tokens are
    revoked.
    """
    ended, launch = await reused(server, tmp_path, when)

    assert isinstance(ended.error, LaunchURLReused)
    assert ended.error.exit_code == 1
    assert [page.status for page in launch.second] == [400]
    assert "opened twice" in launch.second[0].text
    assert ended.stored is None
    assert revoked(server) == [NEW]
    assert when == "the last page" or ended.page.status == 400


@pytest.mark.parametrize("when", WHEN)
async def test_cb_16_the_sign_in_that_was_to_be_replaced_is_there_as_before(
    server: ScriptedServer, tmp_path: Path, *, when: str
) -> None:
    """CB-16: the old file stays; of the old grant nothing is revoked."""
    store = stored(tmp_path, server, *ENDS)
    before = store.load("default")
    with store.tracking_changes("default"):
        ended, _ = await reused(server, tmp_path, when)

    assert isinstance(ended.error, LaunchURLReused)
    assert ended.stored == before
    assert revoked(server) == [NEW]


async def test_cb_16_the_error_says_what_became_of_the_sign_ins(
    server: ScriptedServer, tmp_path: Path
) -> None:
    stored(tmp_path, server, *ENDS)
    ended, _ = await reused(server, tmp_path, "the last page")
    assert ended.error is not None
    assert "was undone" in str(ended.error)
    assert "the tokens just issued were revoked" in str(ended.error)
    assert "the profile holds the sign-in of before" in str(ended.error)


async def test_cb_16_a_grant_that_was_to_be_replaced_is_revoked_only_once_the_tab_has_closed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CB-16: where grants are few, the old one would be given up for the new."""
    provider(tmp_path, server, "grants_per_user = 5")
    await sign_in(server, tmp_path, provider="few")
    issuing(server, refresh_token="the-second")
    launch = Launch()
    ended = await sign_in(server, tmp_path, provider="few", visit=launch.visit_and_again)

    assert isinstance(ended.error, LaunchURLReused)
    assert revoked(server) == ["the-second"]
    assert ended.stored is not None
    assert ended.stored["refresh_token"] == NEW


@pytest.mark.parametrize("when", WHEN)
async def test_rv_04_where_one_revocation_ends_every_sign_in_the_new_tokens_are_not_revoked(
    server: ScriptedServer, tmp_path: Path, *, when: str
) -> None:
    """RV-04, CB-16: it would take the sign-in that stays along, and those of other machines."""
    provider(tmp_path, server, "revocation_ends_all = true")
    await sign_in(server, tmp_path, *ENDS, provider="few")
    issuing(server, refresh_token="the-second")
    ended, _ = await reused(server, tmp_path, when, provider="few")

    assert isinstance(ended.error, LaunchURLReused)
    assert revoked(server) == []
    assert ended.stored is not None
    assert ended.stored["refresh_token"] == NEW


async def test_rv_04_nor_where_another_account_signed_in(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """RV-04: whatever else ends a sign-in that has its tokens already."""
    provider(tmp_path, server, "revocation_ends_all = true")
    await sign_in(server, tmp_path, *ENDS, provider="few")
    who(server, "bob-1", "bob")
    ended = await sign_in(server, tmp_path, *ENDS, provider="few")
    assert ended.error is not None
    assert ended.error.code == "account-differs"
    assert revoked(server) == []


async def test_cb_16_a_sign_in_that_was_stored_meanwhile_is_left_alone(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    CB-16: another terminal signed in to the same profile between our save and the
    second visit.
    """
    launch = Launch()

    def visit(url: str) -> Page:
        launch.is_looked_at = False
        page = launch.visit(url)
        stored(tmp_path, server, *ENDS)
        launch.again()
        return page

    ended = await sign_in(server, tmp_path, *ENDS, visit=visit)
    assert isinstance(ended.error, LaunchURLReused)
    assert ended.stored is not None
    assert ended.stored["refresh_token"] == OLD["refresh_token"]
    assert "another sign-in was stored meanwhile" in str(ended.error)


async def test_cb_16_one_visit_is_no_second_one(server: ScriptedServer, tmp_path: Path) -> None:
    """
    CB-07: prefetches and other methods of the same address count neither as the first nor as the
    second.
    """
    launch = Launch()
    ended = await sign_in(server, tmp_path, *ENDS, visit=launch.visit)
    assert ended.error is None
    assert ended.page.status == 200
    assert not [
        notice
        for notice in ended.notices
        if isinstance(notice, Warned) and "revoked" in notice.code
    ]


@pytest.mark.parametrize(
    ("held_in", "new_in"), [("keyring", "file"), ("keyring", "keyring"), ("file", "file")]
)
async def test_cb_16_the_sign_in_of_before_is_back_where_it_was(
    server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    held_in: str,
    new_in: str,
) -> None:
    """CB-16: in the keyring or in the file, and nothing of the new one in either."""
    person = new_person(tmp_path)
    use(person, monkeypatch)
    before = document(server, *ENDS)
    FileStore(str(person.home), storage=held_in).save("default", before)
    ended, _ = await reused(server, person.home, "the last page", storage=new_in)

    assert isinstance(ended.error, LaunchURLReused)
    assert ended.stored == before
    assert ended.store.location("default")["storage"] == held_in
    assert person.secrets(NEW, TOKENS["access_token"]) == {"keyring": 0, "files": 0}
