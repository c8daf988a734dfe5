"""
The pages: one file, nothing loaded, nothing run, nothing of anybody else's in it but what is
escaped.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from loopback_auth import errors
from loopback_auth.edge.callback import pages as page
from loopback_auth.errors import (
    AuthorizationDenied,
    LoopbackAuthError,
    ServerUnavailable,
    StoreUnwritable,
)

if TYPE_CHECKING:
    from loopback_auth.edge.callback.pages import Answer

HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m\u202e$title\r\nSet-Cookie: x"
VOID = {"meta", "link", "path", "circle"}
LOADING = {"script", "img", "iframe", "object", "embed", "form", "base", "audio", "video", "input"}


class Outline(HTMLParser):
    """Reads a page strictly: every element that is opened is closed, in order."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(answer.body.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


PAGES = {
    "signed in": page.signed_in(name="ada", server="id.example.com", profile="work"),
    "signed in without a name": page.signed_in(name="", server="id.example.com", profile="work"),
    "denied": page.failed(AuthorizationDenied("no")),
    "failed": page.failed(ServerUnavailable("no", host="id.example.com")),
    "interrupted": page.interrupted(),
    "refused": page.refused(404),
    "hostile": page.signed_in(name=HOSTILE, server=HOSTILE, profile=HOSTILE),
}


@pytest.mark.parametrize("answer", PAGES.values(), ids=PAGES)
def test_cb_11_a_page_is_whole_loads_nothing_and_runs_nothing(answer: Answer) -> None:
    """CB-11: so that `default-src 'none'` breaks nothing."""
    outline = Outline(answer)

    assert answer.headers == {"Content-Type": "text/html; charset=utf-8"}
    assert not LOADING & set(outline.tags)
    assert [
        name for name, _ in outline.attributes if name.startswith("on") or name == "style"
    ] == []
    assert [value for name, value in outline.attributes if name in ("href", "src")] == ["data:,"]
    assert ("role", "status") in outline.attributes
    assert "close this tab" in outline.text
    assert "$" not in outline.text.replace("$title", "")
    assert "<<" not in outline.text


def test_cb_11_the_policy_lets_the_pages_own_style_through_and_no_other() -> None:
    """CB-11: by the hash of what is really between the tags."""
    policy = page.fixed_headers()["Content-Security-Policy"]
    for answer in PAGES.values():
        [style] = re.findall(r"<style>(.*?)</style>", answer.body.decode(), re.DOTALL)
        digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy


def test_cb_12_what_others_wrote_is_shown_and_not_obeyed() -> None:
    """CB-12: a person chooses their own name at the server."""
    outline = Outline(PAGES["hostile"])

    assert outline.text.count("<script>alert(1)</script>\"'& [31m $title Set-Cookie: x") == 3
    assert "&quot;&#x27;&amp;" in PAGES["hostile"].body.decode()
    assert "\x1b" not in outline.text
    assert "\u202e" not in outline.text


def classes(root: type[LoopbackAuthError]) -> list[type[LoopbackAuthError]]:
    return [root, *(found for child in root.__subclasses__() for found in classes(child))]


EASY = [
    each
    for each in classes(errors.LoopbackAuthError)
    if each.__init__ is LoopbackAuthError.__init__
]


@pytest.mark.parametrize("error", EASY, ids=[each.__name__ for each in EASY])
def test_cb_12_13_a_failure_page_tells_our_words_and_not_the_errors(
    error: type[LoopbackAuthError],
) -> None:
    """
    CB-12, CB-13: the message may quote the server, so it stays in the terminal; the status is never
    a success.
    """
    answer = page.failed(error("canary: what the server said"))
    outline = Outline(answer)

    assert "canary" not in outline.text
    assert answer.status == (403 if error.exit_code == 3 else 400)
    assert "Signed in" not in outline.text
    assert error.code in outline.text
    assert len(outline.text) > 200


def test_cb_12_facts_of_an_error_are_escaped() -> None:
    """CB-12: they fill the placeholders of our texts."""
    outline = Outline(page.failed(StoreUnwritable("x", path="<script>alert(1)</script>")))

    assert "<script>alert(1)</script>" in outline.text
    assert "script" not in outline.tags


def test_the_page_says_who_signed_in_to_what_and_where_it_is_stored() -> None:
    text = " ".join(Outline(PAGES["signed in"]).text.split())

    assert "You are signed in as ada at id.example.com." in text
    assert "in the profile work" in text
    assert "You are signed in to id.example.com." in " ".join(
        Outline(PAGES["signed in without a name"]).text.split()
    )


def test_a_refused_visit_is_told_that_the_sign_in_goes_on() -> None:
    assert PAGES["refused"].status == 404
    assert "the sign-in goes on" in Outline(PAGES["refused"]).text


def test_cb_15_a_redirect_has_no_body_and_is_a_get() -> None:
    """CB-15: 303 turns a POST into a GET, where 302 and 307 may not."""
    answer = page.redirect("/done/x")
    assert (answer.status, answer.body, answer.headers) == (303, b"", {"Location": "/done/x"})
