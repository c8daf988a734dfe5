"""
Docker's credential helper: https://github.com/docker/docker-credential-helpers#development.

skopeo, podman and others that use its registries ask in the same way.
"""

from __future__ import annotations

import json

from .protocol import HelperRequest, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .protocol import HelperToken

NOT_FOUND = "credentials not found in native keychain"
"""The very words by which Docker knows that it may go on without credentials."""


def _read(words: Sequence[str], stdin: str, _environ: Mapping[str, str]) -> HelperRequest:
    if list(words) != ["get"]:
        # `list` wants the names of all servers: of ours none is kept.
        return HelperRequest(url=None, reply="{}" if list(words) == ["list"] else "")
    server = stdin.strip()
    if not server or len(server.split()) != 1:
        raise ValueError("one server is asked for at a time")
    return HelperRequest(url=server if "://" in server else f"https://{server}/")


def _write(request: HelperRequest, token: HelperToken) -> str:
    # The name <token> would make it a refresh token of the registry's own.
    server = request.url or ""
    return json.dumps({"ServerURL": server, "Username": "oauth2", "Secret": token.in_clear()})


PROTOCOL = Protocol(
    read=_read,
    write=_write,
    not_ours=NOT_FOUND,
    not_ours_status=1,
)
