"""
The contract between the flows and the network.

This module imports `typing`, which is slow: import it for type checking only.
"""

from __future__ import annotations

from typing import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .messages import FormPost, Get, HttpReply


class Transport(Protocol):
    """
    Sends an HTTP request of OAuth and returns the answer, whatever its status.

    A transport sends each request once at most, follows no redirect, and verifies the server's
    certificate. It sets `HttpReply.sent` to the secrets of the request, and honors
    `FormPost.allow_partial` and `FormPost.delivery`.

    One that has `session` and `connect_ahead`, as `HttpTransport` has, is asked for a session by
    each sign-in, and to connect before there is anything to send.

    Raises:
        TransportError: There is no answer, or only its beginning was read.
    """

    def __call__(self, message: FormPost | Get, /) -> Awaitable[HttpReply]:
        """Send *message*; return the answer."""
        ...
