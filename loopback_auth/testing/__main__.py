"""
Run the test authorization server by itself.

Prints one line of JSON that says where it is and as whom to sign in, then serves until it is ended.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys

from .openid.registry import DEFAULT_CLIENTS, DEFAULT_USERS
from .openid.server import AuthorizationServer


async def serve(port: int) -> None:
    """Serve on *port* until SIGTERM or SIGINT."""
    ending, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(ending.set))
    async with AuthorizationServer(port=port) as server:
        sys.stdout.write(json.dumps(_about(server)) + "\n")
        sys.stdout.flush()
        await ending.wait()


def _about(server: AuthorizationServer) -> dict[str, str | None]:
    (public, confidential), (user,) = DEFAULT_CLIENTS, DEFAULT_USERS
    return {
        "issuer": server.issuer,
        "client_id": confidential.client_id,
        "client_secret": confidential.client_secret,
        "public_client_id": public.client_id,
        "username": user.username,
        "password": user.password,
        "api": f"{server.issuer}/api/me",
    }


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m loopback_auth.testing", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)"
    )
    port = parser.parse_args().port
    try:
        asyncio.run(serve(port))
    except OSError as error:
        sys.exit(f"cannot listen on 127.0.0.1:{port}: {error.strerror}")


if __name__ == "__main__":
    main()
