"""
An authorization server that checks what it gets, for tests and for the demo.

It speaks RFC 6749 with PKCE (S256 and nothing else), OpenID Connect, RFC 7009, RFC 7662, RFC 8414
and RFC 9207. Everything it knows is in `tenant`, and its sockets are those of `service`.
"""

from __future__ import annotations

import time
from functools import partial

from ..http.service import HttpService, Served
from .endpoints import OPENID, metadata
from .grants import tokens_for
from .registry import DEFAULT_CLIENTS, DEFAULT_USERS, Registry
from .tenant import DEFAULT_POLICY, Tenant

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence
    from typing import Any

    from .registry import Client, User
    from .tenant import Policy


class AuthorizationServer(HttpService):
    """
    The server: a context manager, either in a running event loop (`async with`) or in a thread of
    its own (`with ...running()`).

    *path* is the path of the issuer, `/tenant` say. *clock* gives POSIX seconds, and a test may
    turn it. With *ssl_context* it speaks https. `policy` may be changed while it runs, from any
    thread.
    """

    def __init__(
        self,
        *,
        clients: Sequence[Client] = DEFAULT_CLIENTS,
        users: Sequence[User] = DEFAULT_USERS,
        policy: Policy = DEFAULT_POLICY,
        port: int = 0,
        path: str = "",
        clock: Callable[[], float] = time.time,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(ssl_context=ssl_context)
        self.tenant = Tenant(
            issuer="", path=path, registry=Registry(clients, users, clock), policy=policy
        )
        self._port = port

    async def _listen(self) -> None:
        port = await self._bind("127.0.0.1", self._port)
        scheme = "https" if self._ssl_context else "http"
        self.tenant.issuer = f"{scheme}://127.0.0.1:{port}{self.tenant.path}"
        self.tenant.cookie = f"session-{port}"

    def _find(self, path: str, port: int) -> Served | None:
        del port
        return next(
            (
                Served(
                    name=endpoint.name,
                    methods=endpoint.methods,
                    faults=endpoint.faults,
                    answer=partial(endpoint.answer, self.tenant),
                )
                for endpoint in OPENID
                if endpoint.url_path(self.tenant.path) == path
            ),
            None,
        )

    @property
    def issuer(self) -> str:
        """The issuer identifier, which is where the server is."""
        return self.tenant.issuer

    @property
    def registry(self) -> Registry:
        """The clients, people, codes and tokens of the server."""
        return self.tenant.registry

    @property
    def policy(self) -> Policy:
        """Rules that the server chooses for itself."""
        return self.tenant.policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        """Rules that the server chooses for itself."""
        self.tenant.policy = policy

    @property
    def metadata(self) -> dict[str, Any]:
        """Document of discovery: the truth, until something else is put here."""
        return metadata(self.tenant) if self.tenant.metadata is None else self.tenant.metadata

    @metadata.setter
    def metadata(self, document: dict[str, Any] | None) -> None:
        """Document of discovery: the truth, until something else is put here."""
        self.tenant.metadata = document

    def tokens_for(
        self, username: str, *, client_id: str, scope: str = "openid offline_access"
    ) -> dict[str, Any]:
        """Return a token answer as after a sign-in, for tests that start where the sign-in ends."""
        return tokens_for(self.tenant, username, client_id=client_id, scope=scope)
