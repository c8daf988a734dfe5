"""The pages and headers of the callback server: true, and without a word of the request."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.errors import ProviderError

from ...support.callback.junk import JUNK
from ...support.callback.pending_command import signing_in
from ...support.callback.pending_login import Launches, pending_login
from ...support.command import no_token_file, token_file

if TYPE_CHECKING:
    from pathlib import Path

    from ...support.callback.client import Reply


async def test_cb_11_every_answer_has_the_headers_that_keep_it_to_itself(tmp_path: Path) -> None:
    """
    CB-11: redirect, final page, launch, refusals, a preflight and what aiohttp could not parse: all
    alike, and no cookie.
    """
    started = Launches()
    async with pending_login(tmp_path, browser=started) as pending:
        callback = pending.callback
        replies = {
            "no such path": await callback.get("/favicon.ico"),
            "wrong method": await callback.get(callback.path, method="DELETE"),
            "HEAD": await callback.get(callback.path, method="HEAD"),
            "wrong host": await callback.get(callback.path, host="evil.example"),
            "prefetch": await callback.get(callback.path, "Sec-Purpose: prefetch"),
            "wrong state": await callback.get(callback.target(state="x")),
            "not HTTP": await callback.send(JUNK["a TLS hello"]),
            "too long": await callback.get("/" + "a" * 17_000),
            "far too long": await callback.get("/", "Cookie: " + "a" * 200_000),
            "preflight": await callback.get(
                "/", "Access-Control-Request-Private-Network: true", method="OPTIONS"
            ),
            "launch": await callback.get(started.path),
            "callback": await callback.get(callback.answer()),
        }
        replies["final page"] = await callback.follow(replies["callback"])
        await pending.outcome()
    async with pending_login(tmp_path) as pending:
        replies["failure"] = await pending.callback.arrive(error="access_denied")

    assert [reply.status for reply in replies.values()] == [
        404,
        405,
        405,
        421,
        403,
        400,
        400,
        414,
        431,
        204,
        303,
        303,
        200,
        400,
    ]
    assert {name: problem for name, reply in replies.items() if (problem := lacking(reply))} == {}


def lacking(reply: Reply) -> list[str]:
    """List what is wrong with the headers of a reply."""
    policy = dict(
        part.strip().split(" ", 1)
        for part in (reply.header("content-security-policy") or "x y").split(";")
    )
    style = policy.pop("style-src", "")
    expected = {
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "connection": "close",
        "server": "loopback-auth",
        "set-cookie": None,
        "access-control-allow-origin": None,
        "access-control-allow-credentials": None,
    }
    wrong = [name for name, value in expected.items() if reply.header(name) != value]
    nothing = dict.fromkeys(("default-src", "frame-ancestors", "base-uri", "form-action"), "'none'")
    if policy != {**nothing, "img-src": "data:"} or not re.fullmatch(
        r"'sha256-[A-Za-z0-9+/=]{44}'", style
    ):
        wrong.append("content-security-policy")
    return wrong


PAYLOADS = {
    "markup": "<script>owned()</script>",
    "an attribute": '"onload="owned()',
    "a header": "x\r\nSet-Cookie: owned=1\r\n\r\nowned",
    "a template": "$owned ${owned} {owned} %(owned)s",
    "a terminal": "\x1b]0;owned\x07",
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
async def test_cb_12_no_byte_of_a_request_is_in_an_answer(tmp_path: Path, *, payload: str) -> None:
    """CB-12: not in a page, a header, a status line or a Location; with our state neither."""
    async with pending_login(tmp_path) as pending:
        callback = pending.callback
        raw = payload.replace("\r\n", "%0d%0a").replace(" ", "%20")
        replies = [
            await callback.get(callback.target(state=payload, code=payload, error=payload)),
            await callback.get(f"/{raw}?{raw}"),
            await callback.get(callback.path, host=raw),
            await callback.get(
                callback.path, f"Referer: {raw}", f"Cookie: {raw}", f"Accept-Language: {raw}"
            ),
            await callback.send(f"{raw} / HTTP/1.1\r\nHost: {callback.netloc}\r\n\r\n".encode()),
            await callback.send(f"GET / HTTP/{raw}\r\n{raw}\r\n\r\n".encode()),
        ]
        redirect = await callback.get(
            callback.target(
                state=callback.state, error=payload, error_description=payload, error_uri=payload
            )
        )
        replies += [redirect, await callback.follow(redirect)]
        error = await pending.error()

    assert all(reply.status for reply in replies)
    assert [reply.raw for reply in replies if b"owned" in reply.raw] == []
    assert isinstance(error, ProviderError)
    assert str(error).isprintable()


ANSWERS: dict[str, tuple[int, Any]] = {
    "an error": (400, {"error": "invalid_grant"}),
    "an error with status 200": (200, {"error": "invalid_grant"}),
    "a web page": (200, "<html>Welcome to the hotel</html>"),
    "a broken server": (500, ""),
    "no token": (200, {"token_type": "Bearer"}),
    "a redirect": (302, ""),
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_cb_13_the_page_says_failed_when_the_exchange_failed(
    tmp_path: Path, *, answer: str
) -> None:
    """CB-13: page, exception and store agree."""
    async with pending_login(tmp_path) as pending:
        pending.endpoint.status, pending.endpoint.answer = ANSWERS[answer]
        page = await pending.callback.arrive()
        error = await pending.error()

    assert page.status == 400
    assert "Signed in" not in page.text
    assert "Sign-in failed" in page.text
    assert error.exit_code == 7
    assert no_token_file(tmp_path)


async def test_cb_13_success_is_told_only_once_the_tokens_are_on_disk(tmp_path: Path) -> None:
    """CB-13: until then the browser gets no byte; the 303 itself comes after the file."""
    async with signing_in(tmp_path) as scene:
        scene.endpoint.may_answer.clear()
        waiting = asyncio.create_task(scene.callback.get(scene.callback.answer()))
        await scene.endpoint.asked.wait()
        # Another visit is answered: the server had its turn, and the first one still has nothing.
        assert (await scene.callback.get("/favicon.ico")).status == 404
        assert not waiting.done()
        assert no_token_file(tmp_path)
        scene.endpoint.may_answer.set()
        redirect = await waiting
        stored = token_file(tmp_path)
        page = await scene.callback.follow(redirect)
        ended = await scene.command.outcome()

    assert stored["access_token"] == "an-access-token"
    assert (redirect.status, page.status, ended.exit_code) == (303, 200, 0)


async def test_cb_13_the_page_says_failed_when_the_tokens_could_not_be_saved(
    tmp_path: Path,
) -> None:
    """CB-13: the folder is taken away during the exchange."""
    async with signing_in(tmp_path) as scene:
        scene.endpoint.may_answer.clear()
        waiting = asyncio.create_task(scene.callback.arrive())
        await scene.endpoint.asked.wait()
        (tmp_path / "tokens").rename(tmp_path / "elsewhere")
        (tmp_path / "tokens").write_text("a file in its place", encoding="utf-8")
        scene.endpoint.may_answer.set()
        page = await waiting
        ended = await scene.command.outcome()

    assert page.status == 400
    assert "Sign-in failed" in page.text
    assert ended.exit_code == 1
    assert ended.error["code"].startswith("store-")
    assert scene.callback.is_closed


@pytest.mark.parametrize(
    "outcome", [{}, {"error": "access_denied", "code": ""}, {"error": "server_error"}]
)
async def test_cb_15_the_browser_is_moved_off_the_address_with_the_code(
    tmp_path: Path, *, outcome: dict[str, str]
) -> None:
    """
    CB-15: a GET to a clean address of this server, whatever the outcome; nobody finds that address
    by trying.
    """
    async with pending_login(tmp_path) as pending:
        callback = pending.callback
        redirect = await callback.get(callback.answer(**outcome))
        location = redirect.header("location") or ""
        page = await callback.follow(redirect)

    assert redirect.status == 303
    assert redirect.text == ""
    assert re.fullmatch(r"/done/[A-Za-z0-9_-]{22}", location)
    assert callback.state not in location
    assert page.status in (200, 400)
