"""
DS-04, AQ-09: which server it is, and which other hosts it has, is said before the address; a
stranger's host is asked about.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from tests.edge.http.test_client_tls import context_of
from tests.support.exchange import TOKENS
from tests.support.internet import allow
from tests.support.scripted_server import ScriptedServer, json_answer, tunnel_to

from ..support.command import COMMAND, environment, login_here, no_token_file, run, token_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ISSUER, PAGE, TOKEN = "https://evil.test", "https://login.honest.test", "https://token.evil.test"
WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Every https host there is, one server behind one proxy."""

    server: ScriptedServer
    more: Mapping[str, str]
    flags: tuple[str, ...]


@contextmanager
def servers(home: Path, **endpoints: str) -> Iterator[Servers]:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(home / "ca.pem"))
    leaf = ca.issue_cert("evil.test", "*.evil.test", "*.honest.test")
    with ScriptedServer(tls=context_of(leaf)) as server, ScriptedServer() as proxy:
        proxy.answers["*"] = tunnel_to(server.port)
        server.answers[WELL_KNOWN] = json_answer({"issuer": ISSUER, **endpoints})
        server.answers["/token"] = json_answer(TOKENS)
        flags = (
            "--issuer",
            ISSUER,
            "--client-id",
            "c",
            "--ca-bundle",
            str(home / "ca.pem"),
            "--no-browser",
        )
        yield Servers(server=server, more={"HTTPS_PROXY": proxy.origin}, flags=flags)


MIXED = {"authorization_endpoint": f"{PAGE}/authorize", "token_endpoint": f"{TOKEN}/token"}


async def come_back(url: str) -> None:
    from tests.support.exchange import follow

    await asyncio.to_thread(follow, allow(url))


@pytest.mark.parametrize("how", [(), ("--manual",), ("--quiet",), ("--no-input",)])
async def test_ds_04_without_a_terminal_a_strangers_host_is_2_with_the_flag_in_the_fix(
    tmp_path: Path, how: tuple[str, ...]
) -> None:
    with servers(tmp_path, **MIXED) as there:
        outcome = await run(
            "login", "work", *there.flags, *how, "--json", home=tmp_path, more=there.more
        )
        assert {request.path for request in there.server.requests} <= {
            WELL_KNOWN,
            "/.well-known/oauth-authorization-server",
        }
    assert (outcome.exit_code, outcome.error["code"]) == (2, "host-not-trusted")
    assert (
        "loopback-auth login work --trust-host token.evil.test"
        " --issuer https://evil.test --client-id c" in outcome.error["fix"]
    )
    assert outcome.events_named("open_page") == []
    assert no_token_file(tmp_path)


WAYS: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "by a flag": (("--trust-host", "other.test", "--trust-host", "Token.Evil.test"), {}, ""),
    "by the environment": ((), {"LOOPBACK_AUTH_TRUST_HOSTS": "other.test token.evil.test"}, ""),
    "by config.toml": ((), {}, '[profiles.default]\ntrust_hosts = ["token.evil.test"]\n'),
}


@pytest.mark.parametrize("way", WAYS)
async def test_ds_04_a_host_is_trusted_by_flag_environment_and_profile_and_the_event_names_all(
    tmp_path: Path, way: str
) -> None:
    flags, more, config = WAYS[way]
    (tmp_path / "config.toml").write_text(config)
    with servers(tmp_path, **MIXED, revocation_endpoint=f"{TOKEN}/revoke") as there:
        async with login_here(
            *there.flags, *flags, home=tmp_path, more={**there.more, **more}
        ) as sign_in:
            opened = await sign_in.event("open_page")
            await come_back(opened["url"])
            assert (await sign_in.outcome()).exit_code == 0
    assert (opened["issuer"], opened["host"]) == (ISSUER, "login.honest.test")
    assert opened["other_hosts"] == {
        "authorization_endpoint": "login.honest.test",
        "token_endpoint": "token.evil.test",
        "revocation_endpoint": "token.evil.test",
    }
    assert "token.evil.test" in token_file(tmp_path)["settings"]["trust_hosts"]


async def test_aq_09_the_lines_for_a_person_name_issuer_and_other_hosts_before_the_address(
    tmp_path: Path,
) -> None:
    with servers(tmp_path, **MIXED) as there:
        for how in ((), ("--manual",)):
            words = ("login", *there.flags, "--trust-host", "token.evil.test", *how)
            process = await asyncio.create_subprocess_exec(
                *COMMAND,
                *words,
                *("--timeout", "0.3"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment(tmp_path, there.more),
            )
            printed = (await process.communicate())[0].decode()
            before = printed[: printed.index(f"{PAGE}/authorize?")]
            assert f"Issuer: {ISSUER}\n" in before
            assert "authorization at login.honest.test, token at token.evil.test\n" in before


@pytest.mark.parametrize(
    "value", ["https://token.evil.test", "token.evil.test/token", "a b", "", "host:8443"]
)
async def test_what_is_no_host_name_is_reported_as_that(tmp_path: Path, value: str) -> None:
    (tmp_path / "config.toml").write_text(f'[profiles.default]\ntrust_hosts = ["{value}"]\n')
    flag = await run("login", "--trust-host", value, "--json", home=tmp_path)
    config = await run("config", "show", "--json", home=tmp_path)
    assert (flag.exit_code, config.exit_code) == (2, 2)
    assert "trust-host" in flag.error["message"]
    assert "trust_hosts must be a host name" in config.error["message"]


def on_a_terminal(there: Servers, home: Path, *arguments: str) -> Any:
    pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")
    variables = {**environment(home, there.more), "TERM": "xterm", "BROWSER": ""}
    words = [*COMMAND, "login", "work", *there.flags, *arguments]
    return pexpect.spawn(
        words[0], words[1:], env=variables, timeout=20, encoding="utf-8", dimensions=(40, 600)
    )


def test_ds_04_on_a_terminal_it_is_asked_and_a_yes_goes_into_the_profile(tmp_path: Path) -> None:
    from tests.support.exchange import follow

    tmp_path.chmod(0o700)
    with servers(tmp_path, **MIXED) as there:
        terminal = on_a_terminal(there, tmp_path)
        terminal.expect(
            "sign in at login.honest.test, and would then send the code to token.evil.test"
        )
        terminal.expect(r"whoever runs https://evil\.test\? \[y/N\] ")
        assert "authorize?" not in terminal.before
        terminal.sendline("y")
        terminal.expect(r"(https://login\.honest\.test/authorize\?\S+)")
        follow(allow(terminal.match[1]))
        terminal.expect(r"Write that\? \[y/N\] ")
        assert 'trust_hosts = ["token.evil.test"]' in terminal.before
        terminal.sendline("y")
        terminal.expect("Written to")
        terminal.close()
        (tmp_path / "tokens" / "work.json").unlink()
        again = on_a_terminal(there, tmp_path)
        again.expect(r"https://login\.honest\.test/authorize\?")
        assert "whoever runs" not in again.before
        again.close()


def test_ds_04_a_no_on_a_terminal_is_2_and_nothing_was_opened(tmp_path: Path) -> None:
    import pexpect

    with servers(tmp_path, **MIXED) as there:
        terminal = on_a_terminal(there, tmp_path)
        terminal.expect(r"\[y/N\] ")
        terminal.sendline("")
        terminal.expect(r"error\[host-not-trusted\]")
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 2
        assert there.server.asked("/token") == []


async def test_the_doctor_says_so_too(tmp_path: Path) -> None:
    with servers(tmp_path, **MIXED) as there:
        (tmp_path / "config.toml").write_text(
            f'[profiles.default]\nissuer = "{ISSUER}"\nclient_id = "c"\n'
            f'ca_bundle = "{tmp_path / "ca.pem"}"\n'
        )
        outcome = await run("doctor", "--json", home=tmp_path, more=there.more)
    (printed,) = [
        check for check in outcome.document["checks"] if check["code"] == "host-not-trusted"
    ]
    assert printed["verdict"] == "warn"
    assert printed["fix"].endswith("--trust-host token.evil.test")
