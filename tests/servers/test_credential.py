"""`credential` as the real programs ask it: kubectl with its exec plugin."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import trustme

from ..support.canary import watched
from ..support.command import environment
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.servers import install
from ..support.servers.needs import need
from ..support.stored import jwt, stored

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.server


def test_kubectl_shows_the_id_token_to_its_cluster(tmp_path: Path) -> None:
    need("kubectl")
    home = tmp_path / "home"
    home.mkdir()
    id_token = jwt(sub="canary-of-the-cluster", exp=4_000_000_000)
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    # kubectl shows a token over TLS alone.
    with ScriptedServer(tls=context) as cluster:
        for path, answer in _API.items():
            cluster.answers[path] = json_answer(answer)
        stored(home, cluster, profile="work", lasts_s=3600, id_token=id_token)
        config = tmp_path / "kubeconfig"
        config.write_text(json.dumps(_kubeconfig(cluster.origin, tmp_path / "ca.pem")))
        with watched(id_token, tmp_path, allowed=("home/tokens/*",)) as canary:
            done = subprocess.run(
                [
                    str(install.program("kubectl")),
                    *("--kubeconfig", str(config), "get", "--raw", "/api/v1/namespaces"),
                ],
                env=environment(home),
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            canary.check_text(done.stdout + done.stderr)
        assert done.returncode == 0, done.stderr
        (asked,) = cluster.asked("/api/v1/namespaces")
    assert dict(asked.headers)["authorization"] == f"Bearer {id_token}"


_API = {"/api/v1/namespaces": {"kind": "NamespaceList", "apiVersion": "v1", "items": []}}


def _kubeconfig(server: str, authority: Path) -> dict[str, object]:
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never",
        "command": sys.executable,
        "args": ["-m", "loopback_auth", "credential", "kubectl", "-p", "work"],
    }
    about = {"server": server, "certificate-authority": str(authority)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": about}],
        "users": [{"name": "me", "user": {"exec": plugin}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "me"}}],
        "current-context": "c",
    }
