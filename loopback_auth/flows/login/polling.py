"""Polling for the tokens of a device code, no oftener than may be - RFC 8628 section 3.5."""

from __future__ import annotations

import asyncio

from ...edge.process.clock import running_s
from ...edge.process.event_loop import paused
from ...errors import (
    AnswerTimedOut,
    ConnectionFailed,
    ConnectionLost,
    DeviceCodeExpired,
    HostNotFound,
)
from ...notices import Waiting
from ...oauth.http.messages import retry_after_s
from ...oauth.text import duration_in_words
from ...oauth.token.device import SLOW_DOWN_S, device_code_grant, state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...oauth.http.messages import HttpReply
    from ...oauth.token.device import DeviceAuthorization, DeviceRequest
    from ..services import Services

_LEAST_POLL_S = 5.0
"""For the last answer, which may have the tokens."""

_LONGEST_INTERVAL_S = 60.0
"""Of our own backing off; a server may want longer ones."""


class Timer:
    """Seconds that only grow, how to wait for them, and for no longer."""

    def seconds(self) -> float:
        """Return the seconds since some fixed moment."""
        return running_s()

    async def wait(self, seconds: float) -> None:
        """Wait."""
        await paused(seconds)

    def limit(self, seconds: float) -> asyncio.Timeout:
        """Return what ends its block after so long with `TimeoutError`."""
        return asyncio.timeout(seconds)


class Polling:
    """The requests for the tokens, for *lasts_s*; *lost*: an answer did not arrive."""

    def __init__(
        self,
        request: DeviceRequest,
        authorization: DeviceAuthorization,
        services: Services,
        timer: Timer,
        *,
        timeout_s: float,
    ) -> None:
        self.request = request
        self.lasts_s = min(authorization.expires_in_s, timeout_s)
        self.lost = False
        self._grant = device_code_grant(request, authorization)
        self._services = services
        self._timer = timer
        self._interval_s = authorization.interval_s
        self._end_s = timer.seconds() + self.lasts_s

    async def final_reply(self) -> HttpReply:
        """
        Return the answer that holds the tokens, or an error that ends the sign-in.

        Raises:
            DeviceCodeExpired: The time is over.
            AuthorizationDenied: The person said no.
            TransportError: The way to the server is closed.
        """
        wait_s = self._interval_s
        while True:
            await self._wait(wait_s)
            try:
                async with self._timer.limit(max(self._left_s, _LEAST_POLL_S)):
                    reply = await self._services.transport(self._grant)
            except (
                *(AnswerTimedOut, ConnectionFailed, ConnectionLost),
                *(HostNotFound, TimeoutError),
            ) as error:
                self.lost |= not isinstance(error, ConnectionFailed | HostNotFound)
                wait_s = self._back_off()
                continue
            match state_of(reply):
                case "final":
                    return reply
                case "slow_down":
                    self._interval_s += SLOW_DOWN_S
                    wait_s = self._interval_s
                case "busy":
                    asked_s = retry_after_s(reply, self._services.clock())
                    wait_s = max(self._back_off(), asked_s or 0.0)
                case _:
                    wait_s = self._interval_s

    @property
    def _left_s(self) -> float:
        return self._end_s - self._timer.seconds()

    def _back_off(self) -> float:
        """Return the interval from now on - RFC 8628 section 3.5."""
        self._interval_s = max(min(self._interval_s * 2, _LONGEST_INTERVAL_S), self._interval_s)
        return self._interval_s

    async def _wait(self, seconds: float) -> None:
        timer, services = self._timer, self._services
        until_s = timer.seconds() + seconds
        while (now_s := timer.seconds()) < until_s:
            left_s = self._end_s - now_s
            if left_s <= 0:
                lasted = duration_in_words(self.lasts_s, exactly=True)
                raise DeviceCodeExpired(f"nobody confirmed the code within {lasted}")
            services.notify(Waiting(timeout_s=self.lasts_s, left_s=left_s))
            await timer.wait(min(1.0, until_s - now_s, left_s))
