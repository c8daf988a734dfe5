"""What a flow needs of the world. On the path of `token`: nothing heavy is imported here."""

from __future__ import annotations

from ..edge.process.clock import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from ..edge.store.interface import Store
    from ..notices import Notice
    from ..oauth.http.transport import Transport
    from ..seams import Clock, Notify


class Services:
    """
    The store, the HTTP client, the clock, `notify` and the environment; none is ever replaced.

    *environ* holds the client's secret where a sign-in names a variable for it; the default is this
    process's environment. No dataclass: its repr would show all that.
    """

    def __init__(
        self,
        *,
        store: Store,
        transport: Transport,
        clock: Clock = now,
        notify: Notify | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.store: Final = store
        self.transport: Final = transport
        self.clock: Final = clock
        self.notify: Final = notify or _ignore
        self.environ: Final = environ

    @property
    def timestamp(self) -> float:
        """The POSIX time."""
        return self.clock().timestamp()

    def with_transport(self, transport: Transport) -> Services:
        """Return these services with another HTTP client."""
        return Services(
            store=self.store,
            transport=transport,
            clock=self.clock,
            notify=self.notify,
            environ=self.environ,
        )

    def with_notify(self, notify: Notify) -> Services:
        """Return these services with another listener."""
        return Services(
            store=self.store,
            transport=self.transport,
            clock=self.clock,
            notify=notify,
            environ=self.environ,
        )

    def with_storage(self, storage: str | None) -> Services:
        """Return these services with another choice of where a save puts the tokens."""
        return Services(
            store=self.store.with_storage(storage),
            transport=self.transport,
            clock=self.clock,
            notify=self.notify,
            environ=self.environ,
        )


def _ignore(_: Notice) -> None:
    """Take the notices of a flow that nobody watches."""
