"""What a flow needs of the world. On the path of `token`: nothing heavy is imported here."""

from __future__ import annotations

from .. import errors
from ..edge.process.clock import now
from ..value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

    from ..edge.store.interface import Store
    from ..notices import Notice
    from ..oauth.credential import Credential
    from ..oauth.http.transport import Transport
    from ..oauth.metadata import Client
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
        return self._but(transport=transport)

    def with_notify(self, notify: Notify) -> Services:
        """Return these services with another listener."""
        return self._but(notify=notify)

    def with_storage(self, storage: str | None) -> Services:
        """Return these services with another choice of where a save puts the tokens."""
        return self._but(store=self.store.with_storage(storage))

    def _but(self, **changed: Any) -> Services:
        return Services(**{**vars(self), **changed})


def client_of(credential: Credential, environ: Mapping[str, str] | None = None) -> Client:
    """
    Return the client of *credential* with its secret, wherever that is kept.

    Raises:
        UsageError: The variable that should hold the secret is not set, or the file cannot be read.
            A server that is asked without the secret would only say that it does not know the
            client.
    """
    path, name = credential.client_secret_file, credential.client_secret_env
    if not (path or name):
        return credential.client
    # Late: most secrets are stored with the tokens, or there is none.
    from ..edge.files.client_secrets import read_client_secret
    from ..settings.client import secret_in_environment

    try:
        secret = read_client_secret(path) if path else secret_in_environment(name or "", environ)
    except errors.UsageError as error:
        error.facts.setdefault("profile", credential.profile)
        raise
    return replace(credential.client, client_secret=secret.trimmed())


def client_as_far_as_known(
    credential: Credential, environ: Mapping[str, str] | None = None
) -> Client:
    """Return the client of *credential*: with its secret, if that can be had."""
    try:
        return client_of(credential, environ)
    except errors.UsageError:
        return credential.client


def _ignore(_: Notice) -> None:
    """Take the notices of a flow that nobody watches."""
