"""What each tool sends, what it is answered, and what is refused: tables, without a tool."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from loopback_auth.export.credential_helper.protocol import HelperRequest, HelperToken
from loopback_auth.export.credential_helper.protocols import PROTOCOLS, protocol_of
from loopback_auth.oauth.secret import Secret

TOKEN = HelperToken(
    token=Secret("s3cr3t"), expires_at=datetime(2026, 11, 29, 12, 0, 30, 999, tzinfo=UTC)
)
EXEC_INFO = json.dumps(
    {
        "kind": "ExecCredential",
        "apiVersion": "client.authentication.k8s.io/v1",
        "spec": {"interactive": False, "cluster": {"server": "https://k8s.example:6443"}},
    }
)

ASKED: list[tuple[str, list[str], str, dict[str, str], str | None]] = [
    ("git", ["get"], "protocol=https\nhost=git.example\n\n", {}, "https://git.example/"),
    (
        "git",
        ["get"],
        (
            "capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=git.example:8443\n"
            'path=team/repo.git\nwwwauth[]=Basic realm="x"\n'
        ),
        {},
        "https://git.example:8443/team/repo.git",
    ),
    ("git", ["erase"], "protocol=https\nhost=git.example\npassword=x\n\n", {}, None),
    ("git", ["store"], "protocol=https\nhost=git.example\npassword=x\n\n", {}, None),
    ("git", ["capability"], "", {}, None),
    ("docker", ["get"], "registry.example:5000\n", {}, "https://registry.example:5000/"),
    ("docker", ["get"], "https://index.docker.io/v1/", {}, "https://index.docker.io/v1/"),
    ("docker", ["erase"], "registry.example", {}, None),
    ("docker", ["store"], '{"ServerURL":"https://registry.example","Secret":"x"}', {}, None),
    ("docker", ["list"], "", {}, None),
    ("kubectl", [], "", {"KUBERNETES_EXEC_INFO": EXEC_INFO}, "https://k8s.example:6443"),
    ("kubectl", [], "", {}, ""),
    ("go", [], "", {}, None),
    ("go", ["https://mod.example/team"], "", {}, "https://mod.example/team"),
    ("bazel", ["get"], '{"uri":"https://cache.example/a?b"}', {}, "https://cache.example/a?b"),
    ("bazel", ["other"], "", {}, None),
    ("pnpm", ["https://npm.example/"], "", {}, "https://npm.example/"),
    ("terraform", ["get", "tf.example"], "", {}, "https://tf.example/"),
    ("terraform", ["store", "tf.example"], "", {}, None),
    ("terraform", ["forget", "tf.example"], "", {}, None),
]


@pytest.mark.parametrize(("name", "words", "stdin", "environ", "url"), ASKED)
def test_what_a_tool_asks_for(
    name: str, words: list[str], stdin: str, environ: dict[str, str], url: str | None
) -> None:
    assert protocol_of(name).read(words, stdin, environ).url == url


HOSTILE: list[tuple[str, list[str], str, dict[str, str]]] = [
    ("git", ["get"], "protocol=https\nhost=a.example\nhost=b.example\n\n", {}),
    ("git", ["get"], "protocol=https\nhost=a.example\rhost=b.example\n\n", {}),
    ("git", ["get"], "protocol=https\nhost=a.example\0b.example\n\n", {}),
    ("git", ["get"], "protocol=https\n\nhost=a.example\n", {}),
    ("git", ["get"], "host=a.example\n\n", {}),
    ("git", ["get"], "protocol=https\nhost\n\n", {}),
    ("git", ["get"], "", {}),
    ("docker", ["get"], "", {}),
    ("docker", ["get"], "a.example\nb.example", {}),
    ("bazel", ["get"], "no JSON", {}),
    ("bazel", ["get"], "[" * 60_000, {}),
    ("pnpm", [], "", {}),
    ("kubectl", [], "", {"KUBERNETES_EXEC_INFO": "[]"}),
    ("kubectl", [], "", {"KUBERNETES_EXEC_INFO": "{"}),
    ("kubectl", [], "", {"KUBERNETES_EXEC_INFO": "[" * 60_000}),
    ("kubectl", [], "", {"KUBERNETES_EXEC_INFO": '{"spec":{"cluster":"a.example"}}'}),
    ("kubectl", [], "", {"KUBERNETES_EXEC_INFO": '{"spec":{"cluster":{"server":5}}}'}),
    ("kubectl", [], "", {"KUBERNETES_EXEC_INFO": '{"spec":{"cluster":{"server":["a.example"]}}}'}),
    ("kubectl", [], "", {"KUBERNETES_EXEC_INFO": '{"apiVersion":"v2"}'}),
]


@pytest.mark.parametrize(("name", "words", "stdin", "environ"), HOSTILE)
def test_what_is_no_request_is_refused_and_not_repeated(
    name: str, words: list[str], stdin: str, environ: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        protocol_of(name).read(words, stdin, environ)
    assert "a.example" not in str(raised.value)


GIT = "username=oauth2\npassword=s3cr3t\npassword_expiry_utc=1795953630"
K8S = HelperRequest(url="", version="client.authentication.k8s.io/v1beta1")
ANSWERS: list[tuple[str, HelperRequest, Any]] = [
    ("git", HelperRequest(url="https://git.example/"), GIT),
    (
        "docker",
        HelperRequest(url="https://registry.example/"),
        {"ServerURL": "https://registry.example/", "Username": "oauth2", "Secret": "s3cr3t"},
    ),
    (
        "kubectl",
        K8S,
        {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "kind": "ExecCredential",
            "status": {"token": "s3cr3t", "expirationTimestamp": "2026-11-29T12:00:30Z"},
        },
    ),
    (
        "bazel",
        HelperRequest(url="https://cache.example/"),
        {"headers": {"Authorization": ["Bearer s3cr3t"]}, "expires": "2026-11-29T12:00:30Z"},
    ),
    (
        "go",
        HelperRequest(url="https://mod.example/"),
        "https://mod.example/\n\nAuthorization: Bearer s3cr3t\n",
    ),
    ("pnpm", HelperRequest(url="https://npm.example/"), "Bearer s3cr3t"),
    ("terraform", HelperRequest(url="https://tf.example/"), {"token": "s3cr3t"}),
]


@pytest.mark.parametrize(("name", "request_", "answer"), ANSWERS)
def test_what_a_tool_is_answered(name: str, request_: HelperRequest, answer: object) -> None:
    written = protocol_of(name).write(request_, TOKEN)
    assert (json.loads(written) if isinstance(answer, dict) else written) == answer


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_token_without_an_expiry_is_answered_without_one(name: str) -> None:
    request = next(row[1] for row in ANSWERS if row[0] == name)
    written = protocol_of(name).write(request, HelperToken(token=Secret("s3cr3t")))
    assert "s3cr3t" in written
    assert "expir" not in written
