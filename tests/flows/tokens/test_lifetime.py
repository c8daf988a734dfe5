"""What is stored of what a refused token teaches, and when nothing is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.flows.tokens.lifetime import learn_from_refusal
from loopback_auth.oauth.credential import to_rfc3339

from ...support.stored import jwt

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 1, 2, 12, 0, 0, 700_000, tzinfo=UTC)
TIMEOUTS_S = (900, 1800, 3600, 7200)


def signed_in(
    token: str, *, since_s: float, lasts_s: float | None = 7200, **more: Any
) -> dict[str, Any]:
    """
    Make the document of a token that was obtained *since_s* after the 401; below zero
    it is before.
    """
    obtained = AT + timedelta(seconds=since_s)
    return {
        "version": 1,
        "profile": "default",
        "access_token": token,
        "refresh_token": "a-refresh-token",
        "token_type": "Bearer",
        "obtained_at": to_rfc3339(obtained),
        "expires_at": None
        if lasts_s is None
        else to_rfc3339(obtained + timedelta(seconds=lasts_s)),
        "client": {"client_id": "the-client"},
        "server": {
            "authorization_endpoint": "https://id.example/authorize",
            "token_endpoint": "https://id.example/token",
        },
        "settings": {"access_token_lifetime": 7200},
        "of a later version": 1,
        **more,
    }


def learned(
    tmp_path: Path,
    refused: dict[str, Any],
    renewed: dict[str, Any],
    *,
    stored: dict[str, Any] | None = None,
) -> dict[str, Any]:
    store = FileStore(str(tmp_path))
    store.save("default", stored or renewed)
    learn_from_refusal(refused, renewed, refused_at=AT, timeouts_s=TIMEOUTS_S, store=store)
    document = store.load("default")
    assert document is not None
    return document


def test_the_new_token_is_believed_to_last_as_long_as_was_learned(tmp_path: Path) -> None:
    renewed = signed_in("new", since_s=0)
    document = learned(tmp_path, signed_in("old", since_s=-2400), renewed)
    assert document["learned_lifetime"] == 1800
    assert document["expires_at"] == to_rfc3339(AT + timedelta(seconds=1800))
    kept = renewed.keys() - {"expires_at"}
    assert {name: document[name] for name in kept} == {name: renewed[name] for name in kept}


def test_an_expiry_that_the_server_says_stays(tmp_path: Path) -> None:
    document = learned(
        tmp_path, signed_in("old", since_s=-2400), signed_in("new", since_s=0, lasts_s=5000)
    )
    assert document["expires_at"] == to_rfc3339(AT + timedelta(seconds=5000))


# The token that was refused, and the one that was taken.
NOTHING_LEARNED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another process had refreshed": (
        signed_in("old", since_s=-2400),
        signed_in("new", since_s=-2),
    ),
    "the server says how long": (
        signed_in("old", since_s=-2400, lasts_s=5000),
        signed_in("new", since_s=0),
    ),
    "the token says how long, which is as usual": (
        signed_in(jwt(iat=1000, exp=8200), since_s=-2400),
        signed_in("new", since_s=0),
    ),
    "young": (signed_in("old", since_s=-599), signed_in("new", since_s=0)),
    "obtained in the future": (signed_in("old", since_s=200), signed_in("new", since_s=0)),
    "set back between": (signed_in("old", since_s=-2400), signed_in("new", since_s=-9000)),
    "learned already": (
        signed_in("old", since_s=-2400, lasts_s=900, learned_lifetime=900),
        signed_in("new", since_s=0, learned_lifetime=900),
    ),
}


@pytest.mark.parametrize("name", NOTHING_LEARNED)
def test_rf_07_what_tells_nothing_of_the_lifetime_changes_nothing(
    tmp_path: Path, name: str
) -> None:
    """RF-07: the clock's jumps, other processes and the server's own word."""
    refused, renewed = NOTHING_LEARNED[name]
    assert learned(tmp_path, refused, renewed) == renewed


def test_rf_05_tokens_that_another_process_stored_since_stay(tmp_path: Path) -> None:
    """RF-05: what is learned is not worth the only refresh token that works."""
    later = signed_in("later", since_s=3, refresh_token="rotated")
    assert (
        learned(
            tmp_path, signed_in("old", since_s=-2400), signed_in("new", since_s=0), stored=later
        )
        == later
    )
