"""
What other Python programs for this job were seen to get wrong when they were run, one test each, by
the number it was noted under.

The requirement's own tests hold the whole rule; these hold the very thing that broke somewhere.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import stat
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.callback.listeners import bind
from loopback_auth.errors import (
    AuthorizationDenied,
    IssuerMismatch,
    LoginTimedOut,
    PortInUse,
)
from loopback_auth.notices import Warned

from .support.callback.client import connected
from .support.callback.junk import JUNK
from .support.callback.pending_command import signing_in
from .support.callback.pending_login import Launches, PendingLogin, pending_login
from .support.command import run
from .support.sockets import listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from .support.callback.client import Reply

IMAGE = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")
NAVIGATION = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")


@pytest.fixture
async def pending(tmp_path: Path) -> AsyncIterator[PendingLogin]:
    """A login that waits."""
    async with pending_login(tmp_path) as pending:
        yield pending


async def completes(pending: PendingLogin) -> Reply:
    """Bring the genuine answer, which must still be waited for."""
    page = await pending.callback.arrive()
    assert page.status == 200
    await pending.outcome()
    assert [form["code"] for form in pending.endpoint.forms] == ["the-code"]
    return page


async def test_peer_01_a_browsers_preconnect_does_not_hang_the_login(pending: PendingLogin) -> None:
    async with connected(pending.callback, b"", b""), asyncio.timeout(2):
        await completes(pending)


async def test_peer_02_the_timeout_fires_while_an_idle_socket_is_open(tmp_path: Path) -> None:
    async with pending_login(tmp_path, timeout_s=0.2) as pending, connected(pending.callback, b""):
        async with asyncio.timeout(2):
            assert isinstance(await pending.error(), LoginTimedOut)


async def test_peer_03_neither_a_favicon_nor_a_tls_hello_ends_the_login(
    pending: PendingLogin,
) -> None:
    assert (await pending.callback.get("/favicon.ico", *IMAGE)).status == 404
    assert (await pending.callback.send(JUNK["a TLS hello"])).status == 400
    await completes(pending)


async def test_peer_04_a_request_in_three_segments_is_one_request(pending: PendingLogin) -> None:
    request = pending.callback.request(pending.callback.answer())
    async with connected(pending.callback, request[:9]) as [(reader, writer)]:
        for piece in (request[9:40], request[40:]):
            # An answer elsewhere: the piece before has been read.
            assert (await pending.callback.get("/")).status == 404
            writer.write(piece)
        redirect = await reader.read()
    assert redirect.startswith(b"HTTP/1.1 303 ")
    assert pending.strays == ["an unrelated request (/)"]


async def test_peer_05_two_logins_in_a_row_on_a_fixed_port(tmp_path: Path) -> None:
    with closing(listen()) as other:
        port = other.getsockname()[1]
    began = time.monotonic()
    for _ in range(2):
        async with pending_login(tmp_path, port=(port,)) as pending:
            assert pending.callback.port == port
            await completes(pending)
    assert time.monotonic() - began < 5


async def test_peer_06_an_error_without_a_description_ends_the_wait(tmp_path: Path) -> None:
    for error in ("access_denied", "server_error"):
        async with pending_login(tmp_path) as pending:
            await pending.callback.refuse(error)
            assert error in str(await pending.error())


async def test_peer_07_a_browser_that_comes_back_at_once_is_not_refused(tmp_path: Path) -> None:
    """A session that is signed in already: the answer is there before the launcher returns."""
    early = socket.socket()

    def browser(url: str) -> bool:
        host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
        early.connect((host, int(port)))
        return True

    async with pending_login(tmp_path, browser=browser) as pending:
        early.sendall(pending.callback.request(pending.callback.answer()))
        early.setblocking(False)  # noqa: FBT003 - the standard library's signature
        async with asyncio.timeout(2):
            reply = await asyncio.get_running_loop().sock_recv(early, 100)
        early.close()
        assert reply.startswith(b"HTTP/1.1 303 ")


async def test_peer_07_a_busy_port_is_noticed_before_a_browser_opens(tmp_path: Path) -> None:
    started = Launches()
    with closing(listen()) as busy:
        async with pending_login(
            tmp_path, browser=started, port=(busy.getsockname()[1],)
        ) as pending:
            assert type(await pending.error()) is PortInUse
    assert started.addresses == []


@pytest.mark.parametrize("mode", [None, "form_post"])
async def test_peer_08_both_ways_of_coming_back_complete(
    tmp_path: Path, *, mode: str | None
) -> None:
    flags: dict[str, Any] = {"response_mode": mode} if mode else {}
    async with pending_login(tmp_path, **flags) as pending:
        callback = pending.callback
        assert callback.asked.get("response_mode") == mode
        if mode is None:
            await completes(pending)
        else:
            await callback.follow(
                await callback.post(*NAVIGATION, code="the-code", state=callback.state)
            )
            await pending.outcome()


async def test_peer_09_another_pages_image_or_link_does_not_kill_the_login(tmp_path: Path) -> None:
    async with pending_login(tmp_path / "one") as pending, pending_login(tmp_path / "two") as other:
        forged = pending.callback.target(error="access_denied", error_description="x")
        assert (await pending.callback.get(forged, *IMAGE)).status == 403
        assert (await pending.callback.get(forged, *NAVIGATION)).status == 400
        await completes(pending)
        # Nor can it be aimed: there is no fixed port.
        assert pending.callback.port != other.callback.port


async def test_peer_10_a_forged_code_never_gets_to_the_token_endpoint(
    pending: PendingLogin,
) -> None:
    assert len(pending.callback.state) >= 27
    assert pending.callback.asked["code_challenge_method"] == "S256"
    await pending.callback.get(pending.callback.target(code="ATTACKERS-CODE"))
    await pending.callback.get(pending.callback.target(code="ATTACKERS-CODE", state=""))
    await completes(pending)
    assert len(pending.endpoint.forms[0]["code_verifier"]) >= 43


async def test_peer_11_a_wrong_state_is_not_shown_success_and_does_not_end_the_login(
    pending: PendingLogin,
) -> None:
    page = await pending.callback.arrive(code="forged", state="wrong")
    assert page.status == 400
    assert "Signed in" not in page.text
    await completes(pending)


async def test_peer_12_no_server_text_is_served_as_html(
    tmp_path: Path,
) -> None:
    script = "<script>document.title='SCRIPT RAN'</script>"
    async with pending_login(tmp_path) as pending:
        assert (
            "RAN"
            not in (await pending.callback.refuse("server_error", error_description=script)).text
        )
    async with pending_login(tmp_path) as pending:
        pending.endpoint.status, pending.endpoint.answer = 400, script
        assert "RAN" not in (await pending.callback.arrive()).text


async def test_peer_13_host_path_and_method_are_looked_at(pending: PendingLogin) -> None:
    callback, right = pending.callback, pending.callback.answer()
    replies = [
        await callback.get(right, host="evil.example"),
        await callback.get(right.replace("/callback", "/any/path")),
        await callback.get(right, method="HEAD"),
    ]
    assert [reply.status for reply in replies] == [421, 404, 405]
    await completes(pending)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_peer_14_nothing_listens_on_other_interfaces(host: str) -> None:
    with bind([f"http://{host}:0/callback"]) as (listeners, _):
        assert {sock.getsockname()[0] for sock in listeners} <= {"127.0.0.1", "::1"}


async def test_peer_15_of_two_codes_neither_is_taken(pending: PendingLogin) -> None:
    state = pending.callback.state
    for first, second in (("EVIL", "GOOD"), ("GOOD", "EVIL")):
        reply = await pending.callback.get(
            pending.callback.target(code=first, state=state) + f"&code={second}"
        )
        assert reply.status == 400
    await completes(pending)


@pytest.mark.parametrize("iss", ["https://evil.example", None])
async def test_peer_16_the_issuer_is_checked_and_the_state_is_not_shown(
    tmp_path: Path, *, iss: str | None
) -> None:
    async with pending_login(
        tmp_path, metadata={"authorization_response_iss_parameter_supported": True}
    ) as pending:
        await pending.callback.arrive(**({"iss": iss} if iss else {}))
        error = await pending.error()

    assert isinstance(error, IssuerMismatch)
    assert pending.endpoint.exchanges == 0
    assert pending.endpoint.issuer in str(error)
    assert pending.callback.state not in str(error)


async def test_peer_17_no_success_is_shown_for_an_error_or_a_failed_exchange(
    tmp_path: Path,
) -> None:
    async with pending_login(tmp_path) as pending:
        assert "Sign-in refused" in (await pending.callback.refuse("access_denied")).text
    for status in (400, 502):
        async with pending_login(tmp_path) as pending:
            pending.endpoint.status, pending.endpoint.answer = status, {"error": "invalid_grant"}
            assert "Sign-in failed" in (await pending.callback.arrive()).text


async def test_peer_18_an_error_is_what_it_is_called_and_nothing_around_it(tmp_path: Path) -> None:
    """
    Not `Timed out` for bytes that are no HTTP, and no ExceptionGroup around a denial or
    a time-out.
    """
    async with pending_login(tmp_path, timeout_s=0.3) as pending:
        await pending.callback.send(JUNK["another protocol"])
        assert type(await pending.error()) is LoginTimedOut
    async with pending_login(tmp_path) as pending:
        await pending.callback.refuse("access_denied")
        assert type(await pending.error()) is AuthorizationDenied


@pytest.mark.slow
async def test_peer_19_no_code_verifier_or_token_is_logged_at_any_level(tmp_path: Path) -> None:
    """With --verbose, and with asyncio's own debug mode on."""
    async with signing_in(
        tmp_path, "-v", more={"PYTHONASYNCIODEBUG": "1", "PYTHONWARNINGS": "always"}
    ) as scene:
        await scene.callback.send(
            scene.callback.request(scene.callback.target(code="canary-code", state="x"))
        )
        await scene.callback.send(JUNK["a TLS hello"] + b"canary-code")
        await scene.callback.arrive(code="canary-code")
        ended = await scene.command.outcome()

    assert ended.exit_code == 0
    assert '"event": "trace"' in ended.stderr
    [form] = scene.endpoint.forms
    said = ended.stdout + ended.stderr.replace(scene.callback.url, "")
    leaked = [
        secret
        for secret in (form["code"], form["code_verifier"], scene.callback.state, "an-access-token")
        if secret in said
    ]
    assert leaked == []


async def test_peer_20_a_code_with_http_in_it_stays_as_it_is(pending: PendingLogin) -> None:
    await pending.callback.arrive(code="CODE-http-1")
    await pending.outcome()
    assert pending.endpoint.forms[0]["code"] == "CODE-http-1"


async def test_peer_21_a_salesforce_answer_with_more_scopes_is_no_crash(tmp_path: Path) -> None:
    answer = {
        "access_token": "00D!AQ0",
        "refresh_token": "5Aep",
        "signature": "x=",
        "scope": "refresh_token api full",
        "instance_url": "https://example.my.salesforce.com",
        "id": "https://login.salesforce.com/id/00D/005",
        "token_type": "Bearer",
        "issued_at": "1700000000000",
    }
    async with pending_login(tmp_path, scope=("api",)) as pending:
        pending.endpoint.answer = answer
        await pending.callback.arrive()
        credential = await pending.outcome()

    assert credential.tokens.expires_at is None
    assert credential.tokens.extra == {
        name: answer[name] for name in ("signature", "instance_url", "id", "issued_at")
    }
    assert [notice.code for notice in pending.notices if isinstance(notice, Warned)] == [
        "scope-differs"
    ]


@pytest.mark.slow
async def test_peer_22_no_other_programs_tokens_are_read_or_sent(tmp_path: Path) -> None:
    foreign = {
        "tokens": {"access_token": "OPENAI-ACCESS", "refresh_token": "OPENAI-REFRESH-SECRET"}
    }
    for path in (
        ".codex/auth.json",
        ".config/gh/hosts.yml",
        ".azure/msal_token_cache.json",
        ".netrc",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(json.dumps(foreign), encoding="utf-8")
    before = await run("token", home=tmp_path)
    async with signing_in(tmp_path) as scene:
        await scene.callback.arrive()
        ended = await scene.command.outcome()

    assert (before.exit_code, before.stdout) == (4, "")
    assert ended.exit_code == 0
    assert "OPENAI" not in repr(scene.endpoint.forms) + repr(scene.tokens())


@pytest.mark.slow
async def test_peer_23_files_in_the_current_folder_stay_as_they_are(tmp_path: Path) -> None:
    """
    The command runs in a folder with somebody's own key.pem, and with modules named
    like ours.
    """
    mine = {
        "key.pem": "my key",
        "localhost.pem": "my certificate",
        "yarl.py": "raise SystemExit('the wrong yarl')",
    }
    for name, text in mine.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    async with signing_in(tmp_path) as scene:
        await scene.callback.arrive()
        ended = await scene.command.outcome()

    assert ended.exit_code == 0
    assert files(tmp_path) == {**mine, "tokens": "", "signing-in": "", "waiting": ""}


def files(folder: Path) -> dict[str, str]:
    return {
        path.name: path.read_text("utf-8") if path.is_file() else "" for path in folder.iterdir()
    }


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no file modes; its folders are the user's own"
)
async def test_peer_24_files_are_private_under_any_umask_and_stdout_is_json(tmp_path: Path) -> None:
    open_handed = ("/bin/sh", "-c", 'umask 000; exec "$@"', "sh")
    async with signing_in(tmp_path, under=open_handed) as scene:
        await scene.callback.arrive()
        ended = await scene.command.outcome()

    folders = dict.fromkeys(("tokens", "signing-in", "waiting"), 0o700)
    stored = dict.fromkeys(("default.json", "default.lock", "default.settings"), 0o600)
    assert modes(tmp_path) == {**folders, **stored}
    assert json.loads(ended.stdout)["profile"] == "default"
    assert not re.search("an-access-token|rt-", ended.stdout)
    assert os.fspath(tmp_path) in ended.document["path"]


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
