"""The doctor's values, and what it does when a server is slow or answers in riddles."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.errors import PortInUse, SignInNeeded
from loopback_auth.flows.doctor import preflight as doctor_preflight
from loopback_auth.flows.doctor.checks import Check, Report, Subject, shortened
from loopback_auth.flows.doctor.examine import examine
from loopback_auth.settings.config_toml import parse_config
from loopback_auth.settings.resolve import from_settings

from ...support.scripted_server import ScriptedServer, hang, json_answer, plain_answer, redirect

if TYPE_CHECKING:
    from pathlib import Path

    from ...support.scripted_server import Script


async def examined(server: ScriptedServer, home: Path, **settings: Any) -> dict[str, Check]:
    """Examine a profile at *server*; give its checks by name."""
    known = {
        "authorization_endpoint": server.url("/authorize"),
        "token_endpoint": server.url("/token"),
        "client_id": "app",
    }
    found: dict[str, Check] = {}
    subject = Subject(
        name="work",
        home_dir=str(home),
        store=FileStore(str(home)),
        config=parse_config("", ""),
        profile=from_settings("work", **{**known, **settings}),
        stored=None,
        folder_mode=None,
        environ={"PATH": os.environ["PATH"]},
    )
    report = Report(on_check=lambda check: found.update({check.name: check}))
    await examine(subject, report, transport=HttpTransport(timeout_s=60))
    return found


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ada@acme.example", "ad***@acme.example"),
        ("adalovelace", "ad***"),
        ("", "***"),
        ("a", "a***"),
        ("@x", "***@x"),
    ],
)
def test_cl_12_a_user_name_is_shortened(name: str, shown: str) -> None:
    """CL-12: two letters and the domain tell accounts apart to those who know them."""
    assert shortened(name) == shown


def test_cl_12_what_is_found_is_made_fit_for_a_ticket() -> None:
    """
    CL-12: the home folder is `~`, wherever it occurs, and a server's words cannot draw on the
    terminal.
    """
    found: list[Check] = []
    report = Report(on_check=found.append, home_folder="/home/ada/")
    report.add(
        Check(
            name="n",
            verdict="warn",
            seen="/home/ada/x and /home/ada/y\x1b[2J\nz",
            cause="/home/adam",
            fix="rm /home/ada/x",
        )
    )
    (check,) = found
    assert (check.seen, check.cause, check.fix) == ("~/x and ~/y [2J z", "/home/adam", "rm ~/x")


def test_a_home_folder_that_is_the_root_changes_nothing() -> None:
    found: list[Check] = []
    Report(on_check=found.append, home_folder="/").add(Check(name="n", verdict="ok", seen="/etc/x"))
    assert found[0].seen == "/etc/x"


def test_a_failure_has_the_code_cause_and_exit_status_of_its_error() -> None:
    check = Check.of(PortInUse("taken", port=1717, redirect_uri="x"), "callback")
    assert (check.verdict, check.code, check.exit_code) == ("fail", "port-in-use", 6)
    assert check.cause
    assert check.to_document()["fix"]
    assert Check.of(SignInNeeded("x", profile="p"), "n", verdict="warn").exit_code == 0


@pytest.mark.parametrize(
    ("answer", "verdict", "seen"),
    [
        (plain_answer(b"", kind="text/html"), "ok", "shows its sign-in page (status 200)"),
        (redirect(302, "/login"), "ok", "status 302"),
        (
            plain_answer(b"<p>Invalid redirect uri", status=400, kind="text/html"),
            "warn",
            "status 400 and a page for people",
        ),
        (
            plain_answer(
                b"<html><h1>oops!</h1><pre><strong>error</strong>: invalid_client</pre>"
                b"<pre><strong>error_description</strong>: client is invalid</pre>",
                status=400,
                kind="text/html",
            ),
            "fail",
            "with a page (status 400): invalid_client: client is invalid",
        ),
        (
            plain_answer(
                b"<h1>We are sorry...</h1><p>Invalid parameter: redirect_uri</p>",
                status=400,
                kind="text/html",
            ),
            "fail",
            "refuses the sign-in before it begins, with a page (status 400)",
        ),
        (json_answer({"error": "unauthorized_client"}, status=400), "fail", "unauthorized_client"),
        (plain_answer(b"", status=502), "warn", "status 502"),
        (plain_answer(b"", status=429), "warn", "status 429"),
        (plain_answer(b"", "Content-Encoding: br"), "skipped", "could not be asked"),
    ],
)
async def test_what_the_server_makes_of_the_request(
    server: ScriptedServer, tmp_path: Path, answer: bytes | Script, verdict: str, seen: str
) -> None:
    """Any provider's: a sign-in page, a refusal that can be read, a page for people, trouble."""
    server.answers["/authorize"] = answer
    check = (await examined(server, tmp_path))["pre-flight"]
    assert check.verdict == verdict
    assert seen in check.seen


@pytest.mark.parametrize(
    ("said", "code", "fix"),
    [
        ("Invalid parameter: redirect_uri", "keycloak-redirect-uri", "Valid redirect URIs"),
        ("User is not assigned to the client application", "okta-user-not-assigned", "Assign"),
        ("error: invalid_client error_description: x", "invalid-client-id", "--client-id ID"),
        ("error: invalid_scope error_description: x", "invalid-scope", "--scope"),
    ],
)
async def test_a_page_for_people_is_read_as_explain_reads_it(
    server: ScriptedServer, tmp_path: Path, said: str, code: str, fix: str
) -> None:
    """The sign-in itself would wait for an answer that never comes."""
    page = f"<html><body><p>{said}</p></body></html>".encode()
    server.answers["/authorize"] = plain_answer(page, status=400, kind="text/html")
    check = (await examined(server, tmp_path))["pre-flight"]
    assert check.error
    explanation = check.error.explanation
    assert code in (check.code, explanation and explanation.code)
    assert fix in check.fix


async def test_a_server_that_never_answers_does_not_hold_the_doctor_up(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_preflight, "QUESTION_TIMEOUT_S", 0.2)
    server.answers["/authorize"] = hang
    found = await examined(server, tmp_path)
    assert (found["connection"].verdict, found["connection"].code) == ("fail", "answer-timed-out")
    assert (found["clock"].verdict, found["pre-flight"].verdict) == ("skipped", "skipped")


async def test_an_issuer_with_all_endpoints_known_may_be_silent(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A sign-in does without its metadata then: a warning."""
    server.answers["/authorize"] = redirect(302, "/login")
    found = await examined(server, tmp_path, issuer=server.origin)
    assert (found["discovery"].verdict, found["discovery"].code) == ("warn", "discovery-failed")
    assert found["pre-flight"].verdict == "ok"


async def test_an_endpoint_that_is_missing_is_reported(
    server: ScriptedServer, tmp_path: Path
) -> None:
    scene_profile = from_settings("work", authorization_endpoint=server.url("/a"), client_id="x")
    found: dict[str, Check] = {}
    subject = Subject(
        name="work",
        home_dir=str(tmp_path),
        store=FileStore(str(tmp_path)),
        config=parse_config("", ""),
        profile=scene_profile,
        stored=None,
        folder_mode=None,
        environ={},
    )
    report = Report(on_check=lambda check: found.update({check.name: check}))
    await examine(subject, report, transport=HttpTransport())
    assert (found["discovery"].verdict, found["discovery"].exit_code) == ("fail", 2)
    assert "--token-endpoint" in found["discovery"].fix


async def test_cl_12_a_key_in_an_endpoints_address_is_not_shown(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-12: some servers want a key or a policy in the query of their endpoint."""
    found = await examined(
        server, tmp_path, authorization_endpoint=server.url("/authorize?key=canary")
    )
    assert "canary" not in repr(found)


async def test_any_port_is_asked_about_with_one_that_was_free(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A server that compares hosts is shown an address, not port 0."""
    server.answers["/authorize"] = redirect(302, "/login")
    await examined(server, tmp_path, redirect_uris=["http://127.0.0.1:0/callback"])
    (asked,) = server.asked("/authorize")
    assert "127.0.0.1%3A0%2F" not in asked.target


async def test_certificates_that_cannot_be_read_are_reported(
    server: ScriptedServer, tmp_path: Path
) -> None:
    found = await examined(server, tmp_path, ca_bundle=str(tmp_path / "missing.pem"))
    assert (found["certificates"].verdict, found["certificates"].exit_code) == ("fail", 2)


async def test_the_token_store_is_left_as_it_is(server: ScriptedServer, tmp_path: Path) -> None:
    """The doctor makes no folder and leaves no file of its own."""
    await examined(server, tmp_path)
    assert os.listdir(tmp_path) == []
