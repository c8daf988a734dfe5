"""Repeating a request after a busy server's answer or a lost one, where that does no harm."""

from __future__ import annotations

from ...edge.process.clock import running_s
from ...edge.process.event_loop import event_loop_started
from ...errors import AnswerTimedOut, ConnectionLost
from ...oauth.http.messages import FormPost, retry_after_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from ...errors import TransportError
    from ...oauth.http.messages import Delivery, Get, HttpReply
    from ...oauth.http.transport import Transport
    from ...seams import Clock

TRIES = 3
"""Requests in all, of which one may follow a lost answer."""

RETRY_TIMEOUT_S = 90.0
"""
For all tries, waits included. The last try begins within it, and may take longer if its answer
exists only once.
"""

UNIQUE_ANSWER_S = 300.0
"""For an answer that exists only once; the transport's own limit is usually less."""

LONGEST_WAIT_S = 60.0
"""A server that names a later time is not asked again."""

_RETRIED = frozenset({429, 500, 502, 503, 504})


async def send_with_retries(
    message: FormPost | Get,
    *,
    transport: Transport,
    clock: Clock,
    timeout_s: float = RETRY_TIMEOUT_S,
) -> HttpReply:
    """
    Return the answer to *message*, the last one where the server was busy (429 or 5xx) each time.

    *message* is sent `TRIES` times at most, within *timeout_s*. `Retry-After` is honored (RFC 9110
    section 10.2.3); without one the waits grow, and differ from process to process. After a lost
    answer it is sent once more. If its answer exists only once (`FormPost.delivery`), it is not cut
    short, nor sent again while the server may be at work on it.

    Raises:
        TransportError: The last try had no answer.
    """
    await event_loop_started()
    import asyncio

    deadline, lost = running_s() + timeout_s, False
    delivery = message.delivery if isinstance(message, FormPost) else None
    least_s = UNIQUE_ANSWER_S if delivery else 0.0
    for attempt in range(1, TRIES + 1):
        try:
            async with asyncio.timeout(max(deadline - running_s(), least_s)):
                reply = await transport(message)
        except TimeoutError:
            raise AnswerTimedOut(f"no answer within {timeout_s:g} s") from None
        except (AnswerTimedOut, ConnectionLost) as error:
            if lost or attempt == TRIES or (delivery and _is_at_work(delivery, error)):
                raise
            lost = True
            continue
        wait_s = wait_before(attempt + 1, reply, clock())
        if wait_s is None or running_s() + wait_s > deadline:
            break
        await asyncio.sleep(wait_s)
    return reply


def _is_at_work(delivery: Delivery, error: TransportError) -> bool:
    """Return whether the server may yet do what was asked of it."""
    return isinstance(error, AnswerTimedOut) and not delivery.is_connecting


def wait_before(attempt: int, reply: HttpReply, moment: datetime) -> float | None:
    """Return the seconds from *moment*, when *reply* came, to *attempt*; `None` for never."""
    if attempt > TRIES or reply.status not in _RETRIED:
        return None
    asked_s = retry_after_s(reply, moment)
    if asked_s is not None:
        return asked_s if asked_s <= LONGEST_WAIT_S else None
    return float(2**attempt) * (0.125 + _jitter() / 4)


def _jitter() -> float:
    import os

    return int.from_bytes(os.urandom(2)) / 65536
