"""What a caller of `login` can have otherwise than usual."""

from __future__ import annotations

from secrets import token_bytes as random_bytes

from ...edge.process.clock import now
from ...value import Value, field
from ..services import Services

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypedDict

    from ...edge.callback.bind_address import BindAddress
    from ...edge.store.interface import Store
    from ...errors import PortInUse
    from ...oauth.http.transport import Transport
    from ...seams import Clock, MaySwitch, MayTrust, Notify
    from ...settings.profile import Profile
    from .answer import Deliveries, Pastes

    MayPaste = Callable[[PortInUse], bool]
    """Decides whether to go on where the port is taken, and the answer can only be pasted."""

    class LoginOptions(TypedDict, total=False):
        """The keywords of `login` that few callers need; `login` says what each means."""

        clock: Clock
        token_bytes: Callable[[int], bytes]
        environ: Mapping[str, str] | None
        rediscover: bool
        preflight: bool | None
        may_switch: MaySwitch | None
        may_trust: MayTrust | None
        pastes: Pastes | None
        bind_address: BindAddress | None
        deliveries: Deliveries | None
        may_paste: MayPaste | None


class Options(Value):
    """`LoginOptions`, with the usual value of each."""

    clock: Clock = now
    token_bytes: Callable[[int], bytes] = random_bytes
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    rediscover: bool = False
    preflight: bool | None = None
    may_switch: MaySwitch | None = None
    may_trust: MayTrust | None = None
    pastes: Pastes | None = None
    bind_address: BindAddress | None = None
    deliveries: Deliveries | None = None
    may_paste: MayPaste | None = None


def services_of(
    options: Options,
    profile: Profile,
    *,
    store: Store,
    transport: Transport,
    notify: Notify | None,
) -> Services:
    """Return what a sign-in to *profile* uses of the world."""
    return Services(
        store=store.with_storage(profile.get("storage")),
        transport=transport,
        clock=options.clock,
        notify=notify,
        environ=options.environ,
    )


# A keyword that does not exist is the caller's of `login`, and the error says so.
Options.__qualname__ = "login"
