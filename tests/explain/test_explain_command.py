"""
`explain` as people use it: a process, words or a paste or a file, and the values of the profile
they have.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ..support.command import COMMAND, Outcome, environment, run_here

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MISMATCH = (
    "error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration"
)
CALLBACK_URL = "http://localhost:1717/OauthRedirect"
CANARY = "cAn4ryHunter2"

CONFIG = """\
[profiles.default]
provider = "salesforce"
client_id = "3MVG9FAKEkey"
login_url = "https://acme.my.salesforce.com"
port = [1717, 1718]

[profiles.hub]
provider = "github"
client_id = "Iv1.fake"

[profiles.any-port]
provider = "salesforce"
client_id = "3MVG9FAKEkey"
redirect_uris = ["http://localhost:0/OauthRedirect"]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o700)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def explain(
    *arguments: str, home: Path, stdin: str | bytes = "", more: Mapping[str, str] | None = None
) -> Outcome:
    return run_here("explain", *arguments, home=home, more=more, stdin=stdin)


def test_cl_11_what_was_read_cause_fix_and_the_profiles_callback_urls_are_printed(
    home: Path,
) -> None:
    """CL-11: the downloaded file, explained with the lines to paste into the app's settings."""
    outcome = explain(MISMATCH, home=home)
    assert outcome.exit_code == 0
    assert outcome.stderr == ""
    first, read, cause, fix, *urls, see = outcome.stdout.splitlines()
    assert first == "redirect-uri-mismatch: The app has another Callback URL (pitfall 1)"
    assert (
        read == "  read: redirect_uri_mismatch: redirect_uri must match configuration (a form body)"
    )
    assert cause.startswith("  cause: ")
    assert fix.startswith("  fix: Setup > External Client App Manager")
    assert "loopback-auth doctor default --wait" in fix
    assert see == "  see: loopback-auth help salesforce"
    assert urls == [
        f"  callback url: {CALLBACK_URL}",
        "  callback url: http://localhost:1718/OauthRedirect",
    ]


def test_json_says_the_same(home: Path) -> None:
    text, document = (
        explain(MISMATCH, home=home).stdout,
        explain(MISMATCH, "--json", home=home).document,
    )
    assert (document["version"], document["code"], document["number"]) == (
        1,
        "redirect-uri-mismatch",
        1,
    )
    for member in ("title", "cause", "fix"):
        assert document[member] in text
    assert document["callback_urls"][0] == CALLBACK_URL
    assert document["read"] == {
        "kind": "form",
        "error": "redirect_uri_mismatch",
        "description": "redirect_uri must match configuration",
        "status": None,
        "parameters": {
            "error": "redirect_uri_mismatch",
            "error_description": "redirect_uri must match configuration",
        },
    }


@pytest.mark.parametrize("way", ["words", "dash", "piped", "file", "utf-16 file", "path", "name"])
def test_it_takes_words_standard_input_and_a_file(way: str, home: Path) -> None:
    page = "We can't authorize you.\r\n\r\nOAUTH_APP_BLOCKED : this app is blocked by admin\r\n"
    (home / "authorize").write_bytes(page.encode("utf-16" if way == "utf-16 file" else "utf-8"))
    outcome = {
        "words": lambda: explain(
            "OAUTH_APP_BLOCKED", ":", "this", "app", "is", "blocked", home=home
        ),
        "dash": lambda: explain("-", home=home, stdin=page),
        "piped": lambda: explain(home=home, stdin=page),
        "file": lambda: explain("@authorize", home=home),
        "path": lambda: explain(str(home / "authorize"), home=home),
        "name": lambda: explain("authorize", home=home),
        "utf-16 file": lambda: explain("@authorize", home=home),
    }[way]()
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout.startswith("app-blocked: ")
    assert "(pitfall 12)" in outcome.stdout
    assert "read: OAUTH_APP_BLOCKED: this app is blocked" in outcome.stdout


def test_a_file_that_is_not_there_is_a_mistake(home: Path) -> None:
    outcome = explain("@nothing", "--json", home=home)
    assert (outcome.exit_code, outcome.error["code"]) == (2, "usage")


def test_the_profile_decides(home: Path) -> None:
    """
    The same words are another pitfall for another profile, and none of this server's for another
    server.
    """
    assert explain(MISMATCH, "-p", "any-port", "--json", home=home).document["number"] == 2
    hub = explain(MISMATCH, "-p", "hub", "--json", home=home).document
    assert (hub["code"], hub["number"]) == ("redirect-uri-mismatch", None)
    assert "Salesforce" not in json.dumps(hub)
    assert hub["callback_urls"]
    assert CALLBACK_URL not in hub["callback_urls"]


def test_in_a_pipeline_a_dead_refresh_token_was_probably_rotated(home: Path) -> None:
    dead = "invalid_grant: expired access/refresh token"
    assert explain(dead, "--json", home=home).document["number"] == 24
    assert explain(dead, "--json", home=home, more={"CI": "true"}).document["number"] == 26


def test_without_a_profile_words_stand_for_its_values(tmp_path: Path) -> None:
    outcome = explain("invalid_client_id: client identifier invalid", home=tmp_path)
    assert outcome.exit_code == 0
    assert "no app with this key at the server: the one that was sent." in outcome.stdout
    assert "loopback-auth doctor default --wait" in outcome.stdout
    # `init` begins with the address; whoever types the fix has it already.
    assert "loopback-auth init salesforce default --login-url LOGIN_URL" in outcome.stdout
    named = explain("client identifier invalid", "-p", "work", home=tmp_path)
    assert "loopback-auth doctor work --wait" in named.stdout
    general = explain("invalid_grant", "--json", home=tmp_path).document
    assert (general["code"], general["number"]) == ("invalid-grant", None)
    assert explain("OAUTH_APP_BLOCKED", "--json", home=tmp_path).document["number"] == 12


def test_a_configuration_that_cannot_be_read_does_not_keep_it_from_explaining(home: Path) -> None:
    (home / "config.toml").write_text("profiles = 3\n")
    outcome = explain("invalid_grant", home=home)
    assert outcome.exit_code == 0
    assert outcome.stderr.startswith("Note: ")
    assert explain("invalid_grant", "-p", "default", home=home).exit_code == 2


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize(
    "text",
    [
        f"{CALLBACK_URL}?code={CANARY}%3D%3D&state={CANARY}",
        f"{CALLBACK_URL}?error=access_denied&error_description=end-user+denied+authorization&state={CANARY}",
        f"code={CANARY}&state={CANARY}",
        (
            '{"error":"invalid_grant","error_description":"expired authorization code",'
            f'"code":"{CANARY}"}}'
        ),
        f'{{"access_token":"00D000000000001!AQ.{CANARY}","refresh_token":"5Aep861{CANARY}"}}',
        f"Authorization: Bearer {CANARY}\n\ninvalid_grant: no",
        f"password={CANARY}",
        f"00D000000000001!AQ{CANARY}",
        CANARY,
        f"what is {CANARY} for",
    ],
)
def test_cl_11_no_secret_comes_out_again(text: str, as_json: list[str], home: Path) -> None:
    """
    CL-11: whatever was pasted, by argument or by pipe, neither stream repeats a code, a token, a
    state or a password.
    """
    for outcome in (
        explain(text, *as_json, home=home),
        explain("-v", *as_json, home=home, stdin=text),
    ):
        assert CANARY not in outcome.stdout + outcome.stderr
        assert outcome.exit_code in (0, 2)


def test_a_callback_with_a_code_is_no_error_and_leads_to_exchange(home: Path) -> None:
    outcome = explain(f"{CALLBACK_URL}?code=aPrx%3D%3D&state=s", home=home)
    assert outcome.exit_code == 0
    assert outcome.stdout.startswith("callback-with-code: That is no error")
    assert "loopback-auth exchange default" in outcome.stdout


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("port-in-us", "port-in-use"),
        ("invalid_grnat", "invalid-grant"),
        ("invalid_sesion_id", "invalid-session-id"),
        ("OAUTH_APP_BLOKED", "oauth-app-blocked"),
    ],
)
def test_a_typo_is_answered_with_the_code_that_was_meant(
    typed: str, meant: str, home: Path
) -> None:
    outcome = explain(typed, "--json", home=home)
    assert (outcome.exit_code, outcome.error["code"]) == (2, "usage")
    assert outcome.error["fix"] == f"loopback-auth explain {meant}"
    assert f"'{typed}'" in outcome.error["message"]
    assert explain(meant, home=home).exit_code == 0, "the fix works when typed"


@pytest.mark.parametrize(
    "code", ["DUPLICATE_VALUE", "REQUIRED_FIELD_MISSING", "STRING_TOO_LONG", "invalid_everything"]
)
@pytest.mark.parametrize("profile", ["default", "hub"])
def test_an_unknown_code_is_not_guessed_to_be_a_neighbour(
    code: str, profile: str, home: Path
) -> None:
    outcome = explain(code, "-p", profile, "--json", home=home)
    assert (outcome.exit_code, outcome.error["code"]) == (2, "usage")
    assert outcome.error["fix"] == "for every code: loopback-auth explain --list"


def test_an_unknown_word_is_not_repeated_if_it_may_be_a_secret(home: Path) -> None:
    outcome = explain("x1y2z3", "--json", home=home)
    assert "--list" in outcome.error["fix"]
    assert "x1y2z3" not in outcome.stdout + outcome.stderr


def test_the_list_names_every_code_and_nothing_given_is_the_list(home: Path) -> None:
    listed = explain("--list", home=home)
    assert listed.exit_code == 0
    assert "invalid-grant" in listed.stdout
    assert explain(home=home).stdout == listed.stdout
    assert explain("--no-input", home=home, stdin="invalid_grant").stdout == listed.stdout
    assert "port-in-use" in explain("--list", "--json", home=home).document["codes"]


def test_a_paste_of_many_megabytes_is_cut_and_not_kept(home: Path) -> None:
    outcome = explain("--json", home=home, stdin="invalid_scope: x\n\n" + "y " * 3_000_000)
    assert outcome.document["code"] == "invalid-scope"


@pytest.mark.parametrize("way", ["pipe", "file"])
def test_the_end_of_many_megabytes_is_read_too(way: str, home: Path) -> None:
    log = "y " * 3_000_000 + "\ninvalid_grant: user hasn't approved this consumer\n"
    (home / "build.log").write_text(log)
    outcome = (
        explain("--json", home=home, stdin=log)
        if way == "pipe"
        else explain("@build.log", "--json", home=home)
    )
    assert outcome.document["number"] == 86


def on_a_terminal(home: Path, *lines: str) -> str:
    pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")
    words = [*COMMAND, "explain"]
    terminal = pexpect.spawn(
        words[0],
        words[1:],
        env=environment(home),
        timeout=20,
        encoding="utf-8",
        dimensions=(40, 600),
    )
    terminal.expect("Paste what the server or the browser said")
    for line in lines:
        terminal.sendline(line)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    said: str = terminal.before
    return said


def test_on_a_terminal_it_asks_for_a_paste_which_an_empty_line_ends(home: Path) -> None:
    said = on_a_terminal(home, "OAUTH_APP_BLOCKED : this app is blocked by admin", "")
    assert "(pitfall 12)" in said


def test_an_empty_line_before_the_error_does_not_end_the_paste(home: Path) -> None:
    said = on_a_terminal(
        home,
        "HTTP/1.1 400 Bad Request",
        "",
        '{"error":"invalid_grant","error_description":"ip restricted"}',
        "",
    )
    assert "(pitfall 20)" in said
    assert "status 400" in said
