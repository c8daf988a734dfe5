"""
A new user's walks, from the README's text alone: typed as it stands there, in a shell whose home is
empty, until there is a token.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loopback_auth.testing.salesforce import APP, USER, Salesforce

from .support.shell import shell

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def typed_in(section: str) -> list[str]:
    """Return the commands of the first block of *section* in the README."""
    text = README.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    block = re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block
    return [line.partition("  #")[0].rstrip() for line in block[1].splitlines()]


def test_a_salesforce_developer_has_an_answer_of_the_api(tmp_path: Path) -> None:
    init, login, api = typed_in("Sign in to Salesforce")
    person = f'username="{USER.username}", password="{USER.password}"'
    with Salesforce.running(apps=[APP]) as salesforce, shell(tmp_path, person=person) as bash:
        answers = {
            "Scopes": "",
            "Port of the callback": "",
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
