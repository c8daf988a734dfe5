"""
Terraform's credentials helper.

https://developer.hashicorp.com/terraform/internals/credentials-helpers
"""

from __future__ import annotations

import json

from .protocol import HelperRequest, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .protocol import HelperToken

_ASKS_FOR_HOST = 2


def _read(words: Sequence[str], _stdin: str, _environ: Mapping[str, str]) -> HelperRequest:
    if len(words) != _ASKS_FOR_HOST or words[0] != "get":
        return HelperRequest(url=None)
    return HelperRequest(url=f"https://{words[1]}/")


def _write(_request: HelperRequest, token: HelperToken) -> str:
    return json.dumps({"token": token.in_clear()})


PROTOCOL = Protocol(read=_read, write=_write, not_ours="{}", reads_stdin=False)
