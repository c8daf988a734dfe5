"""The checks of the callback server: only the answer to our request counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.callback.junk import JUNK
from ...support.callback.pending_command import signing_in
from ...support.callback.pending_login import pending_login

if TYPE_CHECKING:
    from pathlib import Path


async def test_cb_05_another_host_name_changes_nothing(tmp_path: Path) -> None:
    """
    CB-05: a page that rebinds its own name to 127.0.0.1 sends that name along; so does a proxy that
    was talked into it.
    """
    async with signing_in(tmp_path) as scene:
        callback = scene.callback
        port, right = callback.port, callback.answer()
        shapes = {
            "another name": callback.request(right, host="evil.example"),
            "another name and our port": callback.request(right, host=f"evil.example:{port}"),
            "our address in another name": callback.request(
                right, host=f"127.0.0.1:{port}.evil.example"
            ),
            "another name for us": callback.request(right, host=f"localhost:{port}"),
            "another port": callback.request(right, host="127.0.0.1:1"),
            "no port": callback.request(right, host="127.0.0.1"),
            "a dot at the end": callback.request(right, host=f"127.0.0.1.:{port}"),
            "a user name": callback.request(right, host=f"me@127.0.0.1:{port}"),
            "none": f"GET {right} HTTP/1.1\r\n\r\n".encode(),
            "none in HTTP/1.0": f"GET {right} HTTP/1.0\r\n\r\n".encode(),
            "two": callback.request(right, f"Host: {callback.netloc}"),
            "two that differ": callback.request(right, "Host: evil.example"),
            "one in the target": callback.request(f"http://evil.example{right}"),
            "ours in the target": callback.request(f"http://{callback.netloc}{right}"),
            "a preflight": callback.request(
                right,
                "Access-Control-Request-Private-Network: true",
                method="OPTIONS",
                host="evil.example",
            ),
        }
        statuses = {name: (await callback.send(request)).status for name, request in shapes.items()}
        assert scene.endpoint.exchanges == 0
        page = await callback.arrive()
        ended = await scene.command.outcome()

    assert {name: status for name, status in statuses.items() if not 400 <= status < 500} == {}
    assert (page.status, ended.exit_code, scene.endpoint.exchanges) == (200, 0, 1)


async def test_cb_06_only_the_exact_path_and_method_are_the_callback(tmp_path: Path) -> None:
    """
    CB-06: every other path is 404 and every other method 405, with the right code and
    state in it.
    """
    async with signing_in(tmp_path) as scene:
        callback = scene.callback
        query = callback.answer().partition("?")[2]
        paths = (
            "/",
            "/favicon.ico",
            "/callback/",
            "/%63allback",
            "/callback;x",
            "/callback%3F",
            "//callback",
        )
        dotted = (
            "/./callback",
            "/x/../callback",
            "/CALLBACK",
            "/callback/../callback",
            "/done/",
            "/done/x",
        )
        by_path = {
            path: (await callback.get(f"{path}?{query}")).status for path in (*paths, *dotted)
        }
        methods = ("POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "HEAD", "OPTIONS")
        by_method = {m: (await callback.get(callback.answer(), method=m)).status for m in methods}
        assert scene.endpoint.exchanges == 0
        page = await callback.arrive()
        ended = await scene.command.outcome()

    assert by_path == dict.fromkeys(by_path, 404)
    assert by_method == dict.fromkeys(methods, 405)
    assert (page.status, ended.exit_code, scene.endpoint.exchanges) == (200, 0, 1)


async def test_cb_06_a_form_is_taken_only_where_one_was_asked_for(tmp_path: Path) -> None:
    """CB-06: response_mode=form_post brings the answer in a body; nothing but a form is one."""
    async with pending_login(tmp_path / "query") as pending:
        asked_for_a_query = await pending.callback.post(
            code="the-code", state=pending.callback.state
        )
        assert (asked_for_a_query.status, pending.endpoint.exchanges) == (405, 0)

    async with pending_login(tmp_path / "form", response_mode="form_post") as pending:
        callback = pending.callback
        assert callback.asked["response_mode"] == "form_post"
        body = f'{{"code": "the-code", "state": "{callback.state}"}}'
        kind = "Content-Type: application/json"
        as_json = await callback.send(
            callback.request(callback.path, kind, method="POST", body=body)
        )
        elsewhere = await callback.post(target="/other", code="the-code", state=callback.state)
        in_the_query = await callback.post(target=callback.answer())
        assert (as_json.status, elsewhere.status, in_the_query.status) == (415, 404, 400)
        # As Chromium sends it: from another site, with an opaque origin.
        headers = (
            "Origin: null",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: document",
        )
        page = await callback.follow(
            await callback.post(*headers, code="the-code", state=callback.state)
        )
        await pending.outcome()

    assert (page.status, pending.endpoint.exchanges) == (200, 1)


async def test_cb_07_what_no_person_did_consumes_nothing(tmp_path: Path) -> None:
    """
    CB-07: scanners, previews, prefetches and parts of other pages carry the right code and state,
    and are refused.
    """
    async with signing_in(tmp_path) as scene:
        callback = scene.callback
        shapes = {
            "a link scanner": ("HEAD", ()),
            "a preflight": (
                "OPTIONS",
                ("Origin: https://evil.example", "Access-Control-Request-Method: GET"),
            ),
            "a prefetch": ("GET", ("Sec-Purpose: prefetch",)),
            "a prerender": ("GET", ("Sec-Purpose: prefetch;prerender", "Sec-Fetch-Mode: navigate")),
            "an older prefetch": ("GET", ("Purpose: prefetch",)),
            "Firefox's older prefetch": ("GET", ("X-Moz: prefetch",)),
            "an image": ("GET", ("Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")),
            "a script": ("GET", ("Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty")),
            "a frame": ("GET", ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe")),
            "a web socket": (
                "GET",
                ("Sec-Fetch-Mode: websocket", "Upgrade: websocket", "Connection: Upgrade"),
            ),
        }
        statuses = {
            name: (await callback.get(callback.answer(), *headers, method=method)).status
            for name, (method, headers) in shapes.items()
        }
        assert scene.endpoint.exchanges == 0
        # Chromium's own navigation, header for header.
        navigation = (
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-User: ?1",
            "Sec-Fetch-Dest: document",
        )
        page = await callback.follow(await callback.get(callback.answer(), *navigation))
        ended = await scene.command.outcome()

    assert {name: status for name, status in statuses.items() if status not in (403, 405)} == {}
    assert (page.status, ended.exit_code, scene.endpoint.exchanges) == (200, 0, 1)


async def test_cb_07_a_private_network_preflight_is_answered_and_consumes_nothing(
    tmp_path: Path,
) -> None:
    """
    CB-07: browsers ask before a public page may come here; without that answer a sign-in page's
    form could not post.
    """
    async with pending_login(tmp_path) as pending:
        callback, asks = pending.callback, "Access-Control-Request-{}-Network: true"
        replies = [
            await callback.get(
                callback.answer(),
                asks.format(network),
                "Origin: https://id.example",
                method="OPTIONS",
            )
            for network in ("Private", "Local")
        ]
        assert pending.endpoint.exchanges == 0
        await callback.arrive()
        await pending.outcome()

    for reply in replies:
        assert reply.status == 204
        assert reply.header("access-control-allow-private-network") == "true"
        assert reply.header("access-control-allow-origin") is None


async def test_cb_08_nothing_without_our_state_ends_delays_or_alters_a_login(
    tmp_path: Path,
) -> None:
    """
    CB-08: twelve forgeries and nine kinds of noise, then the genuine answer: one exchange, of its
    own code.
    """
    async with signing_in(tmp_path) as scene:
        callback = scene.callback
        state = callback.state
        forgeries = [
            callback.target(),
            callback.target(code="forged"),
            callback.target(code="forged", state=""),
            callback.target(code="forged", state="wrong"),
            callback.target(code="forged", state=state[:-1]),
            callback.target(code="forged", state=state + "A"),
            callback.target(code="forged", state=state.swapcase()),
            callback.target(error="access_denied"),
            callback.target(error="access_denied", error_description="x", state="wrong"),
            callback.target(code="forged", State=state),
            callback.answer(code="forged") + "&state=wrong",
            callback.answer(code="forged") + f"&state={state}",
        ]
        statuses = [(await callback.get(target)).status for target in forgeries]
        noise = {name: await callback.send(junk) for name, junk in JUNK.items()}
        assert scene.endpoint.exchanges == 0
        page = await callback.arrive(code="genuine")
        ended = await scene.command.outcome()

    assert statuses == [400] * 12
    assert {
        name: reply.status for name, reply in noise.items() if reply.status not in range(400, 500)
    } == {}
    assert (page.status, ended.exit_code) == (200, 0)
    assert [form["code"] for form in scene.endpoint.forms] == ["genuine"]
    assert {pending["reason"] for pending in ended.events_named("stray")} >= {
        "no state",
        "wrong state",
        "a parameter occurs twice",
    }


async def test_cb_08_a_stray_visit_is_told_once_on_the_terminal_in_our_words(
    tmp_path: Path,
) -> None:
    """
    CB-08: whoever waits learns that something came; a thousand of them do not scroll the address
    away.
    """
    async with pending_login(tmp_path) as pending:
        for number in range(50):
            await pending.callback.get(pending.callback.target(code="x", state=f"\x1b[2J{number}"))
        assert pending.strays == ["wrong state"]
