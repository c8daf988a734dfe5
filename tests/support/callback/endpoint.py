"""The other side of a sign-in: a server of ten lines that asks nobody."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

TOKENS = {
    "access_token": "an-access-token",
    "token_type": "Bearer",
    "expires_in": 3600,
    "refresh_token": "rt",
}


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """
    A server of ten lines that asks nobody: what its token endpoint is asked, and what it answers.

    An answer that is a string is sent as it is. The token endpoint answers once *may_answer* is
    set; *documents* are its other paths, those in *silent* excepted, where it says nothing until
    the scene ends.
    """

    issuer: str = ""
    status: int = 200
    answer: Mapping[str, Any] | str = field(default_factory=lambda: dict(TOKENS))
    documents: dict[str, Mapping[str, Any] | str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    paths: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    kept_waiting: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def exchanges(self) -> int:
        return len(self.forms)

    def flags(self) -> tuple[str, ...]:
        ends = (
            "--authorization-endpoint",
            f"{self.issuer}/authorize",
            "--token-endpoint",
            f"{self.issuer}/token",
        )
        return (*ends, "--client-id", "the-client")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?i)content-length: (\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
            status, answer = await self._answer(head.split()[1], body.decode())
            said = answer if isinstance(answer, str) else json.dumps(answer)
            kind = "text/html" if isinstance(answer, str) else "application/json"
            reply = (
                f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(said.encode())}\r\n\r\n{said}"
            )
            writer.write(reply.encode())
            await writer.drain()
        writer.close()

    async def _answer(self, path: str, body: str) -> tuple[int, Mapping[str, Any] | str]:
        self.paths.append(path)
        if path in self.silent:
            self.kept_waiting.set()
            await self.over.wait()
        if path != "/token":
            document = self.documents.get(path)
            return (404, "") if document is None else (200, document)
        self.forms.append(dict(parse_qsl(body, keep_blank_values=True)))
        self.asked.set()
        await self.may_answer.wait()
        return self.status, self.answer


@asynccontextmanager
async def running_endpoint() -> AsyncIterator[Endpoint]:
    endpoint, busy = Endpoint(), set()
    endpoint.may_answer.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        busy.add(asyncio.current_task())
        await endpoint.serve(reader, writer)
        busy.discard(asyncio.current_task())

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    endpoint.issuer = f"http://127.0.0.1:{port}"
    try:
        yield endpoint
    finally:
        endpoint.may_answer.set()
        endpoint.over.set()
        server.close()
        await asyncio.gather(*(task for task in busy if task))
