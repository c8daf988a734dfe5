"""
Go's GOAUTH=command.

https://pkg.go.dev/cmd/go#hdr-GOAUTH_environment_variable
"""

from __future__ import annotations

from .protocol import HelperRequest, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .protocol import HelperToken


def _read(words: Sequence[str], _stdin: str, _environ: Mapping[str, str]) -> HelperRequest:
    # Without a URL go asks for all there are, before any server has refused it.
    return HelperRequest(url=words[0] if len(words) == 1 else None)


def _write(request: HelperRequest, token: HelperToken) -> str:
    return f"{request.url}\n\nAuthorization: Bearer {token.in_clear()}\n"


PROTOCOL = Protocol(read=_read, write=_write, reads_stdin=False)
