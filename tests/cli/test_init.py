"""`init`: what it prints, asks and writes."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.callback.listeners import check_redirect_uri
from loopback_auth.edge.files.provider_files import load_provider as own
from loopback_auth.providers import load_provider, provider_names
from loopback_auth.settings.config_toml import load_config

from ..support.command import run
from ..support.scripted_server import ScriptedServer, plain_answer
from ..support.sockets import free_port
from ..support.stored import write_config
from .test_doctor import AUTHORIZE, LOGIN_PAGE, MISMATCH, checks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "3MVG9the.key"
SECRET = "canary-secret"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.answers[AUTHORIZE] = LOGIN_PAGE
        yield server


def config(home: Path) -> str:
    path = home / "config.toml"
    return path.read_text() if path.exists() else ""


async def test_a_profile_is_written_and_looked_at(server: ScriptedServer, tmp_path: Path) -> None:
    """
    The steps, and of the doctor's checks what they found, on stdout; the settings in config.toml;
    the doctor's exit status.
    """
    ports = free_port(), free_port()
    flags = ("--login-url", server.origin, "--client-id", KEY, "--scope", "api id")
    flags += ("--port", str(ports[0]), "--port", str(ports[1]))
    outcome = await run("init", "salesforce", "acme", *flags, home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    callbacks = (f"    http://localhost:{port}/OauthRedirect\n" for port in ports)
    assert "".join(callbacks) in outcome.stdout
    assert "move to the right (api id)" in outcome.stdout
    assert " ok " not in outcome.stdout
    assert "pre-flight" not in outcome.stdout
    assert outcome.stderr.endswith("All checks passed. Next: loopback-auth login acme\n")
    table, *settings = config(tmp_path).splitlines()
    assert table == "[profiles.acme]"
    assert sorted(settings) == [
        f'client_id = "{KEY}"',
        f'login_url = "{server.origin}"',
        f"port = [{ports[0]}, {ports[1]}]",
        'provider = "salesforce"',
        'scope = "api id"',
    ]
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "config.toml").stat().st_mode) == 0o600


async def test_nobody_is_said_to_have_named_the_usual_profile(
    server: ScriptedServer, tmp_path: Path
) -> None:
    flags = ("--login-url", server.origin, "--client-id", KEY, "--port", str(free_port()))
    outcome = await run("init", "salesforce", *flags, home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    assert "chosen by" not in outcome.stdout + outcome.stderr


async def test_a_program_gets_one_document(server: ScriptedServer, tmp_path: Path) -> None:
    server.answers[AUTHORIZE] = MISMATCH
    port = free_port()
    flags = ("--login-url", server.origin, "--client-id", KEY, "--port", str(port), "--json")
    outcome = await run("init", "salesforce", *flags, home=tmp_path)
    document = outcome.document
    assert outcome.exit_code == 7
    assert (document["profile"], document["settings"]["client_id"]) == ("default", KEY)
    assert f"http://localhost:{port}/OauthRedirect" in document["setup"]
    assert (
        next(c for c in document["doctor"]["checks"] if c["name"] == "pre-flight")["verdict"]
        == "fail"
    )


async def test_an_app_that_is_not_known_yet_is_waited_for(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The last line is the command that waits."""
    server.answers[AUTHORIZE] = MISMATCH
    flags = ("--login-url", server.origin, "--client-id", KEY, "--port", str(free_port()))
    outcome = await run("init", "salesforce", *flags, home=tmp_path)
    assert outcome.exit_code == 7
    assert outcome.stderr.splitlines()[-1].endswith("loopback-auth doctor default --wait")


async def test_the_doctor_can_be_left_out(tmp_path: Path) -> None:
    outcome = await run("init", "github", "--client-id", "x", "--no-doctor", home=tmp_path)
    assert outcome.exit_code == 0
    assert "pre-flight" not in outcome.stdout
    assert outcome.stderr.endswith("Sign in: loopback-auth login default\n")
    assert config(tmp_path) == '[profiles.default]\nprovider = "github"\nclient_id = "x"\n'


# The flag, and what is written of it: as the provider's file has it, nothing.
TIMEOUTS = [
    ("15m", '"15m"'),
    ("30m", '"30m"'),
    ("900", '"15m"'),
    ("24h", '"24h"'),
    ("2h", None),
    ("7200", None),
]


@pytest.mark.parametrize(("given", "written"), TIMEOUTS)
async def test_the_session_timeout_of_the_app_is_written(
    tmp_path: Path, given: str, written: str | None
) -> None:
    flags = ("--client-id", KEY, "--session-timeout", given, "--no-doctor")
    outcome = await run("init", "salesforce", *flags, home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    lines = [
        line for line in config(tmp_path).splitlines() if line.startswith("access_token_lifetime")
    ]
    assert lines == ([f"access_token_lifetime = {written}"] if written else [])
    assert load_config(str(tmp_path)).profiles == ["default"]


@pytest.mark.parametrize("provider", ["salesforce", "google"])
@pytest.mark.parametrize("given", ["20m", "0", "-15m", "48h", "soon", ""])
async def test_a_session_timeout_that_no_app_has_is_refused(
    tmp_path: Path, provider: str, given: str
) -> None:
    outcome = await run(
        "init", provider, "--client-id", KEY, "--session-timeout=" + given, "--json", home=tmp_path
    )
    assert (outcome.exit_code, outcome.error["code"], config(tmp_path)) == (2, "usage", "")
    text = " ".join(outcome.error[name] for name in ("message", "cause", "fix"))
    assert ("15m, 30m, 1h, 2h, 4h, 8h, 12h, 24h" in text) is (provider == "salesforce")


async def test_the_flow_of_a_person_who_types_a_password_is_kept(tmp_path: Path) -> None:
    flags = ("--client-id", KEY, "--flow", "code-credentials", "--no-doctor")
    outcome = await run("init", "salesforce", *flags, home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    assert load_config(str(tmp_path)).profile("default")["flow"][0] == "code-credentials"


async def test_what_a_person_has_no_use_for_is_refused_with_all_that_was_given(
    tmp_path: Path,
) -> None:
    flags = ("--client-id", KEY, "--audience", "https://api.example.com")
    outcome = await run("init", "salesforce", "w", *flags, "--json", home=tmp_path)
    assert (outcome.exit_code, outcome.error["code"], config(tmp_path)) == (2, "usage", "")
    assert outcome.error["fix"] == (
        "to send it as a parameter: loopback-auth login w --param audience=https://api.example.com"
        f" --provider salesforce --client-id {KEY}"
    )


async def test_a_lightning_address_is_written_as_the_host_it_means(tmp_path: Path) -> None:
    flags = (
        "--login-url",
        "https://acme.lightning.force.com/lightning/page",
        "--client-id",
        KEY,
        "--no-doctor",
    )
    outcome = await run("init", "salesforce", *flags, home=tmp_path)
    assert (
        "Note: https://acme.lightning.force.com/lightning/page is read as acme.my.salesforce.com."
        in outcome.stderr
    )
    assert 'login_url = "https://acme.my.salesforce.com"\n' in config(tmp_path)


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("salesforce",), "--client-id"),
        (("salesforce", "--client-id", " "), "--client-id"),
        ((), "PROVIDER"),
        (("salesforce", "--client-id", "x", "--client-secret-prompt"), "secret"),
        (("salesforce", "--client-id", "x", "--client-secret-stdin"), "secret"),
        (("salesforce", "--client-id", "x", "--port", "99999"), "--port"),
        (
            ("salesforce", "--client-id", "x", "--login-url", "http://login.salesforce.com"),
            "https://",
        ),
        (
            ("salesforce", "--client-id", "x", "--redirect-uri", "https://x.example/"),
            "redirect URI",
        ),
        (("nosuch", "--client-id", "x"), "nosuch"),
        (("salesforce", "../x", "--client-id", "x"), "profile name"),
    ],
)
async def test_what_is_missing_or_wrong_is_named_with_2(
    tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    """Without a terminal nothing is asked and nothing is written."""
    outcome = await run("init", *arguments, "--json", home=tmp_path)
    assert (outcome.exit_code, config(tmp_path)) == (2, "")
    assert named in outcome.error["message"]
    assert outcome.error["fix"]


async def test_without_a_client_id_the_steps_are_reported_all_the_same(tmp_path: Path) -> None:
    """They are how to get one."""
    outcome = await run("init", "salesforce", home=tmp_path)
    assert outcome.exit_code == 2
    assert "External Client App Manager" in outcome.stdout


BEFORE = """# mine
default_profile = "acme"

[profiles.acme]   # kept
# the old key
client_id = "old"
client_secret_env = "OLD"
provider = "github"

[profiles.other]
provider = "github" # kept, too
"""


async def test_a_profile_that_is_there_stays(tmp_path: Path) -> None:
    write_config(tmp_path, BEFORE)
    outcome = await run("init", "salesforce", "--client-id", KEY, "--json", home=tmp_path)
    assert outcome.exit_code == 2
    assert "acme" in outcome.error["message"]
    assert "--force" in outcome.error["fix"]
    assert config(tmp_path) == BEFORE


async def test_force_replaces_it_and_nothing_else(tmp_path: Path) -> None:
    """Comments, the order of the lines and the other profiles stay."""
    write_config(tmp_path, BEFORE)
    outcome = await run(
        "init", "salesforce", "--client-id", KEY, "--force", "--no-doctor", home=tmp_path
    )
    assert outcome.exit_code == 0, outcome.stderr
    after = config(tmp_path)
    assert after == BEFORE.replace('"old"', f'"{KEY}"').replace(
        'client_secret_env = "OLD"\n', ""
    ).replace('provider = "github"\n', 'provider = "salesforce"\n', 1)


async def test_a_config_that_is_broken_is_left_alone(tmp_path: Path) -> None:
    write_config(tmp_path, "[profiles\n")
    outcome = await run("init", "salesforce", "--client-id", KEY, "--json", home=tmp_path)
    assert (outcome.exit_code, outcome.error["code"], config(tmp_path)) == (
        2,
        "config-invalid",
        "[profiles\n",
    )


async def test_a_secrets_variable_or_file_is_named_and_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await run(
        "init",
        "github",
        "a",
        "--client-id",
        "x",
        "--client-secret-env",
        "S",
        "--no-doctor",
        home=tmp_path,
    )
    await run(
        "init",
        "github",
        "b",
        "--client-id",
        "x",
        "--client-secret-file",
        "s",
        "--no-doctor",
        home=tmp_path,
    )
    written = load_config(str(tmp_path))
    assert written.profile("a")["client_secret_env"][0] == "S"
    assert written.profile("b")["client_secret_file"][0] == str(tmp_path / "s")
    assert "client_secret_file" not in written.profile("a")


@pytest.mark.parametrize("name", provider_names())
def test_every_provider_says_what_to_click(name: str) -> None:
    """
    With the addresses to enter where it compares them, and the scopes; no placeholder
    is left.
    """
    provider = load_provider(name)
    uris = ["http://localhost:1/one", "http://localhost:2/two"]
    text = provider.setup_for(uris, "scope-a scope-b")
    assert provider.setup
    assert "scope-a scope-b" in text
    assert not re.search(r"\{\w+\}", text)
    has_port = any(":0/" not in check_redirect_uri(uri) for uri in provider.redirect_uris)
    assert [line.strip() for line in text.splitlines() if line.strip() in uris] == (
        uris if has_port else []
    )


@pytest.mark.parametrize("name", provider_names())
def test_a_step_is_one_line_that_the_terminal_wraps(name: str) -> None:
    """One that is broken in the file, too, is broken twice on 80 columns."""
    provider = load_provider(name)
    for text in (provider.where, provider.setup, *provider.machine_setup.values()):
        begun = re.findall(r"^ *([a-z(]\S*)", str(text), re.MULTILINE)
        assert [word for word in begun if not word.startswith("http")] == []


def test_a_provider_without_steps_says_how_to_register(tmp_path: Path) -> None:
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "acme.toml").write_text(
        "title = 'A'\nregister = 'Acme > Apps'\n[server]\nissuer = 'https://a.example'\n"
    )
    assert own("acme", str(tmp_path)).setup_for(["http://127.0.0.1:1/"], "a") == "Acme > Apps"


def test_the_steps_put_the_old_tutorials_right() -> None:
    """What is not needed is named: the other flow's switches, the landing page, taking %3D away."""
    text = load_provider("salesforce").setup_for(
        ["http://localhost:1717/OauthRedirect"], "api refresh_token"
    )
    for words in (
        "External Client App Manager",
        "Manage user data via APIs (api)",
        "Perform requests at any time (refresh_token, offline_access)",
        "Proof Key for Code Exchange (PKCE)",
        "Require Secret for Web Server Flow",
        "Require Secret for Refresh Token Flow",
        "2 to 10 minutes",
        '"Authorization Code and Credentials" switches',
        "/services/oauth2/success",
        "%3D is the sign =",
    ):
        assert words in text


# What the app's Security section lists in 2026, and what is right where people sign in.
SWITCHES = {
    "Require Secret for Web Server Flow": "off if the secret would lie on people's computers",
    "Require Secret for Refresh Token Flow": "the same as the one above",
    "Require Proof Key for Code Exchange (PKCE)": "on",
    "Enable Refresh Token Rotation": "off where the token goes to CI",
    "Issue JSON Web Token (JWT)-based access tokens for named users": "off, except for hosted MCP",
    "Limit Idle Refresh Token TTL to 30 Days": "on",
    "Enforce Refresh Token IP Allowlist": "off where laptops sign in",
}


@pytest.mark.parametrize("provider", ["salesforce", "salesforce-sandbox"])
def test_each_switch_of_the_apps_security_is_reported(provider: str) -> None:
    text = " ".join(load_provider(provider).setup_for(["http://localhost:1/"], "api").split())
    positions = [text.index(f"{switch}: {setting}") for switch, setting in SWITCHES.items()]
    assert positions == sorted(positions)


@pytest.mark.parametrize("provider", ["salesforce", "salesforce-sandbox"])
def test_the_steps_are_those_of_today(provider: str) -> None:
    """My Domain alone, the session timeout to look up, and who still needs a connected app."""
    text = " ".join(load_provider(provider).setup_for(["http://localhost:1/"], "api").split())
    for words in (
        "Since Spring '26 an External Client App is found at",
        "Session Timeout",
        "A scratch org has External Client Apps",
        "A Dev Hub that makes scratch orgs or sandboxes in a pipeline still needs a connected app",
    ):
        assert words in text
    assert ("After each refresh of the sandbox" in text) == (provider == "salesforce-sandbox")


def test_a_person_is_asked_step_by_step(server: ScriptedServer, tmp_path: Path) -> None:
    """The host, the steps, then what the app has got; the secret unseen, in a file of its own."""
    from .test_terminal import on_a_terminal, pexpect

    write_config(tmp_path, "# mine\n\n[profiles.default]\nprovider = 'github'\n")
    server.answers[AUTHORIZE] = plain_answer(b"", kind="text/html")
    terminal = on_a_terminal(tmp_path, "init")
    terminal.expect("Nothing is saved before the last answer; Ctrl-C stops")
    terminal.expect(r"There is a profile default already\. Replace it\? \[y/N\] ")
    terminal.sendline("y")
    terminal.expect(r"Kind of server \(.*salesforce.*\), or the address of your company's login: ")
    terminal.sendline("salesforce")
    terminal.expect(r"My Domain \(acme, as in acme\.my\.salesforce\.com\): ")
    terminal.sendline(server.origin)
    terminal.expect("http://localhost:1717/OauthRedirect\r\n")
    terminal.expect(r"Consumer Key \(from the steps above\): ")
    terminal.sendline(SECRET)
    terminal.expect("Try again: that does not look like a Consumer Key.")
    terminal.expect(r"Consumer Key \(from the steps above\): ")
    terminal.sendline(f"  {KEY} ")
    terminal.expect(r"Client secret \(not shown, or empty\): ")
    terminal.sendline(SECRET)
    terminal.expect(r"Scopes \[api refresh_token\]: ")
    terminal.sendline("")
    port = free_port()
    usual = r"\[http://localhost:1717/OauthRedirect\]"
    terminal.expect(rf"Callback of the app, or its port {usual}: ")
    terminal.sendline(str(port))
    terminal.expect(f"The app needs it exactly so: http://localhost:{port}/OauthRedirect\r\n")
    asked = r"Session timeout of the app \(15m, 30m, 1h, 2h, 4h, 8h, 12h, 24h\) \[2h\]: "
    terminal.expect(asked)
    terminal.sendline("20m")
    terminal.expect("Try again: '20m' is not a session timeout of Salesforce")
    terminal.expect(asked)
    terminal.sendline("15 minutes")
    terminal.expect(asked)
    terminal.sendline("15m")
    terminal.expect(r"The client secret is kept in (\S+), readable by you alone")
    terminal.expect("✓ The profile default is written to ")
    terminal.expect(r"✓ All checks passed\. Next:\r\n    loopback-auth login default\r\n")
    terminal.expect(pexpect.EOF)
    terminal.close()

    kept = tmp_path / "client-secrets" / "default"
    assert terminal.exitstatus == 0
    assert kept.read_text() == SECRET
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert SECRET not in config(tmp_path)
    assert config(tmp_path).startswith("# mine\n\n[profiles.default]\nprovider = ")
    assert load_config(str(tmp_path)).profile("default")["port"][0] == (port,)
    assert load_config(str(tmp_path)).profile("default")["access_token_lifetime"][0] == 15 * 60
    # What the provider's file says already is not repeated.
    assert "scope" not in config(tmp_path)


@pytest.mark.parametrize(("key", "exit_code"), [("\x03", 3), ("\x04", 3)])
def test_ctrl_c_and_the_end_of_input_leave_nothing_behind(
    tmp_path: Path, key: str, exit_code: int
) -> None:
    from .test_terminal import on_a_terminal, pexpect

    terminal = on_a_terminal(tmp_path, "init", "salesforce")
    terminal.expect("My Domain")
    terminal.send(key)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == exit_code
    assert config(tmp_path) == ""


def test_a_no_leaves_the_profile_as_it_is(tmp_path: Path) -> None:
    from .test_terminal import on_a_terminal, pexpect

    write_config(tmp_path, BEFORE)
    terminal = on_a_terminal(tmp_path, "init", "salesforce", "acme")
    terminal.expect(r"Replace it\? \[y/N\] ")
    terminal.sendline("")
    terminal.expect("stays as it is")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert (terminal.exitstatus, config(tmp_path)) == (3, BEFORE)


async def test_the_profile_that_was_written_is_the_one_that_is_used(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `init` writes, `doctor` reads: the secret's file, the port, the host."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s").write_text(SECRET)
    flags = (
        "--login-url",
        server.origin,
        "--client-id",
        KEY,
        "--client-secret-file",
        "s",
        "--port",
        str(free_port()),
        "--no-doctor",
    )
    await run("init", "salesforce", *flags, home=tmp_path)
    outcome = await run("doctor", "--json", home=tmp_path)
    assert outcome.exit_code == 0
    assert "a secret, not shown" in checks(outcome)["client"]["seen"]
    assert SECRET not in outcome.stdout


async def test_cl_11_a_missing_client_id_is_reported_with_the_provider_and_the_profile_just_given(
    tmp_path: Path,
) -> None:
    text = await run("init", "salesforce", "work", "--json", "--no-input", home=tmp_path)

    assert (text.exit_code, text.error["code"]) == (2, "usage")
    assert text.error["fix"] == "loopback-auth init salesforce work --client-id ID"
