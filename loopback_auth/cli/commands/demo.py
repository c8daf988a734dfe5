"""`demo`: the whole sign-in, against a server of our own on this computer, in files of its own."""

from __future__ import annotations

import json
import os
import shutil
import tempfile

from ...edge.interaction.browser import launch_command, open_browser
from ...edge.interaction.environment import surroundings
from ...edge.process.event_loop import run as run_coroutine
from ...edge.store.file_store import FileStore
from ...errors import UsageError
from ...flows.login.browser import login
from ...oauth.http.messages import Get, read_json_object
from ...oauth.secret import Secret
from ...settings.resolve import from_settings
from ..prompts import pastes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...oauth.credential import Credential
    from ...testing.demonstration import Demonstration
    from ..arguments import Parser
    from ..context import Context

TIMEOUT_S = 300.0
"""For somebody who tries the demo and is called away."""


def arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.set_defaults(paste=False)
    parser.add_argument(
        "--auto", action="store_true", help="play the browser too, though there is one"
    )
    parser.add_argument(
        "--provider",
        metavar="NAME",
        default="openid",
        help="the kind of server to play (default: openid)",
    )


def run(context: Context) -> int:
    """Run a server, sign in to it and call its API."""
    arguments = context.arguments
    context.listen_for_interrupts()
    from ...edge.http.tls import load_aiohttp

    load_aiohttp()
    from ...testing.demonstration import DEMONSTRATIONS

    console = context.console
    if arguments.provider not in DEMONSTRATIONS:
        raise UsageError(
            f"there is no demo of {arguments.provider[:40]!r}",
            cause=f"There are: {', '.join(DEMONSTRATIONS)}.",
            fix="`loopback-auth demo --provider {provider}`",
            provider=list(DEMONSTRATIONS)[-1],
        )
    with (
        tempfile.TemporaryDirectory(prefix="loopback-auth-demo-") as home,
        DEMONSTRATIONS[arguments.provider]() as server,
    ):
        plays = arguments.auto or not _has_browser(context.environ)
        console.say(f"{server.what} runs at {server.address}, for this demo alone.")
        if plays:
            console.say(
                "The demo plays the browser itself: it signs in and allows what is asked.\n"
            )
        else:
            console.say(
                f"Your browser opens. Sign in as {server.username}, password {server.password}.\n"
            )
        store = FileStore(home)
        credential = _sign_in(server, store, context, plays=plays)
        _show(credential, server, store, context)
    topic = "salesforce" if arguments.provider == "salesforce" else "getting-started"
    console.say(
        "\nThe demo's files are removed again. Next, with a server of yours:",
        command=f"loopback-auth help {topic}",
    )
    return 0


def _has_browser(environ: Mapping[str, str]) -> bool:
    return (
        launch_command(
            "http://127.0.0.1/", around=surroundings(environ), environ=environ, which=shutil.which
        )
        is not None
    )


def _sign_in(
    server: Demonstration, store: FileStore, context: Context, *, plays: bool
) -> Credential:
    profile = from_settings("demo", **server.settings)
    return run_coroutine(
        login(
            profile,
            store=store,
            transport=context.transport(None),
            browser=_player(server) if plays else open_browser,
            environ=context.environ,
            notify=context.notify,
            timeout_s=TIMEOUT_S,
            pastes=pastes_of(context),
        )
    )


def _player(server: Demonstration) -> Callable[[str], object]:
    from ...testing import Browser

    return Browser(username=server.username, password=server.password).visit


def _show(
    credential: Credential, server: Demonstration, store: FileStore, context: Context
) -> None:
    """Use the token, and show what is where."""
    who = credential.identity.name if credential.identity else "nobody"
    path = store.path(credential.profile)
    console = context.console
    done = f"Signed in as {who} at {server.address}."
    console.erase_line()
    console.say(done, draw=lambda sheet: sheet.done(done))
    mode = f"{os.stat(path).st_mode & 0o777:o}"
    console.say(f"Saved to {path} (mode {mode}).")
    url = f"{credential.tokens.extra.get('instance_url', server.address)}{server.api_path}"
    answer = _call_the_api(credential, url, context)
    console.say(f"The token works. GET {url} answers:")
    console.say(json.dumps(answer, indent=2))
    console.result(
        "", {"profile": "demo", "issuer": server.address, "path": path, "mode": mode, "api": answer}
    )


def _call_the_api(credential: Credential, url: str, context: Context) -> object:
    bearer = Secret(f"Bearer {credential.tokens.access_token.reveal()}")
    reply = run_coroutine(context.http(None)(Get(url=url, authorization=bearer)))
    return read_json_object(reply, what="the API")
