"""`login --flow code-credentials`: the real command, a username and a password, and no browser."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.testing.salesforce import APP, ORG, USER, Salesforce

from ..support.command import no_token_file, run, run_here, token_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FLOW = ("login", "--flow", "code-credentials")
ECHO = "https://acme.my.site.com/services/oauth2/echo"
TYPED = f"{USER.username}\n{USER.password}\n"


def salesforce(app: Mapping[str, Any] | None = None, org: Mapping[str, Any] | None = None) -> Any:
    on = {"code_credentials": True}
    callbacks = {"callback_urls": ("http://localhost:1717/OauthRedirect", ECHO)}
    return Salesforce.running(
        apps=[
            replace(
                APP,
                **{
                    **on,
                    **callbacks,
                    "require_secret_web": False,
                    "require_secret_refresh": False,
                    **(app or {}),
                },
            )
        ],
        orgs=[replace(ORG, **{**on, **(org or {})})],
        # A flow without pages is for people whom an administrator let in.
        users=[replace(USER, preauthorized=True)],
    )


def words(server: Salesforce, *more: str) -> tuple[str, ...]:
    where = (
        "--provider",
        "salesforce",
        "--login-url",
        server.my_domain(),
        "--client-id",
        APP.client_id,
    )
    return (*FLOW, *where, *more)


async def test_a_username_and_a_password_from_a_pipe_sign_in(tmp_path: Path) -> None:
    """The tokens are as any others: they open the API, and are refreshed."""
    with salesforce() as server:
        ended = await run(*words(server), home=tmp_path, stdin=TYPED)
        limits = await run("api", "/services/data/v65.0/limits", home=tmp_path)
        refreshed = await run("refresh", home=tmp_path)
        (asked,) = server.seen("authorize")
    assert (ended.exit_code, limits.exit_code, refreshed.exit_code) == (0, 0, 0), ended.stderr
    assert f"Signed in as {USER.username}" in ended.stderr
    assert "DailyApiRequests" in limits.stdout
    assert (asked.method, asked.form["response_type"]) == ("POST", ["code_credentials"])


async def test_a_hint_is_the_username_and_another_callback_will_do(tmp_path: Path) -> None:
    """Nothing listens, so the redirect URI may be any that is registered."""
    with salesforce() as server:
        more = ("--login-hint", USER.username, "--redirect-uri", ECHO)
        ended = await run(*words(server, *more), home=tmp_path, stdin=USER.password + "\n")
        (exchange,) = server.seen("token")
    assert ended.exit_code == 0, ended.stderr
    assert exchange.form["redirect_uri"] == [ECHO]


async def test_what_was_understood_otherwise_than_given_is_said(tmp_path: Path) -> None:
    with salesforce() as server:
        flags = words(server, "--account", USER.username, "--client-id", f'"{APP.client_id}"')
        outcome = await run(*flags, home=tmp_path, stdin=f"{USER.password}\n")
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stderr.count("Note: --client-id is used without what was pasted around it") == 1


def test_the_password_is_nowhere_afterwards(tmp_path: Path) -> None:
    """Neither printed, with the trace, nor in any file."""
    with salesforce() as server:
        ended = run_here(*words(server, "--verbose", "--json"), home=tmp_path, stdin=TYPED)
    kept = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert ended.exit_code == 0
    assert USER.password not in ended.stdout + ended.stderr + kept


# What is switched otherwise; what is typed; the code of the error; a part of its cause or fix.
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str, str, str]] = {
    "a wrong password": ({}, {}, f"{USER.username}\nwrong\n", "invalid-grant", "second factor"),
    "off in the org": (
        {},
        {"code_credentials": False},
        TYPED,
        "code-credentials-unavailable",
        "Allow Authorization Code and Credentials Flows",
    ),
    "off in the app": (
        {"code_credentials": False},
        {},
        TYPED,
        "code-credentials-unavailable",
        "Enable Authorization Code and Credentials Flow",
    ),
    "another callback": (
        {"callback_urls": ("http://localhost:1/x",)},
        {},
        TYPED,
        "redirect-uri-mismatch",
        "http://localhost:1717/OauthRedirect",
    ),
    "another secret": (
        {"require_secret_web": True},
        {},
        TYPED,
        "invalid-client",
        "--client-secret-prompt",
    ),
}


@pytest.mark.slow_cases
@pytest.mark.parametrize("name", REFUSED)
async def test_what_the_server_refuses_is_explained(tmp_path: Path, name: str) -> None:
    app, org, typed, code, fix = REFUSED[name]
    with salesforce(app, org) as server:
        ended = await run(*words(server, "--json"), home=tmp_path, stdin=typed)
    assert (ended.exit_code, ended.error["code"], no_token_file(tmp_path)) == (7, code, True)
    assert fix in ended.error["cause"] + ended.error["fix"]
    assert "lovelace" not in json.dumps(ended.error)


@pytest.mark.parametrize(
    "typed", ["", "\n", f"{USER.username}\n", f"{USER.username}\n\n", "a:b\nc\n"]
)
async def test_what_cannot_be_sent_is_said_before_anything_is_sent(
    tmp_path: Path, typed: str
) -> None:
    with salesforce() as server:
        ended = await run(*words(server, "--json"), home=tmp_path, stdin=typed)
        assert not server.requests
    assert (ended.exit_code, ended.error["code"]) == (2, "usage")


@pytest.mark.parametrize("other", ["--no-input", "--client-secret-stdin", "--manual", "--paste"])
async def test_what_reads_or_forbids_the_same_input_is_refused_beside_it(
    tmp_path: Path, other: str
) -> None:
    ended = await run(
        *FLOW, "--provider", "salesforce", "--client-id", "x", other, "--json", home=tmp_path
    )
    assert (ended.exit_code, other in ended.error["message"]) == (2, True)


@pytest.mark.parametrize("where", [("--provider", "github"), ("--issuer", "https://id.example")])
async def test_a_password_goes_only_where_the_flow_is_known(
    tmp_path: Path, where: tuple[str, str]
) -> None:
    """Off, but for providers whose file says that they have it."""
    ended = await run(*FLOW, *where, "--client-id", "x", "--json", home=tmp_path, stdin=TYPED)
    assert (ended.exit_code, "has no flow code-credentials" in ended.error["message"]) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_a_terminal_is_asked_and_shows_no_password(tmp_path: Path) -> None:
    import pexpect

    from .test_terminal import on_a_terminal

    with salesforce() as server:
        terminal = on_a_terminal(tmp_path, *words(server, "--login-hint", USER.username))
        terminal.expect(rf"Username \[{USER.username}\]: ")
        terminal.sendline("")
        terminal.expect(r"Password \(not shown, and not kept\): ")
        terminal.sendline(USER.password)
        terminal.expect(rf"Signed in as {USER.username}")
        before = terminal.before
        terminal.expect(r"\[y/N\] ")
        before += terminal.before
        terminal.sendline("n")
        terminal.expect(pexpect.EOF)
        terminal.close()
    assert terminal.exitstatus == 0
    assert USER.password not in before
    assert token_file(tmp_path)["access_token"]
