"""`credential` as the real programs ask it: kubectl, go, and pip and uv through keyring."""

from __future__ import annotations

import base64
import io
import json
import ssl
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from ..support.canary import watched
from ..support.command import environment
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.servers import install
from ..support.servers.needs import need
from ..support.stored import jwt, stored, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.server

ROOT = Path(__file__).parent.parent.parent
TOKEN = "canary-of-the-index"
NAME = "keyrings.loopback-auth"


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


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_an_index_is_read_through_keyring(tmp_path: Path, tool: str) -> None:
    """With the wheel of its own for keyring, in an environment of its own."""
    need("uv")
    home, python = tmp_path / "home", tmp_path / "venv" / "bin" / "python"
    home.mkdir()
    build = [sys.executable, "-m", "build", "-w", "--no-isolation", "-o", str(tmp_path / "dist")]
    _run([*build, str(ROOT / NAME)])
    _run([sys.executable, "-m", "venv", str(tmp_path / "venv")])
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    _run([str(python), "-m", "pip", "install", "-q", str(wheel), "keyring"])
    with _guarded_index(wheel) as origin, ScriptedServer() as server:
        stored(home, server, profile="work", lasts_s=3600, access_token=TOKEN)
        write_config(home, f'[profiles.work]\ncredential_urls = "{origin}"\n')
        path = f"{python.parent}:{Path(sys.executable).parent}:/usr/bin:/bin"
        url = origin.replace("http://", "http://oauth2@") + "/simple"
        words = ["--no-deps", "--index-url", url, "--keyring-provider", "subprocess", NAME]
        command = {
            "pip": [sys.executable, "-m", "pip", "download", "--no-cache-dir"],
            "uv": [str(install.program("uv")), "pip", "install", "--no-cache", "--target", "got"],
        }
        with watched(TOKEN, tmp_path, allowed=("home/tokens/*",)):
            done = subprocess.run(
                [*command[tool], *words],
                env={**environment(home), "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=200,
                check=False,
            )
    assert done.returncode == 0, done.stdout + done.stderr
    got = wheel.name if tool == "pip" else "got/keyrings/loopback_auth.py"
    assert (tmp_path / got).is_file()
    assert TOKEN not in done.stdout + done.stderr


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=300)


@contextmanager
def _guarded_index(wheel: Path) -> Iterator[str]:
    """Serve *wheel* as a package index that wants the token as a password."""
    password = base64.b64encode(f"oauth2:{TOKEN}".encode()).decode()
    page = f'<a href="/files/{wheel.name}">{wheel.name}</a>'.encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = self.headers["Authorization"] == f"Basic {password}"
            self.send_response(200 if is_known else 401)
            if not is_known:
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            if is_known:
                is_page = self.path.startswith("/simple/")
                self.wfile.write(page if is_page else wheel.read_bytes())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


MODULE = "example.com/thing"


def test_go_fetches_a_module_from_a_guarded_proxy(tmp_path: Path) -> None:
    need("go")
    home = tmp_path / "home"
    home.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with _guarded_modules(authority) as origin, ScriptedServer() as server:
        stored(home, server, profile="work", lasts_s=3600, access_token=TOKEN)
        write_config(home, f'[profiles.work]\ncredential_urls = "{origin}"\n')
        work = tmp_path / "work"
        work.mkdir()
        (work / "go.mod").write_text("module example.com/mine\n\ngo 1.20\n")
        environ = {
            **environment(home),
            "GOAUTH": f"{sys.executable} -m loopback_auth credential go",
            "GOPROXY": origin,
            "GOSUMDB": "off",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-modcacherw",
            "GOPATH": str(tmp_path / "gopath"),
            "GOCACHE": str(tmp_path / "gocache"),
            "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
        }
        with watched(TOKEN, tmp_path, allowed=("home/tokens/*",)) as canary:
            done = subprocess.run(
                [str(install.program("go")), "mod", "download", "-json", f"{MODULE}@v1.0.0"],
                env=environ,
                cwd=work,
                capture_output=True,
                text=True,
                timeout=200,
                check=False,
            )
            canary.check_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["Version"] == "v1.0.0"


@contextmanager
def _guarded_modules(authority: trustme.CA) -> Iterator[str]:
    """Serve one Go module to who has the token, over TLS: go shows a token to nobody else."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{MODULE}@v1.0.0/go.mod", f"module {MODULE}\n")
    files = {
        "info": json.dumps({"Version": "v1.0.0", "Time": "2026-01-01T00:00:00Z"}).encode(),
        "mod": f"module {MODULE}\n".encode(),
        "zip": packed.getvalue(),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = self.headers["Authorization"] == f"Bearer {TOKEN}"
            content = files.get(self.path.rpartition(".")[2], b"") if is_known else b"who are you?"
            self.send_response(200 if is_known else 401)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
