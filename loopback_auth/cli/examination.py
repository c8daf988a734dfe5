"""The doctor's examination of a profile, shown by `doctor`, and by `init` when it wrote one."""

from __future__ import annotations

import os
import platform
import stat
import sys
from dataclasses import replace

from .. import __version__
from ..edge.process.event_loop import run as run_coroutine
from ..errors import LoopbackAuthError, UsageError
from ..explain.fix import rendered
from ..flows.doctor.checks import FAIL, WARN, Report, Subject
from ..flows.doctor.examine import INTERVAL_S, examine
from ..settings.kinds import seconds
from .views import from_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    from ..explain.fix import Flags
    from ..flows.doctor.checks import Check
    from ..oauth.http.transport import Transport
    from ..settings.config_toml import Config
    from ..settings.profile import Profile
    from .console import Console
    from .context import Context
    from .terminal.sheet import Sheet

    T = TypeVar("T")

INTERVAL = "LOOPBACK_AUTH_DOCTOR_INTERVAL"
"""The environment variable that says how often a server that does not know an app is asked."""

REQUEST_TIMEOUT_S = 10.0
"""For one request of the examination, unless the environment bounds requests."""

SIGN_IN, GET_TOKEN = "`loopback-auth login {profile}`", "`loopback-auth token {profile}`"
"""What comes next where all is well."""

_WIDTH = 14


def examine_profile(
    name: str,
    context: Context,
    *,
    flags: Mapping[str, Any] | None = None,
    wait_s: float = 0,
    registered: tuple[str, ...] = (),
    is_brief: bool = False,
) -> list[Check]:
    """
    Examine the profile *name* and print each check as it is made; if *is_brief*, what it found.

    For *wait_s* seconds, a server that does not know the app yet is asked again. *registered* are
    the callback addresses as the person says that the app has them.

    Raises:
        UsageError: The environment names an interval that is no time.
    """
    console = context.console
    checks: list[Check] = []

    def take(check: Check) -> None:
        # One cause may fail several: a name that is not known is no connection, either.
        is_known = any(_says_the_same(check, other) for other in checks)
        checks.append(check)
        is_shown = not is_brief or (check.verdict in (WARN, FAIL) and not is_known)
        if is_shown and not console.json:
            _show(replace(check, cause="", fix="") if is_known else check, console)

    subject = _subject(name, context, registered, flags)
    transport, interval_s = _transport(subject.profile, context), _interval_s(context.environ)
    report = Report(
        on_check=take,
        on_wait=_Progress(console),
        home_folder=context.environ.get("HOME") or os.path.expanduser("~"),
        profile=name,
        flags=subject.flags,
    )
    if is_brief:
        console.redraw("Checking that a sign-in works ...")
    elif not console.json:
        _show_head(name, context)
    run_coroutine(
        examine(subject, report, transport=transport, wait_s=wait_s, interval_s=interval_s)
    )
    return checks


def examination_document(name: str, checks: list[Check]) -> dict[str, Any]:
    """Return the checks as a JSON document."""
    return {
        "profile": name,
        "program": _program(),
        "ok": not any(check.verdict == FAIL for check in checks),
        "checks": [check.to_document() for check in checks],
    }


def tell_outcome(
    name: str, checks: list[Check], console: Console, *, then: str = SIGN_IN, flags: Flags = ()
) -> int:
    """
    Print in a line how it went, and what to do *then*, with *flags*, where it went well.

    Return the exit status, which is that of the first failure.
    """
    failed = [check for check in checks if check.verdict == FAIL]
    console.erase_line()
    if failed:
        console.say(f"\nFix first: {', '.join(dict.fromkeys(check.name for check in failed))}.")
        return failed[0].exit_code
    command, done = rendered(then, {"profile": name, "flags": flags}), "All checks passed. Next:"

    def draw(sheet: Sheet) -> str:
        return f"\n{sheet.done(done)}\n    {console.shorten(command)}"

    console.say(f"\n{done}", command=command, draw=draw)
    return 0


def _why(context: Context) -> str:
    chosen = _or_error(lambda: context.chosen)
    if isinstance(chosen, LoopbackAuthError):
        return ""
    return from_home(chosen.remark, context.environ)


def _program() -> str:
    return f"loopback-auth {__version__}, Python {platform.python_version()}, {sys.platform}"


def _show_head(name: str, context: Context) -> None:
    head = context.console.shorten(f"{_program()}, profile {name}{_why(context)}")
    context.console.result(f"{head}\n", {}, draw=lambda sheet: sheet.aside(head) + "\n")


def _says_the_same(check: Check, other: Check) -> bool:
    return (check.seen, check.cause, check.fix) == (other.seen, other.cause, other.fix)


def _show(check: Check, console: Console) -> None:
    sheet = console.sheet(console.stdout)
    console.raw(_drawn(check, sheet) if sheet else console.shorten(_text(check)))


def _text(check: Check) -> str:
    gap = " " * (8 + _WIDTH)
    lines = [f"{check.verdict:<8}{check.name:<{_WIDTH}}{check.seen}"]
    lines += [f"{gap}cause: {check.cause}"] if check.cause else []
    # A recipe of several lines stays one.
    fix = check.fix.replace("\n", f"\n{gap}")
    lines += [f"{gap}fix: {fix}"] if check.fix else []
    return "\n".join(lines)


def _drawn(check: Check, sheet: Sheet) -> str:
    return sheet.check(check.verdict, check.name, check.seen, cause=check.cause, fix=check.fix)


class _Progress:
    """Shows that the doctor waits: a changing line on a terminal, else a line for each try."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, code: str, left_s: float, next_s: float, *, again: bool) -> None:
        if self._console.terminal:
            self._console.redraw(_waiting(code, left_s, next_s))
        elif not again:
            self._console.say(_waiting(code, left_s, next_s))
        if not again:
            self._console.event("waiting", code=code, left_s=round(left_s), next_s=round(next_s, 3))


def _waiting(code: str, left_s: float, next_s: float) -> str:
    minutes, rest = divmod(round(left_s), 60)
    return f"The server says {code}; asking again in {next_s:.0f} s, {minutes}:{rest:02} left."


def _interval_s(environ: Mapping[str, str]) -> float:
    interval = environ.get(INTERVAL)
    try:
        return seconds(interval) if interval else INTERVAL_S
    except ValueError:
        raise UsageError(
            f"{INTERVAL} must be a number of seconds",
            cause="It is the time between two questions of doctor --wait.",
            fix=f"unset {INTERVAL}, or set it to a number such as 10",
        ) from None


def _transport(profile: Profile | LoopbackAuthError, context: Context) -> Transport:
    from ..flows.trace import traced

    ca_bundle = None if isinstance(profile, LoopbackAuthError) else profile.get("ca_bundle")
    return traced(context.http(ca_bundle, timeout_s=REQUEST_TIMEOUT_S), context.notify)


def _subject(
    name: str, context: Context, registered: tuple[str, ...], flags: Mapping[str, Any] | None
) -> Subject:
    store, config = context.store, _or_error(lambda: context.config)
    # Before it is opened: opening it makes it private.
    folder_mode = _mode(store.folder)
    stored = _or_error(lambda: store.load(name))
    return Subject(
        name=name,
        home_dir=context.home,
        store=store,
        config=config,
        stored=stored,
        folder_mode=folder_mode,
        profile=_profile(context, config, stored, flags),
        environ=context.environ,
        registered=registered,
        terminal=context.console.interactive,
    )


def _or_error(get: Callable[[], T]) -> T | LoopbackAuthError:
    """Return what *get* returns, or the error that it raises."""
    try:
        return get()
    except LoopbackAuthError as error:
        return error


def _profile(
    context: Context,
    config: Config | LoopbackAuthError,
    stored: Mapping[str, Any] | LoopbackAuthError | None,
    flags: Mapping[str, Any] | None,
) -> Profile | LoopbackAuthError:
    if isinstance(config, LoopbackAuthError):
        return config
    document = None if isinstance(stored, LoopbackAuthError) else stored
    return _or_error(lambda: context.profile(document, flags=flags))


def _mode(path: str) -> int | None:
    """Return who may look into a folder, where the system says that in a mode."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode) if os.name == "posix" else None
    except OSError:
        return None
