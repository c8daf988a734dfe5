"""
pnpm's tokenHelper: https://pnpm.io/settings#url_tokenhelper.

pnpm gives it no word: the registry's address is written into the program that it runs.
"""

from __future__ import annotations

from .protocol import HelperRequest, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .protocol import HelperToken


def _read(words: Sequence[str], _stdin: str, _environ: Mapping[str, str]) -> HelperRequest:
    if len(words) != 1:
        raise ValueError("the address of the registry is its one argument")
    return HelperRequest(url=words[0])


def _write(_request: HelperRequest, token: HelperToken) -> str:
    return f"Bearer {token.in_clear()}"


PROTOCOL = Protocol(read=_read, write=_write, not_ours_status=1, reads_stdin=False)
