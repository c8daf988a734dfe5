"""What a token's age teaches about how long tokens last, where the server does not say."""

from __future__ import annotations

import pytest

from loopback_auth.oauth.token.lifetime import after_refusal, after_success

TIMEOUTS_S = (900, 1800, 3600, 7200, 14400, 28800, 43200, 86400)
MINUTE, HOUR = 60, 3600

# The age at which a token was refused, what was believed, and what that leaves room for.
REFUSALS: list[tuple[float, float | None, int | None]] = [
    (-5 * HOUR, 7200, None),
    (-1, 7200, None),
    (0, 7200, None),
    (9 * MINUTE + 59, 7200, None),
    (10 * MINUTE, 7200, 900),
    (15 * MINUTE - 1, 7200, 900),
    (15 * MINUTE, 7200, 900),
    (29 * MINUTE, 7200, 900),
    (30 * MINUTE, 7200, 1800),
    (59 * MINUTE, 7200, 1800),
    (HOUR, 7200, 3600),
    (2 * HOUR - 1, 7200, 3600),
    (2 * HOUR, 7200, None),
    (5 * HOUR, 7200, None),
    (40 * MINUTE, 1800, None),
    (40 * MINUTE, 900, None),
    (20 * MINUTE, 1800, 900),
    (5 * HOUR, 86400, 14400),
    (5 * HOUR, None, 14400),
    (400 * HOUR, None, 86400),
    (400 * HOUR, 86400, None),
    (20 * MINUTE, 600, None),
]


@pytest.mark.parametrize(("age_s", "believed_s", "learned_s"), REFUSALS)
def test_rf_07_a_token_that_a_refresh_replaced_bounds_the_lifetime(
    age_s: float, believed_s: float | None, learned_s: int | None
) -> None:
    """
    RF-07: rounded down to what the server can be set to; young tokens, and clocks that were set
    back, teach nothing.
    """
    assert after_refusal(age_s, believed_s=believed_s, timeouts_s=TIMEOUTS_S) == learned_s


def test_without_a_list_nothing_is_learned() -> None:
    assert after_refusal(40 * MINUTE, believed_s=7200, timeouts_s=()) is None


# The age of a token that was taken, what was learned, what the provider says, and what is learned
# then.
SUCCESSES: list[tuple[float, int, float | None, int | None]] = [
    (-HOUR, 900, 7200, 900),
    (14 * MINUTE, 900, 7200, 900),
    (15 * MINUTE, 900, 7200, 900),
    (15 * MINUTE + 1, 900, 7200, 1800),
    (31 * MINUTE, 900, 7200, 3600),
    (61 * MINUTE, 900, 7200, None),
    (61 * MINUTE, 900, None, 7200),
    (5 * HOUR, 900, 7200, None),
    (25 * HOUR, 14400, None, None),
]


@pytest.mark.parametrize(("age_s", "learned_s", "usual_s", "then_s"), SUCCESSES)
def test_a_token_that_outlives_the_bound_raises_it(
    age_s: float, learned_s: int, usual_s: float | None, then_s: int | None
) -> None:
    assert (
        after_success(age_s, learned_s=learned_s, usual_s=usual_s, timeouts_s=TIMEOUTS_S) == then_s
    )
