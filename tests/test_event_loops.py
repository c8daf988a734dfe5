"""RB-12: the library in another event loop than asyncio's own, and in a process that has forked."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback_auth import FileStore, HttpTransport, access_token, from_settings, login
from tests.support.scripted_server import ScriptedServer, json_answer
from tests.support.stored import NEW, stored

if TYPE_CHECKING:
    from pathlib import Path

    from loopback_auth.testing import AuthorizationServer, Browser

    from .support.scripted_server import Connection

# The store and the transport are those of the parent, which has used both.
FORKED = """
import asyncio, os, sys
from loopback_auth import FileStore, HttpTransport, Secret, access_token

store, transport = FileStore(sys.argv[1]), HttpTransport()

def ask(refused=None):
    asked = access_token("default", store=store, transport=transport, refused=refused)
    return asyncio.run(asked).access_token.reveal()

first = ask()
child = os.fork()
second = ask(Secret(first))
if not child:
    os._exit(second != "the-second-token")
print(first, second, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop")
def test_rb_12_a_sign_in_in_uvloop(
    authorization_server: AuthorizationServer, sign_in_browser: Browser, tmp_path: Path
) -> None:
    import uvloop

    store, transport = FileStore(tmp_path), HttpTransport()
    profile = from_settings("work", issuer=authorization_server.issuer, client_id="demo")

    async def sign_in() -> tuple[str, str]:
        signed_in = await login(
            profile, store=store, transport=transport, browser=sign_in_browser.visit
        )
        token = await access_token(profile, store=store, transport=transport)
        assert token.access_token == signed_in.tokens.access_token
        assert signed_in.identity is not None
        return type(asyncio.get_running_loop()).__module__, str(signed_in.identity.name)

    assert uvloop.run(sign_in()) == ("uvloop", "ada")


@pytest.mark.skipif(sys.platform == "win32", reason="no process forks there")
def test_rb_12_parent_and_child_of_a_fork_refresh_once(tmp_path: Path) -> None:
    tokens = iter(("the-first-token", "the-second-token", "one refresh too many"))

    def refresh(connection: Connection) -> None:
        connection.socket.sendall(json_answer({**NEW, "access_token": next(tokens)}))

    with ScriptedServer() as server:
        server.answers["/token"] = refresh
        stored(tmp_path, server)
        done = subprocess.run(
            [sys.executable, "-c", FORKED, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert (done.stdout, done.stderr) == ("the-first-token the-second-token 0\n", "")
    assert len(server.requests) == 2
