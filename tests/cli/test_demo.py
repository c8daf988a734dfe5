"""`demo`: a whole sign-in, against each server of our own, on one command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopback_auth.testing.salesforce import USER

from ..support.command import run


def is_there(path: str) -> bool:
    return Path(path).exists()


@pytest.mark.parametrize(
    ("provider", "what", "who", "path"),
    [
        ("openid", "An authorization server runs at http://127.0.0.1:", "ada", "/api/me"),
        (
            "salesforce",
            "A stand-in for Salesforce runs at http://localhost:",
            USER.username,
            "/services/data/v65.0/limits",
        ),
    ],
)
async def test_the_demo_tells_the_whole_story(
    tmp_path: Path, provider: str, what: str, who: str, path: str
) -> None:
    """It says what runs, signs in, and uses the token; nothing of it stays."""
    outcome = await run("demo", "--provider", provider, "--auto", home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    assert what in outcome.stderr
    assert f"Signed in as {who} at http://" in outcome.stderr
    assert f"{path} answers:\n{{" in outcome.stderr
    stored = outcome.stderr.partition("Saved to ")[2].partition(" (mode 600)")[0]
    assert stored.endswith("demo.json")
    assert not is_there(stored)
    topic = "salesforce" if provider == "salesforce" else "getting-started"
    assert outcome.stderr.endswith(f"loopback-auth help {topic}\n")


async def test_the_demo_of_salesforce_reads_its_limits(tmp_path: Path) -> None:
    """With --json, one document says what the API answered."""
    outcome = await run("demo", "--provider", "salesforce", "--auto", "--json", home=tmp_path)
    assert outcome.document["api"] == {"DailyApiRequests": {"Max": 15000, "Remaining": 14998}}


async def test_a_server_that_there_is_no_demo_of_is_a_usage_error(tmp_path: Path) -> None:
    """The servers that there are stand in the message."""
    outcome = await run("demo", "--provider", "nobody", home=tmp_path)
    assert outcome.exit_code == 2
    assert "openid, salesforce" in outcome.stderr
