"""What a fix says to type is typed where it was printed, and goes on from there."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from rich.text import Text

from loopback_auth.testing import AuthorizationServer, Client
from loopback_auth.testing.http import faults

from ..faults.scene import scene
from ..support.command import run_here
from ..support.shell import shell

if TYPE_CHECKING:
    from pathlib import Path

GITHUB = "--provider github --client-id c"
ENDPOINTS = "--authorization-endpoint https://a.example/x --token-endpoint ftp://a.example/y"
MACHINE = "--token-endpoint https://a.example/t --client-id c --subject-token-from file:/no"
PARAM = "--param audience='https://api.example.com'"

PRINTED = [
    # What was typed, the command of its fix, what is typed after that, and what comes of it.
    (f"login 'my work' {GITHUB}", f"login NAME {GITHUB}", "--manual", "client_id=c&"),
    (
        f"login w {GITHUB} --param audience --param 'a=b c' --account o@a.example --port 17",
        f"login w {PARAM} {GITHUB} --port 17 --account o@a.example --param 'a=b c'",
        "--manual",
        "&a=b+c&",
    ),
    (f"login w --manual --device {GITHUB}", f"login w --device {GITHUB}", "--no-such", "no option"),
    (
        f"login w {ENDPOINTS} --client-id c",
        f"config show w {ENDPOINTS} --client-id c",
        "",
        "(from --token-endpoint)",
    ),
    (
        f"login w {MACHINE}",
        f"login w --flow token-exchange {MACHINE}",
        "",
        "error[subject-token-unusable]",
    ),
    (
        "login w --provider salesforce --login-url 'my domain' --client-id c",
        "login w --login-url URL --provider salesforce --client-id c",
        "--manual --login-url acme",
        "https://acme.my.salesforce.com/",
    ),
    (
        "login w --provider github --client-id c --flow code-credentials",
        f"login w --flow authorization-code {GITHUB}",
        "--manual",
        "client_id=c&",
    ),
    (
        f"login w {GITHUB} --param state=x --param a=b",
        f"login w {GITHUB} --param a=b",
        "--manual",
        "&a=b\n",
    ),
    (
        f"login w {GITHUB} --no-browser --bind 192.0.2.1:9000",
        f"login w --bind 0.0.0.0:9000 {GITHUB}",
        "--manual",
        "--bind and a sign-in without a browser cannot",
    ),
    (
        f"login w {GITHUB} --manual --bind 192.0.2.1",
        f"login w --manual {GITHUB}",
        "",
        "client_id=c&",
    ),
    ("id-token --from github", "id-token --from SOURCE", "", "subject_token is none of github"),
    ("credential kubectl -p w", "init -p w", "--no-input", "PROVIDER is missing"),
]


@pytest.mark.parametrize(("typed", "printed", "more", "outcome"), PRINTED)
def test_cl_11_what_a_fix_says_to_type_goes_on(
    tmp_path: Path, typed: str, printed: str, more: str, outcome: str
) -> None:
    """CL-11: it has what was given already, and does not lead back."""
    before = run_here(*shlex.split(typed), home=tmp_path)
    assert re.search(rf"loopback-auth {re.escape(printed)}(?=;|\n| \()", before.stderr), before
    after = run_here(*shlex.split(f"{printed} {more}"), home=tmp_path)
    assert outcome in after.stdout + after.stderr


@pytest.mark.parametrize("name", ["acr_values", "registration"])
def test_a_parameter_that_the_server_refuses_is_left_out(tmp_path: Path, name: str) -> None:
    error = "unmet_authentication_requirements" if name == "acr_values" else f"{name}_not_supported"
    begun = run_here(
        *shlex.split(f"login w {GITHUB} --manual --param a=b --param {name}=x"), home=tmp_path
    )
    state = re.search(r"&state=([^&]+)", begun.stdout)
    address = re.search(r"http://127\.0\.0\.1:\d+/callback", begun.stderr)
    assert state
    assert address
    answer = f"{address[0]}?error={error}&state={state[1]}"
    done = run_here("exchange", "w", home=tmp_path, stdin=answer)
    assert f"loopback-auth login w {GITHUB} --param a=b;" in done.stderr


@pytest.mark.parametrize("fault", [faults.ERROR_500, faults.CLOSED], ids=["500", "closed"])
def test_a_refresh_without_an_answer_asks_for_another_one_and_for_no_sign_in(
    tmp_path: Path, fault: faults.Fault
) -> None:
    """The stored refresh token may still work."""
    with AuthorizationServer.running(clients=[Client(client_id="public")]) as server:
        at = scene(server, tmp_path / "home")
        server.faults.token = fault
        before = run_here("token", home=at.home)
        assert re.search(r"fix: .*loopback-auth refresh default(;|\n)", before.stderr), before
        assert "loopback-auth login" not in before.stderr
        server.faults.token = None
        assert run_here("refresh", "default", home=at.home).exit_code == 0


def test_a_look_at_the_settings_asks_for_no_secret(tmp_path: Path) -> None:
    words = f"login w {ENDPOINTS} --client-id c --client-secret-stdin"
    done = run_here(*shlex.split(words), home=tmp_path, stdin="s")
    assert f"config show w {ENDPOINTS} --client-id c\n" in done.stderr


def test_a_client_id_alone_is_not_asked_for_where_the_server_is_unknown(tmp_path: Path) -> None:
    checks = {
        each["name"]: each
        for each in run_here("doctor", "w", "--json", home=tmp_path).document["checks"]
    }
    assert checks["client"]["fix"] == "loopback-auth login w --issuer URL --client-id ID"


def plain(shown: str) -> str:
    return Text.from_ansi(shown).plain


@pytest.mark.slow
@pytest.mark.alone
def test_what_a_terminal_says_to_type_is_about_that_profile_and_is_one_line(
    tmp_path: Path,
) -> None:
    client = Client(client_id="it's")
    with AuthorizationServer.running(clients=[client]) as server, shell(tmp_path) as bash:
        flags = f"--issuer {server.issuer} --client-id 'it'\"'\"'s' --scope 'openid offline_access'"
        bash.type(f"loopback-auth login work {flags} --no-input")
        assert bash.exit_status() == 0
        shown = plain(bash.type("loopback-auth env work --set API=access_token"))
        assert '\n    eval "$(loopback-auth env work --set API=access_token)"\n' in shown
        shown = plain(bash.type("loopback-auth push command work -- true"))
        assert f"\n    loopback-auth login ci {flags}\n" in shown
        shown = plain(bash.type("loopback-auth api /x -d @nowhere -p work"))
        assert shown.endswith("\n      loopback-auth api /path -d - -p work")
        shown = plain(bash.type("loopback-auth profiles rename work work"))
        assert shown.endswith("\n      loopback-auth profiles rename work NEW")
        # This server says in the address who it is.
        bash.type("loopback-auth login work --manual")
        shown = plain(bash.type("echo a-code-alone | loopback-auth exchange work"))
        assert "a code alone is not enough" in shown
        assert shown.endswith("\n      loopback-auth exchange work")
