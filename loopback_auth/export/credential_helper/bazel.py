"""
Bazel's credential helper.

https://github.com/EngFlow/credential-helper-spec/blob/main/spec.md
"""

from __future__ import annotations

import json

from .protocol import HelperRequest, Protocol, rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .protocol import HelperToken


def _read(words: Sequence[str], stdin: str, _environ: Mapping[str, str]) -> HelperRequest:
    if list(words) != ["get"]:
        return HelperRequest(url=None)
    try:
        asked = json.loads(stdin)
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None
    uri = asked.get("uri") if isinstance(asked, dict) else None
    # None would be a request for nothing.
    return HelperRequest(url=str(uri or "no uri"))


def _write(_request: HelperRequest, token: HelperToken) -> str:
    answer: dict[str, Any] = {"headers": {"Authorization": [f"Bearer {token.in_clear()}"]}}
    if token.expires_at:
        answer["expires"] = rfc3339(token.expires_at)
    return json.dumps(answer)


PROTOCOL = Protocol(read=_read, write=_write, not_ours='{"headers": {}}')
