"""The trace of `--verbose`: methods, addresses, statuses and times, and never a secret."""

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
    """Return *transport* with a notice of each message, without its query, body and headers."""

    async def send(message: FormPost | Get) -> HttpReply:
        parts, began = urlsplit(message.url), running_s()
        method = "POST" if isinstance(message, FormPost) else "GET"
        what = f"{method} {parts.scheme}://{parts.netloc}{parts.path}"
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
