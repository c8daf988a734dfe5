"""
A transport that tells what it does: methods, hosts, statuses and times; no secret has a place in a
line of it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ..edge.process.clock import running_s
from ..errors import LoopbackAuthError
from ..notices import Traced
from ..oauth.http.messages import FormPost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..oauth.http.messages import Get, HttpReply
    from ..oauth.http.transport import Transport
    from ..seams import Notify


def traced(transport: Transport, notify: Notify) -> Transport:
    """Wrap *transport* so that each message is told to *notify*, without query, body or headers."""

    async def send(message: FormPost | Get) -> HttpReply:
        parts, began = urlsplit(message.url), running_s()
        what = f"{'POST' if isinstance(message, FormPost) else 'GET'} {parts.scheme}://{parts.netloc}{parts.path}"
        try:
            reply = await transport(message)
        except LoopbackAuthError as error:
            notify(Traced(message=f"{what} -> {error.code} after {running_s() - began:.2f} s"))
            raise
        broken = f", then {reply.incomplete.code}" if reply.incomplete else ""
        came = f"{reply.status}, {len(reply.body)} octets{broken}"
        notify(Traced(message=f"{what} -> {came} after {running_s() - began:.2f} s"))
        return reply

    return send
