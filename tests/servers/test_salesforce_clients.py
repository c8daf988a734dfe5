"""
What `export` prints, given to the programs that it is for: they sign in with it, refresh with it
and ask the API.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from loopback_auth.testing import Browser
from loopback_auth.testing.salesforce import APP, ORG, USER, Salesforce

from ..support.command import login, run_process, token_file
from ..support.servers import install
from ..support.servers.needs import need
from ..support.sockets import free_port

pytestmark = pytest.mark.server

CLIENTS = Path(install.__file__).parent
PORT = free_port()
CALLBACK = f"http://localhost:{PORT}/OauthRedirect"


class SignedIn:
    """
    Somebody signed in to an org whose hosts speak https, and the file of the authority that the
    clients have to trust.
    """

    def __init__(self, server: Salesforce, home: Path, authority: Path) -> None:
        self.server = server
        self.home = home
        self.trust = {
            name: str(authority)
            for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE")
        }

    async def sign_in(self) -> None:
        url = self.server.my_domain()
        flags = (
            "--provider",
            "salesforce",
            "--login-url",
            url,
            "--port",
            str(PORT),
            "--no-browser",
        )
        async with login(
            *flags,
            "--client-id",
            APP.client_id,
            home=self.home,
            secret=APP.client_secret,
            more=self.trust,
        ) as command:
            context = ssl.create_default_context(cafile=self.trust["SSL_CERT_FILE"])
            browser = Browser(username=USER.username, password=USER.password, ssl_context=context)
            await asyncio.to_thread(browser.visit, await command.open_page())
            outcome = await command.outcome()
        assert outcome.exit_code == 0, outcome.stderr

    async def export(self, form: str) -> str:
        outcome = await run_process("export", form, home=self.home, more=self.trust)
        assert outcome.exit_code == 0, outcome.stderr
        return outcome.stdout

    def hand(self, exported: str, *command: str) -> Any:
        """Run a client with the export on its stdin, and give the JSON that it prints."""
        environ = {
            "PATH": str(Path(install.find_node()).parent),
            "HOME": str(self.home),
            **self.trust,
        }
        done = subprocess.run(
            command,
            input=exported,
            env=environ | {"SF_USE_GENERIC_UNIX_KEYCHAIN": "true", "SF_DISABLE_TELEMETRY": "true"},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout or "null")


@pytest.fixture
async def signed_in(tmp_path: Path) -> Any:
    company = trustme.CA()
    company.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    company.issue_cert("localhost").configure_cert(context)
    with Salesforce.running(
        apps=[replace(APP, callback_urls=(CALLBACK,))],
        orgs=[ORG],
        users=[USER],
        ssl_context=context,
    ) as server:
        somebody = SignedIn(server, tmp_path, tmp_path / "company.pem")
        await somebody.sign_in()
        yield somebody


async def test_simple_salesforce_queries_with_the_exported_arguments(signed_in: SignedIn) -> None:
    need("simple-salesforce")
    exported = await signed_in.export("simple-salesforce")
    rows = signed_in.hand(
        exported, str(install.venv_python()), str(CLIENTS / "simple_salesforce_client.py")
    )
    assert [(row["Id"], row["Username"]) for row in rows] == [(USER.user_id, USER.username)]


async def test_jsforce_refreshes_with_the_exported_credentials(signed_in: SignedIn) -> None:
    """
    The access token is dead: the query is answered since jsforce got another one for the refresh
    token.
    """
    need("@jsforce/jsforce-node")
    exported = await signed_in.export("postman")
    answer = signed_in.hand(
        exported, install.find_node(), str(CLIENTS / "salesforce_client.mjs"), "jsforce"
    )
    assert answer == {"refreshed": 1, "usernames": [USER.username]}


async def test_the_vendors_own_library_signs_in_with_the_sfdx_url(signed_in: SignedIn) -> None:
    """
    Its parser finds every part, and what it does next, as `sf org login sfdx-url` does, ends at the
    API.
    """
    need("@salesforce/core")
    exported = await signed_in.export("sfdx-url")
    answer = signed_in.hand(
        exported, install.find_node(), str(CLIENTS / "salesforce_client.mjs"), "sfdx-url"
    )
    assert answer["parsed"] == {
        "clientId": APP.client_id,
        "clientSecret": APP.client_secret,
        "refreshToken": token_file(signed_in.home)["refresh_token"],
        "loginUrl": signed_in.server.my_domain(),
    }
    assert (answer["username"], answer["orgId"], answer["accounts"]) == (
        USER.username,
        ORG.org_id,
        3,
    )


# Two requests of the kind that the collection "Salesforce Platform APIs" is made of.
COLLECTION = {
    "info": {
        "name": "two requests",
        "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    "item": [
        {
            "name": "limits",
            "request": {
                "auth": {
                    "type": "bearer",
                    "bearer": [{"key": "token", "value": "{{_accessToken}}"}],
                },
                "method": "GET",
                "url": "{{_endpoint}}/services/data/v{{version}}/limits",
            },
        },
        {
            "name": "refresh",
            "request": {
                "method": "POST",
                "url": "{{url}}{{site}}/services/oauth2/token",
                "body": {
                    "mode": "urlencoded",
                    "urlencoded": [
                        {"key": "grant_type", "value": "refresh_token"},
                        {"key": "client_id", "value": "{{clientId}}"},
                        {"key": "client_secret", "value": "{{clientSecret}}"},
                        {"key": "refresh_token", "value": "{{_refreshToken}}"},
                    ],
                },
            },
        },
    ],
}


async def test_newman_runs_a_collection_with_the_exported_environment(signed_in: SignedIn) -> None:
    need("newman")
    (signed_in.home / "collection.json").write_text(json.dumps(COLLECTION))
    (signed_in.home / "environment.json").write_text(await signed_in.export("postman"))
    newman = str(install.HOME / "node_modules" / "newman" / "bin" / "newman.js")
    signed_in.server.forget_requests()
    report = signed_in.home / "report.json"
    reporting = ("--reporters", "json", "--reporter-json-export", str(report))
    trusting = ("--ssl-extra-ca-certs", signed_in.trust["SSL_CERT_FILE"])
    files = ("collection.json", "--environment", "environment.json")
    signed_in.hand("", install.find_node(), newman, "run", *files, *reporting, *trusting)
    answered = [
        ran["response"]["code"] for ran in json.loads(report.read_text())["run"]["executions"]
    ]
    assert answered == [200, 200]
    assert [len(signed_in.server.seen(endpoint)) for endpoint in ("api", "token")] == [1, 1]
