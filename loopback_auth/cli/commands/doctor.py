"""`doctor`: what a sign-in needs, looked at piece by piece; safe to paste into a ticket."""

from __future__ import annotations

import os
import platform
import stat
import sys

from ... import __version__
from ...edge.files.home import home
from ...edge.files.provider_files import load_provider
from ...edge.process.event_loop import run as run_story
from ...edge.process.interrupts import listen_for_interrupts
from ...edge.store.file_store import FileStore
from ...errors import ConfigError, FileUnsafe, LoopbackAuthError, UsageError
from ...flows.doctor.checks import FAIL, Report, Subject
from ...flows.doctor.examine import INTERVAL_S, examine
from ...settings.config_toml import load_config, seconds
from ...settings.profile import resolve
from ..arguments import profile_name
from ..network import http_transport
from ..progress import ProgressReporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from typing import Any

    from ...flows.doctor.checks import Check
    from ...oauth.http.transport import Transport
    from ...settings.config_toml import Config
    from ...settings.profile import Profile
    from ..arguments import Parser
    from ..console import Console

WAIT = "10m"
"""How long `--wait` waits unless told otherwise: new apps are known everywhere by then."""

INTERVAL = "LOOPBACK_AUTH_DOCTOR_INTERVAL"

_WIDTH = 14


def arguments(parser: Parser) -> None:
    parser.profile_argument()
    parser.add_argument(
        "--wait",
        metavar="TIME",
        nargs="?",
        const=seconds(WAIT),
        default=0.0,
        type=seconds,
        help=f"ask again while the server does not know a new app yet (default: {WAIT})",
    )
    parser.add_argument(
        "--registered",
        metavar="URL",
        action="append",
        default=[],
        help="a callback as the app has it, to compare with ours character by character (repeatable)",
    )


def run(arguments: Namespace, console: Console) -> int:
    if console.is_process:
        listen_for_interrupts()
    place = home(console.environ)
    try:
        name = profile_name(arguments, place, console.environ)
    except (ConfigError, FileUnsafe):
        # The first check says so; those that need no configuration are made all the same.
        name = "default"
    checks = examined(
        name, place, console, wait_s=arguments.wait, registered=tuple(arguments.registered)
    )
    if console.json:
        console.document(document(name, checks))
    return told(name, checks, console)


def examined(
    name: str, place: str, console: Console, *, wait_s: float = 0, registered: tuple[str, ...] = ()
) -> list[Check]:
    """Examine the profile *name* and print each check as it is made."""
    checks: list[Check] = []

    def take(check: Check) -> None:
        checks.append(check)
        if not console.json:
            console.raw(_text(check))

    subject = _subject(name, place, registered, console.environ)
    report = Report(
        on_check=take,
        on_wait=_Progress(console),
        home_folder=console.environ.get("HOME") or os.path.expanduser("~"),
    )
    transport, interval_s = _transport(subject.profile, console), _interval_s(console.environ)
    if not console.json:
        console.raw(f"{_program()}, profile {name}\n")
    run_story(examine(subject, report, transport=transport, wait_s=wait_s, interval_s=interval_s))
    return checks


def document(name: str, checks: list[Check]) -> dict[str, Any]:
    """Give the checks as a JSON document."""
    return {
        "profile": name,
        "program": _program(),
        "ok": not any(check.verdict == FAIL for check in checks),
        "checks": [check.to_document() for check in checks],
    }


def told(name: str, checks: list[Check], console: Console) -> int:
    """Say how it went in a line; give the exit status, which is that of the first failure."""
    failed = [check for check in checks if check.verdict == FAIL]
    console.end_line()
    if failed:
        console.say(
            f"\nTo be put right: {', '.join(dict.fromkeys(check.name for check in failed))}."
        )
        return failed[0].exit_code
    console.say(f"\nNothing stands in the way of: loopback-auth login {name}")
    return 0


def _program() -> str:
    return f"loopback-auth {__version__}, Python {platform.python_version()}, {sys.platform}"


def _text(check: Check) -> str:
    gap = " " * (8 + _WIDTH)
    lines = [f"{check.verdict:<8}{check.name:<{_WIDTH}}{check.seen}"]
    lines += [f"{gap}cause: {check.cause}"] if check.cause else []
    lines += [f"{gap}fix: {check.fix}"] if check.fix else []
    return "\n".join(lines)


class _Progress:
    """
    Shows that the doctor waits: a line drawn anew on a terminal, a line for each try
    elsewhere.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, code: str, left_s: float, next_s: float, again: bool) -> None:  # noqa: FBT001 - what Report.on_wait is given
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
    told = environ.get(INTERVAL)
    try:
        return seconds(told) if told else INTERVAL_S
    except ValueError:
        raise UsageError(
            f"{INTERVAL} must be a number of seconds",
            cause="It is the time between two questions of doctor --wait.",
            fix=f"unset {INTERVAL}, or set it to a number such as 10",
        ) from None


def _transport(profile: Profile | LoopbackAuthError, console: Console) -> Transport:
    from ...flows.trace import traced

    ca_bundle = None if isinstance(profile, LoopbackAuthError) else profile.get("ca_bundle")
    return traced(
        http_transport(ca_bundle, console.environ, usual_s=10.0), ProgressReporter(console)
    )


def _subject(
    name: str, place: str, registered: tuple[str, ...], environ: Mapping[str, str]
) -> Subject:
    store, config = FileStore(place), _config(place)
    # Before it is opened: opening it makes it private.
    folder_mode = _mode(store.folder)
    stored = _stored(store, name)
    return Subject(
        name=name,
        home_dir=place,
        store=store,
        config=config,
        stored=stored,
        folder_mode=folder_mode,
        profile=_profile(
            name, place, environ, config, None if isinstance(stored, LoopbackAuthError) else stored
        ),
        environ=environ,
        registered=registered,
    )


def _config(place: str) -> Config | LoopbackAuthError:
    try:
        return load_config(place)
    except LoopbackAuthError as error:
        return error


def _mode(path: str) -> int | None:
    """Tell who may look into a folder, where the system says that in a mode."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode) if os.name == "posix" else None
    except OSError:
        return None


def _stored(store: FileStore, name: str) -> Mapping[str, Any] | LoopbackAuthError | None:
    try:
        return store.load(name)
    except LoopbackAuthError as error:
        return error


def _profile(
    name: str,
    place: str,
    environ: Mapping[str, str],
    config: Config | LoopbackAuthError,
    stored: Mapping[str, Any] | None,
) -> Profile | LoopbackAuthError:
    if isinstance(config, LoopbackAuthError):
        return config
    try:
        return resolve(
            name,
            flags={},
            environ=environ,
            config=config,
            stored=stored,
            find_provider=lambda provider: load_provider(provider, place),
        )
    except LoopbackAuthError as error:
        return error
