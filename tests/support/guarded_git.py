"""git over HTTP by git's own program, behind a server that wants a token as the password."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class GuardedGit:
    """Serves the repositories in *folder* to who has *token*; `refused` counts the others."""

    def __init__(self, folder: Path, token: str) -> None:
        self.refused = 0
        served = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                password = base64.b64encode(f"oauth2:{token}".encode()).decode()
                if self.headers["Authorization"] != f"Basic {password}":
                    served.refused += 1
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="git"')
                    self.end_headers()
                    return
                self._run(self.rfile.read(int(self.headers["Content-Length"] or 0)))

            do_POST = do_GET  # noqa: N815 - the library names it

            def _run(self, body: bytes) -> None:
                path, _, query = self.path.partition("?")
                environ = {
                    "PATH": os.environ["PATH"],
                    "GIT_PROJECT_ROOT": str(folder),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "REQUEST_METHOD": self.command,
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "CONTENT_TYPE": self.headers["Content-Type"] or "",
                    "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
                    "REMOTE_USER": "ann",
                    "REMOTE_ADDR": "127.0.0.1",
                }
                done = subprocess.run(
                    ["git", "http-backend"],
                    input=body,
                    env=environ,
                    capture_output=True,
                    check=True,
                )
                head, _, content = done.stdout.partition(b"\r\n\r\n")
                fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
                status = next((value for name, value in fields if name == "Status"), "200")
                self.send_response(int(status.split()[0]))
                for name, value in fields:
                    if name != "Status":
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
