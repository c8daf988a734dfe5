"""Another name for a profile, or its end: tokens, files and config.toml say the same afterwards."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress

from ..edge.files.client_secrets import own_files
from ..edge.files.pending_logins import PendingSignIns
from ..edge.process.clock import running_s
from ..edge.process.event_loop import paused
from ..edge.process.single_flight import SingleFlight
from ..edge.store.document import object_of
from ..edge.store.remembered import remember, remembered, remembered_profiles
from ..errors import SignInInProgress, UsageError
from ..explain.spelling import meant
from ..settings.config_toml import config_path, load_config, read_config
from ..settings.config_writer import change_config, renamed_profile
from .tokens.profile_lock import LOCK_TIMEOUT_S, lock_profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..edge.store.file_store import FileStore

_LOOK_S = 0.1


async def rename(old: str, new: str, *, store: FileStore) -> None:
    """
    Give all that is stored of the profile *old* the name *new*.

    1. Wait for a sign-in and a refresh of either, and keep others away.
    2. Give its own files the new name, too; the old names stay until nothing names them.
    3. Rename the token file: that moment decides which name has the tokens.
    4. Rename the table of config.toml.
    5. Write the new name into what was renamed. Until then it has the old one there, by which the
       same call goes on where another was killed.

    Raises:
        UsageError: There is no *old*, or there is a *new* already.
        SignInInProgress: A sign-in to one of them does not end.
        StoreError: Something could not be written; the same call goes on from there.
    """
    home, names = store.home, sorted({old, new})
    if not is_known(new, store):
        # At once, and without lock files for a name that was misspelled.
        check_known(old, store, to_rename=new)
    moved = dict(zip(own_files(home, old), own_files(home, new), strict=True))
    with ExitStack() as stack:
        for name in names:
            await keep_sign_ins_away(home, name, stack)
        with ExitStack() as locks:
            held: dict[str, Any] = {name: await lock_profile(name, store, locks) for name in names}
            _check(old, new, store, held[new].content)
            # What cannot be changed is known before anything is.
            renamed_profile(config_path(home), read_config(home)[0], old, new, moved)
            for path, other in moved.items():
                with suppress(FileNotFoundError, FileExistsError):
                    os.link(path, other)
            held[old].rename(new)
        change_config(home, lambda path, text: renamed_profile(path, text, old, new, moved))
        with ExitStack() as locks:
            locked: Any = await lock_profile(new, store, locks)
            if document := locked.load():
                locked.save(_renamed(document, new, moved))
            pending = PendingSignIns(home)
            if document := pending.load(old):
                pending.save(new, _renamed(document, new, moved))
            remove_leftovers(old, store)
            if settings := remembered(store.folder, new):
                remember(locked.folder, _renamed(settings, new, moved), new, with_secret=True)


async def keep_sign_ins_away(home: str, profile: str, stack: ExitStack) -> None:
    """
    Wait for the end of a sign-in to *profile*, and keep others from beginning until *stack* ends.

    Raises:
        SignInInProgress: It does not end.
    """
    flight, deadline = SingleFlight(home, profile), running_s() + LOCK_TIMEOUT_S
    stack.callback(flight.end)
    stack.callback(flight.forget)
    while not flight.begin():
        if running_s() > deadline:
            pid = flight.read().pid
            message = f"process {pid} is signing in to the profile {profile}"
            raise SignInInProgress(message, profile=profile, pid=pid)
        await paused(_LOOK_S)


def remove_leftovers(profile: str, store: FileStore) -> None:
    """Remove what is kept of *profile* besides tokens and settings; nothing uses it any more."""
    PendingSignIns(store.home).remove(profile)
    signing_in, tokens = (os.path.join(store.home, f, profile) for f in ("signing-in", "tokens"))
    of_locks = (f"{signing_in}.json", f"{signing_in}.lock", f"{tokens}.lock")
    for path in (*own_files(store.home, profile), *of_locks):
        # Windows removes no file that is open, as a lock may be.
        with suppress(OSError):
            os.unlink(path)


def is_known(profile: str, store: FileStore) -> bool:
    """Return whether anything is stored of *profile*: tokens, settings, a table of config.toml."""
    return (
        os.path.lexists(store.path(profile))
        or remembered(store.folder, profile) is not None
        or profile in load_config(store.home).profiles
    )


def check_known(profile: str, store: FileStore, *, to_rename: str = "") -> None:
    """Raise `UsageError` if nothing is stored of *profile*, which is removed, or gets a name."""
    if not is_known(profile, store):
        known = {*load_config(store.home).profiles, *remembered_profiles(store.folder)}
        near = meant(profile, {*known, *store.profiles()})
        again = "did you mean {near}? `loopback-auth profiles remove {near}`; "
        if to_rename:
            again = "did you mean {near}? `loopback-auth profiles rename {near} {new}`; "
        raise UsageError(
            f"there is no profile {profile}",
            cause="Nobody is signed in to it, and config.toml has no table of that name.",
            fix=(again if near else "") + "see your profiles: `loopback-auth profiles`",
            near=near,
            new=to_rename,
        )


def _check(old: str, new: str, store: FileStore, content: bytes | None) -> None:
    """Check that *new* is free, or was given to *old* by a call that was cut short."""
    marks = [(remembered(store.folder, new) or {}).get("profile")]
    with suppress(ValueError):
        marks.append(object_of(content or b"").get("profile"))
    if old in marks and old != new and not (content and os.path.lexists(store.path(old))):
        return
    check_known(old, store, to_rename=new)
    if is_known(new, store):
        raise UsageError(
            f"there is a profile {new} already",
            cause="Two sign-ins cannot have one name, and none is thrown away without asking.",
            fix="choose another name: `loopback-auth profiles rename {profile} NEW`"
            if old == new
            else "choose another name; or remove it: `loopback-auth profiles remove {profile}`",
            profile=new,
        )


def _renamed(document: Mapping[str, Any], profile: str, moved: Mapping[str, str]) -> dict[str, Any]:
    """Return *document* of *profile*, and with the paths of files that have *moved*."""
    parts = {
        name: {k: moved.get(v, v) if isinstance(v, str) else v for k, v in value.items()}
        for name, value in document.items()
        if name in ("client", "settings", "grant") and value
    }
    return {**document, **parts, "profile": profile}
