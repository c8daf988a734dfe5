"""`push` through the vendors' own programs: gh and kubectl at loopback, OpenBao for real."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ..support.canary import watched
from ..support.command import run
from ..support.servers import install
from ..support.servers.needs import need
from ..support.sockets import free_port
from ..support.stored import stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..support.scripted_server import ScriptedServer

pytestmark = pytest.mark.server

TOKEN = "canary-refresh-token-5Aep861"
SECRET = "canary-client-secret"
NAMES = ["LOOPBACK_AUTH_REFRESH_TOKEN", "LOOPBACK_AUTH_CLIENT_SECRET"]
PUBLIC_KEY = base64.b64encode(bytes(range(1, 33))).decode()
SEAL_OCTETS = 48
"""How much longer a sealed box of libsodium is than what is in it."""


class Asked(NamedTuple):
    verb: str
    path: str
    action: str
    body: bytes


class Recorded:
    """A loopback API: *answers* by path, and what was put or patched there."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.written: list[tuple[str, dict[str, Any]]] = []

    def reply(self, asked: Asked) -> tuple[int, bytes]:
        """Record a request and return the answer: its status, and its body."""
        path = asked.path.removeprefix("http://api.github.localhost").partition("?")[0]
        if asked.verb in ("PUT", "PATCH"):
            self.written.append((path, json.loads(asked.body)))
            return 200, asked.body
        document = self.answers.get(path)
        return (404 if document is None else 200), json.dumps(document or {}).encode()

    @contextmanager
    def running(self) -> Iterator[str]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                action = self.headers.get("X-Amz-Target", "")
                status, text = api.reply(Asked(self.command, self.path, action, body))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        for verb in ("GET", "POST", "PUT", "PATCH"):
            setattr(Handler, f"do_{verb}", Handler.answer)
        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()


class Aws(Recorded):
    """STS, and a Secrets Manager that has no secret yet."""

    def reply(self, asked: Asked) -> tuple[int, bytes]:
        if not asked.action:
            return 200, IDENTITY
        self.written.append((asked.action.partition(".")[2], json.loads(asked.body)))
        if asked.action.endswith(".PutSecretValue"):
            return 400, b'{"__type": "ResourceNotFoundException", "message": "no such secret"}'
        return 200, b"{}"


IDENTITY = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    b"<GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>1</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@pytest.fixture
def home(server: ScriptedServer, tmp_path: Path) -> Path:
    client = {"client_id": "the-client", "client_secret": SECRET}
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    stored(folder, server, lasts_s=3000, refresh_token=TOKEN, client=client)
    return folder


def programs(name: str) -> dict[str, str]:
    need(name)
    return {"PATH": f"{install.program(name).parent}:{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("flags", "path"),
    [
        (["--repo", "acme/app"], "/repos/acme/app/actions/secrets"),
        (["--repo", "acme/app", "--env", "prod"], "/repos/acme/app/environments/prod/secrets"),
        (["--org", "acme"], "/orgs/acme/actions/secrets"),
        (["--repo", "acme/app", "--app", "dependabot"], "/repos/acme/app/dependabot/secrets"),
        (["--repo", "acme/app", "--app", "codespaces"], "/repos/acme/app/codespaces/secrets"),
    ],
)
async def test_gh_seals_the_secret_and_puts_it_where_it_belongs(
    home: Path, tmp_path: Path, flags: list[str], path: str
) -> None:
    """Gh speaks plain http to the host github.localhost, and this is its proxy."""
    api = Recorded({f"{path}/public-key": {"key_id": "1", "key": PUBLIC_KEY}})
    with api.running() as url, watched(TOKEN, tmp_path, allowed=["home/tokens/*"]) as canary:
        gh = {"HTTP_PROXY": url, "GH_HOST": "github.localhost", "GH_TOKEN": "gho_x"}
        outcome = await run("push", "github", *flags, home=home, more={**programs("gh"), **gh})
        canary.check_text(outcome.stdout + outcome.stderr)
    assert outcome.exit_code == 0, outcome
    assert [where for where, _ in api.written] == [f"{path}/{name}" for name in NAMES]
    sealed = [base64.b64decode(body["encrypted_value"]) for _, body in api.written]
    assert [len(each) - SEAL_OCTETS for each in sealed] == [len(TOKEN), len(SECRET)]


async def test_gh_that_nobody_signed_in_to_sends_nothing(home: Path) -> None:
    outcome = await run("push", "github", "--json", home=home, more=programs("gh"))
    assert (outcome.exit_code, outcome.error["code"]) == (7, "push-failed")
    assert "gh auth login" in outcome.error["fix"]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return not probe.connect_ex(("127.0.0.1", port))


@pytest.fixture
def openbao(tmp_path: Path) -> Iterator[dict[str, str]]:
    need("bao")
    port = free_port()
    words = [
        "server",
        "-dev",
        "-dev-no-store-token",
        "-dev-root-token-id=root",
        f"-dev-listen-address=127.0.0.1:{port}",
    ]
    with subprocess.Popen(
        [install.program("bao"), *words],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while not answers(port):
                assert process.poll() is None
                time.sleep(0.05)
            yield {**programs("bao"), "BAO_ADDR": f"http://127.0.0.1:{port}", "BAO_TOKEN": "root"}
        finally:
            process.terminate()


async def test_openbao_holds_what_was_pushed(
    openbao: dict[str, str], home: Path, tmp_path: Path
) -> None:
    with watched(TOKEN, tmp_path, allowed=["home/tokens/*"]) as canary:
        outcome = await run("push", "openbao", home=home, more=openbao)
        canary.check_text(outcome.stdout + outcome.stderr)
    assert outcome.exit_code == 0, outcome
    read = await asyncio.to_thread(
        subprocess.run,
        [install.program("bao"), "kv", "get", "-format=json", "secret/loopback-auth/default"],
        env=openbao,
        capture_output=True,
        check=True,
    )
    assert json.loads(read.stdout)["data"]["data"] == dict(zip(NAMES, (TOKEN, SECRET), strict=True))


async def test_openbao_that_does_not_know_us_gets_nothing(
    openbao: dict[str, str], home: Path
) -> None:
    more = {**openbao, "BAO_TOKEN": "wrong"}
    outcome = await run("push", "openbao", "--json", home=home, more=more)
    assert (outcome.exit_code, outcome.error["code"]) == (7, "push-failed")
    assert "permission denied" in outcome.error["message"]


async def test_aws_makes_a_secret_where_there_is_none_to_renew(home: Path, tmp_path: Path) -> None:
    """A file of mode 0600 is what it reads, and nothing is left of that."""
    api = Aws({})
    with api.running() as url, watched(TOKEN, tmp_path, allowed=["home/tokens/*"]) as canary:
        aws = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
        more = {**programs("aws"), **aws, "TMPDIR": str(tmp_path)}
        words = ("push", "aws-secretsmanager", "--region", "eu-west-1")
        outcome = await run(*words, home=home, more=more)
        canary.check_text(outcome.stdout + outcome.stderr)
    assert outcome.exit_code == 0, outcome
    assert "loopback-auth/default/refresh-token" in outcome.stderr
    assert [(action, body.get("Name"), body["SecretString"]) for action, body in api.written] == [
        ("PutSecretValue", None, TOKEN),
        ("CreateSecret", "loopback-auth/default/refresh-token", TOKEN),
        ("PutSecretValue", None, SECRET),
        ("CreateSecret", "loopback-auth/default/client-secret", SECRET),
    ]


RESOURCES = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [
            {
                "name": "secrets",
                "singularName": "secret",
                "namespaced": True,
                "kind": "Secret",
                "verbs": ["get", "patch"],
            }
        ],
    },
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "status": {"allowed": True},
    },
    "/openapi/v3": {
        "paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"}},
    },
    "/openapi/v3/api/v1": {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1"},
        "paths": {
            "/api/v1/namespaces/{namespace}/secrets/{name}": {
                "patch": {
                    "parameters": [{"name": "fieldValidation", "in": "query"}],
                    "x-kubernetes-group-version-kind": {
                        "group": "",
                        "version": "v1",
                        "kind": "Secret",
                    },
                }
            }
        },
    },
}


async def test_kubectl_applies_one_secret_on_the_servers_side(home: Path, tmp_path: Path) -> None:
    """The annotation that a client-side apply writes would hold the secret a second time."""
    api = Recorded(RESOURCES)
    with api.running() as url, watched(TOKEN, tmp_path, allowed=["home/tokens/*"]) as canary:
        config = tmp_path / "kubeconfig"
        named = {"name": "here"}
        config.write_text(
            json.dumps(
                {
                    "clusters": [{**named, "cluster": {"server": url}}],
                    "contexts": [{**named, "context": {"cluster": "here", "user": "here"}}],
                    "users": [{**named, "user": {}}],
                    "current-context": "here",
                }
            )
        )
        more = {**programs("kubectl"), "KUBECONFIG": str(config)}
        outcome = await run("push", "kubernetes", "--namespace", "ci", home=home, more=more)
        canary.check_text(outcome.stdout + outcome.stderr)
    assert outcome.exit_code == 0, outcome
    ((path, manifest),) = api.written
    assert path == "/api/v1/namespaces/ci/secrets/loopback-auth-default"
    assert manifest["stringData"] == dict(zip(NAMES, (TOKEN, SECRET), strict=True))
    assert "annotations" not in manifest["metadata"]
