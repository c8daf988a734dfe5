"""
What a sign-in needs, looked at piece by piece, and told so that it can be pasted into a ticket.

No secret is in a `Check`: proxies are shown without their password, the home folder as `~`, a user
name by its first two letters and its domain. Client IDs and host names are shown, since they are
what such a ticket is about.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace

from ...errors import LoopbackAuthError
from ...oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ...edge.store.file_store import FileStore
    from ...oauth.http.transport import Transport
    from ...settings.config_toml import Config
    from ...settings.profile import Profile

OK, WARN, FAIL, SKIPPED = "ok", "warn", "fail", "skipped"

INTERVAL_S = 10.0
"""Between two pre-flights while a new app becomes known, which takes minutes."""

_CHARACTERS = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """
    One thing that was looked at.

    *verdict* is ok, warn, fail or skipped; *seen* a clause; *code* and *exit_code* are those of the
    error that a failure would be.
    """

    name: str
    verdict: str
    seen: str
    cause: str = ""
    fix: str = ""
    code: str = ""
    exit_code: int = 0

    @classmethod
    def of(cls, error: LoopbackAuthError, name: str, *, verdict: str = FAIL) -> Check:
        """Make the check that found *error*."""
        return cls(
            name=name,
            verdict=verdict,
            seen=error.message,
            cause=error.cause,
            fix=error.fix,
            code=error.code,
            exit_code=error.exit_code if verdict == FAIL else 0,
        )

    def to_document(self) -> dict[str, Any]:
        """Give it as a member of a JSON document."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "seen": self.seen,
            "cause": self.cause or None,
            "fix": self.fix or None,
            "code": self.code or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """
    Where the checks go, each made fit for a ticket on its way: `report` is told of each as it is
    made.

    `wait` is told every second while the server does not know the app yet: the code it answers
    with, the seconds left in all and to the next try, and whether that was told before.
    """

    report: Callable[[Check], None]
    wait: Callable[[str, float, float, bool], None] = lambda *_: None
    home_folder: str = ""

    def add(self, check: Check) -> Check:
        fit = replace(
            check,
            seen=self._fit(check.seen),
            cause=self._fit(check.cause),
            fix=self._fit(check.fix),
        )
        self.report(fit)
        return fit

    def _fit(self, text: str) -> str:
        folder = self.home_folder.rstrip(os.sep)
        if len(folder) > 1:
            # A shell does not read ~ in quotes.
            text = re.sub(rf"(?<!['\"]){re.escape(folder + os.sep)}", lambda _: "~" + os.sep, text)
        return one_line(text, limit=_CHARACTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """
    What the checks look at; *config*, *profile* and *stored* are the error where they cannot be
    had.

    *folder_mode* is that of the token store before anything was read from it, which makes it
    private.
    """

    name: str
    place: str
    store: FileStore
    config: Config | LoopbackAuthError
    profile: Profile | LoopbackAuthError
    stored: Mapping[str, Any] | LoopbackAuthError | None = field(repr=False)
    folder_mode: int | None
    environ: Mapping[str, str] = field(repr=False)
    registered: tuple[str, ...] = ()


async def examine(
    scene: Scene,
    findings: Findings,
    *,
    transport: Transport,
    wait_s: float = 0,
    interval_s: float = INTERVAL_S,
) -> None:
    """
    Make every check and tell *findings* of each.

    With *wait_s* above 0 the pre-flight is repeated every *interval_s* for as long while the server
    does not know the app yet.
    """
    from .machine import checks_here
    from .network import checks_of_network

    redirect_uris = checks_here(scene, findings)
    try:
        await checks_of_network(
            scene,
            findings,
            redirect_uris=redirect_uris,
            transport=transport,
            wait_s=wait_s,
            interval_s=interval_s,
        )
    except LoopbackAuthError as error:
        findings.add(Check.of(error, "request"))


def warned(name: str, seen: str, fix: str) -> Check:
    """Make a check that found something a sign-in may get by with."""
    return Check(name=name, verdict=WARN, seen=seen, fix=fix)


def shortened(name: str) -> str:
    """
    Give of a user's name what tells accounts apart to those who know them: two letters and the
    domain.
    """
    local, at, domain = name.partition("@")
    return f"{local[:2]}***{at}{domain}"
