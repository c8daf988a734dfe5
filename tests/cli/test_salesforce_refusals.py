"""
Refreshes that a Salesforce refuses, by the real command: which refusals end a sign-in, and what
each is told as.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.flows.tokens.freshness import is_refreshable
from loopback_auth.testing.http import faults
from loopback_auth.testing.salesforce import ORG, USER, Salesforce

from ..support.command import run, run_process, token_file
from ..support.salesforce_asking import refresh, tokens
from ..support.stored_salesforce import APP, signed_in, throwing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

LOCAL = replace(USER, login_ip_ranges=True)


@pytest.fixture
def salesforce() -> Iterator[Salesforce]:
    with Salesforce.running(apps=[APP], users=[LOCAL]) as running:
        yield running


def refusing(error: str, description: str) -> Callable[[Salesforce], None]:
    """Give what has the token endpoint say so until further notice."""

    def switch(salesforce: Salesforce) -> None:
        salesforce.faults.token = faults.oauth_error(error, description)

    return switch


def broken(fault: faults.Fault) -> Callable[[Salesforce], None]:
    def switch(salesforce: Salesforce) -> None:
        salesforce.faults.token = fault

    return switch


def vpn_off(salesforce: Salesforce) -> None:
    salesforce.vpn = False


def mended(salesforce: Salesforce) -> None:
    salesforce.put(APP, ORG, LOCAL)
    salesforce.faults.clear()
    salesforce.vpn = True


# What happens at the server; what the command says of it: the server's words, and a part of cause
# or fix that no other one has.
KEPT: dict[str, tuple[Callable[[Salesforce], None], str, str]] = {
    "the VPN is off": (vpn_off, "ip restricted", "VPN"),
    "out of hours": (
        throwing(replace(LOCAL, in_login_hours=False)),
        "IP restricted or invalid login hours",
        "login hours",
    ),
    "a blocked app": (
        throwing(replace(APP, blocked=True)),
        "authentication failure",
        "Login History",
    ),
    "a frozen user": (throwing(replace(LOCAL, frozen=True)), "inactive user", "frozen"),
    "a user who left": (
        throwing(replace(LOCAL, active=False)),
        "user is inactive",
        "Setup > Users",
    ),
    "a locked org": (
        throwing(replace(ORG, status="locked")),
        "org is locked",
        "Company Information",
    ),
    "another secret": (
        throwing(replace(APP, client_secret="another")),
        "invalid client credentials",
        "Consumer Key and Secret",
    ),
    "a connected app that was uninstalled": (
        throwing(replace(APP, kind="connected", installed=False)),
        "app must be installed into org",
        "Install",
    ),
    "a package that was uninstalled": (
        throwing(replace(APP, installed=False)),
        "External client app is not installed",
        "MYDOMAIN",
    ),
    "an approval that was taken back": (
        throwing(replace(APP, permitted_users="preauthorized")),
        "user is not admin approved",
        "permission set",
    ),
    "too many logins": (
        throwing(replace(LOCAL, logins_left=False)),
        "login rate exceeded",
        "an hour",
    ),
    "an app that was deleted": (
        throwing(replace(APP, active_from=4e9)),
        "client identifier invalid",
        "Consumer Key",
    ),
    "trouble that stays": (
        refusing("unknown_error", "retry your request"),
        "retry your request",
        "again",
    ),
    "a flow that was switched off": (
        refusing("oauth_flow_disabled", "the flow is switched off"),
        "the flow is switched off",
        "Flow Enablement",
    ),
    "a service that is out": (
        refusing("service_unavailable", "come back"),
        "service_unavailable",
        "status.salesforce.com",
    ),
    "a system that is down": (refusing("system_down", "come back"), "system_down", "maintenance"),
    "a bad request": (
        refusing("invalid_request", "scope parameter not supported"),
        "scope parameter not supported",
        "parameter",
    ),
    "a scope that is gone": (
        refusing("invalid_scope", "the requested scope is not allowed"),
        "scope",
        "scope",
    ),
    "maintenance": (broken(faults.HTML), "web page", "being maintained"),
    "too many requests": (broken(faults.TOO_MANY_429), "429", ""),
    "a gateway": (
        broken(faults.status(403, body=b"<html>", Content_Type="text/html")),
        "status 403",
        "",
    ),
}


@pytest.mark.slow_cases
@pytest.mark.parametrize("name", KEPT)
async def test_rf_04_a_sign_in_survives_a_refusal_that_does_not_end_it(
    salesforce: Salesforce, tmp_path: Path, name: str
) -> None:
    """
    RF-04: exit 7 with words of its own, nothing lost, and the same refresh token works once the
    matter is mended.
    """
    switch, said, explained = KEPT[name]
    before = signed_in(salesforce, tmp_path)
    switch(salesforce)
    refused = await run("token", "--json", home=tmp_path)
    assert refused.exit_code == 7, refused.stdout + refused.stderr
    assert said in refused.error["message"]
    assert explained.lower() in (refused.error["cause"] + refused.error["fix"]).lower(), (
        refused.error
    )
    assert refused.error["cause"].endswith("The stored tokens are as before.")
    assert token_file(tmp_path) == before
    mended(salesforce)
    again = await run("token", home=tmp_path)
    assert (again.exit_code, again.stdout.strip() != before["access_token"]) == (0, True), (
        again.stderr
    )
    assert token_file(tmp_path)["refresh_token"] == before["refresh_token"]


def revoked(salesforce: Salesforce, _: Mapping[str, Any]) -> None:
    salesforce.state.grants[0].revoked = True


def too_old(salesforce: Salesforce, _: Mapping[str, Any]) -> None:
    salesforce.put(replace(APP, refresh_policy="absolute:1"))
    salesforce.state.grants[0].began -= 60


def idle_for_too_long(salesforce: Salesforce, _: Mapping[str, Any]) -> None:
    salesforce.put(replace(APP, idle_limit=True))
    salesforce.state.grants[0].used -= 31 * 86400


def pushed_out(salesforce: Salesforce, _: Mapping[str, Any]) -> None:
    for _number in range(5):
        tokens(salesforce.login_url)


def used_elsewhere(salesforce: Salesforce, document: Mapping[str, Any]) -> None:
    salesforce.put(replace(APP, rotate_refresh=True))
    refresh(salesforce.login_url, document["refresh_token"])


@pytest.mark.slow_cases
@pytest.mark.parametrize("end", [revoked, too_old, idle_for_too_long, pushed_out, used_elsewhere])
async def test_rf_04_a_sign_in_that_the_server_has_ended_is_dropped(
    salesforce: Salesforce, tmp_path: Path, end: Callable[[Salesforce, Mapping[str, Any]], None]
) -> None:
    """
    RF-04: exit 4; the refresh token goes, the settings stay, and `login --if-needed`
    signs in.
    """
    before = signed_in(salesforce, tmp_path)
    end(salesforce, before)
    ended = await run("token", "--json", home=tmp_path)
    assert (ended.exit_code, ended.error["code"]) == (4, "refresh-rejected"), ended.stdout
    assert ended.error["cause"].endswith("The stored refresh token was removed.")
    assert token_file(tmp_path) == {**before, "refresh_token": None, "refused": True}
    assert (await run(*IF_NEEDED, home=tmp_path)).exit_code == 5


IF_NEEDED = ("login", "--if-needed", "--no-browser", "--timeout", "0.3s")


async def test_rf_04_a_refusal_that_nobody_knows_asks_for_a_sign_in_and_keeps_the_token(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """
    RF-04: exit 4 with `login PROFILE`, the token counts as refused, and works again once the server
    takes it.
    """
    before = signed_in(salesforce, tmp_path, lasts_s=30)
    assert (await run(*IF_NEEDED, home=tmp_path)).exit_code == 0
    refusing("invalid_grant", "a policy of next year")(salesforce)
    refused = await run("refresh", "--json", home=tmp_path)
    assert (refused.exit_code, refused.error["code"]) == (4, "refresh-rejected")
    assert "loopback-auth login default" in refused.error["fix"]
    assert refused.error["cause"].endswith("The stored tokens are as before.")
    after = token_file(tmp_path)
    assert (after, is_refreshable(after)) == ({**before, "refused": True}, False)
    assert "sign in again" in (await run("status", home=tmp_path)).stdout
    assert (await run(*IF_NEEDED, home=tmp_path)).exit_code == 5
    mended(salesforce)
    assert (await run("refresh", home=tmp_path)).exit_code == 0
    assert is_refreshable(token_file(tmp_path))
    assert (await run(*IF_NEEDED, home=tmp_path)).exit_code == 0


async def test_rf_06_a_hiccup_is_asked_over_once(salesforce: Salesforce, tmp_path: Path) -> None:
    """RF-06: `unknown_error: retry your request` is what it says."""
    signed_in(salesforce, tmp_path)
    salesforce.faults.token = faults.oauth_error("unknown_error", "retry your request").once()
    assert (await run("token", home=tmp_path)).exit_code == 0
    assert len(salesforce.seen("token")) == 2


async def test_a_walk_with_the_vpn_off_and_on_again(salesforce: Salesforce, tmp_path: Path) -> None:
    """
    Nothing is lost, each command says what is wrong, and each works as soon as the VPN
    is back.
    """
    before = signed_in(salesforce, tmp_path)
    limits = "/services/data/v65.0/limits"
    program = (sys.executable, "-c", "import os; print(os.environ['SALESFORCE_ACCESS_TOKEN'])")
    walk = (("token",), ("exec", "default", "--", *program), ("api", limits), ("refresh",))
    salesforce.vpn = False
    for command in walk:
        carry_out = run_process if command[0] == "exec" else run
        refused = await carry_out(*command, home=tmp_path)
        assert refused.exit_code == 7, (command, refused.stderr)
        assert "ip restricted" in refused.stderr
        assert "VPN" in refused.stderr
        assert "is kept" in refused.stderr
        assert token_file(tmp_path) == before
    doctor = await run("doctor", home=tmp_path)
    assert "is refreshed when needed" in doctor.stdout
    assert token_file(tmp_path) == before
    salesforce.vpn = True
    for command in walk:
        carry_out = run_process if command[0] == "exec" else run
        worked = await carry_out(*command, home=tmp_path)
        assert worked.exit_code == 0, (command, worked.stderr)
    after = token_file(tmp_path)
    assert after["refresh_token"] == before["refresh_token"]
    assert sum(not grant.revoked for grant in salesforce.state.grants) == 1
