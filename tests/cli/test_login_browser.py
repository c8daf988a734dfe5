"""The browser that `login` starts."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from ..support.command import run
from ..support.stand_in_browser import appeared

if TYPE_CHECKING:
    from pathlib import Path

SHOWS = """#!{python}
import json, os, sys
with open("{home}/inherited.new", "w") as file:
    json.dump([sys.argv[1:], dict(os.environ)], file)
os.rename("{home}/inherited.new", "{home}/inherited")
"""


@pytest.mark.skipif(os.name != "posix", reason="the program is a script with a #! line")
@pytest.mark.parametrize("named_by", ["flag", "config.toml", "environment"])
async def test_cl_02_the_browser_does_not_inherit_the_clients_secret(
    tmp_path: Path, *, named_by: str
) -> None:
    """
    CL-02, CL-06: nor a token; whatever says which browser it is, and which variable holds the
    secret.
    """
    program = tmp_path / "a-browser"
    program.write_text(SHOWS.format(python=sys.executable, home=tmp_path), "utf-8")
    program.chmod(0o755)
    words = [
        "login",
        "--authorization-endpoint",
        "https://a.example/a",
        "--token-endpoint",
        "https://a.example/t",
    ]
    words += ["--client-id", "c", "--redirect-uri", "http://127.0.0.1:0/cb", "--timeout", "1s"]
    more = {"ACME_SECRET": "canary", "LOOPBACK_AUTH_TOKEN": "canary", "OTHER": "as it was"}
    if named_by == "flag":
        words += ["--browser", str(program), "--client-secret-env", "ACME_SECRET"]
    elif named_by == "config.toml":
        settings = f'browser = "{program}"\nclient_secret_env = "ACME_SECRET"\n'
        (tmp_path / "config.toml").write_text(f"[profiles.default]\n{settings}")
    else:
        more |= {
            "LOOPBACK_AUTH_BROWSER": str(program),
            "LOOPBACK_AUTH_CLIENT_SECRET": more.pop("ACME_SECRET"),
        }
    outcome = await run(*words, home=tmp_path, more=more)
    assert outcome.exit_code == 5, outcome.stderr
    (address,), inherited = json.loads(await appeared(tmp_path / "inherited"))
    assert address.startswith("http://127.0.0.1:")
    assert inherited["OTHER"] == "as it was"
    assert not [name for name, value in inherited.items() if value == "canary"]
