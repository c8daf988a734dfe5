"""
A new user's walks, from the README's text alone: typed as it stands there, in a shell whose home is
empty, until there is a token.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loopback_auth.testing import AuthorizationServer, Client
from loopback_auth.testing.salesforce import APP, USER, Salesforce

from .support.shell import shell

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def typed_in(section: str, part: str = "") -> list[str]:
    """Return the commands of the first block of *section*, or of a *part* of it, in the README."""
    text = README.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    text = text.partition(f"\n### {part}\n")[2] if part else text
    block = re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block
    return [line.partition("  #")[0].rstrip() for line in block[1].splitlines()]


def test_somebody_with_a_company_login_has_an_answer_of_the_api(tmp_path: Path) -> None:
    """The redirect URI that is printed is the one that the server takes, port and all."""
    init, login, api = typed_in("Your company's login")
    uri = "http://127.0.0.1:8765/callback"
    client = Client(client_id="my-cli", redirect_uris=(uri,))
    with AuthorizationServer.running(clients=(client,)) as server, shell(tmp_path) as bash:
        answers = {
            "Scopes": "",
            "Callback of the app": "",
            "Client ID": client.client_id,
            "Client secret": "",
            "Address of your API": f"{server.issuer}/api",
        }
        shown = bash.type(init.replace("https://id.example.com", server.issuer), answers)
        assert bash.exit_status() == 0, shown
        assert f"\n    {uri}\n" in shown
        assert "All checks passed. Next:" in shown
        assert shown.endswith(f"\n    {login}")
        assert bash.type(login).count("Signed in as ada") == 1
        assert '"ada"' in bash.type(api)
        assert bash.type("loopback-auth token work | wc -l") == "1"


def test_a_salesforce_developer_has_an_answer_of_the_api(tmp_path: Path) -> None:
    init, login, api = typed_in("Sign in to Salesforce")
    person = f'username="{USER.username}", password="{USER.password}"'
    with Salesforce.running(apps=[APP]) as salesforce, shell(tmp_path, person=person) as bash:
        answers = {
            "Scopes": "",
            "Callback of the app": "",
            "Session timeout": "",
            "Consumer Key": APP.client_id,
            "Client secret": APP.client_secret or "",
        }
        shown = bash.type(init.replace("acme", salesforce.login_url), answers)
        assert bash.exit_status() == 0, shown
        assert "All checks passed. Next:" in shown
        assert bash.type(login).count("Signed in as") == 1
        assert '"DailyApiRequests"' in bash.type(api)
        assert bash.type("loopback-auth token | wc -l") == "1"


def test_every_day_each_line_does_what_it_says(tmp_path: Path) -> None:
    terraform(tmp_path)
    (tmp_path / "settings.toml").write_text("# mine\n[auth]\nregion = 'eu'\n", "utf-8")
    clients = (Client(client_id="my-cli"),)
    with AuthorizationServer.running(clients=clients) as server, shell(tmp_path) as bash:
        configuration = tmp_path / ".config" / "loopback-auth" / "config.toml"
        configuration.parent.mkdir(parents=True)
        configuration.write_text(
            f'[profiles.work]\nissuer = "{server.issuer}"\nclient_id = "my-cli"\n'
            f'api_base = "{server.issuer}/api"\n',
            "utf-8",
        )
        assert "Signed in as ada" in bash.type("loopback-auth login work")
        for line in typed_in("Every day"):
            shown = bash.type(line.replace("https://api.example.com/me", f"{server.issuer}/api/me"))
            assert bash.exit_status() == 0, (line, shown)
    settings = (tmp_path / "settings.toml").read_text("utf-8")
    assert re.fullmatch(r"# mine\n\[auth\]\nregion = 'eu'\ntoken = \"\S{20,}\"\n", settings)


def test_two_accounts_are_two_profiles(tmp_path: Path) -> None:
    terraform(tmp_path)
    clients = (Client(client_id="my-cli"),)
    with AuthorizationServer.running(clients=clients) as server, shell(tmp_path) as bash:
        for line in typed_in("Sign in anywhere", "Two accounts"):
            words = line.replace("https://id.example.com", server.issuer)
            shown = bash.type(words, {"Write that?": "n"})
            assert bash.exit_status() == 0, (line, shown)
        assert bash.type("loopback-auth profiles --names").split() == ["ada", "bob-old"]


def terraform(home: Path) -> None:
    """Put a program of that name there, which needs the token that it is given."""
    program = home / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\ntest -n "$ACCESS_TOKEN"\n', "utf-8")
    program.chmod(0o700)
