"""`python -m loopback_auth.testing`: the authorization server by itself, until it is ended."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys

from .server import DEFAULT_CLIENTS, DEFAULT_USERS, AuthorizationServer


async def serve(port: int) -> None:
    """Serve until SIGTERM or SIGINT, after one line of JSON that says where and as whom to sign in."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(ending.set))
    public, confidential = DEFAULT_CLIENTS
    async with AuthorizationServer(port=port) as server:
        about = {
            "issuer": server.issuer,
            "public_client_id": public.client_id,
            "client_id": confidential.client_id,
            "client_secret": confidential.client_secret,
            "username": DEFAULT_USERS[0].username,
            "password": DEFAULT_USERS[0].password,
            "api": f"{server.issuer}/api/me",
        }
        sys.stdout.write(json.dumps(about) + "\n")
        sys.stdout.flush()
        await ending.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m loopback_auth.testing", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(parser.parse_args().port))
