"""`credential` as skopeo asks it, at Docker's own registry, and as pnpm does."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..support.canary import watched
from ..support.command import environment
from ..support.scripted_server import ScriptedServer
from ..support.servers import install
from ..support.servers.needs import need
from ..support.sockets import free_port
from ..support.stored import stored, write_config
from .test_push import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.server

TOKEN = "canary-of-the-index"
# bcrypt, which is all that the registry reads.
HTPASSWD = "oauth2:$2b$05$QCqHLfxdQ9ZpT/U1mOBgTeLmJoM72JoHB6bA0s1v2dylfKIpbAXsK\n"


def test_skopeo_pushes_and_reads_an_image_of_a_guarded_registry(tmp_path: Path) -> None:
    need("skopeo")
    home = tmp_path / "home"
    home.mkdir()
    image = _image(tmp_path / "image")
    with _registry(tmp_path) as host, ScriptedServer() as server:
        stored(home, server, profile="work", lasts_s=3600, access_token=TOKEN)
        write_config(home, f'[profiles.work]\ncredential_urls = "https://{host}"\n')
        authentication = tmp_path / "auth.json"
        authentication.write_text(json.dumps({"credHelpers": {host: "loopback-auth"}}))
        # Docker finds a helper by its name, which is installed beside the command.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environ = {**environment(home), "PATH": path, "REGISTRY_AUTH_FILE": str(authentication)}
        there = f"docker://{host}/thing:1"
        with watched(TOKEN, tmp_path, allowed=("home/tokens/*",)) as canary:
            for words in (
                ("copy", "--dest-tls-verify=false", f"oci:{image}", there),
                ("inspect", "--tls-verify=false", there),
            ):
                done = subprocess.run(
                    ["skopeo", "--insecure-policy", *words],
                    env=environ,
                    capture_output=True,
                    text=True,
                    timeout=120,
                    check=False,
                )
                assert done.returncode == 0, done.stderr
                canary.check_text(done.stdout + done.stderr)
        assert json.loads(done.stdout)["Name"] == f"{host}/thing"
        write_config(home, '[profiles.work]\ncredential_urls = "https://other.example"\n')
        refused = ["skopeo", "inspect", "--tls-verify=false", there]
        done = subprocess.run(refused, env=environ, capture_output=True, timeout=120, check=False)
        assert done.returncode != 0, "another server's registry gets no token"


@contextmanager
def _registry(folder: Path) -> Iterator[str]:
    port = free_port()
    (folder / "htpasswd").write_text(HTPASSWD)
    settings = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
        "http": {"addr": f"127.0.0.1:{port}"},
        "auth": {"htpasswd": {"realm": "registry", "path": str(folder / "htpasswd")}},
    }
    (folder / "registry.yml").write_text(json.dumps(settings))
    with subprocess.Popen(
        [shutil.which("docker-registry") or "", "serve", str(folder / "registry.yml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while not answers(port):
                assert process.poll() is None
                time.sleep(0.05)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def _image(folder: Path) -> Path:
    """Write an OCI image without a layer."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(kind: str, document: dict[str, object]) -> dict[str, object]:
        content = json.dumps(document).encode()
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        media = f"application/vnd.oci.image.{kind}.v1+json"
        return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(content)}

    rootfs = {"type": "layers", "diff_ids": []}
    config = blob("config", {"architecture": "amd64", "os": "linux", "rootfs": rootfs})
    manifest = blob("manifest", {"schemaVersion": 2, "config": config, "layers": []})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def test_pnpm_reads_a_guarded_registry(tmp_path: Path) -> None:
    need("pnpm")
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    (work / "package.json").write_text('{"name": "mine", "version": "1.0.0"}')
    with _guarded_packages() as (host, origin), ScriptedServer() as server:
        stored(home, server, profile="work", lasts_s=3600, access_token=TOKEN)
        write_config(home, f'[profiles.work]\ncredential_urls = "{origin}"\n')
        helper = tmp_path / "helper"
        helper.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -m loopback_auth credential pnpm {origin}/\n'
        )
        helper.chmod(0o700)
        # pnpm takes a helper from the person's own file alone.
        (home / ".npmrc").write_text(f"registry={origin}/\n//{host}/:tokenHelper={helper}\n")
        pnpm = str(install.HOME / "node_modules" / "pnpm" / "bin" / "pnpm.cjs")
        command = [shutil.which("node") or "", pnpm, "add", "thing", "--lockfile-only"]
        with watched(TOKEN, tmp_path, allowed=("home/tokens/*",)) as canary:
            done = subprocess.run(
                command,
                env={**environment(home), "NPM_CONFIG_USERCONFIG": str(home / ".npmrc")},
                cwd=work,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            canary.check_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "thing@1.2.3" in (work / "pnpm-lock.yaml").read_text()


@contextmanager
def _guarded_packages() -> Iterator[tuple[str, str]]:
    """Serve the metadata of one package to who has the token."""
    version = {"name": "thing", "version": "1.2.3", "dist": {"tarball": "x", "shasum": "0" * 40}}
    about = {"name": "thing", "dist-tags": {"latest": "1.2.3"}, "versions": {"1.2.3": version}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = self.headers["Authorization"] == f"Bearer {TOKEN}"
            content = json.dumps(about if is_known else {"error": "who are you?"}).encode()
            self.send_response(200 if is_known else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        yield host, f"http://{host}"
        server.shutdown()
