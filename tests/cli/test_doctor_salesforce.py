"""
`doctor` and `init` against a Salesforce: what an administrator has set up, and what is
told of it.
"""

from __future__ import annotations

import asyncio
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.errors import AuthorizationError
from loopback_auth.flows.login.preflight import preflight
from loopback_auth.oauth.authorize.request import AuthorizationRequest
from loopback_auth.oauth.metadata import Client, server_metadata
from loopback_auth.settings.resolve import from_settings
from loopback_auth.testing.salesforce import APP, App, Salesforce

from ..support.command import run
from ..support.sockets import free_port
from .test_doctor import write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PORT = free_port()
CALLBACK = f"http://localhost:{PORT}/OauthRedirect"


@pytest.fixture
def salesforce() -> Iterator[Salesforce]:
    with Salesforce.running(apps=[App(callback_urls=(CALLBACK,))]) as salesforce:
        yield salesforce


def request_to(salesforce: Salesforce, client_id: str, redirect_uri: str) -> AuthorizationRequest:
    profile = from_settings("work", provider="salesforce", login_url=salesforce.login_url)
    return AuthorizationRequest.new(
        server=server_metadata(profile.endpoints()),
        client=Client(client_id=client_id),
        redirect_uri=redirect_uri,
        scope="api refresh_token",
        token_bytes=lambda size: b"x" * size,
        parameters=profile.parameters_for("api refresh_token"),
    )


async def test_an_app_as_it_should_be_passes(salesforce: Salesforce) -> None:
    """The login page is no refusal."""
    await preflight(request_to(salesforce, APP.client_id, CALLBACK), transport=HttpTransport())
    assert len(salesforce.seen("authorize")) == 1


@pytest.mark.parametrize(
    ("client_id", "redirect_uri", "error"),
    [
        ("3MVG9other", CALLBACK, "invalid_client_id"),
        (APP.client_id, CALLBACK + "/", "redirect_uri_mismatch"),
        (APP.client_id, CALLBACK.replace("localhost", "127.0.0.1"), "redirect_uri_mismatch"),
        (APP.client_id, "", "redirect_uri_missing"),
    ],
    # The port is another one in each process of a run.
    ids=["client", "slash", "literal", "none"],
)
async def test_what_would_never_come_back_is_known_before_a_browser_opens(
    salesforce: Salesforce, client_id: str, redirect_uri: str, error: str
) -> None:
    with pytest.raises(AuthorizationError) as failed:
        await preflight(request_to(salesforce, client_id, redirect_uri), transport=HttpTransport())
    assert failed.value.error == error


@pytest.mark.parametrize(
    ("host", "verdict"),
    [("login.salesforce.com", "warn"), ("test", "warn"), ("acme.my.salesforce.com", "ok")],
)
async def test_an_external_client_app_wants_its_orgs_own_host(
    host: str, verdict: str, tmp_path: Path
) -> None:
    write_config(
        tmp_path,
        f'[profiles.default]\nprovider = "salesforce"\nclient_id = "x"\nlogin_url = "{host}"\n'
        f"port = {PORT}\n",
    )
    nowhere = {"HTTPS_PROXY": f"http://127.0.0.1:{free_port()}"}
    outcome = await run("doctor", "--json", home=tmp_path, more=nowhere)
    check = next(check for check in outcome.document["checks"] if check["name"] == "server")
    assert check["verdict"] == verdict
    if verdict == "warn":
        assert "Since Spring '26 an External Client App" in check["cause"]
        assert check["fix"] == (
            "loopback-auth login default --login-url https://MYDOMAIN.my.salesforce.com"
        )


async def test_the_whole_set_up_in_one_command(salesforce: Salesforce, tmp_path: Path) -> None:
    """`init` writes the profile, and the doctor finds that the server takes it."""
    flags = ("--login-url", salesforce.login_url, "--client-id", APP.client_id, "--port", str(PORT))
    outcome = await run("init", "salesforce", *flags, home=tmp_path)
    assert outcome.exit_code == 0, outcome.stdout
    assert "All checks passed. Next: loopback-auth login default\n" in outcome.stderr


async def test_a_callback_that_is_not_registered_is_reported_with_both_addresses(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """
    The pitfall's own words, with our address to paste into Setup; and where the registered one
    differs.
    """
    salesforce.put(App(callback_urls=(f"{CALLBACK}/",)))
    flags = (
        "--login-url",
        salesforce.login_url,
        "--client-id",
        APP.client_id,
        "--port",
        str(PORT),
        "--no-doctor",
    )
    await run("init", "salesforce", *flags, home=tmp_path)
    outcome = await run("doctor", "--registered", f"{CALLBACK}/", "--json", home=tmp_path)
    found = {check["name"]: check for check in outcome.document["checks"]}
    assert found["registered"]["seen"].endswith(
        "the slash at the end differs: sent /OauthRedirect, registered /OauthRedirect/"
    )
    assert found["pre-flight"]["code"] == "redirect-uri-mismatch"
    assert CALLBACK in found["pre-flight"]["seen"]
    assert (
        "Salesforce compares scheme, host, port, path, final slash and case"
        in found["pre-flight"]["cause"]
    )
    assert f"Callback URL: {CALLBACK} " in found["pre-flight"]["fix"]


@pytest.mark.parametrize("output", [(), ("--json",)], ids=["lines", "JSON"])
async def test_an_app_that_is_not_known_yet_is_waited_for(
    tmp_path: Path, output: tuple[str, ...]
) -> None:
    """The sync delay of a new app: `--wait` goes on until the servers know it."""
    moment = [0.0]
    app = App(callback_urls=(CALLBACK,), active_from=600)
    with Salesforce.running(apps=[app], clock=lambda: moment[0]) as salesforce:
        flags = (
            "--login-url",
            salesforce.login_url,
            "--client-id",
            app.client_id,
            "--port",
            str(PORT),
        )
        began = await run("init", "salesforce", *flags, home=tmp_path)
        more = {"LOOPBACK_AUTH_DOCTOR_INTERVAL": "0.05"}
        waiting = asyncio.create_task(run("doctor", "--wait", *output, home=tmp_path, more=more))
        await asyncio.to_thread(salesforce.wait_for, "authorize", count=5)
        moment[0] = 600.0
        outcome = await waiting
    assert began.exit_code == 7
    assert "doctor default --wait" in began.stderr
    assert outcome.exit_code == 0, outcome.stdout
    if output:
        assert {event["code"] for event in outcome.events_named("waiting")} == {"invalid_client_id"}
    else:
        assert "The server says invalid_client_id; asking again in" in outcome.stderr


async def test_the_doctor_of_a_failed_sign_in_can_be_typed_as_it_is_printed(
    tmp_path: Path, salesforce: Salesforce
) -> None:
    """A sign-in that fails remembers nothing: the doctor is given the same flags once more."""
    where = ("--provider", "salesforce", "--login-url", salesforce.my_domain())
    port = free_port()
    flags = (*where, "--client-id", APP.client_id, "--port", str(port))
    failed = await run("login", "work", *flags, "--json", home=tmp_path)
    fix = failed.document["error"]["fix"]
    typed = re.search(r"loopback-auth (doctor work --registered URL-FROM-SETUP .*?)\. ", fix)
    assert typed, fix
    outcome = await run(*shlex.split(typed[1].replace("URL-FROM-SETUP", CALLBACK)), home=tmp_path)
    assert f"the port differs: sent {port}, registered {PORT}" in outcome.stdout
    row = next(line for line in outcome.stdout.splitlines() if " client  " in line)
    assert row.endswith(f"client ID {APP.client_id[:33]}..., no secret")
    right = ("doctor", "work", *where, "--client-id", APP.client_id, "--port", str(PORT))
    outcome = await run(*right, home=tmp_path)
    assert outcome.exit_code == 0, outcome.stdout
    command = shlex.join(("loopback-auth", "login", *right[1:]))
    assert outcome.stderr.endswith(f"Next: {command}\n")
