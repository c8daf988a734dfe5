"""What the terminal says before the wait, and what it never says."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from ...support.callback.client import Callback, query
from ...support.callback.endpoint import running_endpoint
from ...support.command import login

if TYPE_CHECKING:
    from pathlib import Path


async def test_aq_09_the_terminal_says_where_as_whom_and_for_what_before_the_wait(
    tmp_path: Path,
) -> None:
    """
    AQ-09: host, client and scopes; the address alone on its line; and the warning that every
    code-pasting fraud needs ignored.
    """
    async with running_endpoint() as endpoint:
        flags = (*endpoint.flags(), "--scope", "api refresh_token", "--no-browser")
        async with login(*flags, home=tmp_path, output=()) as command:
            lines = await command.line("Waiting for your browser")
            url = next(line for line in lines if line.startswith("http"))
            callback = Callback({"url": url, "redirect_uri": query(url)["redirect_uri"]})
            await callback.get(callback.target(code="x", state="\x1b[2Jwrong"))
            await command.line("Ignored")
            page = await callback.arrive(code="canary-in-the-code")
            ended = await command.outcome()

    host = urlsplit(endpoint.issuer).netloc
    text = "\n".join(lines[: lines.index(url)])
    assert f"Signing in to {host} (client the-client, scopes api refresh_token)" in text
    assert any("Paste it only here" in line for line in lines)
    assert (page.status, ended.exit_code, ended.stdout) == (200, 0, "")
    assert "Signed in at 127.0.0.1 (the server did not say who you are)." in ended.stderr
    assert ended.stderr.count("Waiting for your browser") == 1
    for secret in ("canary-in-the-code", "an-access-token", "\x1b"):
        assert secret not in ended.stderr
    assert ended.stderr.count(callback.state) == 1


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    "parameters",
    [{"error": "access_denied"}, {"error": "made_up", "error_description": "a\x1b]0;b\nc"}],
)
async def test_an_error_is_three_lines_and_holds_nothing_but_text(
    tmp_path: Path, *, parameters: dict[str, str]
) -> None:
    """AR-04: what the server says is cleaned before a terminal sees it."""
    async with (
        running_endpoint() as endpoint,
        login(*endpoint.flags(), "--no-browser", "-q", home=tmp_path, output=()) as command,
    ):
        [*_, url] = await command.line("http")
        callback = Callback({"url": url, "redirect_uri": query(url)["redirect_uri"]})
        await callback.follow(
            await callback.get(callback.target(state=callback.state, **parameters))
        )
        ended = await command.outcome()

    shown, error, cause, fix = ended.stderr.splitlines()
    assert shown == url
    assert error.startswith(
        "error[access-denied]: " if ended.exit_code == 3 else "error[authorization-error]: "
    )
    assert (cause[:9], fix[:7]) == ("  cause: ", "  fix: ")
    assert all(character.isprintable() for character in error + cause + fix)
