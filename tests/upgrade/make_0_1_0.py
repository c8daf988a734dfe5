"""
Made `0.1.0.json` once, with the code of the commit b6b77af: what that version left in a home and in
a keyring.

    git archive --prefix=old/ b6b77af | tar x -C /tmp
    .venv/bin/python tests/upgrade/make_0_1_0.py /tmp/old > tests/upgrade/0.1.0.json

Its real command signs in and refreshes at a server of this script, which answers with canaries; its
`init` and its sign-in write config.toml. For the keyring its real store saves, moves and removes a
sign-in with the tests' stand-in keyrings, and is killed before each call that reaches the file
system: every state that comes of it, but for random names, is kept once. The server's address is
`127.0.0.1:49999` in the file, five digits as any port that a test gets.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from base64 import urlsafe_b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from urllib.request import urlopen

ADDRESS = "127.0.0.1:49999"

SLOTS = """
import json, os, signal, sys
from loopback_auth.edge.store import FileStore
home, act, before = sys.argv[1:4]
old, new = json.loads(sys.argv[4]), json.loads(sys.argv[5])
acts = {
    "save": lambda: FileStore(home).save("work", new),
    "move in": lambda: FileStore(home, storage="keyring").save("work", new),
    "move out": lambda: FileStore(home, storage="file").save("work", new),
    "remove": lambda: FileStore(home).remove("work"),
}
if before != "nothing":
    FileStore(home, storage=before).save("work", old)
warm = FileStore(home + "-warm", storage="keyring")
warm.save("warm", old)
warm.remove("warm")
which, steps = int(sys.argv[6]), []
def hook(event, arguments):
    if event.partition(".")[0] in ("open", "os", "fcntl") and steps:
        steps.append(event)
        if len(steps) - 1 == which:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
steps.append("begin")
acts[act]()
steps.clear()
"""

ACTS = [
    ("save", "keyring"),
    ("move in", "file"),
    ("move in", "nothing"),
    ("move out", "keyring"),
    ("remove", "keyring"),
]


class Server(BaseHTTPRequestHandler):
    """Rotates: the second answer replaces the tokens of the first."""

    count = 0

    def do_GET(self) -> None:
        self._answer({"sub": "ada-1", "name": "ada"})

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        number = int(form.get("refresh_token", "0").rpartition("-")[2]) + 1
        self._answer(
            {
                "access_token": f"CANARY-access-{number}",
                "refresh_token": f"CANARY-refresh-{number}",
                "token_type": "Bearer",
                "expires_in": 3600,
                "instance_url": "https://ada.example",
                "word": "ünïcode",
            }
        )

    def _answer(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Old:
    """The old version, in *folder*, with homes and keyrings below *work*."""

    def __init__(self, folder: Path, work: Path, server: str) -> None:
        self.folder, self.work, self.server = folder, work, server

    def environment(self, home: Path, backend: str) -> dict[str, str]:
        backends = self.folder / "tests" / "edge" / "keyring_backends"
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{backends}:{self.folder}",
            "PYTHON_KEYRING_BACKEND": f"stand_in.{backend}",
            "STAND_IN_KEYRING": f"{home}-keyring",
            "STAND_IN_PASSWD_HOME": f"{home}-passwd",
            "HOME": str(home),
            "LOOPBACK_AUTH_HOME": str(home),
        }

    def home(self, name: str) -> Path:
        home = self.work / name
        for path in (home, Path(f"{home}-keyring"), Path(f"{home}-passwd")):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(mode=0o700)
        return home

    def run(self, home: Path, *words: str, backend: str = "Kept", given: str = "") -> str:
        command = [sys.executable, "-m", "loopback_auth", *words]
        done = subprocess.run(
            command,
            env=self.environment(home, backend),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done
        return done.stdout

    def sign_in(self, home: Path, *words: str, backend: str = "Kept", secret: str = "") -> None:
        endpoints = [
            f"--{name}-endpoint=http://{self.server}/{name}"
            for name in ("authorization", "token", "userinfo", "revocation")
        ]
        command = [
            sys.executable,
            "-m",
            "loopback_auth",
            "login",
            *words,
            "--client-id=my-cli",
            "--scope=api",
            "--no-browser",
            "--json",
            *endpoints,
        ]
        process = subprocess.Popen(
            command,
            env=self.environment(home, backend),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin
        assert process.stderr
        process.stdin.write(secret)
        process.stdin.close()
        for line in process.stderr:
            item = json.loads(line)
            if item["event"] == "open_page":
                asked = parse_qs(urlsplit(item["url"]).query)
                answer = urlencode({"code": "CANARY-code", "state": asked["state"][0]})
                (callback,) = asked["redirect_uri"]
                urlopen(f"{callback}?{answer}").read()  # noqa: S310 - the callback's
        assert process.wait() == 0, process.stdout and process.stdout.read()

    def state(self, home: Path, profile: str = "work") -> dict[str, Any]:
        """Give what lies there, with the server's address as the tests know it."""
        file = home / "tokens" / f"{profile}.json"
        kept = sorted(Path(f"{home}-keyring").iterdir())
        return {
            "loads": self.loads(home, profile),
            "file": self.portable(file.read_text("utf-8")) if file.exists() else None,
            "keyring": {
                urlsafe_b64decode(path.name).decode().partition("\n")[0]: self.portable(
                    path.read_text("utf-8")
                )
                for path in kept
                if not path.name.startswith(".unfinished")
            },
        }

    def loads(self, home: Path, profile: str) -> str | None:
        """Give the access token that the old version reads there."""
        program = (
            "import sys\nfrom loopback_auth.edge.store import FileStore\n"
            "print((FileStore(sys.argv[1]).load(sys.argv[2]) or {}).get('access_token', ''))"
        )
        command = [sys.executable, "-c", program, str(home), profile]
        done = subprocess.run(
            command,
            env=self.environment(home, "Kept"),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout.strip() or None

    def portable(self, text: str) -> str:
        assert len(self.server) == len(ADDRESS)
        assert text.count("127.0.0.1") == text.count(self.server)
        return text.replace(self.server, ADDRESS)


def files(old: Old) -> dict[str, Any]:
    """Sign in as people do."""
    home = old.home("files")
    old.sign_in(home, "-p", "work")
    old.sign_in(home, "-p", "refreshed")
    old.run(home, "refresh", "-p", "refreshed")
    old.sign_in(home, "-p", "secret", "--client-secret-stdin", secret="CANARY-client-secret")
    return {name: old.state(home, name)["file"] for name in ("work", "refreshed", "secret")}


def configuration(old: Old) -> str:
    """
    Have three profiles written: by `init`, by the offer after a sign-in, and with a person's own
    lines between.
    """
    home = old.home("configuration")
    old.run(
        home,
        "init",
        "salesforce",
        "sandbox",
        "--client-id",
        "CANARY-app",
        "--login-url",
        "https://test.salesforce.com",
        "--no-input",
        "--no-doctor",
    )
    path = home / "config.toml"
    text = path.read_text("utf-8")
    path.write_text(f'# mine, and dear to me\ndefault_profile = "work"\n\n{text}', "utf-8")
    settings = {
        "client_id": "my-cli",
        "scope": "api",
        **{
            f"{name}_endpoint": f"http://{old.server}/{name}"
            for name in ("authorization", "token", "userinfo", "revocation")
        },
    }
    program = (
        "import json, sys\nfrom loopback_auth.edge.config_writer import add_profile\n"
        "add_profile(sys.argv[1], 'work', json.loads(sys.argv[2]), None)"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(path), json.dumps(settings)],
        env=old.environment(home, "Kept"),
        check=True,
    )
    return old.portable(path.read_text("utf-8"))


def keyring_states(old: Old, backend: str) -> list[dict[str, Any]]:
    """Kill a save, a move and a removal before each of its steps."""
    home = old.home("source")
    old.sign_in(home, "-p", "work")
    source = home / "tokens" / "work.json"
    first = json.loads(source.read_text("utf-8"))
    old.run(home, "refresh", "-p", "work")
    second = json.loads(source.read_text("utf-8"))
    if backend == "Windows":
        # More than 1200 characters are in two parts there.
        first["extra"]["padding"], second["extra"]["padding"] = "1" * 1000, "2" * 1000
    seen: dict[str, dict[str, Any]] = {}
    for act, before in ACTS:
        for step in range(1, 10_000):
            home = old.home("killed")
            done = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    SLOTS,
                    str(home),
                    act,
                    before,
                    json.dumps(first),
                    json.dumps(second),
                    str(step),
                ],
                env=old.environment(home, backend),
                check=False,
            )
            state = old.state(home)
            shape = re.sub(r"(loopback-auth 1 \d+) \w{8}", r"\1", json.dumps(state))
            seen.setdefault(
                re.sub(r'/probe": "\w+"', '/probe"', shape),
                {"made_by": f"{backend}: {act} from {before}, step {step}", **state},
            )
            if done.returncode == 0:
                break
    # Elsewhere the two keyrings do not differ.
    return [state for state in seen.values() if backend == "Kept" or "1/2 " in json.dumps(state)]


def main(folder: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as work:
        old = Old(folder, Path(work), f"127.0.0.1:{server.server_address[1]}")
        made = {
            "files": files(old),
            "config": configuration(old),
            "keyrings": [*keyring_states(old, "Kept"), *keyring_states(old, "Windows")],
        }
    json.dump(made, sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
