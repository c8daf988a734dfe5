"""
Which profile a command means, and who says so: flag > environment > rule > project > default.

What a person has named is theirs: a project's profile of the same name is another one, and is
meant only where the project file itself is asked. `token` imports this.
"""

from __future__ import annotations

import os
from contextlib import suppress

from .. import errors
from ..edge.files.home import variable
from ..edge.project.repository import repository_around, working_directory
from ..edge.store.file_store import check_profile_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..edge.project.repository import ProjectText
    from .config_toml import Config
    from .project_file import ProjectFile

    Agree = Callable[[ProjectFile, Mapping[str, Any] | None], None]
    """Returns where a person trusts a project, in the place of what was trusted before."""

COMMAND_LINE = "the command line"
"""The reason of a profile that was typed."""


class ChosenProfile:
    """
    The profile called *name* in the store, and the *reason* why it is meant, in words; "" where it
    is the usual one.

    Of a project's profile, *project* is its file and *own_name* its name there.
    """

    def __init__(
        self, name: str, reason: str, project: ProjectFile | None = None, own_name: str = ""
    ) -> None:
        self.name = check_profile_name(name)
        self.reason = reason
        self.project = project
        self.own_name = own_name

    @property
    def remark(self) -> str:
        """The reason in brackets, to be put behind the name; "" where it was just typed."""
        from ..oauth.text import one_line

        is_known = self.reason in ("", COMMAND_LINE)
        return "" if is_known else f" (chosen by {one_line(self.reason, limit=1000)})"

    def project_settings(self) -> dict[str, tuple[Any, str]]:
        """Return what the project file says of the profile, each with where it stands."""
        return self.project.profile(self.own_name) if self.project else {}


class Chooser:
    """
    Chooses a profile for the working directory: *config* reads the user's, *agree* asks the person.

    All methods raise `ConfigError` and `FileUnsafe` for a project file that would count and cannot
    be used, and what *agree* raises.
    """

    def __init__(
        self,
        home: str,
        config: Callable[[], Config],
        agree: Agree,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._home = home
        self._config = config
        self._agree = agree
        self._environ = environ

    def named(self, name: str, reason: str) -> ChosenProfile:
        """Return the profile that is called *name* here, by *reason*."""
        check_profile_name(name)
        if "@" not in name and self._is_users(name):
            return ChosenProfile(name, reason)
        if found := self._project_text():
            project, record = known_project(found, self._home)
            if own := project.named(name):
                if name == own and self._is_users(name):
                    return ChosenProfile(name, reason)
                self._trust(project, record)
                return ChosenProfile(project.stored_name(own), reason, project, own)
        return ChosenProfile(name, reason)

    def unnamed(self) -> ChosenProfile:
        """Return the profile that is meant where none is named."""
        if rule := self._rule():
            return self.named(*rule)
        if found := self._project_text():
            project, record = known_project(found, self._home)
            if own := project.default_profile:
                self._trust(project, record)
                reason = f"the project file {found.path}"
                return ChosenProfile(project.stored_name(own), reason, project, own)
        if name := self._config().default_profile:
            return ChosenProfile(name, "default_profile of config.toml")
        return ChosenProfile("default", "")

    def as_typed(self, text: str, chosen: ChosenProfile) -> str:
        """Return *text* with a project's profile called as it is typed where it is *chosen*."""
        if not chosen.project or chosen.name not in text:
            return text
        import re

        # In config.toml, which may be unusable, another one may have that name.
        with suppress(errors.LoopbackAuthError):
            if not self._is_users(chosen.own_name):
                # A path stays as it is.
                return re.sub(rf"(?<![/\\]){re.escape(chosen.name)}", chosen.own_name, text)
        return text

    def _project_text(self) -> ProjectText | None:
        folder = working_directory()
        repository = repository_around(folder) if folder else None
        return repository.project_file() if repository else None

    def _is_users(self, name: str) -> bool:
        path = os.path.join(self._home, "tokens", name)
        # Of who has signed out, the settings are left.
        is_stored = os.path.lexists(f"{path}.json") or os.path.lexists(f"{path}.settings")
        return is_stored or name in self._config().profiles

    def _trust(self, project: ProjectFile, record: Mapping[str, Any] | None) -> None:
        if record is not None and record["text"] == project.text:
            return
        if record is None or record["document"] != project.document:
            self._agree(project, record and record["document"])
        # What was agreed to is read again where it cannot be kept.
        with suppress(errors.StoreError):
            trust(project, self._home)

    def _rule(self) -> tuple[str, str] | None:
        folder = working_directory()
        for number, rule in enumerate(self._config().rules if folder else (), 1):
            if self._fits(rule, str(folder)):
                conditions = (f'{key} = "{rule[key]}"' for key in rule if key != "profile")
                return rule["profile"], f"rule {number} of config.toml ({', '.join(conditions)})"
        return None

    def _fits(self, rule: Mapping[str, str], folder: str) -> bool:
        if wanted := rule.get("dir"):
            if wanted == "~" or wanted.startswith("~/"):
                wanted = (variable("HOME", self._environ) or "~") + wanted[1:]
            wanted = os.path.realpath(os.path.expanduser(wanted))
            if not os.path.join(folder, "").startswith(os.path.join(wanted, "")):
                return False
        if pattern := rule.get("git_remote"):
            # Late: most rules name folders.
            from fnmatch import fnmatchcase

            repository = repository_around(folder)
            remotes = repository.remotes() if repository else []
            return any(fnmatchcase(remote, pattern) for remote in remotes)
        return True


def known_project(found: ProjectText, home: str) -> tuple[ProjectFile, dict[str, Any] | None]:
    """
    Return the project file *found*, and the record of what was trusted of it, if anything was.

    A trusted text is not parsed again.

    Raises:
        ConfigError: It is no TOML, or says what a project file may not.
    """
    # Late: outside of projects nobody needs it.
    from ..edge.project.trust_records import TrustRecords, id_of
    from .project_file import ProjectFile, read_project

    record = TrustRecords(home).load(found.path)
    if record is not None and record["text"] == found.text:
        return ProjectFile(found, record["document"], record["id"], is_checked=True), record
    return read_project(found, id_of(found.path)), record


def trust(project: ProjectFile, home: str) -> None:
    """
    Record that the person trusts *project*, as it was read.

    Raises:
        StoreError: It cannot be recorded.
    """
    from ..edge.project.trust_records import TrustRecords

    TrustRecords(home).save(project.path, text=project.text, document=project.document)


def named_profile(
    first: str | None, second: str | None, environ: Mapping[str, str]
) -> tuple[str, str] | None:
    """
    Return the profile that the command line names, *first* or by its option, else
    `LOOPBACK_AUTH_PROFILE`; and which of them it was.

    Raises:
        UsageError: Two are named.
    """
    if first and second and first != second:
        raise errors.UsageError(
            "two profiles were named",
            cause="PROFILE and --profile mean the same.",
            fix="name the profile once",
        )
    if name := second or first:
        return name, COMMAND_LINE
    if name := environ.get("LOOPBACK_AUTH_PROFILE"):
        return name, "LOOPBACK_AUTH_PROFILE"
    return None
