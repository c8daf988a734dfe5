"""The doctor's checks of files: the configuration, the token store, the stored sign-in."""

from __future__ import annotations

import os
import stat
import time
import warnings

from ...edge.files.permissions import PermissionsIgnored, check_trusted, quoted
from ...edge.project.ignored_file import ignored_project_file
from ...errors import LoopbackAuthError
from ...explain.fix import rendered
from ...oauth.credential import from_rfc3339
from ...oauth.text import duration_in_words, one_line
from ...settings.config_toml import config_path
from ..tokens.freshness import has_expired, is_refreshable
from .checks import SKIPPED, Check, passed, shortened, skipped, warned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .checks import Subject

_POSIX = os.name == "posix"

SOON_DAYS = 7
"""How many days before its end a sign-in is warned of."""


def checks_of_files(subject: Subject) -> Iterator[Check]:
    """Yield the checks of the configuration and of the tokens, with what has no effect there."""
    yield _configuration(subject)
    if ignored := _ignored_file():
        yield ignored
    yield _token_store(subject)
    yield _sign_in(subject)
    if subject.environ.get("LOOPBACK_AUTH_TOKEN", "").strip():
        seen = "LOOPBACK_AUTH_TOKEN is set: token, exec, env and api use that, not the sign-in"
        yield warned("given token", seen, "unset LOOPBACK_AUTH_TOKEN, if that is not wanted")


def _configuration(subject: Subject) -> Check:
    name, path, config = "configuration", config_path(subject.home_dir), subject.config
    if isinstance(config, LoopbackAuthError):
        return Check.of(config, name)
    try:
        about = os.stat(path)
    except OSError:
        return passed(name, f"there is no {path}, and none is needed")
    seen = f"{path} can be read; profiles: {', '.join(config.profiles) or 'none'}"
    if not _POSIX:
        return passed(name, seen)
    return _permissions(name, path, about, seen, holds_secret=_holds_secret(subject))


def _holds_secret(subject: Subject) -> bool:
    config = subject.config
    return not isinstance(config, LoopbackAuthError) and any(
        "client_secret" in config.profile(profile) for profile in config.profiles
    )


def _permissions(
    name: str, path: str, about: os.stat_result, seen: str, *, holds_secret: bool
) -> Check:
    mode = f"mode {stat.S_IMODE(about.st_mode):04o}"
    with warnings.catch_warnings(record=True) as ignored:
        warnings.simplefilter("always", PermissionsIgnored)
        check_trusted(path, about)
    for warning in ignored:
        if isinstance(warning.message, PermissionsIgnored):
            return warned(name, f"{seen}, but {warning.message}", warning.message.fix)
    if about.st_mode & 0o044 and holds_secret:
        shown = f"{seen}; it holds a client secret, and others can read it ({mode})"
        return warned(name, shown, f"chmod 600 {quoted(path)}")
    return passed(name, f"{seen} ({mode})")


def _ignored_file() -> Check | None:
    if not (file := ignored_project_file()):
        return None
    fix = "`git init {folder}`, if it is to count; " if file.folder else ""
    fix = rendered(fix + "how it does: `loopback-auth help team`", {"folder": file.folder})
    return warned("project file", file.why_ignored.removesuffix("."), fix)


def _token_store(subject: Subject) -> Check:
    name, folder = "token store", subject.store.folder
    if not os.path.lexists(folder):
        return passed(name, f"{folder} is not there yet; the first sign-in makes it")
    profile, mode = subject.profile, subject.folder_mode or 0o700
    try:
        location = subject.store.location(subject.name)
        asked = None if isinstance(profile, LoopbackAuthError) else profile.get("storage")
        subject.store.with_storage(asked).check_writable(subject.name)
    except LoopbackAuthError as error:
        return Check.of(error, name)
    storage = asked or ("keyring" if "awaits_keyring" in location else location["storage"])
    seen = f"{folder} is yours, and can be written; tokens are kept in a {storage}"
    if mode & 0o077:
        return warned(
            name,
            f"{seen}; others could look into it until now (mode {mode:04o}), which was changed",
            f"look at who did that: ls -ld {folder}",
        )
    seen = seen.replace("a keyring", "the keyring")
    if "awaits_keyring" in location:
        return warned(
            name,
            f"{seen}, but it did not take the last ones,"
            " which are in a file that only you can read",
            rendered("`loopback-auth refresh {profile}`", {"profile": subject.name}),
        )
    return passed(name, seen)


def _sign_in(subject: Subject) -> Check:
    name, stored = "sign-in", subject.stored
    if isinstance(stored, LoopbackAuthError):
        return Check.of(stored, name)
    if stored is None:
        profile = None if isinstance(subject.profile, LoopbackAuthError) else subject.profile
        if profile and profile.is_machine:
            return skipped(name, "none is needed: `token` mints")
        seen = f"nobody is signed in to the profile {subject.name}"
        # Of one that nothing is known of, the check of the server says what to do first.
        fix = _login(subject) if profile and profile.settings else ""
        return Check(name=name, verdict=SKIPPED, seen=seen, fix=fix)
    who = (stored.get("identity") or {}).get("name")
    seen = f"{shortened(one_line(str(who)))} is signed in" if who else "somebody is signed in"
    return _lifetime(name, seen, stored, subject)


def _lifetime(name: str, seen: str, stored: Mapping[str, Any], subject: Subject) -> Check:
    refreshable = is_refreshable(stored)
    if stored.get("refused"):
        seen = f"{seen}; the server rejected the stored tokens last time"
        return warned(name, seen, _login(subject))
    if warning := _ends_soon(name, seen, stored, subject):
        return warning
    now, until = time.time(), stored.get("expires_at")
    left_s = from_rfc3339(until).timestamp() - now if until else 0
    if not has_expired(stored, at=now):
        again = "then it is refreshed" if refreshable else "then a new sign-in is needed"
        end = f"in {duration_in_words(left_s)}" if until else "when the server says so"
        return passed(name, f"{seen}; the token expires {end}, {again}")
    seen = f"{seen}; the token expired {duration_in_words(-left_s)} ago"
    if refreshable:
        return passed(name, f"{seen} and is refreshed when needed")
    return warned(name, f"{seen} and cannot be refreshed", _login(subject))


def _login(subject: Subject) -> str:
    return rendered("`loopback-auth login {profile}`", subject.facts)


def _ends_soon(name: str, seen: str, stored: Mapping[str, Any], subject: Subject) -> Check | None:
    """Return a warning where nobody has used the sign-in for so long that it is about to end."""
    from datetime import UTC, datetime

    from ...oauth.credential import from_rfc3339
    from ...oauth.token.refresh_expiry import use_by

    obtained_at, profile = stored.get("obtained_at"), subject.profile
    if not (stored.get("refresh_token") and obtained_at):
        return None
    try:
        since = from_rfc3339(obtained_at)
    except (TypeError, ValueError):
        # What is wrong with the file is said where it is used.
        return None
    provider = None if isinstance(profile, LoopbackAuthError) else profile.provider
    until = use_by(
        stored.get("extra") or {},
        since,
        idle_days=provider.idle_days if provider else None,
    )
    # A short life is the server's way, and no cause for a warning at each sign-in.
    if until is None or (until - since).days <= SOON_DAYS:
        return None
    left = until - datetime.now(UTC)
    if left.days >= SOON_DAYS:
        return None
    seen = f"{seen}; it ends at {until:%Y-%m-%d} unless it is used before"
    fix = (
        "`loopback-auth refresh {profile}`; what a timer needs is in `loopback-auth help every-day`"
    )
    return warned(name, seen, rendered(fix, {"profile": subject.name}))
