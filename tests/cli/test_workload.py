"""A job that says who it is, and has a token for that: nothing is stored between its runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from ..support.canary import watched
from ..support.command import Outcome, run_here, token_file
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import jwt, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..support.scripted_server import Connection

JOB, ACCESS, ASKING = jwt(sub="repo:acme/app"), "canary-access-7d", "canary-request-4c"


@pytest.fixture(name="server")
def _server() -> Iterator[ScriptedServer]:
    """A token endpoint, and beside it what GitHub Actions and Azure Pipelines have."""
    with ScriptedServer() as server:
        server.answers["/token"] = json_answer(
            {"access_token": ACCESS, "token_type": "Bearer", "expires_in": 600}
        )
        server.answers["/actions"] = json_answer({"value": JOB, "count": 1})
        server.answers["/azure"] = json_answer({"oidcToken": JOB})
        yield server


def of(server: ScriptedServer, source: str) -> dict[str, str]:
    """Return the variables of a job in which *source* works."""
    return {
        "github": {
            "ACTIONS_ID_TOKEN_REQUEST_URL": server.url("/actions?api-version=2.0"),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ASKING,
        },
        "azure": {"SYSTEM_OIDCREQUESTURI": server.url("/azure"), "SYSTEM_ACCESSTOKEN": ASKING},
        "gitlab": {"GITLAB_OIDC_TOKEN": JOB},
        "env:JOB_TOKEN": {"JOB_TOKEN": JOB},
    }.get(source, {})


def configure(home: Path, server: ScriptedServer, flow: str, source: str) -> None:
    write_config(
        home,
        f"""
[profiles.ci]
authorization_endpoint = "{server.url("/authorize")}"
token_endpoint = "{server.url("/token")}"
client_id = "pipeline"
flow = "{flow}"
subject_token = "{source}"
audience = "https://id.example"
""",
    )


def token(home: Path, more: dict[str, str]) -> Outcome:
    return run_here("token", "ci", home=home, more=more)


SENT = {
    "token-exchange": {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": JOB,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "client_id": "pipeline",
    },
    "jwt-bearer": {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": JOB,
    },
    "client-credentials": {
        "grant_type": "client_credentials",
        "client_id": "pipeline",
        "client_assertion": JOB,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    },
}


@pytest.mark.parametrize("flow", SENT)
@pytest.mark.parametrize("source", ["github", "azure", "gitlab", "env:JOB_TOKEN"])
def test_a_job_has_a_token_without_a_login(
    server: ScriptedServer, tmp_path: Path, source: str, flow: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    configure(home, server, flow, source)
    with watched(ASKING, tmp_path) as canary:
        done = token(home, of(server, source))
        canary.check_text(done.stdout + done.stderr)
    assert (done.exit_code, done.stdout) == (0, f"{ACCESS}\n"), done.stderr
    (request,) = server.asked("/token")
    sent = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    assert SENT[flow].items() <= sent.items()
    # What was fetched is of this mint alone.
    assert JOB not in json.dumps(token_file(home, "ci"))


def test_github_is_asked_for_the_audience_with_the_jobs_own_token(
    server: ScriptedServer, tmp_path: Path
) -> None:
    configure(tmp_path, server, "jwt-bearer", "github")
    assert token(tmp_path, of(server, "github")).exit_code == 0
    (request,) = [asked for asked in server.requests if asked.target.startswith("/actions")]
    assert request.target == "/actions?api-version=2.0&audience=https%3A%2F%2Fid.example"
    assert dict(request.headers)["authorization"] == f"Bearer {ASKING}"


def test_a_token_file_that_changes_is_read_again(server: ScriptedServer, tmp_path: Path) -> None:
    path = tmp_path / "job.jwt"
    configure(tmp_path, server, "jwt-bearer", f"file:{path}")
    for subject in ("first", "second"):
        path.write_text(jwt(sub=subject) + "\n")
        path.chmod(0o600)
        assert run_here("token", "ci", "--refresh", home=tmp_path).exit_code == 0
    sent = [parse_qs(each.body.decode())["assertion"][0] for each in server.asked("/token")]
    assert sent == [jwt(sub="first"), jwt(sub="second")]


FAULTS: list[tuple[str, dict[str, str], str]] = [
    ("github", {}, "ACTIONS_ID_TOKEN_REQUEST_URL is not set"),
    ("gitlab", {}, "GITLAB_OIDC_TOKEN is not set"),
    ("azure", {"SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/x"}, "SYSTEM_ACCESSTOKEN"),
    ("env:JOB_TOKEN", {"JOB_TOKEN": "canary-no-jwt"}, "no JWT"),
    ("file:/nowhere/at/all", {}, "no token can be read"),
    ("circleci", {}, "none of github"),
]


@pytest.mark.parametrize(("source", "more", "said"), FAULTS)
def test_each_fault_says_what_the_job_lacks(
    server: ScriptedServer, tmp_path: Path, source: str, more: dict[str, str], said: str
) -> None:
    configure(tmp_path, server, "jwt-bearer", source)
    done = token(tmp_path, more)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "loopback-auth help ci" in done.stderr
    assert "canary" not in done.stderr
    assert server.requests == []


def test_a_job_without_the_permission_is_explained(server: ScriptedServer, tmp_path: Path) -> None:
    server.answers["/actions"] = json_answer({"message": "no"}, status=403)
    configure(tmp_path, server, "jwt-bearer", "github")
    done = token(tmp_path, of(server, "github"))
    assert done.exit_code == 2
    assert "id-token: write" in done.stderr


def test_a_ci_system_that_is_busy_is_asked_again(server: ScriptedServer, tmp_path: Path) -> None:
    """GitHub's own client does so, too: github.com/actions/toolkit, oidc-utils.ts."""

    def busy_once(connection: Connection) -> None:
        server.answers["/actions"] = json_answer({"value": JOB})
        busy = json_answer({"message": "busy"}, "Retry-After: 0", status=503)
        connection.socket.sendall(busy)

    server.answers["/actions"] = busy_once
    configure(tmp_path, server, "jwt-bearer", "github")
    assert token(tmp_path, of(server, "github")).exit_code == 0
    server.answers["/actions"] = json_answer({"message": "busy"}, "Retry-After: 99", status=503)
    done = run_here("token", "ci", "--refresh", home=tmp_path, more=of(server, "github"))
    assert "permission" not in done.stderr
    assert "GitHub Actions" in done.stderr
    assert "cannot answer now" in done.stderr


def test_azure_is_asked_as_microsofts_own_clients_do(
    server: ScriptedServer, tmp_path: Path
) -> None:
    configure(tmp_path, server, "jwt-bearer", "azure")
    assert token(tmp_path, of(server, "azure")).exit_code == 0
    (request,) = [asked for asked in server.requests if asked.target.startswith("/azure")]
    assert (request.target, request.body) == ("/azure?api-version=7.1", b"")
    assert dict(request.headers)["content-type"] == "application/json"


@pytest.mark.parametrize("flow", SENT)
def test_a_server_that_does_not_trust_the_job_is_explained(
    server: ScriptedServer, tmp_path: Path, flow: str
) -> None:
    server.answers["/token"] = json_answer(
        {"error": "invalid_grant", "error_description": f"{JOB} is not trusted"}, status=400
    )
    configure(tmp_path, server, flow, "github")
    done = token(tmp_path, of(server, "github"))
    assert (done.exit_code, done.stdout) == (7, "")
    assert "does not trust that issuer" in done.stderr
    assert "redirect URI" not in done.stderr
    assert JOB not in done.stderr


@pytest.mark.parametrize("named", [(), ("--from", "github")])
def test_the_raw_token_is_printed(
    server: ScriptedServer, tmp_path: Path, named: tuple[str, ...]
) -> None:
    words = ("id-token", "--audience", "vault", *named)
    done = run_here(*words, home=tmp_path, more=of(server, "github"))
    assert (done.exit_code, done.stdout) == (0, f"{JOB}\n"), done.stderr
    assert not any("id_token" in path.read_text() for path in tmp_path.rglob("*.json"))


def test_outside_of_ci_there_is_none(tmp_path: Path) -> None:
    done = run_here("id-token", home=tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no CI system" in done.stderr


@pytest.mark.parametrize("more", [{}, {"authorization_endpoint": "https://id.example/authorize"}])
def test_the_doctor_of_a_machine_asks_for_no_sign_in_page(
    server: ScriptedServer, tmp_path: Path, more: dict[str, str]
) -> None:
    """RFC 8414 section 2: a server where nobody signs in may have no authorization endpoint."""
    document = {"issuer": server.origin, "token_endpoint": server.url("/token"), **more}
    if more:
        document["authorization_endpoint"] = server.url("/authorize")
    server.answers["/.well-known/openid-configuration"] = json_answer(document)
    write_config(
        tmp_path,
        f'[profiles.ci]\nissuer = "{server.origin}"\nclient_id = "pipeline"\n'
        'flow = "token-exchange"\nsubject_token = "github"\n',
    )
    done = run_here("doctor", "ci", home=tmp_path)
    assert done.exit_code == 0, done.stdout
    assert "Next: loopback-auth token ci" in done.stderr
    assert "loopback-auth login" not in done.stdout
    assert server.asked("/authorize") == []
