"""A session timeout that nobody says is learned from the tokens that are refused."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.oauth.credential import from_rfc3339, to_rfc3339
from loopback_auth.testing.salesforce import APP, ORG, USER, Salesforce

from ..support.command import run, token_file
from .test_salesforce_states import CALLBACK, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINUTE, HOUR = 60, 3600
API = ("api", "/services/data/v65.0/limits")
PUBLIC = {"require_secret_web": False, "require_secret_refresh": False}


@contextmanager
def salesforce(**app: Any) -> Iterator[Salesforce]:
    app = {**PUBLIC, "callback_urls": (CALLBACK,), "session_timeout": 900, **app}
    with Salesforce.running(apps=[replace(APP, **app)], orgs=[ORG], users=[USER]) as running:
        yield running


def age(server: Salesforce, home: Path, seconds: float) -> None:
    """Have the token be obtained so long before."""
    document = token_file(home)
    found = server.state.access_tokens[document["access_token"]]
    server.state.access_tokens[document["access_token"]] = replace(
        found, issued=found.issued - seconds, ends=found.ends - seconds
    )
    for member in ("obtained_at", "expires_at"):
        document[member] = to_rfc3339(from_rfc3339(document[member]) - timedelta(seconds=seconds))
    write(home, document)


def write(home: Path, document: dict[str, Any]) -> None:
    (home / "tokens" / "default.json").write_text(json.dumps(document))


def lifetime_s(home: Path) -> float:
    document = token_file(home)
    return (
        from_rfc3339(document["expires_at"]) - from_rfc3339(document["obtained_at"])
    ).total_seconds()


async def test_rf_07_a_dead_token_of_some_age_teaches_the_session_timeout(tmp_path: Path) -> None:
    """
    RF-07: one 401 is enough; later tokens are refreshed in time, refresh after refresh and sign-in
    after sign-in.
    """
    with salesforce() as server:
        await sign_in(server, tmp_path, secret=None)
        assert lifetime_s(tmp_path) == 7200
        age(server, tmp_path, 20 * MINUTE)
        asked = await run(*API, home=tmp_path)
        assert asked.exit_code == 0, asked.stderr
        assert (token_file(tmp_path)["learned_lifetime"], lifetime_s(tmp_path)) == (900, 900)
        status = await run("status", home=tmp_path)
        assert "as learned" in status.stdout
        assert (await run("status", "--json", home=tmp_path)).document["expiry_source"] == "learned"
        age(server, tmp_path, 20 * MINUTE)
        dead = token_file(tmp_path)["access_token"]
        token = await run("token", home=tmp_path)
        assert token.exit_code == 0
        assert token.stdout.strip() != dead
        assert (token_file(tmp_path)["learned_lifetime"], lifetime_s(tmp_path)) == (900, 900)
        await sign_in(server, tmp_path, secret=None)
        assert (token_file(tmp_path)["learned_lifetime"], lifetime_s(tmp_path)) == (900, 900)


# The token's age, the app's session timeout, whether somebody ended the session, and what is
# learned.
AGES: list[tuple[float, int, bool, int | None]] = [
    (2 * MINUTE, 900, True, None),
    (9 * MINUTE, 900, True, None),
    (31 * MINUTE, 1800, False, 1800),
    (70 * MINUTE, 3600, False, 3600),
    (20 * MINUTE, 7200, False, None),
    (-2 * MINUTE, 900, True, None),
]


@pytest.mark.slow_cases
@pytest.mark.parametrize(("age_s", "timeout_s", "ended", "learned_s"), AGES)
async def test_a_young_token_and_a_clock_that_was_set_back_teach_nothing(
    tmp_path: Path, *, age_s: float, timeout_s: int, ended: bool, learned_s: int | None
) -> None:
    with salesforce(session_timeout=timeout_s) as server:
        await sign_in(server, tmp_path, secret=None)
        age(server, tmp_path, age_s)
        if ended:
            server.state.access_tokens.clear()
        asked = await run(*API, home=tmp_path)
        assert asked.exit_code == 0, asked.stderr
    document = token_file(tmp_path)
    assert document.get("learned_lifetime") == learned_s
    assert lifetime_s(tmp_path) == (learned_s or 7200)


async def test_a_401_that_no_refresh_cures_teaches_nothing(tmp_path: Path) -> None:
    with salesforce(rest_access=False, session_timeout=7200) as server:
        await sign_in(server, tmp_path, secret=None)
        age(server, tmp_path, 20 * MINUTE)
        assert (await run(*API, home=tmp_path)).exit_code != 0
    assert "learned_lifetime" not in token_file(tmp_path)


async def test_a_token_that_outlives_the_bound_raises_it(tmp_path: Path) -> None:
    """As where somebody had ended the session that taught it."""
    with salesforce(session_timeout=7200) as server:
        await sign_in(server, tmp_path, secret=None)
        for age_s, learned_s in ((20 * MINUTE, 1800), (40 * MINUTE, 3600), (65 * MINUTE, None)):
            write(tmp_path, {**token_file(tmp_path), "learned_lifetime": None})
            assert (await run("refresh", home=tmp_path)).exit_code == 0
            age(server, tmp_path, age_s)
            document = token_file(tmp_path)
            write(tmp_path, {**document, "learned_lifetime": 900})
            assert (await run(*API, home=tmp_path)).exit_code == 0
            assert token_file(tmp_path).get("learned_lifetime") == learned_s
            assert lifetime_s(tmp_path) == (learned_s or 7200)
            assert token_file(tmp_path)["access_token"] == document["access_token"]


async def test_the_timeout_of_another_app_or_one_that_is_set_anew_starts_over(
    tmp_path: Path,
) -> None:
    with salesforce() as server:
        await sign_in(server, tmp_path, secret=None)
        write(tmp_path, {**token_file(tmp_path), "learned_lifetime": 900})
        (tmp_path / "config.toml").write_text('[profiles.default]\naccess_token_lifetime = "4h"\n')
        await sign_in(server, tmp_path, secret=None)
        assert ("learned_lifetime" in token_file(tmp_path), lifetime_s(tmp_path)) == (
            False,
            4 * HOUR,
        )


async def test_what_is_no_lifetime_is_none(tmp_path: Path) -> None:
    """Older documents have none, and a person may have edited it."""
    with salesforce(session_timeout=7200) as server:
        await sign_in(server, tmp_path, secret=None)
        for value in ("15m", True, -900, 0, None, [900]):
            write(tmp_path, {**token_file(tmp_path), "learned_lifetime": value})
            assert (await run("refresh", home=tmp_path)).exit_code == 0
            assert lifetime_s(tmp_path) == 7200
            assert "learned_lifetime" not in token_file(tmp_path)
