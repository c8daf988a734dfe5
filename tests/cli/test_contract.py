"""
The command line's promises: streams, exit statuses, JSON - CL-01, CL-02, CL-03, CL-06, CL-10,
CL-11.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.process import flight_record
from loopback_auth.resources import read
from loopback_auth.testing import AuthorizationServer, Browser, Client
from loopback_auth.testing.http import faults

from ..support.command import COMMAND, environment, login_here, no_token_file, run, token_file
from ..test_architecture import every_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "canary secret: 100%+/&="


STORED = {
    "version": 1,
    "profile": "default",
    "access_token": "t",
    "token_type": "Bearer",
    "obtained_at": "2026-01-01T00:00:00Z",
    "expires_at": None,
    "extra": {},
    "client": {"client_id": "c"},
    "server": {
        "authorization_endpoint": "https://id.example/a",
        "token_endpoint": "https://id.example/t",
    },
    "settings": {},
}


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    public = Client(client_id="demo")
    confidential = Client(client_id="confidential", client_secret=SECRET)
    with AuthorizationServer.running(clients=(public, confidential)) as running:
        yield running


@pytest.fixture(autouse=True)
def well_behaved(server: AuthorizationServer) -> Iterator[None]:
    yield
    server.faults.clear()


async def visit(url: str, browser: Browser | None = None) -> int:
    return (await asyncio.to_thread((browser or Browser()).visit, url)).status


async def test_a_sign_in_as_a_program_sees_it_cl_01(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """
    CL-01: one JSON document on stdout, one event a line on stderr, in their order; no token in
    either.
    """
    async with login_here(
        "--issuer", server.issuer, "--client-id", "demo", home=tmp_path
    ) as sign_in:
        assert await visit(await sign_in.open_page()) == 200
        outcome = await sign_in.outcome()

    assert outcome.exit_code == 0
    assert outcome.document["identity"]["name"] == "ada"
    names = [event["event"] for event in outcome.events if event["event"] != "browser_not_opened"]
    assert names == ["open_page", "waiting", "exchanged", "saved"]
    tokens = token_file(tmp_path)
    assert tokens["access_token"] not in outcome.stdout + outcome.stderr
    assert tokens["refresh_token"] not in outcome.stdout + outcome.stderr


async def start(arguments: list[str], home: Path) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=environment(home)
    )


async def test_a_sign_in_as_a_person_sees_it_aq_09(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """
    AQ-09: host, client and scopes are told before the wait, the address stands alone on a line, and
    nothing comes on stdout.
    """
    process = await start(["login", "--issuer", server.issuer, "--client-id", "demo"], tmp_path)
    assert process.stderr
    lines = []
    async for line in process.stderr:
        lines.append(line.decode().rstrip())
        if lines[-1].startswith("http"):
            await visit(lines[-1])
            break
    stdout, stderr = await process.communicate()
    lines += stderr.decode().splitlines()

    assert process.returncode == 0
    assert stdout == b""
    host = server.issuer.removeprefix("http://")
    assert f"Signing in to {host} (client demo, scopes openid profile" in lines[0]
    assert any("Paste it only here" in line for line in lines)
    waiting = [line for line in lines if line.startswith("Waiting for your browser")]
    assert len(waiting) == 1
    assert lines[-1] == "Signed in as ada at 127.0.0.1."


@pytest.mark.slow
async def test_quiet_says_the_address_and_nothing_else(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    process = await start(
        ["login", "-q", "--issuer", server.issuer, "--client-id", "demo"], tmp_path
    )
    assert process.stderr
    url = (await process.stderr.readline()).decode().strip()
    await visit(url)
    stdout, stderr = await process.communicate()
    assert (process.returncode, stdout, stderr) == (0, b"", b"")


async def test_verbose_tells_each_request_and_no_secret_cl_02(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """
    CL-02: the trace has methods, hosts, paths and statuses; state, code, verifier, secret and
    tokens are not in it.
    """
    where = ("--issuer", server.issuer, "--client-id", "confidential", "-v")
    async with login_here(*where, home=tmp_path, secret=SECRET) as sign_in:
        page = await asyncio.to_thread(Browser().visit, await sign_in.open_page())
        outcome = await sign_in.outcome()

    assert outcome.exit_code == 0
    traces = " ".join(event["message"] for event in outcome.events_named("trace"))
    assert f"POST {server.issuer}/token -> 200" in traces
    sent = server.seen("token")[-1]
    tokens = token_file(tmp_path)
    secrets = {
        SECRET,
        sent.form["code"][0],
        sent.form["code_verifier"][0],
        tokens["access_token"],
        tokens["refresh_token"],
    }
    printed = (
        "".join(line for line in outcome.stderr.splitlines() if '"open_page"' not in line)
        + outcome.stdout
        + page.text
    )
    assert not [secret for secret in secrets if secret in printed]


EXITS = [
    ("denied", {}, Browser(decision="deny"), 3, "access-denied"),
    (
        "refused by the server",
        {"authorize": faults.members(code=None, error="invalid_scope")},
        Browser(),
        7,
        "invalid-scope",
    ),
    (
        "an unknown error",
        {"authorize": faults.members(code=None, error="odd_one")},
        Browser(),
        7,
        "authorization-error",
    ),
    ("token endpoint down", {"token": faults.ERROR_500}, Browser(), 7, "server-unavailable"),
    ("an error with status 200", {"token": faults.ERROR_WITH_200}, Browser(), 7, "invalid-grant"),
    ("HTML", {"token": faults.HTML}, Browser(), 7, "answer-is-html"),
]


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("_name", "what", "browser", "status", "code"), EXITS, ids=[row[0] for row in EXITS]
)
async def test_exit_status_error_document_and_page_agree_cl_10_cl_11_cb_13(
    server: AuthorizationServer,
    tmp_path: Path,
    _name: str,
    what: dict[str, faults.Fault],
    browser: Browser,
    status: int,
    code: str,
) -> None:
    """
    CL-10, CL-11, CB-13: each outcome has its status and code, says why and what next, and the tab
    says the same.
    """
    server.faults.update(what)
    async with login_here(
        "--issuer", server.issuer, "--client-id", "demo", home=tmp_path
    ) as sign_in:
        page = await visit(await sign_in.open_page(), browser)
        outcome = await sign_in.outcome()

    assert (outcome.exit_code, outcome.error["code"], outcome.error["exit_code"]) == (
        status,
        code,
        status,
    )
    assert page in (400, 403)
    assert outcome.error["message"]
    assert outcome.error["cause"]
    assert outcome.error["fix"]
    assert "stored tokens" not in outcome.error["cause"]
    assert no_token_file(tmp_path)


def test_cl_10_every_status_of_an_error_is_on_the_page_and_every_error_has_one_of_it() -> None:
    """CL-10: a script that goes by the page meets no other status."""
    page = re.findall(r"^\| ([0-9, ]+) \|", read("help/exit-codes.md").decode(), re.MULTILINE)
    listed = {int(number) for row in page for number in row.split(",")}
    has = {kind.exit_code for kind in every_error()}
    assert has <= listed
    # Of the classes' own none is 0, and two kinds set theirs: signals, and programs that are not.
    assert listed - has == {0, 127, 129, 143}


USAGE = [
    (["login"], 2, "not-configured"),
    (["login", "--issuer", "http://evil.example", "--client-id", "x"], 2, "url-refused"),
    (["login", "--issuer", "https://a b", "--client-id", "x"], 2, "url-refused"),
    (["login", "--issuer", "https://x.example"], 2, "not-configured"),
    (["login", "--provider", "nowhere", "--client-id", "x"], 2, "provider-unknown"),
    (["login", "--client-idd", "x"], 2, "usage"),
    (["login", "--client", "x"], 2, "usage"),
    (["login", "--port", "70000"], 2, "usage"),
    (["login", "--timeout", "soon"], 2, "usage"),
    (["login", "a", "b"], 2, "usage"),
    (["login", "a", "-p", "b"], 2, "usage"),
    (["login", "../x"], 2, "usage"),
    (["login", "--param", "x"], 2, "usage"),
    (["login", "--client-secret", "CANARY"], 2, "usage"),
    (["login", "--client-secret=CANARY"], 2, "usage"),
    (
        [
            "login",
            "--client-secret-stdin",
            "--no-input",
            "--provider",
            "github",
            "--client-id",
            "x",
        ],
        2,
        "usage",
    ),
    (["login", "--client-secret-prompt", "--provider", "github", "--client-id", "x"], 2, "usage"),
    (
        ["login", "--client-secret-env", "UNSET_NAME", "--provider", "github", "--client-id", "x"],
        2,
        "usage",
    ),
    (
        ["login", "--provider", "github", "--client-id", "x", "--param", "state=1"],
        2,
        "parameter-refused",
    ),
    (
        ["login", "--provider", "github", "--client-id", "x", "--param", "response_type=token"],
        2,
        "parameter-refused",
    ),
    (
        [
            "login",
            "--provider",
            "github",
            "--client-id",
            "x",
            "--redirect-uri",
            "https://x.example/cb",
        ],
        2,
        "redirect-uri-refused",
    ),
    (
        [
            "login",
            "--provider",
            "github",
            "--client-id",
            "x",
            "--redirect-uri",
            "https://x.example/cb",
            "--port",
            "1",
        ],
        2,
        "redirect-uri-refused",
    ),
    (["token"], 4, "sign-in-needed"),
    (["status"], 4, "sign-in-needed"),
    (["explain", "no-such-code"], 2, "usage"),
    (["help", "no-such-topic"], 2, "usage"),
    (["help", "trubleshooting"], 2, "usage"),
    (["lgin"], 2, "usage"),
    (["config", "sohw"], 2, "usage"),
]


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("arguments", "status", "code"), USAGE, ids=[" ".join(row[0]) for row in USAGE]
)
async def test_mistakes_are_reported_in_json_too_cl_06_cl_10_aq_03_aq_04(
    arguments: list[str], status: int, code: str, tmp_path: Path
) -> None:
    """
    CL-06, CL-10, AQ-03, AQ-04: one document, the right status, and never the value that was
    refused.
    """
    outcome = await run(*arguments, "--json", home=tmp_path)
    assert (outcome.exit_code, outcome.error["code"]) == (status, code)
    assert outcome.stderr == ""
    assert "CANARY" not in outcome.stdout


async def test_a_mistake_is_three_lines_with_the_next_thing_to_type(tmp_path: Path) -> None:
    """With nothing configured, three lines say what to type next."""
    outcome = await run("login", home=tmp_path)
    assert outcome.exit_code == 2
    first, cause, fix = outcome.stderr.splitlines()
    assert first.startswith("error[not-configured]: nothing says where to sign in")
    assert cause.startswith("  cause: ")
    assert fix.startswith("  fix: set it up: loopback-auth init -p default; ")
    assert "loopback-auth login default --issuer URL --client-id ID" in fix


@pytest.mark.slow
async def test_no_option_takes_a_secret_as_its_value_cl_06(tmp_path: Path) -> None:
    """CL-06: the help of every command names no option whose value would be a secret."""
    commands = re.findall(
        r"^  ([\w-]+) +", (await run("--help", home=tmp_path)).stdout, re.MULTILINE
    )
    assert {"login", "token", "status", "logout"} <= set(commands)
    for command in commands:
        printed = (await run(command, "--help", home=tmp_path)).stdout
        for option, value in re.findall(
            r"--([\w-]*(?:secret|password|token))[ =]([A-Z]+)", printed
        ):
            pytest.fail(f"{command} --{option} {value}")


@pytest.mark.slow
async def test_a_wrong_secret_is_the_servers_refusal_7(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    where = ("--issuer", server.issuer, "--client-id", "confidential")
    async with login_here(*where, home=tmp_path, secret="wrong") as sign_in:
        await visit(await sign_in.open_page())
        outcome = await sign_in.outcome()
    assert (outcome.exit_code, outcome.error["code"]) == (7, "invalid-client")


HOSTILE = "\x1b[2J\x1b]0;owned\x07 red \u202e\u200b\x9b1m\r\nSet-Cookie: x" + "y" * 2000


async def test_the_servers_words_cannot_move_the_terminal_cl_03(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """
    CL-03: an error description comes out as one line of printable characters, at most
    300 of them.
    """
    server.faults["authorize"] = faults.members(
        code=None, error="invalid_scope", error_description=HOSTILE
    )
    process = await start(["login", "--issuer", server.issuer, "--client-id", "demo"], tmp_path)
    assert process.stderr
    async for line in process.stderr:
        if line.startswith(b"http"):
            await visit(line.decode().strip())
            break
    _, stderr = await process.communicate()

    assert process.returncode == 7
    printed = stderr.decode()
    assert "red" in printed
    assert not [c for c in printed if c != "\n" and not c.isprintable()]
    assert "\nSet-Cookie" not in printed
    message = printed.partition("error[")[2].splitlines()[0]
    assert len(message) < 420


@pytest.mark.slow
async def test_timing_out_is_5_and_names_what_came_instead(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    where = ("--issuer", server.issuer, "--client-id", "demo", "--timeout", "1s")
    async with login_here(*where, home=tmp_path) as sign_in:
        redirect_uri = await sign_in.redirect_uri()
        await visit(f"{redirect_uri}?code=x&state=wrong")
        outcome = await sign_in.outcome()
    assert (outcome.exit_code, outcome.error["code"]) == (5, "login-timed-out")
    assert "1 x wrong state" in outcome.error["message"]
    assert [event["reason"] for event in outcome.events_named("stray")] == ["wrong state"]


async def test_signing_in_again_needs_no_flags(server: AuthorizationServer, tmp_path: Path) -> None:
    """
    The credential remembers what it needs, the secret included; a later bare login and
    token work.
    """
    where = (
        "work",
        "--issuer",
        server.issuer,
        "--client-id",
        "confidential",
        "--scope",
        "openid api",
    )
    async with login_here(*where, home=tmp_path, secret=SECRET) as sign_in:
        await visit(await sign_in.open_page())
        assert (await sign_in.outcome()).exit_code == 0
    first = token_file(tmp_path, "work")["access_token"]

    assert (await run("token", "work", home=tmp_path)).stdout == first + "\n"
    async with login_here("work", home=tmp_path) as sign_in:
        await visit(await sign_in.open_page())
        assert (await sign_in.outcome()).exit_code == 0

    again = token_file(tmp_path, "work")
    assert again["access_token"] != first
    assert again["scope"] == "openid api"
    assert again["settings"] == {
        "issuer": server.issuer,
        "client_id": "confidential",
        "scope": ["openid", "api"],
    }


@pytest.mark.slow
async def test_a_secret_given_by_its_variables_name_is_kept_as_that_name(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    where = (
        "--issuer",
        server.issuer,
        "--client-id",
        "confidential",
        "--client-secret-env",
        "MY_SECRET",
    )
    async with login_here(*where, home=tmp_path, more={"MY_SECRET": SECRET}) as sign_in:
        await visit(await sign_in.open_page())
        assert (await sign_in.outcome()).exit_code == 0
    assert SECRET not in (tmp_path / "tokens" / "default.json").read_text()
    assert token_file(tmp_path)["client"]["client_secret_env"] == "MY_SECRET"
    outcome = await run("login", "--json", home=tmp_path)
    assert (outcome.exit_code, outcome.error["code"]) == (2, "usage")


async def test_if_needed_returns_at_once_when_signed_in(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    async with login_here(
        "--issuer", server.issuer, "--client-id", "demo", home=tmp_path
    ) as sign_in:
        await visit(await sign_in.open_page())
        await sign_in.outcome()
    before = len(server.requests)
    outcome = await run("login", "--if-needed", "--json", home=tmp_path)
    assert (outcome.exit_code, outcome.document["signed_in"]) == (0, True)
    assert len(server.requests) == before


@pytest.mark.slow
async def test_metadata_is_remembered_checked_again_and_a_moved_endpoint_refused(
    server: AuthorizationServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A second sign-in uses the remembered endpoints at once; one that moved meanwhile is told, and
    nothing is sent anywhere.
    """
    async with login_here(
        "--issuer", server.issuer, "--client-id", "demo", home=tmp_path
    ) as sign_in:
        await visit(await sign_in.open_page())
        assert (await sign_in.outcome()).exit_code == 0
    kept, exchanged = token_file(tmp_path), len(server.seen("token"))
    proper = server.metadata
    server.metadata = {**proper, "token_endpoint": f"{server.issuer}/moved"}
    try:
        async with login_here(home=tmp_path) as sign_in:
            await visit(await sign_in.open_page())
            outcome = await sign_in.outcome()
    finally:
        server.metadata = proper

    assert (outcome.exit_code, outcome.error["code"]) == (2, "metadata-changed")
    assert "/moved" in outcome.error["message"]
    assert "--refresh-metadata" in outcome.error["fix"]
    assert len(server.seen("token")) == exchanged
    assert token_file(tmp_path) == kept
    server.faults["discovery"] = faults.ERROR_500
    # The seconds are over in which a program gets no page after a sign-in that failed.
    monkeypatch.setattr(flight_record, "QUIET_S", 0)
    async with login_here(home=tmp_path) as sign_in:
        await visit(await sign_in.open_page())
        assert (await sign_in.outcome()).exit_code == 0


@pytest.mark.slow
async def test_a_narrower_and_a_wider_scope_are_reported_tr_05(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    """
    TR-05: what was granted is stored and the difference told; --strict-scope makes it an error and
    gives the tokens back.
    """
    server.faults["token"] = faults.members(scope="openid extra")
    where = ("--issuer", server.issuer, "--client-id", "demo", "--scope", "openid api")
    async with login_here(*where, home=tmp_path) as sign_in:
        await visit(await sign_in.open_page())
        outcome = await sign_in.outcome()
    assert outcome.exit_code == 0
    assert (
        outcome.events_named("warning")[0]["message"] == "not granted: api; granted unasked: extra"
    )
    assert token_file(tmp_path)["scope"] == "openid extra"

    revoked = len(server.seen("revoke"))
    async with login_here(*where, "--strict-scope", home=tmp_path) as sign_in:
        await visit(await sign_in.open_page())
        outcome = await sign_in.outcome()
    assert (outcome.exit_code, outcome.error["code"]) == (7, "scope-differs")
    assert len(server.seen("revoke")) == revoked + 1


async def test_no_refresh_token_is_said_tr_06(server: AuthorizationServer, tmp_path: Path) -> None:
    """TR-06: a sign-in without a refresh token says so."""
    where = ("--issuer", server.issuer, "--client-id", "demo", "--scope", "openid")
    async with login_here(*where, home=tmp_path) as sign_in:
        await visit(await sign_in.open_page())
        outcome = await sign_in.outcome()
    assert [event["code"] for event in outcome.events_named("warning")] == ["no-refresh-token"]
    assert outcome.document["refreshable"] is False


async def test_logout_revokes_and_forgets(server: AuthorizationServer, tmp_path: Path) -> None:
    async with login_here(
        "--issuer", server.issuer, "--client-id", "demo", home=tmp_path
    ) as sign_in:
        await visit(await sign_in.open_page())
        await sign_in.outcome()
    tokens = token_file(tmp_path)

    outcome = await run("logout", "--json", home=tmp_path)

    assert (outcome.exit_code, outcome.document["revocation"]) == (0, "revoked")
    assert no_token_file(tmp_path)
    printed = [request.form["token"] for request in server.seen("revoke")[-2:]]
    assert printed == [[tokens["refresh_token"]], [tokens["access_token"]]]
    assert server.registry.grant_of_refresh_token(tokens["refresh_token"]).revoked  # type: ignore[union-attr]  # it was just issued


@pytest.mark.slow
async def test_logout_forgets_though_the_server_fails_and_locally_asks_nobody(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    for arguments, status, revocation in (
        (["logout"], 7, "failed"),
        (["logout", "--local"], 0, "not asked"),
    ):
        async with login_here(
            "--issuer", server.issuer, "--client-id", "demo", home=tmp_path
        ) as sign_in:
            await visit(await sign_in.open_page())
            await sign_in.outcome()
        server.faults["revoke"] = faults.ERROR_500
        outcome = await run(*arguments, "--json", home=tmp_path)
        assert (outcome.exit_code, outcome.document["revocation"]) == (status, revocation)
        assert no_token_file(tmp_path)


async def test_status_and_profiles_tell_all_but_the_tokens(
    server: AuthorizationServer, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(
        f'default_profile = "dev"\n\n[profiles.dev]\nissuer = "{server.issuer}"\n'
        'client_id = "demo"\n[profiles.other]\nprovider = "github"\n'
    )
    async with login_here(home=tmp_path) as sign_in:
        await visit(await sign_in.open_page())
        assert (await sign_in.outcome()).exit_code == 0
    tokens = token_file(tmp_path, "dev")

    status = await run("status", "--json", home=tmp_path)
    text = await run("status", home=tmp_path)
    profiles = await run("profiles", "--json", home=tmp_path)
    shown = await run("config", "show", "other", home=tmp_path)

    assert status.document["identity"] == {"subject": "user-ada", "name": "ada"}
    assert status.document["settings"]["client_id"] == {"value": "demo", "from": "config.toml:5"}
    assert "\nclient_id      demo  (from config.toml:5)" in text.stdout
    assert [(row["profile"], row["signed_in"]) for row in profiles.document["profiles"]] == [
        ("dev", True),
        ("other", False),
    ]
    assert "\nprovider                       github  (from config.toml:7)" in shown.stdout
    assert tokens["access_token"] not in status.stdout + text.stdout + profiles.stdout
    assert (await run("profiles", "--names", home=tmp_path)).stdout == "dev\nother\n"
    assert (await run("config", "path", home=tmp_path)).stdout == f"{tmp_path}/config.toml\n"


async def test_token_formats_and_expiry(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    folder.mkdir(mode=0o700)
    document = {
        "version": 1,
        "access_token": "a!b",
        "token_type": "Bearer",
        "expires_at": None,
        "extra": {"instance_url": "https://i"},
    }
    (folder / "default.json").write_text(json.dumps(document))
    (folder / "old.json").write_text(json.dumps({**document, "expires_at": "2020-01-01T00:00:00Z"}))

    assert (await run("token", home=tmp_path)).stdout == "a!b\n"
    assert (await run("token", "--no-newline", home=tmp_path)).stdout == "a!b"
    printed = (await run("token", "--json", home=tmp_path)).document
    assert (printed["access_token"], printed["expires_at"], printed["extra"]) == (
        "a!b",
        None,
        {"instance_url": "https://i"},
    )
    assert (await run("token", "old", home=tmp_path)).exit_code == 4
    given = await run("token", home=tmp_path, more={"LOOPBACK_AUTH_TOKEN": "given"})
    assert (given.exit_code, given.stdout) == (0, "given\n")


@pytest.mark.slow_cases
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX streams")
@pytest.mark.parametrize(
    "shell",
    [
        '"$@" </dev/null',
        'LC_ALL=C PYTHONUTF8=0 "$@"',
        '"$@" <&-',
        '"$@" 2>&-',
        'TERM=dumb NO_COLOR=1 "$@"',
        '"$@" | head -c 0',
        '"$@" >&-; test $? -eq 1',
        '"$@" >/dev/full; test $? -ne 0',
    ],
)
def test_no_stream_and_no_locale_breaks_it_cl_08(shell: str, tmp_path: Path) -> None:
    """
    CL-08: closed and broken streams, C locale, dumb terminals: a clean exit, never a
    traceback.
    """
    folder = tmp_path / "tokens"
    folder.mkdir(mode=0o700)
    name = {"subject": "s", "name": "Zoë 日本"}
    document = {**STORED, "identity": name}
    (folder / "default.json").write_text(json.dumps(document))
    for arguments in (["token"], ["status"], ["profiles"], ["--help"], ["nonsense"]):
        command = ["sh", "-c", f"set -- {' '.join([*COMMAND, *arguments])}; {shell}"]
        done = subprocess.run(
            command,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert "Traceback" not in done.stderr, (arguments, done.stderr)
        assert done.returncode in (0, 1, 2), (arguments, done.returncode)


async def test_a_name_the_locale_cannot_show_is_shown_somehow(tmp_path: Path) -> None:
    outcome = await run("explain", "\udcff\udcfe", home=tmp_path)
    assert outcome.exit_code == 2


@pytest.mark.slow_cases
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
async def test_a_signal_is_reported_in_json_too(
    server: AuthorizationServer, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    process = await start(
        ["login", "--issuer", server.issuer, "--client-id", "demo", "--json"], tmp_path
    )
    assert process.stderr
    async for line in process.stderr:
        if b'"waiting"' in line:
            break
    with suppress(ProcessLookupError):
        os.kill(process.pid, number)
    stdout, stderr = await process.communicate()
    assert process.returncode == status
    error = json.loads(stdout)["error"]
    assert (error["code"], error["exit_code"]) == ("interrupted", status)
    assert stderr == b""


@pytest.mark.parametrize(
    "words",
    [(command, SECRET) for command in ("login", "token", "env", "exec", "status", "logout")]
    + [("exec", SECRET, "--", "true"), ("export", "postman", SECRET), ("init", "nowhere", SECRET)],
    ids=" ".join,
)
async def test_cl_02_a_secret_in_the_place_of_the_profile_is_not_shown(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """CL-02: neither in what is wrong nor in the command that puts it right."""
    ended = await run(*words, home=tmp_path)
    assert ended.exit_code == 2
    assert "canary" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("typed", "meant"), [("--isuer=x", "--issuer"), ("--no-brwsr", "--no-browser")]
)
async def test_cl_11_what_is_said_of_a_misspelled_option_can_be_typed(
    typed: str, meant: str, tmp_path: Path
) -> None:
    """CL-11: an option alone is none, where it takes a value."""
    ended = await run("login", "work", typed, home=tmp_path)
    assert ended.exit_code == 2
    assert f"did you mean {meant}?" in ended.stderr
    command = ended.stderr.rpartition("loopback-auth ")[2].split()
    assert (await run(*command, home=tmp_path)).exit_code == 0
