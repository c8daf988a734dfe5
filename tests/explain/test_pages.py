"""A whole page that somebody else copied leads to the entry that explains it, in any shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.explain.pitfalls import certain_pitfall_for, pitfall_files, pitfall_for
from loopback_auth.explain.report import read_paste

from ..support.command import run_here
from .pages_table import (
    NO_ERRORS,
    SHAPES,
    SOURCES,
    WHOLE_PAGES,
    broken_within_words,
    source_of_a_page,
)

if TYPE_CHECKING:
    from pathlib import Path

FACTS = {
    "profile": "work",
    "client_id": "0a1b",
    "redirect_uri": "http://127.0.0.1:8765/callback",
    "fixed_redirect_uri": "http://127.0.0.1:8765/callback",
    "scope": "openid profile",
}
ROWS = [
    pytest.param(*row, id=f"{row[0]}: {source}")
    for row, source in zip(WHOLE_PAGES, SOURCES, strict=True)
]
each_page = pytest.mark.parametrize(("code", "text"), ROWS)
prose = pytest.mark.parametrize(
    ("code", "text"), [row for row in ROWS if read_paste(str(row.values[1])).kind == "text"]
)


def found(text: str, *, pitfalls: str | None = None) -> str | None:
    entry = pitfall_for(read_paste(text), pitfalls=pitfalls, facts=FACTS)
    return entry and entry.code


@each_page
def test_a_page_finds_its_entry_in_every_shape(code: str, text: str) -> None:
    assert {shape: found(change(text)) for shape, change in SHAPES.items()} == dict.fromkeys(
        SHAPES, code
    )


@prose
def test_a_page_of_prose_is_read_through_what_a_terminal_or_a_browser_puts_between_words(
    code: str, text: str
) -> None:
    assert found(broken_within_words(text)) == code
    assert found(source_of_a_page(text)) == code


@each_page
def test_the_server_of_the_profile_does_not_matter(code: str, text: str) -> None:
    """A company's sign-in often ends at the page of another server."""
    files = pitfall_files()
    assert {name: found(text, pitfalls=name) for name in files} == dict.fromkeys(files, code)
    certain = certain_pitfall_for(read_paste(text), facts=FACTS)
    assert certain
    assert certain.code == code


@pytest.mark.parametrize("text", NO_ERRORS.values(), ids=NO_ERRORS)
def test_what_is_no_vendors_error_finds_nothing_in_any_shape(text: str) -> None:
    for change in (*SHAPES.values(), broken_within_words):
        paste = read_paste(change(text))
        assert certain_pitfall_for(paste, facts=FACTS) is None
        assert pitfall_for(paste, pitfalls=None, facts=FACTS) is None


@each_page
def test_the_command_finds_it_where_nobody_has_signed_in_yet(
    code: str, text: str, tmp_path: Path
) -> None:
    """Without a profile the entries of all servers are asked, those of Salesforce as well."""
    tmp_path.chmod(0o700)
    outcome = run_here("explain", home=tmp_path, stdin=text)
    assert outcome.stdout.startswith(f"{code}: ")


@pytest.mark.parametrize("text", NO_ERRORS.values(), ids=NO_ERRORS)
def test_the_command_knows_nothing_of_a_stranger_where_nobody_has_signed_in_yet(
    text: str, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    assert (
        "there is no explanation for that" in run_here("explain", home=tmp_path, stdin=text).stderr
    )


def test_the_pages_are_of_everybody_and_each_names_where_it_was_seen() -> None:
    assert len(WHOLE_PAGES) >= 24
    assert len(NO_ERRORS) >= 20
    assert all(source.startswith("https://") for source in SOURCES)
    per_file = {name: 0 for name in pitfall_files() if name not in ("salesforce", "assertions")}
    for code, _ in WHOLE_PAGES:
        per_file["auth0" if code.startswith("auth-zero-") else code.partition("-")[0]] += 1
    assert min(per_file.values()) >= 2


def test_the_command_explains_a_page_from_standard_input(tmp_path: Path) -> None:
    code, text = WHOLE_PAGES[0]
    tmp_path.chmod(0o700)
    outcome = run_here("explain", home=tmp_path, stdin=text.replace("\n", "\r\n"))
    assert outcome.stdout.startswith(f"{code}: ")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").write_text(
        '[profiles.work]\nissuer = "https://id.example.com"\nclient_id = "tool"\n', "utf-8"
    )
    return tmp_path


@pytest.mark.parametrize("server", ["okta", "keycloak", "auth-zero", "google", "gitlab", "ping"])
def test_what_to_register_has_a_port_that_can_be_registered(home: Path, server: str) -> None:
    """A profile that takes any port has 0 in its address; no server's list takes that."""
    fixed = "http://127.0.0.1:8765/callback"
    said = run_here("explain", f"{server}-redirect-uri", "-p", "work", home=home).stdout
    assert f"URLs: {fixed}" in said or f"URI: {fixed}" in said or f"URIs: {fixed}" in said
    assert f"loopback-auth login work --redirect-uri {fixed}" in said
    assert f"callback url: {fixed}" in said
    assert ":0/" not in said


@pytest.mark.parametrize("server", ["entra", "github", "cognito"])
def test_where_the_fix_names_an_address_of_its_own_no_other_is_shown(
    home: Path, server: str
) -> None:
    said = run_here("explain", f"{server}-redirect-uri", "-p", "work", home=home).stdout
    assert "callback url" not in said
