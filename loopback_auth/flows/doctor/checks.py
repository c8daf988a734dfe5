"""
What the doctor's checks look at, what one finds, and where its findings go.

A `Check` holds no secret: a proxy is shown without its password, the home folder as `~`, a user
name by its first two letters and its domain. Client IDs and host names are shown, since a ticket is
about them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace

from ...errors import LoopbackAuthError
from ...explain.fix import Fix
from ...oauth.text import one_line
from ..diagnosis import flags_of, shareable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ...edge.store.file_store import FileStore
    from ...explain.fix import Flags
    from ...settings.config_toml import Config
    from ...settings.profile import Profile

OK, WARN, FAIL, SKIPPED = "ok", "warn", "fail", "skipped"
"""The verdicts of a check."""

_MAX_CHARACTERS = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """
    One thing that was looked at.

    *verdict* is one of the above; *seen* a clause; *code* and *exit_code* are those of the error
    that a failure would be.
    """

    name: str
    verdict: str
    seen: str
    cause: str = ""
    fix: str = ""
    code: str = ""
    exit_code: int = 0
    error: LoopbackAuthError | None = field(default=None, repr=False)

    @classmethod
    def of(cls, error: LoopbackAuthError, name: str, *, verdict: str = FAIL) -> Check:
        """Return the check *name* that ended in *error*."""
        return cls(
            name=name,
            verdict=verdict,
            seen=error.message,
            cause=error.cause,
            fix=error.fix,
            code=error.code,
            exit_code=error.exit_code if verdict == FAIL else 0,
            error=error,
        )

    def to_document(self) -> dict[str, Any]:
        """Return it as a member of a JSON document."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "seen": self.seen,
            "cause": self.cause or None,
            "fix": self.fix or None,
            "code": self.code or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    Where the checks go: `on_check` is called with each as it is made, fit for a ticket.

    `on_wait` is called every second while the server does not know the app yet, with the error code
    that it answers, the seconds left in all, those to the next try, and *again*: whether it was
    called for this try before. *home_folder* is the user's, which is shown as `~`. *profile* is the
    one whose sign-in is examined, and *flags* are those that were given for it.
    """

    on_check: Callable[[Check], None]
    on_wait: Callable[..., None] = lambda *_, **__: None
    home_folder: str = ""
    profile: str = ""
    flags: Flags = ()

    def add(self, check: Check) -> Check:
        """Return *check* made fit for a ticket, after handing it to `on_check`."""
        if check.error is not None and self.profile:
            # Whatever failed need not know whose sign-in it is, and what is typed does.
            check.error.facts.setdefault("profile", self.profile)
            given = check.error.facts.get("flags", self.flags)
            check.error.facts["flags"] = shareable(given) if isinstance(given, tuple) else ()
            check = replace(check, fix=check.error.fix)
        fit = replace(
            check,
            seen=self._fit(check.seen),
            cause=self._fit(check.cause),
            fix=self._fit_fix(check.fix),
        )
        self.on_check(fit)
        return fit

    def _fit(self, text: str) -> str:
        folder = self.home_folder.rstrip(os.sep)
        if len(folder) > 1:
            # A shell does not expand ~ inside quotes.
            text = re.sub(rf"(?<!['\"]){re.escape(folder + os.sep)}", lambda _: "~" + os.sep, text)
        return one_line(text, limit=_MAX_CHARACTERS)

    def _fit_fix(self, fix: str) -> Fix:
        # A recipe keeps its lines: each is a command.
        lines = (
            line[: len(line) - len(line.lstrip())] + self._fit(line) for line in fix.split("\n")
        )
        return Fix.of("\n".join(lines), map(self._fit, getattr(fix, "commands", ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """
    What the checks look at.

    *config*, *profile* and *stored* are the error instead where they cannot be read. *folder_mode*
    is the token store's before anything was read from it: reading makes it private. *registered*
    are the callbacks that the app has, where the person gave them. *terminal*: a person can type.
    """

    name: str
    home_dir: str
    store: FileStore
    config: Config | LoopbackAuthError
    profile: Profile | LoopbackAuthError
    stored: Mapping[str, Any] | LoopbackAuthError | None = field(repr=False)
    folder_mode: int | None
    environ: Mapping[str, str] = field(repr=False)
    registered: tuple[str, ...] = ()
    terminal: bool = False

    @property
    def facts(self) -> dict[str, object]:
        """What a sign-in that is proposed has in it: the profile, and the flags given here."""
        return {"profile": self.name, "flags": self.flags}

    @property
    def flags(self) -> Flags:
        """The flags given here, fit for a ticket; none where they make no profile."""
        if isinstance(self.profile, LoopbackAuthError):
            return ()
        return shareable(flags_of(self.profile))


def passed(name: str, seen: str) -> Check:
    """Return a check that found nothing to fix."""
    return Check(name=name, verdict=OK, seen=seen)


def skipped(name: str, seen: str) -> Check:
    """Return a check that could not be made, or need not be."""
    return Check(name=name, verdict=SKIPPED, seen=seen)


def warned(name: str, seen: str, fix: str) -> Check:
    """Return a check that found something a sign-in may get by with."""
    return Check(name=name, verdict=WARN, seen=seen, fix=fix)


def shortened(name: str) -> str:
    """Return the first two letters and the domain of a user name: enough for those who know it."""
    local, at, domain = name.partition("@")
    return f"{local[:2]}***{at}{domain}"
