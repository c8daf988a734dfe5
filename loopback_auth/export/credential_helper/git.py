"""
git's credential helper.

https://git-scm.com/docs/git-credential#IOFMT
"""

from __future__ import annotations

from .protocol import HelperRequest, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .protocol import HelperToken


def _read(words: Sequence[str], stdin: str, _environ: Mapping[str, str]) -> HelperRequest:
    # git sends `erase` after any 401 and `store` after any success: a sign-in has its own end.
    if list(words) != ["get"]:
        return HelperRequest(url=None)
    said: dict[str, str] = {}
    for line in stdin.split("\n\n", 1)[0].removesuffix("\n").split("\n"):
        name, equals, value = line.partition("=")
        # A control character, or a second value, may mean another server to git than to us.
        if not equals or not line.isprintable() or name in said:
            raise ValueError("a line of it is no name=value, or a second one")
        # Of a list, such as capability[], there are several, and none concerns us.
        if not name.endswith("[]"):
            said[name] = value
    if not {"protocol", "host"} <= said.keys():
        raise ValueError("protocol or host is missing")
    url = f"{said['protocol']}://{said['host']}/{said.get('path', '').removeprefix('/')}"
    return HelperRequest(url=url)


def _write(_request: HelperRequest, token: HelperToken) -> str:
    # Servers take a token as the password, whatever the name; GitLab wants this one.
    lines = ["username=oauth2", f"password={token.in_clear()}"]
    if token.expires_at:
        lines.append(f"password_expiry_utc={int(token.expires_at.timestamp())}")
    return "\n".join(lines)


PROTOCOL = Protocol(read=_read, write=_write)
