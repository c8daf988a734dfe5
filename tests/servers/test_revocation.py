"""
What proves the client, and the server, at a refresh and a sign-out: secrets, none, a company's
certificate. At real servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trustme

from tests.support.chromium import TIMEOUT_MS, in_the_session_loop

from ..support.command import no_token_file, run_process, token_file
from ..support.servers.own import OwnServer
from ..support.servers.stored import refresh_by_hand, sign_in, userinfo
from .conftest import callback_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.async_api import Browser, Page

    from ..support.servers.people import Server

pytestmark = [pytest.mark.server, pytest.mark.browser, in_the_session_loop]

every_server = pytest.mark.parametrize(
    "name", ["oidc_provider", "django_oauth_toolkit", "canaille"]
)
VARIABLE = "SECRET_OF_THE_TEST"


@pytest.fixture
def server(name: str, request: pytest.FixtureRequest) -> Server:
    running: Server = request.getfixturevalue(name)
    return running


@every_server
async def test_tx_03_a_secret_of_odd_characters_in_a_variable_refreshes_checks_and_revokes(
    server: Server, tab: Page, tmp_path: Path
) -> None:
    """
    TX-03, CL-06: the variable is read each time, its value never stored; where it is missing its
    name is said and nothing sent.
    """
    secret = {VARIABLE: server.secret("odd") or ""}
    flags = ("--client-secret-env", VARIABLE)
    before = await sign_in(server, "odd", tab, tmp_path, *flags, more=secret)
    assert before["client"].get("client_secret") is None
    without = await run_process("refresh", "--json", home=tmp_path)
    assert (without.exit_code, VARIABLE in without.error["message"]) == (2, True)
    assert token_file(tmp_path) == before

    refreshed = await run_process("token", "--refresh", home=tmp_path, more=secret)
    after = token_file(tmp_path)
    assert (refreshed.exit_code, refreshed.stdout.strip()) == (0, after["access_token"])
    assert after["access_token"] != before["access_token"]
    assert userinfo(after) == 200
    checked = await run_process("token", "--check", home=tmp_path, more=secret)
    assert (checked.exit_code, checked.stdout) == (0, refreshed.stdout)

    ended = await run_process("logout", "--json", home=tmp_path, more=secret)
    assert (ended.exit_code, ended.document["revocation"]) == (0, "revoked")
    assert refresh_by_hand(server, "odd", after)[0] == 400


@pytest.mark.parametrize(
    ("name", "exit_code", "revocation", "afterwards"),
    [
        ("oidc_provider", 0, "revoked", (401, 400)),
        ("django_oauth_toolkit", 0, "revoked", (401, 400)),
        # Canaille revokes nothing for a client that has no secret.
        ("canaille", 7, "failed", (200, 200)),
    ],
)
async def test_rv_01_a_client_without_a_secret_gives_its_tokens_back_where_it_may(
    server: Server,
    tab: Page,
    tmp_path: Path,
    *,
    exit_code: int,
    revocation: str,
    afterwards: tuple[int, int],
) -> None:
    """
    RV-01: the exit status and the server agree on whether the tokens are of use; nothing is stored
    either way.
    """
    stored = await sign_in(server, "public", tab, tmp_path)
    ended = await run_process("logout", "--json", home=tmp_path)
    assert (ended.exit_code, ended.document["revocation"]) == (exit_code, revocation)
    assert no_token_file(tmp_path)
    assert (userinfo(stored), refresh_by_hand(server, "public", stored)[0]) == afterwards


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """
    A company's certificate and key for 127.0.0.1, with the certificate of its own authority, in
    files.
    """
    authority = trustme.CA(organization_name="A company")
    leaf = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    leaf.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    leaf.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    return tmp_path


@pytest.fixture
def behind_tls(company: Path) -> Iterator[Server]:
    certified = ("--cert", str(company / "cert.pem"), "--key", str(company / "key.pem"))
    own = OwnServer("oidc_provider", callback_ports(1), company / "oidc-provider.log")
    yield own.start(*certified)
    own.stop()


async def test_ds_03_a_refresh_and_a_logout_trust_what_the_sign_in_trusted(
    behind_tls: Server, chromium: Browser, company: Path
) -> None:
    """
    DS-03: the bundle is remembered with the sign-in; without it nothing is sent and the tokens
    stay.
    """
    bundle = company / "ca.pem"
    async with await chromium.new_context(ignore_https_errors=True) as context:
        context.set_default_timeout(TIMEOUT_MS)
        tab = await context.new_page()
        before = await sign_in(behind_tls, "public", tab, company, "--ca-bundle", str(bundle))
    assert before["server"]["token_endpoint"].startswith("https://")
    assert (await run_process("refresh", home=company)).exit_code == 0
    after = token_file(company)
    assert after["refresh_token"] != before["refresh_token"]

    trusted, stranger = bundle.read_bytes(), trustme.CA(organization_name="A stranger")
    stranger.cert_pem.write_to_path(str(bundle))
    refused = await run_process("refresh", "--json", home=company)
    assert (refused.exit_code, refused.error["code"]) == (7, "certificate-untrusted")
    assert token_file(company) == after
    bundle.write_bytes(trusted)
    ended = await run_process("logout", "--json", home=company)
    assert (ended.exit_code, ended.document["revocation"]) == (0, "revoked")
