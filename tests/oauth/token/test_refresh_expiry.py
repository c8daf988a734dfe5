"""Until when a refresh token has to be used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loopback_auth.oauth.token.refresh_expiry import use_by

AT = datetime(2026, 11, 29, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("extra", "idle_days", "lasts"),
    [
        ({}, None, None),
        ({}, 90, 90 * DAY),
        ({"refresh_token_expires_in": 86400}, None, DAY),
        ({"refresh_token_expires_in": "86400"}, None, DAY),
        ({"refresh_expires_in": 86400}, 90, DAY),
        # Keycloak says so of an offline token.
        ({"refresh_expires_in": 0}, 90, None),
        ({"refresh_token_expires_in": 86400, "refresh_expires_in": 0}, None, DAY),
        ({"refresh_token_expires_in": "soon"}, 90, 90 * DAY),
        ({"refresh_token_expires_in": True}, None, None),
        ({"refresh_token_expires_in": -1}, None, None),
        ({"refresh_token_expires_in": 1e300}, None, None),
        ({"refresh_token_expires_in": "nan"}, None, None),
        ({"refresh_token_expires_in": [1]}, None, None),
    ],
)
def test_the_server_decides_and_else_its_kind(
    extra: dict[str, Any], idle_days: int | None, lasts: timedelta | None
) -> None:
    expected = AT + lasts if lasts else None
    assert use_by(extra, AT, idle_days=idle_days) == expected
