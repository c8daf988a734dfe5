"""
TX, RB, DS, RV as a person meets them: the command, its exit status, its JSON, and what the
browser's tab says.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import trustme

from ...edge.http.test_client_tls import context_of
from ...support.callback.client import Callback, Reply, query
from ...support.children import posix, unprivileged
from ...support.command import Outcome, login, no_token_file, run, token_file
from ...support.exchange import TOKENS, as_options, flags, spoil_then_answer
from ...support.scripted_server import (
    ScriptedServer,
    drop,
    hang,
    json_answer,
    plain_answer,
    redirect,
    streaming,
    tunnel_to,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ...support.scripted_server import Script

SOON = {"LOOPBACK_AUTH_HTTP_TIMEOUT": "1"}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.answers["/token"] = json_answer(TOKENS)
        yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a sign-in ended on every side."""

    outcome: Outcome
    page: Reply
    callback: Callback

    @property
    def code(self) -> str:
        code: str = self.outcome.error["code"]
        return code

    def secrets_shown(self) -> list[str]:
        """
        List what of the conversation's secrets is in words that people copy: all but the authorize
        URL itself.
        """
        words = (
            self.outcome.stdout
            + self.outcome.stderr.replace(self.callback.url, "")
            + self.page.text
        )
        secrets = (
            "the-code",
            self.callback.state,
            TOKENS["access_token"],
            TOKENS["refresh_token"],
            "canary",
        )
        return [secret for secret in secrets if secret in words]


async def ended(
    options: Sequence[str],
    home: Path,
    *,
    more: Mapping[str, str] | None = None,
    under: Sequence[str] = (),
) -> Ended:
    """Sign in with *options*; the person allows everything."""
    async with login(*options, "--no-browser", "-v", home=home, more=more, under=under) as command:
        callback = await command.callback()
        page = await callback.arrive()
        outcome = await command.outcome()
    assert "Traceback" not in outcome.stderr
    return Ended(outcome=outcome, page=page, callback=callback)


ONCE: dict[str, tuple[bytes | Script, str]] = {
    "dropped": (drop, "connection-lost"),
    "half an answer": (
        b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"access_token": "canary"',
        "connection-lost",
    ),
    "500": (plain_answer(b"", status=500), "server-unavailable"),
    "silence": (hang, "answer-timed-out"),
    "huge": (streaming(b"HTTP/1.1 200 OK\r\n\r\n", bytes(1 << 20), 300), "answer-too-large"),
}


@pytest.mark.slow_cases
@pytest.mark.parametrize(("answer", "code"), ONCE.values(), ids=ONCE)
async def test_tx_01_tx_06_rb_04_a_failed_exchange_is_reported_everywhere_and_never_repeated(
    server: ScriptedServer, tmp_path: Path, answer: bytes | Script, code: str
) -> None:
    server.answers["/token"] = answer
    end = await ended(as_options(flags(server)), tmp_path, more=SOON)
    assert (end.outcome.exit_code, end.code, end.page.status) == (7, code, 400)
    assert end.outcome.error["exit_code"] == 7
    assert code in end.page.text
    assert len(server.asked("/token")) == 1
    assert no_token_file(tmp_path)
    assert end.secrets_shown() == []
    if code in ("connection-lost", "server-unavailable", "answer-timed-out"):
        assert "used up" in end.outcome.error["cause"]


async def test_tx_02_a_redirected_exchange_reaches_no_second_server(
    server: ScriptedServer, tmp_path: Path
) -> None:
    with ScriptedServer() as second:
        server.answers["/token"] = redirect(307, second.url("/token"))
        end = await ended(as_options(flags(server)), tmp_path)
        assert second.connections == 0
    assert (end.outcome.exit_code, end.code, end.page.status) == (7, "unexpected-redirect", 400)


@pytest.mark.slow
async def test_tx_02_a_redirected_logout_reaches_no_second_server_and_forgets_all_the_same(
    server: ScriptedServer, tmp_path: Path
) -> None:
    with ScriptedServer() as second:
        server.answers["/userinfo"] = server.answers["/revocation"] = redirect(
            308, second.url("/caught")
        )
        end = await ended(as_options(flags(server, "userinfo", "revocation")), tmp_path)
        assert (end.outcome.exit_code, end.page.status) == (0, 200)
        out = await run("logout", "--json", home=tmp_path)
        assert second.connections == 0
    assert (out.exit_code, out.document["revocation"]) == (7, "failed")
    assert len(server.asked("/revocation")) == 1
    assert no_token_file(tmp_path)


async def test_tx_03_tx_04_what_the_command_sends_is_what_the_server_should_get(
    server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login jane password canary\n")
    more = {
        "NETRC": str(tmp_path / "netrc"),
        "MY_SECRET": "a:b%c+d é",
        "HTTP_PROXY": "http://u:canary@127.0.0.1:1",
    }
    secret = (
        "--client-secret-env",
        "MY_SECRET",
        "--token-endpoint-auth-method",
        "client_secret_post",
    )
    end = await ended([*as_options(flags(server)), *secret], tmp_path, more=more)
    assert end.outcome.exit_code == 0
    (request,) = server.asked("/token")
    assert request.header("authorization") is None
    assert request.form["client_secret"] == "a:b%c+d é"
    assert (
        request.form["redirect_uri"]
        == query(end.callback.url)["redirect_uri"]
        == end.callback.redirect_uri
    )
    assert end.secrets_shown() == []


@pytest.mark.slow
async def test_rv_01_logout_proves_who_asks_with_the_secret_that_the_environment_holds(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/revocation"] = plain_answer(b"")
    options = [*as_options(flags(server, "revocation")), "--client-secret-env", "MY_SECRET"]
    more = {"MY_SECRET": "canary"}
    assert (await ended(options, tmp_path, more=more)).outcome.exit_code == 0
    assert "canary" not in json.dumps(token_file(tmp_path))
    out = await run("logout", "--json", home=tmp_path, more=more)
    assert out.document["revocation"] == "revoked"
    assert server.asked("/revocation")[0].form["client_secret"] == "canary"


# --- DS-03


@pytest.mark.slow_cases
@pytest.mark.parametrize("trusted", ["--ca-bundle", "SSL_CERT_FILE", ""])
async def test_ds_03_an_https_issuer_is_spoken_to_only_with_a_ca_that_is_trusted(
    tmp_path: Path, trusted: str
) -> None:
    company = trustme.CA()
    pem = str(tmp_path / "company.pem")
    company.cert_pem.write_to_path(pem)
    with ScriptedServer(
        tls=context_of(company.issue_cert("localhost")), host="localhost"
    ) as server:
        document = {
            "issuer": server.origin,
            **{
                f"{name}_endpoint": server.url(f"/{name}")
                for name in ("authorization", "token", "revocation")
            },
        }
        server.answers |= {
            "/.well-known/openid-configuration": json_answer(document),
            "/token": json_answer(TOKENS),
            "/revocation": plain_answer(b""),
        }
        options = [
            "--issuer",
            server.origin,
            "--client-id",
            "x",
            *(["--ca-bundle", pem] if trusted.startswith("-") else []),
        ]
        if not trusted:
            refused = await run("login", *options, "--no-browser", "--json", home=tmp_path)
            assert (refused.exit_code, refused.error["code"]) == (7, "certificate-untrusted")
            assert server.requests == []
            return
        end = await ended(
            options, tmp_path, more={"SSL_CERT_FILE": pem} if trusted == "SSL_CERT_FILE" else None
        )
        assert (end.outcome.exit_code, end.page.status) == (0, 200)
        if trusted == "--ca-bundle":
            # The bundle was remembered with the sign-in, and logout speaks to the same server.
            assert (await run("logout", "--json", home=tmp_path)).document[
                "revocation"
            ] == "revoked"


# --- DS-06


@pytest.mark.slow
async def test_ds_06_a_proxy_that_refuses_is_named_and_its_password_appears_nowhere(
    tmp_path: Path,
) -> None:
    with ScriptedServer() as proxy:
        proxy.answers["*"] = plain_answer(b"", status=407)
        more = {"HTTPS_PROXY": proxy.origin.replace("http://", "http://jane:canary@")}
        options = ("--issuer", "https://id.example.test", "--client-id", "x", "--no-browser", "-v")
        outcomes = [
            await run("login", *options, *json, home=tmp_path, more=more)
            for json in ((), ("--json",))
        ]
        assert len(proxy.requests) == 4
    for outcome in outcomes:
        assert outcome.exit_code == 7
        assert "proxy-failed" in outcome.stdout + outcome.stderr
        assert "407" in outcome.stdout + outcome.stderr
        assert "canary" not in outcome.stdout + outcome.stderr


async def test_ds_06_a_sign_in_works_through_a_proxy_and_the_callback_past_it(
    tmp_path: Path,
) -> None:
    company = trustme.CA()
    company.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with (
        ScriptedServer(tls=context_of(company.issue_cert("id.example.test"))) as server,
        ScriptedServer() as proxy,
    ):
        server.answers["/token"] = json_answer(TOKENS)
        proxy.answers["*"] = tunnel_to(server.port)
        ends = {
            f"{name}_endpoint": f"https://id.example.test/{name}"
            for name in ("authorization", "token")
        }
        options = [*as_options({**ends, "client_id": "x"}), "--ca-bundle", str(tmp_path / "ca.pem")]
        end = await ended(
            options, tmp_path, more={"HTTPS_PROXY": proxy.origin, "HTTP_PROXY": proxy.origin}
        )
        assert (end.outcome.exit_code, end.page.status) == (0, 200)
        assert [request.target for request in proxy.requests] == ["id.example.test:443"]
    assert len(server.asked("/token")) == 1


# --- RB-03, RV-04: what cannot be kept


def read_only_home(home: Path) -> None:
    home.chmod(0o500)


def read_only_tokens(home: Path) -> None:
    (home / "tokens").mkdir(mode=0o700)
    (home / "tokens").chmod(0o500)


def a_file_in_its_place(home: Path) -> None:
    (home / "tokens").write_bytes(b"")


def open_to_all(home: Path) -> None:
    (home / "tokens").mkdir()
    (home / "tokens").chmod(0o777)


def a_later_version(home: Path) -> None:
    (home / "tokens").mkdir(mode=0o700)
    (home / "tokens/default.json").write_text('{"version": 99}')


PLACES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a read-only home": (read_only_home, "store-unwritable"),
    "a read-only folder": (read_only_tokens, "store-unwritable"),
    "a file instead of the folder": (a_file_in_its_place, "store-unwritable"),
    "a folder that others can write": (open_to_all, "store-unsafe"),
    "a file of a later version": (a_later_version, "store-newer"),
}


@pytest.mark.slow_cases
@posix
@pytest.mark.parametrize(("spoil", "code"), PLACES.values(), ids=PLACES)
async def test_rb_03_st_07_a_store_that_cannot_be_used_is_reported_before_anybody_signs_in(
    server: ScriptedServer, tmp_path: Path, spoil: Callable[[Path], None], code: str
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    spoil(home)
    marker = tmp_path / "browser-was-started"
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\ntouch {marker}\n")
    browser.chmod(0o700)
    options = ["--issuer", server.origin, "--client-id", "x"]
    async with login(
        *options, home=home, more={"BROWSER": str(browser)}, under=unprivileged()
    ) as command:
        outcome = await command.outcome()
    home.chmod(0o700)
    assert (outcome.exit_code, outcome.error["code"]) == (1, code)
    assert outcome.events_named("open_page") == []
    assert server.connections == 0
    assert not marker.exists()


async def test_rv_04_tokens_that_cannot_be_saved_are_given_back_and_everybody_is_notified(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/token"] = spoil_then_answer(tmp_path)
    server.answers["/revocation"] = plain_answer(b"")
    end = await ended(as_options(flags(server, "revocation")), tmp_path)
    assert (end.outcome.exit_code, end.code, end.page.status) == (1, "store-unwritable", 400)
    assert "the tokens just issued were revoked" in end.outcome.error["message"]
    assert end.outcome.events_named("saved") == []
    assert [request.form["token"] for request in server.asked("/revocation")] == [
        "the-refresh-token"
    ]
    assert end.secrets_shown() == []
    assert (tmp_path / "tokens").read_bytes() == b"in the way"


_LITTLE_ROOM = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.slow
@posix
async def test_rv_04_a_disk_that_fills_up_leaves_the_old_tokens_and_gives_the_new_ones_back(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/revocation"] = plain_answer(b"")
    options = as_options(flags(server, "revocation"))
    assert (await ended(options, tmp_path)).outcome.exit_code == 0
    before = token_file(tmp_path)
    server.answers["/token"] = json_answer({**TOKENS, "refresh_token": "second-canary"})
    limited = (sys.executable, "-c", _LITTLE_ROOM)
    end = await ended(options, tmp_path, more={"PYTHONDONTWRITEBYTECODE": "1"}, under=limited)
    assert (end.outcome.exit_code, end.code) == (1, "store-unwritable")
    assert "were revoked" in end.outcome.error["message"]
    assert [request.form["token"] for request in server.asked("/revocation")] == ["second-canary"]
    assert token_file(tmp_path) == before
    assert not [name for name in os.listdir(tmp_path / "tokens") if name.endswith(".tmp")]


# --- RB-09, ST-05


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"LOOPBACK_AUTH_HOME": "relative/place"}, 2),
        ({"LOOPBACK_AUTH_HOME": "/"}, 2),
        ({"LOOPBACK_AUTH_HOME": "", "HOME": "/"}, 2),
        ({"LOOPBACK_AUTH_HOME": "", "HOME": "relative"}, 2),
        ({"LOOPBACK_AUTH_HOME": "", "XDG_CONFIG_HOME": "relative"}, 4),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="POSIX paths")
async def test_rb_09_a_place_that_is_none_is_refused_and_the_current_folder_stays_clean(
    tmp_path: Path, more: dict[str, str], status: int
) -> None:
    outcome = await run("token", "--json", home=tmp_path, more=more)
    assert outcome.exit_code == status
    assert outcome.error["exit_code"] == status
    assert os.listdir(tmp_path) == []


async def test_st_05_a_damaged_token_file_is_reported_with_its_path_and_other_profiles_work(
    server: ScriptedServer, tmp_path: Path
) -> None:
    await ended(["work", *as_options(flags(server))], tmp_path)
    whole = (tmp_path / "tokens/work.json").read_bytes()
    (tmp_path / "tokens/broken.json").write_bytes(whole[:-20])
    (tmp_path / "tokens/broken.json").chmod(0o600)
    outcome = await run("token", "broken", "--json", home=tmp_path)
    assert (outcome.exit_code, outcome.error["code"]) == (4, "store-damaged")
    (kept,) = (tmp_path / "tokens").glob("broken.json.damaged-*")
    assert str(kept) in outcome.error["message"]
    assert kept.read_bytes() == whole[:-20]
    assert (await run("token", "work", home=tmp_path)).stdout == "the-access-token\n"


EDITS: dict[str, tuple[tuple[str, ...], str, object]] = {
    "a client that is none": (("status",), "client", []),
    "settings that are none": (("status",), "settings", {"scope": 42}),
    "settings that are none, used": (
        ("login", "--no-browser", "--timeout", "0.3s"),
        "settings",
        {"scope": 42},
    ),
    "an issuer that is none": (("status",), "server", {"issuer": 5}),
    "a server without endpoints": (("logout",), "server", {}),
    "a time that is none": (("logout",), "obtained_at", "yesterday"),
}


@pytest.mark.slow_cases
@pytest.mark.parametrize(("command", "name", "value"), EDITS.values(), ids=EDITS)
async def test_st_05_a_file_that_somebody_edited_badly_ends_no_command_in_a_traceback(
    server: ScriptedServer, tmp_path: Path, command: tuple[str, ...], name: str, value: object
) -> None:
    document = {
        "version": 1,
        "profile": "default",
        "access_token": "a",
        "token_type": "Bearer",
        "obtained_at": "2026-01-01T00:00:00Z",
        "client": {"client_id": "x"},
        "server": flags(server),
        "settings": {},
    }
    (tmp_path / "tokens").mkdir(mode=0o700)
    path = tmp_path / "tokens/default.json"
    path.write_text(json.dumps({**document, name: value}))
    path.chmod(0o600)
    outcome = await run(*command, "--json", home=tmp_path)
    assert "Traceback" not in outcome.stderr
    assert outcome.document
