"""
`api` at a Salesforce that answers 401: a refresh where it helps, and the reason where
it does not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from loopback_auth.testing.http import faults
from loopback_auth.testing.salesforce import ORG, USER, Salesforce

from ..support.command import run, token_file
from ..support.stored_salesforce import APP, signed_in, throwing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loopback_auth.testing.http.faults import Fault

LIMITS = "/services/data/v65.0/limits"
MCP = "/platform/mcp/v1/platform/sobject-reads"
AGENT = "/einstein/ai-agent/v1/agents/0XxRM0000004Cxx/sessions"
RANGES = replace(USER, login_ip_ranges=True)
JWTS = replace(APP, jwt_access_tokens=True)


@pytest.fixture
def salesforce() -> Iterator[Salesforce]:
    with Salesforce.running(apps=[APP]) as running:
        yield running


def vpn_off(salesforce: Salesforce) -> None:
    salesforce.put(RANGES, replace(ORG, ip_ranges_on_every_request=True))
    salesforce.state.outside = frozenset({"api"})


def answering(code: str, message: str) -> Callable[[Salesforce], None]:
    body = f'[{{"message": "{message}", "errorCode": "{code}"}}]'.encode()

    def switch(salesforce: Salesforce) -> None:
        salesforce.faults.api = faults.json_body(body, code=401)

    return switch


def nothing(_: Salesforce) -> None:
    """Leave all as it is."""


NOT_FOR_REST = "not valid for use with the REST API"
# The scope that was asked for; what happens; what is asked for; a part of the answer.
INCURABLE: dict[str, tuple[str, Callable[[Salesforce], None], str, str]] = {
    "no scope for the API": ("refresh_token id", nothing, LIMITS, NOT_FOR_REST),
    "API Access Control": (
        "api refresh_token",
        throwing(replace(APP, rest_access=False)),
        LIMITS,
        NOT_FOR_REST,
    ),
    "outside of the VPN": ("api refresh_token", vpn_off, LIMITS, NOT_FOR_REST),
    "an opaque token for agents": ("api refresh_token", nothing, MCP, "INVALID_JWT_FORMAT"),
    "an app without the agent": (
        "api refresh_token",
        throwing(replace(JWTS, attached_to_agent=False)),
        AGENT,
        "Connected app is not attached to Agent",
    ),
    "the login host": ("api refresh_token", nothing, "{login}" + LIMITS, "URL_NOT_RESET"),
    "another site": (
        "api refresh_token",
        answering("INVALID_ISS", "INVALID_AUTH_HEADER"),
        LIMITS,
        "INVALID_ISS",
    ),
    "a header of its own": (
        "api refresh_token",
        answering("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"),
        LIMITS,
        "INVALID_HEADER_TYPE",
    ),
}


@pytest.mark.slow_cases
@pytest.mark.parametrize("lasts_s", [3000, -60], ids=["good", "expired"])
@pytest.mark.parametrize("name", INCURABLE)
async def test_rf_07_a_401_that_no_refresh_mends_costs_none(
    salesforce: Salesforce, tmp_path: Path, *, name: str, lasts_s: float
) -> None:
    """
    RF-07: the answer is shown, exit 7, and the sign-in stays as it is; a token that had expired was
    refreshed before.
    """
    scope, switch, path, said = INCURABLE[name]
    if name == "an app without the agent":
        # The token has to be a JWT already.
        salesforce.put(JWTS)
    before = signed_in(salesforce, tmp_path, lasts_s=lasts_s, scope=scope)
    switch(salesforce)
    outcome = await run("api", path.format(login=salesforce.login_url), home=tmp_path)
    assert (outcome.exit_code, said in outcome.stdout) == (7, True), outcome.stdout + outcome.stderr
    assert "error[api-refused]" in outcome.stderr
    assert "fix: loopback-auth login default" not in outcome.stderr
    assert len(salesforce.seen("token")) == (0 if lasts_s > 0 else 1)
    after = token_file(tmp_path)
    assert after["refresh_token"] == before["refresh_token"]
    assert lasts_s < 0 or after == before


async def test_rf_07_a_session_that_has_ended_is_refreshed(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """RF-07: sooner than the profile believes."""
    before = signed_in(salesforce, tmp_path, lasts_s=3000)
    salesforce.state.access_tokens[before["access_token"]].revoked = True
    outcome = await run("api", LIMITS, home=tmp_path)
    assert (outcome.exit_code, len(salesforce.seen("token"))) == (0, 1), outcome.stderr
    assert "DailyApiRequests" in outcome.stdout


@pytest.mark.slow_cases
@pytest.mark.parametrize(("lasts_s", "requests"), [(3000, 2), (-60, 1)], ids=["good", "expired"])
async def test_rf_07_a_token_that_this_command_obtained_is_not_refreshed_again(
    salesforce: Salesforce, tmp_path: Path, *, lasts_s: float, requests: int
) -> None:
    """RF-07: whatever the API says of it; exit 7, since another sign-in would not help."""
    signed_in(salesforce, tmp_path, lasts_s=lasts_s)
    answering("INVALID_SESSION_ID", "Session expired or invalid")(salesforce)
    outcome = await run("api", LIMITS, home=tmp_path)
    assert (outcome.exit_code, "Session expired" in outcome.stdout) == (7, True), outcome.stderr
    assert "obtained just now" in outcome.stderr
    assert (len(salesforce.seen("token")), len(salesforce.seen("api"))) == (1, requests)


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    "fault",
    [
        faults.status(401),
        faults.status(401, body=b"no", WWW_Authenticate='Bearer realm="x", error="invalid_token"'),
    ],
    ids=["no body", "RFC 6750"],
)
async def test_rf_07_a_401_that_says_no_more_is_answered_with_a_refresh(
    salesforce: Salesforce, tmp_path: Path, fault: Fault
) -> None:
    """RF-07: a HEAD has no body, and some servers give none."""
    signed_in(salesforce, tmp_path, lasts_s=3000)
    salesforce.faults.api = fault.once()
    outcome = await run("api", LIMITS, home=tmp_path)
    assert (outcome.exit_code, len(salesforce.seen("token"))) == (0, 1), outcome.stderr


async def test_a_given_token_is_given_the_reason_too(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """There is nothing to refresh; a good token that does not open the API is no expired one."""
    token = signed_in(salesforce, tmp_path, lasts_s=3000, scope="refresh_token id")["access_token"]
    given = {"LOOPBACK_AUTH_TOKEN": token}
    url = salesforce.my_domain() + LIMITS
    more = {
        **given,
        "LOOPBACK_AUTH_PROVIDER": "salesforce",
        "LOOPBACK_AUTH_API_BASE": salesforce.my_domain(),
        "LOOPBACK_AUTH_LOGIN_URL": salesforce.login_url,
    }
    outcome = await run("api", url, home=tmp_path, more=more)
    assert (outcome.exit_code, NOT_FOR_REST in outcome.stdout) == (7, True), outcome.stderr
    salesforce.state.access_tokens[token].revoked = True
    ended = await run("api", url, home=tmp_path, more=more)
    assert (ended.exit_code, "LOOPBACK_AUTH_TOKEN" in ended.stderr) == (4, True)
