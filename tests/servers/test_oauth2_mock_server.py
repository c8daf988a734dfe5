"""
Hostile and broken answers from oauth2-mock-server: the client_id names the fault, GET /seen tells
how often a code was sent.

Every fault costs a process that mostly waits, so they all run side by side, and each test looks at
its own.
"""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.support.chromium import in_the_session_loop

from ..support.callback.client import query
from ..support.command import login, no_token_file, token_file
from ..support.servers.scripted import visit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from ..support.command import Outcome
    from ..support.servers.scripted import Page

    SignIns = Mapping[str, asyncio.Task["SignIn"]]

pytestmark = [pytest.mark.server, in_the_session_loop]

SIDE_BY_SIDE = 3
NOTHING_WRONG = "nothing-wrong"

# A login that a stray does not end must be ended by something.
STRAYS = ("wrong-state", "no-state", "duplicate-code")
SOON = ("--timeout", "1s")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """
    One sign-in that a fault happened to: where the visit ended, how the command ended, and what it
    left.
    """

    page: Page
    ended: Outcome
    home: Path
    exchanges: int


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sign_ins(
    oauth2_mock: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SignIns]:
    slots = asyncio.Semaphore(SIDE_BY_SIDE)
    faults = (NOTHING_WRONG, *oauth2_mock["redirect_faults"], *oauth2_mock["token_faults"])
    under_way = {
        fault: asyncio.create_task(
            sign_in(oauth2_mock["issuer"], fault, tmp_path_factory.mktemp(fault), slots)
        )
        for fault in faults
    }
    yield under_way
    for task in under_way.values():
        task.cancel()
    await asyncio.gather(*under_way.values(), return_exceptions=True)


async def sign_in(issuer: str, fault: str, home: Path, slots: asyncio.Semaphore) -> SignIn:
    """
    Sign in as the client that *fault* happens to. The server asks nothing: one visit is the whole
    sign-in.
    """
    flags = ("--issuer", issuer, "--client-id", fault, "--scope", "openid", "--no-browser")
    async with slots, login(*flags, *(SOON if fault in STRAYS else ()), home=home) as command:
        page = await visit(await command.open_page())
        ended = await command.outcome()
    seen: dict[str, int] = json.loads((await visit(f"{issuer}/seen")).text)
    return SignIn(page=page, ended=ended, home=home, exchanges=seen.get(fault, 0))


@pytest.mark.parametrize("fault", STRAYS)
async def test_an_answer_that_may_not_be_ours_never_ends_the_login(
    sign_ins: SignIns, fault: str
) -> None:
    """
    CB-08, AR-02: it is told as a stray, nothing is exchanged, and the wait goes on to
    its own end.
    """
    done = await sign_ins[fault]

    assert done.page.status == 400
    assert (done.ended.exit_code, done.ended.error["code"]) == (5, "login-timed-out")
    assert len(done.ended.events_named("stray")) == 1
    assert done.exchanges == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("wrong-iss", "issuer-mismatch"),
        ("code-and-error", "authorization-response-invalid"),
        ("no-code", "authorization-response-invalid"),
        ("front-channel-token", "authorization-response-invalid"),
        ("script-in-description", "server-error"),
        ("administrator-refused", "unauthorized-client"),
    ],
)
async def test_an_answer_with_our_state_that_is_wrong_ends_the_login_unexchanged(
    sign_ins: SignIns, fault: str, code: str
) -> None:
    """
    AR-03, AR-04, AR-05, AR-07, CB-12: the page says it failed, in our words and not in the
    server's.
    """
    done = await sign_ins[fault]

    assert (done.ended.exit_code, done.ended.error["code"]) == (7, code)
    assert done.page.status >= 400
    assert not query(done.page.url)
    assert done.exchanges == 0
    assert no_token_file(done.home)
    has_no_trick(done.page.text, done.ended)


def has_no_trick(page: str, ended: Outcome) -> None:
    """Nothing that the server said may run in the tab or act on the terminal."""
    assert "owned" not in page
    assert "<script" not in page
    assert not {"\x1b", "\u202e"} & set(ended.stdout + ended.stderr)
    assert not {"\x1b", "\u202e"} & set(json.dumps(ended.document, ensure_ascii=False))


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("token-type-mac", "answer-not-understood"),
        ("no-access-token", "answer-not-understood"),
        ("line-break-in-token", "answer-not-understood"),
        ("array", "answer-not-understood"),
        ("html", "answer-is-html"),
        ("http-500", "server-unavailable"),
        ("error-with-200", "invalid-grant"),
        ("invalid-client", "invalid-client"),
        ("redirect", "unexpected-redirect"),
        ("cut-off", "connection-lost"),
    ],
)
async def test_a_token_endpoint_that_misbehaves_gets_the_code_once_and_a_clear_error(
    sign_ins: SignIns, fault: str, code: str
) -> None:
    """
    TX-01, TR-01, TR-02, TR-03, TR-08, CB-13: page and exit status agree, and nothing is
    stored.
    """
    done = await sign_ins[fault]

    error = done.ended.error
    assert (done.ended.exit_code, error["code"]) == (7, code)
    assert error["message"]
    assert error["cause"]
    assert error["fix"]
    assert done.page.status >= 400
    assert done.exchanges == 1
    assert no_token_file(done.home)
    has_no_trick(done.page.text, done.ended)


async def test_a_redirect_of_the_token_endpoint_is_not_followed(
    sign_ins: SignIns, oauth2_mock: dict[str, Any]
) -> None:
    """TX-02: a 307 would carry code and verifier to whoever the redirect names."""
    await sign_ins["redirect"]

    assert "elsewhere" not in json.loads((await visit(f"{oauth2_mock['issuer']}/seen")).text)


@pytest.mark.parametrize(
    "fault", [NOTHING_WRONG, "expires-in-string", "token-type-lower-case", "no-token-type"]
)
async def test_what_can_be_understood_is_a_success(sign_ins: SignIns, fault: str) -> None:
    """TR-03, TR-04: spellings that are about as common as the right ones; no type means Bearer."""
    succeeded(await sign_ins[fault])


@pytest.mark.parametrize("fault", ["expires-in-nonsense", "no-expires-in"])
async def test_an_answer_without_an_end_is_believed_to_end_with_its_jwt(
    sign_ins: SignIns, fault: str
) -> None:
    """TR-03: an `expires_in` that makes no sense means "unknown", not "never" and not a crash."""
    tokens = succeeded(await sign_ins[fault])

    payload = tokens["access_token"].split(".")[1]
    exp = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"]
    assert datetime.fromisoformat(tokens["expires_at"]).timestamp() == exp


def succeeded(done: SignIn) -> dict[str, Any]:
    tokens = token_file(done.home)
    assert (done.page.status, done.ended.exit_code, tokens["token_type"]) == (200, 0, "Bearer")
    assert "johndoe" in done.page.text
    assert tokens["expires_at"] is not None
    return tokens


async def test_members_that_no_standard_knows_are_kept_and_trusted_with_nothing(
    sign_ins: SignIns,
) -> None:
    """TR-07: kept verbatim, apart from the fields that mean something."""
    done = await sign_ins["unknown-members"]

    tokens = token_file(done.home)
    assert done.ended.exit_code == 0
    assert tokens["extra"] == {
        "instance_url": "https://my.example",
        "issuer": "https://another.example",
        "n": [1, None],
    }


async def test_every_fault_that_the_server_knows_is_tried_here(oauth2_mock: dict[str, Any]) -> None:
    """A fault that is added to the start script and forgotten in the tests would prove nothing."""
    tried = {
        case[0] if isinstance(case, tuple) else case
        for test in globals().values()
        for mark in getattr(test, "pytestmark", [])
        if mark.name == "parametrize"
        for case in mark.args[1]
    }

    assert {*oauth2_mock["redirect_faults"], *oauth2_mock["token_faults"]} - {
        "unknown-members"
    } <= tried
