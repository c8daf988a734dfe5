"""`init --project`: puts a profile into the repository's project file."""

from __future__ import annotations

import os

from ...edge.project.repository import (
    PROJECT_FILE,
    ProjectText,
    repository_around,
    working_directory,
)
from ...edge.project.shared_file import write_shared_file
from ...edge.project.trust_records import id_of
from ...errors import ConfigError, UsageError
from ...settings.chosen_profile import known_project, trust
from ...settings.config_writer import with_profile
from ...settings.project_file import read_project
from ..machine.setup import is_machine
from ..new_profile.server import given
from .trusting import ask_trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..context import Context

_HEADER = '# Sign in: loopback-auth login\ndefault_profile = "{name}"\n'


class ProjectWriter:
    """
    Writes to the file *path* at the root of the repository; *profiles* are in it already.

    *command* is what signs in to the profile that was written.

    Raises:
        UsageError: There is no repository, or an option is nothing to share.
        LoopbackAuthError: The file that is there cannot be used, or is not trusted.
    """

    def __init__(self, context: Context) -> None:
        _refuse_unshared(context)
        repository = repository_around(working_directory() or os.sep)
        if repository is None:
            raise UsageError(
                "this folder is in no repository of yours",
                cause="A project file lies in a repository: git, hg, jj or svn.",
                fix="change to a clone, or make a repository: `git init`",
            )
        self._home = context.home
        self._root = repository.root
        self.path = os.path.join(repository.root, PROJECT_FILE)
        found = self._found()
        self._text = found.text if found else ""
        self.profiles = list[str]()
        self.command = "loopback-auth login"
        if found:
            project, record = known_project(found, context.home)
            if record is None or record["document"] != project.document:
                ask_trust(project, record and record["document"], context)
            self.profiles = project.profiles

    def write(self, name: str, settings: dict[str, Any]) -> str:
        """
        Write the profile *name*, trust the file, and return the profile's name in the store.

        Raises:
            ConfigError: The file has changed meanwhile, or the profile cannot be put into it.
            OutputFailed: The system refuses.
        """
        found = self._found()
        if (found.text if found else "") != self._text:
            raise ConfigError(f"{self.path}:1:1: error: somebody else has changed it meanwhile")
        text = with_profile(self.path, self._text or _HEADER.format(name=name), name, settings)
        project = read_project(ProjectText(self.path, text), id_of(self.path))
        write_shared_file(self._root, PROJECT_FILE, text.encode())
        if project.default_profile != name:
            self.command += f" {name}"
        trust(project, self._home)
        return project.stored_name(name)

    def _found(self) -> ProjectText | None:
        repository = repository_around(self._root)
        found = repository.project_file() if repository else None
        if found and found.path != self.path:
            raise UsageError(
                f"{found.path} is this repository's project file",
                cause="Its table [tool.loopback-auth] holds the profiles, and is edited by hand.",
                fix="put the profile in there: `loopback-auth help team`",
            )
        return found


def _refuse_unshared(context: Context) -> None:
    """Refuse the options that are nothing for a repository."""
    arguments = context.arguments
    own = ("client_secret_env", "client_secret_file", "client_secret_stdin")
    if any(getattr(arguments, name) for name in (*own, "client_secret_prompt")):
        raise UsageError(
            "--project takes no client secret",
            cause="Whoever can read the repository could read it.",
            fix="each gives it once: `loopback-auth login {profile} --client-secret-prompt`",
        )
    if arguments.session_timeout:
        raise UsageError(
            "--project takes no --session-timeout",
            cause="A project file says where to sign in, and as which client.",
            fix="leave it out: `loopback-auth init [{provider}] {profile} --project`",
            without="--session-timeout",
            **given(context),
        )
    if is_machine(context):
        raise UsageError(
            "a repository holds no key, so init writes no machine profile into it",
            cause="Each computer, and CI, has the key in a place of its own.",
            fix="leave it out: `loopback-auth init [{provider}] {profile} --flow jwt-bearer`;"
            " what a repository may say of it: `loopback-auth help ci`",
            without="--project",
            **given(context),
        )
