"""A command on another machine, through the system's `ssh`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from ..process.child import inheritable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OUTPUT_OCTETS = 256 * 1024
"""The most that is read of each stream; the rest is discarded."""

END_S = 1.0
"""The time for ssh to end by itself once it is not needed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A command that has ended; what it printed is another machine's, and may hold anything."""

    status: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)


async def run_remote(
    argv: Sequence[str], *, stdin: bytes, timeout_s: float, environ: Mapping[str, str]
) -> Output:
    """
    Run *argv*, an ssh, and return what came of it; it is ended when this is cancelled.

    Its questions (a password, an unknown host) are asked on the terminal by ssh itself.

    Raises:
        OSError: It cannot be started.
        TimeoutError: It has not ended within *timeout_s*.
    """
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=pipe, stdout=pipe, stderr=pipe, env=inheritable(environ)
    )
    try:
        async with asyncio.timeout(timeout_s):
            stdout, stderr, _ = await asyncio.gather(
                _read(process.stdout), _read(process.stderr), _write(process.stdin, stdin)
            )
            return Output(status=await process.wait(), stdout=stdout, stderr=stderr)
    finally:
        if process.returncode is None:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    for stop in (process.terminate, process.kill):
        with suppress(ProcessLookupError, TimeoutError):
            stop()
            await asyncio.wait_for(process.wait(), END_S)
            return


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    octets = b""
    while stream is not None and (chunk := await stream.read(65536)):
        octets += chunk[: OUTPUT_OCTETS - len(octets)]
    return octets


async def _write(stream: asyncio.StreamWriter | None, octets: bytes) -> None:
    if stream is None:
        return
    with suppress(ConnectionError):
        stream.write(octets)
        await stream.drain()
    stream.close()
