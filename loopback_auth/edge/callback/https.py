"""What an https callback has beside its listeners: a certificate, and the launch page's port."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

from ...oauth.http.url import is_loopback
from ...value import Value
from .listeners import bind
from .request_gate import check_request
from .tls.certificate import certificate_files, check_certificate, server_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import AsyncIterator, Iterator, Mapping
    from typing import Any

    from .pages import Answer
    from .request_gate import CallbackRequest
    from .session import CallbackSession


class Secure(Value):
    """
    The TLS *context* of the callback, and the *launch* listener at *origin*.

    Behind a reverse proxy, which speaks TLS itself, there is no context. The one-time address stays
    http: the browser's first page is no warning about a certificate.
    """

    context: ssl.SSLContext | None
    launch: socket.socket
    origin: str


@contextmanager
def secured(
    redirect_uri: str,
    certificate: str | None = None,
    key: str | None = None,
    *,
    environ: Mapping[str, str] | None,
) -> Iterator[Secure]:
    """
    Give the block what an https *redirect_uri* needs.

    Raises:
        CallbackCertificateMissing: There is no certificate.
        CallbackCertificateUnusable: No browser would take it.
    """
    host, context = urlsplit(redirect_uri).hostname or "", None
    if is_loopback(host) or certificate is not None:
        files = certificate_files(certificate, key, environ)
        context = server_context(files)
        check_certificate(context, files, host)
    with bind(["http://127.0.0.1:0"]) as (listeners, origin):
        yield Secure(context=context, launch=listeners[0], origin=origin)


@asynccontextmanager
async def serving_launch_page(
    secure: Secure, session: CallbackSession[Any], path: str
) -> AsyncIterator[None]:
    """Serve the one-time address of an https callback, at *path*, until the block ends."""
    # Late, as aiohttp: the address is not shown yet when this module is loaded.
    from .http import answering

    async with answering([secure.launch], _LaunchPage(session, secure.origin, path)):
        yield


class _LaunchPage:
    """The only page of its port."""

    def __init__(self, session: CallbackSession[Any], origin: str, path: str) -> None:
        self._session = session
        self._origin = origin
        self._path = path
        self.refuse = session.refuse

    async def handle(self, request: CallbackRequest) -> Answer:
        # Late: it is not needed to show the address.

        refused = check_request(request, redirect_uri=self._origin, paths=[self._path], posts=False)
        return self.refuse(refused) if refused else await self._session.launch(request)

    def was_sent(self, request: CallbackRequest) -> None:
        """Do nothing: nobody waits for this page."""

    def was_lost(self, request: CallbackRequest) -> None:
        """Do nothing."""
