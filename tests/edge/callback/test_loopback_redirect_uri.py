"""The redirect URI: which can be listened on, and that it is sent as it was registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.callback.listeners import check_redirect_uri, with_port
from loopback_auth.errors import RedirectURIRefused

from ...support.callback.pending_login import pending_login

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://0.0.0.0:0/callback",
        "http://[::]:0/callback",
        "http://192.168.1.1:0/callback",
        "http://169.254.169.254/",
        "http://example.com:8080/callback",
        "http://localhost.example.com:0/callback",
        "http://127.0.0.1.example.com:0/callback",
        "http://127.evil:0/callback",
        "http://127.0.0.1.5:0/callback",
        "http://127.0.0.256:0/callback",
        "http://127.1:0/callback",
        "http://2130706433:0/callback",
        "http://me@127.0.0.1:0/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.1:0/callback#fragment",
        "http://127.0.0.1:0/call back",
        "http://127.0.0.1:0/callback\r\nHost: evil",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:port/callback",
        "http://[::1/callback",
        "https://example.com/callback",
        "com.example.app:/callback",
        "//127.0.0.1/callback",
        "",
    ],
)
def test_cb_01_only_a_loopback_address_can_be_listened_on(redirect_uri: str) -> None:
    """CB-01: nothing that a resolver, a proxy or a browser could take for another machine."""
    with pytest.raises(RedirectURIRefused):
        check_redirect_uri(redirect_uri)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "[::1]"])
@pytest.mark.parametrize("rest", [":0/callback", ":8765/a/b?tenant=1", ":8765", "/callback", ""])
def test_cb_01_every_spelling_of_this_machine_is_kept_as_it_was_registered(
    host: str, rest: str
) -> None:
    """CB-01: servers compare byte for byte, and a slash that nobody registered is another URI."""
    assert check_redirect_uri(f"http://{host}{rest}") == f"http://{host}{rest}"


@pytest.mark.parametrize(
    ("redirect_uri", "port", "expected"),
    [
        ("http://127.0.0.1:0/callback", 8765, "http://127.0.0.1:8765/callback"),
        ("http://localhost/callback", 8765, "http://localhost:8765/callback"),
        ("http://localhost/callback", 80, "http://localhost/callback"),
        ("http://localhost:80/callback", 80, "http://localhost:80/callback"),
        ("http://LocalHost:8765/callback", 8765, "http://LocalHost:8765/callback"),
        ("http://[::1]:0/callback?tenant=1", 8765, "http://[::1]:8765/callback?tenant=1"),
        ("http://localhost:0", 8765, "http://localhost:8765"),
    ],
)
def test_a_redirect_uri_changes_in_nothing_but_its_port(
    redirect_uri: str, port: int, expected: str
) -> None:
    """RFC 6749 section 3.1.2.3: the server compares it with the registered one as a string."""
    assert with_port(redirect_uri, port) == expected


@pytest.mark.parametrize("rest", ["", "/", "?tenant=1", "/callback?tenant=a%2Fb"])
async def test_the_registered_uri_is_sent_byte_for_byte_and_its_answer_found(
    tmp_path: Path, *, rest: str
) -> None:
    """A redirect URI without a path is asked for at `/`; one with a query keeps it."""
    async with pending_login(tmp_path, redirect_uris=(f"http://127.0.0.1:0{rest}",)) as pending:
        callback = pending.callback
        path, _, query = rest.partition("?")
        answer = callback.target(code="the-code", state=callback.state).partition("?")[2]
        page = await callback.follow(
            await callback.get(f"{path or '/'}?{query + '&' if query else ''}{answer}")
        )
        await pending.outcome()

    assert callback.asked["redirect_uri"] == f"http://127.0.0.1:{callback.port}{rest}"
    assert page.status == 200
    assert pending.endpoint.forms[0]["redirect_uri"] == callback.asked["redirect_uri"]
