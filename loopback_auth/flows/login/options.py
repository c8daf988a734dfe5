"""What a caller of `login` can have otherwise than usual."""

from __future__ import annotations

from dataclasses import dataclass, field
from secrets import token_bytes as random_bytes

from ...edge.process.clock import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypedDict

    from .answer import Pastes

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

    from ...seams import Clock, MaySwitch, MayTrust


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`LoginOptions`, with the usual value of each."""

    clock: Clock = now
    token_bytes: Callable[[int], bytes] = random_bytes
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    rediscover: bool = False
    preflight: bool | None = None
    may_switch: MaySwitch | None = None
    may_trust: MayTrust | None = None
    pastes: Pastes | None = None
