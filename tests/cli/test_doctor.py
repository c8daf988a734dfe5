"""`doctor`, as people run it: what it sees, what it says, how it ends - CL-12."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from contextlib import contextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from ..support.callback.client import query
from ..support.children import root_in_a_container
from ..support.command import COMMAND, TIMEOUT_S, environment, run
from ..support.scripted_server import ScriptedServer, json_answer, plain_answer, redirect
from ..support.sockets import free_port, listen
from ..support.stored import write_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..support.command import Outcome
    from ..support.scripted_server import Connection

CLIENT_ID = "3MVG9the.key"
LOGIN_PAGE = plain_answer(b"<title>Login</title>", kind="text/html")
MISMATCH = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 89\r\n\r\n"
    b"error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration"
)
AUTHORIZE = "/services/oauth2/authorize"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.answers[AUTHORIZE] = LOGIN_PAGE
        yield server


def configure(home: Path, server: ScriptedServer, *lines: str, port: int | None = None) -> int:
    """Write a profile of a Salesforce that is *server*; give the callback's port."""
    home.chmod(0o700)
    port = port or free_port()
    config = home / "config.toml"
    head = (
        "[profiles.default]",
        'provider = "salesforce"',
        f'login_url = "{server.origin}"',
        f'client_id = "{CLIENT_ID}"',
    )
    config.write_text("\n".join((*head, f"port = {port}", *lines, "")))
    config.chmod(0o600)
    return port


async def doctor(home: Path, *arguments: str, more: Mapping[str, str] | None = None) -> Outcome:
    return await run("doctor", *arguments, "--json", home=home, more=more)


def checks(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """The checks by name; of several with one name, the last."""
    return {check["name"]: check for check in outcome.document["checks"]}


def verdicts(outcome: Outcome) -> dict[str, str]:
    return {name: check["verdict"] for name, check in checks(outcome).items()}


async def test_all_is_well(server: ScriptedServer, tmp_path: Path) -> None:
    """Every check has its line, and nothing failed: exit 0. A missing browser is a warning."""
    server.answers[AUTHORIZE] = plain_answer(
        b"", f"Date: {formatdate(usegmt=True)}", kind="text/html"
    )
    port = configure(tmp_path, server)
    outcome = await doctor(tmp_path)
    found = verdicts(outcome)

    assert outcome.exit_code == 0
    assert outcome.document["ok"] is True
    assert outcome.document["profile"] == "default"
    assert found.pop("browser") in ("ok", "warn")
    assert found.pop("sign-in") == "skipped"
    assert found == dict.fromkeys(
        (
            "configuration",
            "settings",
            "token store",
            "server",
            "client",
            "callback",
            "surroundings",
            "proxy",
            "certificates",
            "name",
            "connection",
            "clock",
            "pre-flight",
        ),
        "ok",
    )
    assert (
        f"http://localhost:{port}/OauthRedirect: its port is free, on 127.0.0.1"
        in checks(outcome)["callback"]["seen"]
    )
    assert checks(outcome)["client"]["seen"] == f"client ID {CLIENT_ID}, no secret"
    (asked,) = server.asked(AUTHORIZE)
    assert (
        query(server.url(asked.target))["redirect_uri"] == f"http://localhost:{port}/OauthRedirect"
    )
    assert outcome.stderr == ""


async def test_a_person_reads_lines(server: ScriptedServer, tmp_path: Path) -> None:
    """
    One line a check on stdout with its verdict first, cause and fix below; a last word
    on stderr.
    """
    port = configure(tmp_path, server)
    server.answers[AUTHORIZE] = MISMATCH
    outcome = await run("doctor", home=tmp_path)
    lines = outcome.stdout.splitlines()

    assert outcome.exit_code == 7
    assert lines[0].startswith("loopback-auth ")
    assert lines[0].endswith(", profile default")
    assert any(line.startswith("ok      configuration ~") for line in lines)
    (failed,) = [n for n, line in enumerate(lines) if line.startswith("fail    pre-flight")]
    assert f"http://localhost:{port}/OauthRedirect" in lines[failed]
    assert lines[failed + 1].strip().startswith("cause: Salesforce compares")
    fix = lines[failed + 2].strip()
    assert fix.startswith("fix: Setup > External Client App Manager")
    assert f"http://localhost:{port}/OauthRedirect" in fix
    assert outcome.stderr == "\nFix first: pre-flight.\n"


async def test_each_registered_callback_has_its_pre_flight(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A sign-in may use any of them; the one that the app does not have is named."""
    first, second = free_port(), free_port()
    configure(tmp_path, server)
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("port = ", f"port = [{first}, {second}] # "))

    def answer(connection: Connection) -> None:
        connection.socket.sendall(
            MISMATCH if str(second) in connection.request.target else LOGIN_PAGE
        )

    server.answers[AUTHORIZE] = answer
    outcome = await doctor(tmp_path)
    printed = [check for check in outcome.document["checks"] if check["name"] == "pre-flight"]
    assert [check["verdict"] for check in printed] == ["ok", "fail"]
    assert [check["name"] for check in outcome.document["checks"]].count("connection") == 1
    assert f"http://localhost:{second}/OauthRedirect" in printed[1]["seen"]


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("registered", "verdict", "printed"),
    [
        ("http://localhost:{port}/OauthRedirect", "ok", "character by character"),
        ("http://localhost:{port}/OauthRedirect/", "fail", "the slash at the end differs"),
        (
            "http://127.0.0.1:{port}/OauthRedirect",
            "fail",
            "the host differs: sent localhost, registered 127.0.0.1",
        ),
        ("http://localhost:{port}/oauthredirect", "fail", "the case of the path differs"),
    ],
)
async def test_the_registered_callback_is_compared(
    server: ScriptedServer, tmp_path: Path, registered: str, verdict: str, printed: str
) -> None:
    """Both addresses are shown in full, and where they differ first."""
    port = configure(tmp_path, server)
    given = registered.format(port=port)
    outcome = await doctor(
        tmp_path,
        "--registered",
        "https://login.salesforce.com/services/oauth2/success",
        "--registered",
        given,
    )
    check = checks(outcome)["registered"]
    assert (check["verdict"], outcome.exit_code) == (verdict, 0 if verdict == "ok" else 2)
    assert printed in check["seen"]
    assert f"http://localhost:{port}/OauthRedirect" in check["seen"]
    assert verdict == "ok" or f'"{given}"' in check["seen"]


async def test_a_port_that_is_taken_is_reported_with_its_holder(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Exit 6, as `login` would; a second port that is free makes it a warning."""
    with listen() as held:
        port = int(held.getsockname()[1])
        configure(tmp_path, server, port=port)
        outcome = await doctor(tmp_path)
        config = tmp_path / "config.toml"
        config.write_text(
            config.read_text().replace(f"port = {port}", f"port = [{port}, {free_port()}]")
        )
        again = await doctor(tmp_path)
    assert (outcome.exit_code, checks(outcome)["callback"]["code"]) == (6, "port-in-use")
    assert f"port {port} of 127.0.0.1 is taken by" in checks(outcome)["callback"]["seen"]
    assert again.exit_code == 0
    assert [c["verdict"] for c in again.document["checks"] if c["name"] == "callback"] == [
        "warn",
        "ok",
    ]


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
async def test_both_loopback_families_are_looked_at(server: ScriptedServer, tmp_path: Path) -> None:
    with listen("::1") as held:
        configure(tmp_path, server, port=int(held.getsockname()[1]))
        outcome = await doctor(tmp_path)
    assert "of ::1 is taken by" in checks(outcome)["callback"]["seen"]


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("config", "name", "code"),
    [
        ("nonsense", "configuration", "config-invalid"),
        ("[profiles.default]\nclient_id = 7", "configuration", "config-invalid"),
        ("[profiles.default]\nprovider = 'nosuch'", "profile", "provider-unknown"),
        ("", "server", "not-configured"),
        (
            "[profiles.default]\nprovider = 'salesforce'\nlogin_url = '{origin}'",
            "client",
            "not-configured",
        ),
        (
            (
                "[profiles.default]\nprovider = 'salesforce'\nlogin_url = '{origin}'\n"
                "client_id = 'x'\nclient_secret_env = 'UNSET'"
            ),
            "client",
            "usage",
        ),
        (
            (
                "[profiles.default]\nprovider = 'salesforce'\nlogin_url = '{origin}'\n"
                "client_id = 'x'\nredirect_uris = 'https://x.example/'"
            ),
            "callback",
            "redirect-uri-refused",
        ),
        (
            (
                "[profiles.default]\nprovider = 'salesforce'\nlogin_url = '{origin}'\n"
                "client_id = 'x'\n[profiles.default.parameters]\nstate = 'x'"
            ),
            "request",
            "parameter-refused",
        ),
    ],
)
async def test_what_has_to_change_in_the_configuration_is_reported_with_2(
    server: ScriptedServer, tmp_path: Path, config: str, name: str, code: str
) -> None:
    """Whatever is wrong there, the other checks are made all the same."""
    write_config(tmp_path, config.replace("{origin}", server.origin))
    outcome = await doctor(tmp_path, more={"LOOPBACK_AUTH_PORT": str(free_port())})
    check = checks(outcome)[name]
    assert (outcome.exit_code, check["verdict"], check["code"]) == (2, "fail", code)
    assert check["fix"]
    assert "token store" in verdicts(outcome)


async def test_a_secret_is_said_to_be_there_and_where(
    server: ScriptedServer, tmp_path: Path
) -> None:
    configure(tmp_path, server, 'client_secret_env = "ORG_SECRET"')
    outcome = await doctor(tmp_path, more={"ORG_SECRET": "canary-1"})
    seen = checks(outcome)["client"]["seen"]
    assert seen == f"client ID {CLIENT_ID}, a secret, not shown (ORG_SECRET, from config.toml:6)"


async def test_cl_12_the_settings_in_effect_are_reported_with_their_sources(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    CL-12: as `config show` does, without the values of those that may hold a secret or
    a name.
    """
    port = configure(tmp_path, server, 'client_secret = "canary-1"')
    more = {"LOOPBACK_AUTH_SCOPE": "api id", "LOOPBACK_AUTH_PARAMETERS": "login_hint=ada"}
    assert checks(await doctor(tmp_path, more=more))["settings"]["seen"] == (
        f"client_id = {CLIENT_ID} (config.toml:4); client_secret (not shown, config.toml:6); "
        f"login_url = {server.origin} (config.toml:3); parameters (not shown, "
        "LOOPBACK_AUTH_PARAMETERS); "
        f"port = {port} (config.toml:5); provider = salesforce (config.toml:2); scope = "
        "api id (LOOPBACK_AUTH_SCOPE)"
    )


async def test_an_address_is_reported_as_the_check_of_the_server_has_it(tmp_path: Path) -> None:
    """Without the query, where somebody may have put a key."""
    more = {
        "LOOPBACK_AUTH_AUTHORIZATION_ENDPOINT": "http://127.0.0.1:9/authorize?key=canary-1",
        "LOOPBACK_AUTH_TOKEN_ENDPOINT": "http://127.0.0.1:9/token",
        "LOOPBACK_AUTH_CLIENT_ID": "my-cli",
    }
    outcome = await doctor(tmp_path, more=more)
    assert checks(outcome)["server"]["seen"] == "http://127.0.0.1:9/authorize"
    seen = checks(outcome)["settings"]["seen"]
    assert "authorization_endpoint = http://127.0.0.1:9/authorize (LOOPBACK" in seen
    assert "token_endpoint = http://127.0.0.1:9/token (LOOPBACK" in seen
    assert "canary" not in outcome.stdout


async def test_what_is_to_be_typed_names_the_profile_that_was_examined(tmp_path: Path) -> None:
    """Whatever the check is about: the network knows no profile."""
    write_config(
        tmp_path,
        "[profiles.work]\nissuer = 'https://no-such-host.invalid'\nclient_id = 'x'\nport = 0\n",
    )
    found = checks(await doctor(tmp_path, "work"))
    assert found["name"]["fix"].endswith("loopback-auth config show work")


async def test_of_an_unknown_profile_no_sign_in_is_proposed_that_would_be_refused(
    tmp_path: Path,
) -> None:
    found = checks(await doctor(tmp_path, "wrk"))
    assert (found["sign-in"]["verdict"], found["sign-in"]["fix"]) == ("skipped", None)
    assert "loopback-auth init -p wrk" in found["server"]["fix"]


async def test_a_blank_in_the_client_id_is_seen(server: ScriptedServer, tmp_path: Path) -> None:
    """Around it, it is taken off."""
    configure(tmp_path, server)
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace(CLIENT_ID, CLIENT_ID + " "))
    found = checks(await doctor(tmp_path))
    assert found["client"]["seen"] == f"client ID {CLIENT_ID}, no secret"
    assert "client_id (config.toml:4) is used without what was pasted" in found["server"]["seen"]
    text = config.read_text("utf-8")
    config.write_text(text.replace(CLIENT_ID, "a b"), "utf-8")
    assert "has a space in it (config.toml:4)" in checks(await doctor(tmp_path))["client"]["seen"]
    config.write_text(text.replace(CLIENT_ID, "a\u200bb"), "utf-8")
    assert "contains a space or a line break" in checks(await doctor(tmp_path))["client"]["seen"]


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("mode", "lines", "verdict"),
    [
        (0o600, ('client_secret = "x"',), "ok"),
        (0o644, (), "ok"),
        (0o644, ('client_secret = "x"',), "warn"),
        # To root in a container it is told.
        (0o666, (), "warn" if root_in_a_container else "fail"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="there are no modes")
async def test_permissions_of_the_configuration(
    server: ScriptedServer, tmp_path: Path, mode: int, lines: tuple[str, ...], verdict: str
) -> None:
    """It may be read by others unless it holds a secret, and be written by its owner alone."""
    configure(tmp_path, server, *lines)
    (tmp_path / "config.toml").chmod(mode)
    check = checks(await doctor(tmp_path))["configuration"]
    assert check["verdict"] == verdict
    assert verdict == "ok" or "chmod" in check["fix"]


@pytest.mark.slow_cases
@pytest.mark.skipif(os.name != "posix", reason="there are no modes")
@pytest.mark.parametrize(
    ("mode", "verdict", "exit_code"),
    [(0o700, "ok", 0), (0o740, "warn", 0), (0o755, "warn", 0), (0o777, "fail", 1)],
)
async def test_permissions_of_the_token_store(
    server: ScriptedServer, tmp_path: Path, mode: int, verdict: str, exit_code: int
) -> None:
    """
    A folder that others could look into is told, though using it makes it private; one they can
    write to is refused.
    """
    configure(tmp_path, server)
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens").chmod(mode)
    outcome = await doctor(tmp_path)
    assert (checks(outcome)["token store"]["verdict"], outcome.exit_code) == (verdict, exit_code)


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("ahead_s", "verdict"), [(0, "ok"), (50, "ok"), (-50, "ok"), (90, "warn"), (-90, "warn")]
)
async def test_the_clock_is_compared_with_the_servers(
    server: ScriptedServer, tmp_path: Path, ahead_s: int, verdict: str
) -> None:
    """CL-12: more than a minute is a warning, with its size and direction."""
    date = formatdate(time.time() + ahead_s, usegmt=True)
    server.answers[AUTHORIZE] = plain_answer(b"", f"Date: {date}", kind="text/html")
    configure(tmp_path, server)
    outcome = await doctor(tmp_path)
    check = checks(outcome)["clock"]
    assert (check["verdict"], outcome.exit_code) == (verdict, 0)
    if verdict == "warn":
        assert ("behind" if ahead_s > 0 else "ahead of") in check["seen"]
        assert check["seen"].split(" s ")[0] in {"88", "89", "90", "91", "92"}


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    "date", [(), ("Date: yesterday",), ("Date: Mon, 99 Jan 2026 00:00:00 GMT",)]
)
async def test_a_server_that_does_not_say_the_time(
    server: ScriptedServer, tmp_path: Path, date: tuple[str, ...]
) -> None:
    server.answers[AUTHORIZE] = plain_answer(b"", *date, kind="text/html")
    configure(tmp_path, server)
    assert checks(await doctor(tmp_path))["clock"]["verdict"] == "skipped"


async def test_a_server_out_of_reach_is_7(server: ScriptedServer, tmp_path: Path) -> None:
    server.stop_listening()
    configure(tmp_path, server)
    outcome = await doctor(tmp_path)
    found = verdicts(outcome)
    assert outcome.exit_code == 7
    assert (found["connection"], found["clock"], found["pre-flight"]) == (
        "fail",
        "skipped",
        "skipped",
    )
    assert checks(outcome)["connection"]["code"] == "connection-failed"


async def test_a_name_that_nobody_knows_is_7(server: ScriptedServer, tmp_path: Path) -> None:
    configure(tmp_path, server)
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace(server.origin, "https://nosuch.invalid"))
    outcome = await doctor(tmp_path)
    assert (outcome.exit_code, checks(outcome)["name"]["code"]) == (7, "host-not-found")


async def test_a_server_in_trouble_is_a_warning(server: ScriptedServer, tmp_path: Path) -> None:
    """It may be over by the time somebody signs in."""
    server.answers[AUTHORIZE] = plain_answer(b"", status=503)
    configure(tmp_path, server)
    outcome = await doctor(tmp_path)
    assert (outcome.exit_code, verdicts(outcome)["pre-flight"]) == (0, "warn")


@pytest.mark.parametrize(
    ("documents", "verdict", "exit_code"), [(True, "ok", 0), (False, "fail", 7)]
)
async def test_discovery_is_looked_at_where_there_is_an_issuer(
    server: ScriptedServer, tmp_path: Path, *, documents: bool, verdict: str, exit_code: int
) -> None:
    if documents:
        endpoints = {
            f"{kind}_endpoint": server.url(f"/{kind}") for kind in ("authorization", "token")
        }
        server.answers["/.well-known/openid-configuration"] = json_answer(
            {"issuer": server.origin, **endpoints}
        )
        server.answers["/authorization"] = redirect(302, "/login")
    write_config(tmp_path, f"[profiles.default]\nissuer = '{server.origin}'\nclient_id = 'app'\n")
    outcome = await doctor(tmp_path)
    assert (verdicts(outcome)["discovery"], outcome.exit_code) == (verdict, exit_code)
    assert verdicts(outcome).get("pre-flight") == ("ok" if documents else None)


def stored(**members: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "profile": "default",
        "access_token": "canary-2",
        "token_type": "Bearer",
        "expires_at": "2001-01-01T00:00:00Z",
        "identity": {"subject": "1", "name": "adalovelace@acme.example"},
        **members,
    }


def store(home: Path, document: Mapping[str, Any]) -> None:
    (home / "tokens").mkdir(mode=0o700, exist_ok=True)
    (home / "tokens" / "default.json").write_text(json.dumps(document))
    (home / "tokens" / "default.json").chmod(0o600)


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    ("members", "verdict", "printed"),
    [
        ({}, "warn", " days ago and cannot be refreshed"),
        ({"refresh_token": "canary-3"}, "ok", "refreshed when needed"),
        ({"expires_at": "2101-01-01T00:00:00Z"}, "ok", "then a new sign-in is needed"),
        (
            {"expires_at": None, "refresh_token": "canary-3"},
            "ok",
            "the token expires when the server says so, then it is refreshed",
        ),
    ],
)
async def test_the_stored_sign_in_is_reported(
    server: ScriptedServer, tmp_path: Path, members: dict[str, Any], verdict: str, printed: str
) -> None:
    """CL-12: who, shortened, and until when."""
    configure(tmp_path, server)
    store(tmp_path, stored(**members))
    check = checks(await doctor(tmp_path))["sign-in"]
    assert check["verdict"] == verdict
    assert printed in check["seen"]
    assert check["seen"].startswith("ad***@acme.example is signed in")


async def test_who_is_signed_in_is_not_sent_to_sign_in(
    server: ScriptedServer, tmp_path: Path
) -> None:
    configure(tmp_path, server)
    store(tmp_path, stored(refresh_token="canary-3"))
    done = await run("doctor", home=tmp_path)
    assert done.stderr.endswith("All checks passed. Next: loopback-auth token default\n")


async def test_a_damaged_store_is_4(server: ScriptedServer, tmp_path: Path) -> None:
    configure(tmp_path, server)
    store(tmp_path, {})
    (tmp_path / "tokens" / "default.json").write_text("{")
    outcome = await doctor(tmp_path)
    assert (outcome.exit_code, checks(outcome)["sign-in"]["code"]) == (4, "store-damaged")


CANARIES = [f"canary-{n}" for n in range(1, 14)]


@contextmanager
def a_home_full_of_canaries(home: Path, server: ScriptedServer) -> Iterator[dict[str, str]]:
    """Secrets wherever there can be one; give the environment that holds some of them."""
    server.answers[AUTHORIZE] = MISMATCH
    configure(
        home, server, 'client_secret = "canary-1"', "[profiles.other]", 'client_secret = "canary-4"'
    )
    client = {"client_id": CLIENT_ID, "client_secret": "canary-5"}
    tokens = {"refresh_token": "canary-3", "id_token": "canary-6", "client": client}
    store(home, stored(**tokens, extra={"signature": "canary-7"}, scope="api"))
    yield {
        "LOOPBACK_AUTH_CLIENT_SECRET": "canary-8",
        "LOOPBACK_AUTH_TOKEN": "canary-9",
        "LOOPBACK_AUTH_PARAMETERS": "api_key=canary-12&login_hint=adalovelace@acme.example",
        "LOOPBACK_AUTH_USERINFO_ENDPOINT": f"{server.origin}/me?key=canary-13",
        "HTTPS_PROXY": f"http://user:canary-10@127.0.0.1:{server.port}",
        "https_proxy": f"http://canary-11:x@127.0.0.1:{server.port}",
    }


@pytest.mark.slow_cases
@pytest.mark.parametrize(
    "output", [(), ("--json",), ("--verbose",), ("--json", "--verbose")], ids=" ".join
)
@pytest.mark.parametrize(
    "login_url", ["", "https://acme.my.salesforce.com"], ids=["direct", "through a proxy"]
)
async def test_cl_12_no_secret_is_in_the_output(
    server: ScriptedServer, tmp_path: Path, output: tuple[str, ...], login_url: str
) -> None:
    """
    CL-12: secrets of the environment, the configuration, the proxy and the token file stay there;
    so do full names and the home folder.
    """
    with a_home_full_of_canaries(tmp_path, server) as more:
        if login_url:
            more["LOOPBACK_AUTH_LOGIN_URL"] = login_url
        outcome = await run("doctor", *output, home=tmp_path, more=more)
    printed = outcome.stdout + outcome.stderr
    assert outcome.exit_code == 7
    assert [canary for canary in CANARIES if canary in printed] == []
    assert "adalovelace" not in printed
    assert str(tmp_path) not in printed
    if login_url:
        assert (
            f"http://127.0.0.1:{server.port} (https_proxy) leads to acme.my.salesforce.com, "
            "with a password that is not shown"
        ) in printed
    else:
        assert CLIENT_ID in printed


async def test_wait_asks_again_until_the_app_is_known(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Each try is told on stderr; then all is well."""
    configure(tmp_path, server)
    tries = iter([MISMATCH, MISMATCH, LOGIN_PAGE])
    server.answers[AUTHORIZE] = lambda connection: connection.socket.sendall(next(tries))
    outcome = await run(
        "doctor", "--wait", home=tmp_path, more={"LOOPBACK_AUTH_DOCTOR_INTERVAL": "0.05"}
    )
    assert outcome.exit_code == 0, outcome.stdout
    assert len(server.asked(AUTHORIZE)) == 3
    lines = [line for line in outcome.stderr.splitlines() if line.startswith("The server says")]
    assert len(lines) == 2
    assert "redirect_uri_mismatch; asking again in" in lines[0]
    assert ":59 left." in lines[0] or "10:00 left." in lines[0]


async def test_wait_tells_a_program_in_events(server: ScriptedServer, tmp_path: Path) -> None:
    configure(tmp_path, server)
    tries = iter([json_answer({"error": "invalid_client_id"}, status=400), LOGIN_PAGE])
    server.answers[AUTHORIZE] = lambda connection: connection.socket.sendall(next(tries))
    outcome = await doctor(tmp_path, "--wait", "1m", more={"LOOPBACK_AUTH_DOCTOR_INTERVAL": "0.05"})
    assert outcome.exit_code == 0
    (waiting,) = outcome.events_named("waiting")
    assert waiting["code"] == "invalid_client_id"
    assert 58 <= waiting["left_s"] <= 60


async def test_wait_ends_when_its_time_is_over(server: ScriptedServer, tmp_path: Path) -> None:
    configure(tmp_path, server)
    server.answers[AUTHORIZE] = MISMATCH
    outcome = await doctor(
        tmp_path, "--wait", "1.5s", more={"LOOPBACK_AUTH_DOCTOR_INTERVAL": "0.2"}
    )
    assert (outcome.exit_code, verdicts(outcome)["pre-flight"]) == (7, "fail")
    assert 2 <= len(server.asked(AUTHORIZE)) <= 9


async def test_wait_is_not_for_what_does_not_pass(server: ScriptedServer, tmp_path: Path) -> None:
    configure(tmp_path, server)
    server.answers[AUTHORIZE] = json_answer({"error": "unsupported_response_type"}, status=400)
    outcome = await doctor(tmp_path, "--wait")
    assert outcome.exit_code == 7
    assert len(server.asked(AUTHORIZE)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to send")
async def test_ctrl_c_ends_the_waiting(server: ScriptedServer, tmp_path: Path) -> None:
    """One line, no traceback, 130."""
    configure(tmp_path, server)
    server.answers[AUTHORIZE] = MISMATCH
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "doctor",
        "--wait",
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        cwd=tmp_path,
        env=environment(tmp_path),
    )
    assert process.stderr is not None
    async with asyncio.timeout(TIMEOUT_S):
        first = await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, rest = await process.communicate()
    assert b"asking again" in first
    assert process.returncode == 130
    assert rest.startswith(b"error[interrupted]: stopped by SIGINT\n")
    assert b"Traceback" not in rest


@pytest.mark.slow
def test_a_person_sees_the_countdown(server: ScriptedServer, tmp_path: Path) -> None:
    """On a terminal one line is drawn anew each second, until the app is known."""
    from .test_terminal import on_a_terminal, pexpect

    configure(tmp_path, server)
    server.answers[AUTHORIZE] = MISMATCH
    terminal = on_a_terminal(tmp_path, "doctor", "--wait", "90s")
    for next_s in (10, 9, 8):
        terminal.expect(
            rf"\r\x1b\[2KThe server says redirect_uri_mismatch; asking again in {next_s} s, "
            r"1:\d\d left\."
        )
    terminal.sendcontrol("c")
    terminal.expect(r"error\[interrupted\]: stopped by SIGINT")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130


async def test_an_interval_that_is_none_is_2(server: ScriptedServer, tmp_path: Path) -> None:
    configure(tmp_path, server)
    outcome = await doctor(tmp_path, more={"LOOPBACK_AUTH_DOCTOR_INTERVAL": "soon"})
    assert (outcome.exit_code, outcome.error["code"]) == (2, "usage")


async def test_a_text_browser_is_reported_and_not_started(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    CL-09, CL-12: the browser that a sign-in would start is shown, or why there is none and what to
    do.
    """
    configure(tmp_path, server)
    outcome = await doctor(
        tmp_path, more={"BROWSER": "w3m", "SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}
    )
    check = checks(outcome)["browser"]
    assert check["verdict"] == "warn"
    assert "w3m, which would run inside this terminal" in check["seen"]
    assert "ssh -N -L" in check["fix"]
    where = checks(outcome)["surroundings"]["seen"]
    assert where.startswith("SSH without a display (SSH_CONNECTION, ")
    assert where.endswith("): login shows an address, and takes what comes back or is pasted")
    graphical = await doctor(tmp_path, more={"BROWSER": sys.executable})
    assert checks(graphical)["browser"]["seen"] == f"{sys.executable} would be started"


async def test_cl_12_the_place_of_a_sign_in_is_reported(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-09, CL-12: which row of the table applies, what it was read from, and what login does."""
    configure(tmp_path, server)
    place = checks(await doctor(tmp_path, more={"CI": "true"}))["surroundings"]
    assert place["verdict"] == "warn"
    assert "CI without a terminal (" in place["seen"]
    assert "login stops at once, since nobody could sign in" in place["seen"]
    assert place["fix"] == "give the job a credential: loopback-auth help ci"
    place = checks(await doctor(tmp_path, more={"CODESPACES": "true"}))["surroundings"]
    assert "): login uses the device flow where the server has it" in place["seen"]
    place = checks(await doctor(tmp_path, more={"DISPLAY": ":0", "BROWSER": sys.executable}))[
        "surroundings"
    ]
    assert place["verdict"] == "ok"
    assert place["seen"].startswith("a desktop (DISPLAY, BROWSER")
    assert place["seen"].endswith("): login opens a browser here")
