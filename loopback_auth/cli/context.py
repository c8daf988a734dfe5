"""What one command works with: files, settings, profile and HTTP client, made when first used."""

from __future__ import annotations

from functools import cached_property

from .. import errors
from ..edge.files.home import home, variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from ..edge.http.client import HttpTransport
    from ..edge.store.file_store import FileStore
    from ..edge.store.interface import Store
    from ..flows.services import Services
    from ..oauth.http.transport import Transport
    from ..providers import Provider
    from ..seams import Notify
    from ..settings.chosen_profile import ChosenProfile
    from ..settings.config_toml import Config
    from ..settings.profile import Profile
    from ..settings.project_file import ProjectFile
    from .arguments import Parser
    from .console import Console
    from .progress import ProgressReporter

    Agree = Callable[[ProjectFile, Mapping[str, Any] | None, "Context"], None]


class Context:
    """
    The surroundings of one command: *arguments* as parsed of the words *typed*, and *console*.

    *agree* asks whether a project file is trusted. *commands* has every command's line, and
    *parser_of* makes the parser of one: both for what is about the command line itself.

    Imports are late, since `token` must start fast and uses few of these.
    """

    def __init__(
        self,
        arguments: Namespace,
        console: Console,
        agree: Agree,
        *,
        typed: Sequence[str],
        commands: Mapping[str, str],
        parser_of: Callable[[str], Parser],
    ) -> None:
        self.typed = typed
        self.commands = commands
        self.parser_of = parser_of
        self.arguments = arguments
        self.console = console
        self.agree = agree
        self.environ = console.environ
        self.late_exit_code = 0
        self._resolved: Profile | None = None

    def with_arguments(self, arguments: Namespace) -> Context:
        """Return another context of *arguments*, which reads all files again."""
        about: Any = {name: getattr(self, name) for name in ("typed", "commands", "parser_of")}
        return Context(arguments, self.console, self.agree, **about)

    def for_profile(self, name: str) -> Context:
        """Return the context of the same command for the profile *name*, whichever was meant."""
        from argparse import Namespace

        named = {"profile": None, "profile_option": name}
        return self.with_arguments(Namespace(**{**vars(self.arguments), **named}))

    @cached_property
    def home(self) -> str:
        """The folder of all our files."""
        return home(self.environ)

    @cached_property
    def chosen(self) -> ChosenProfile:
        """
        The profile that is meant, and why.

        A project file that is not trusted yet is asked about, unless the command set `asks` false.
        With `is_new` neither rules nor projects are looked at.
        """
        from ..settings.chosen_profile import Chooser, ChosenProfile, named_profile

        def agree(project: ProjectFile, before: Mapping[str, Any] | None) -> None:
            self.agree(project, before, self)

        chooser = Chooser(self.home, lambda: self.config, agree, self.environ)
        typed = self.arguments
        named = named_profile(typed.profile, typed.profile_option, self.environ)
        if getattr(self.arguments, "is_new", False):
            # A profile that is about to be written has no other one's name.
            return ChosenProfile(*(named or (self.config.default_profile or "default", "")))
        chosen = chooser.named(*named) if named else chooser.unnamed()
        self.console.shorten = lambda text: chooser.as_typed(text, chosen)
        return chosen

    @property
    def profile_name(self) -> str:
        """The name of the profile that is meant."""
        return self.chosen.name

    @cached_property
    def store(self) -> FileStore:
        """The stored tokens."""
        from ..edge.store.file_store import FileStore

        return FileStore(self.home)

    @cached_property
    def config(self) -> Config:
        """The user's config.toml."""
        from ..settings.config_toml import load_config

        return load_config(self.home)

    @cached_property
    def notify(self) -> ProgressReporter:
        """What tells the person of a flow's notices."""
        from .progress import ProgressReporter

        return ProgressReporter(self.console)

    def provider(self, name: str) -> Provider:
        """
        Return the provider called *name*.

        Raises:
            ProviderUnknown: There is none.
        """
        from ..edge.files.provider_files import load_provider

        return load_provider(name, self.home)

    def profile(
        self, stored: Mapping[str, Any] | None, *, flags: Mapping[str, Any] | None = None
    ) -> Profile:
        """
        Return the profile that is meant, put together from all sources.

        *stored* is the document of its last sign-in; without one, what is remembered of it counts.

        Raises:
            LoopbackAuthError: As `resolve`.
        """
        from ..edge.store.remembered import remembered
        from ..settings.resolve import resolve

        stored = stored or remembered(self.store.folder, self.profile_name)
        try:
            self._resolved = resolve(
                self.profile_name,
                flags=flags,
                environ=self.environ,
                config=self.config,
                stored=stored,
                find_provider=self.provider,
                project=self.chosen.project_settings(),
            )
        except errors.LoopbackAuthError as error:
            from ..flows.diagnosis import flags_given

            error.facts.setdefault("flags", flags_given(flags or {}))
            raise
        return self._resolved

    def add_facts(self, error: errors.LoopbackAuthError) -> None:
        """Give *error* what its fix repeats: the command, the profile and the flags given."""
        from contextlib import suppress

        from ..edge.store.file_store import check_profile_name
        from ..flows.diagnosis import flags_of, flags_typed

        arguments = vars(self.arguments)
        error.facts.setdefault("command", self.typed[0])
        if named := arguments.get("profile_option") or arguments.get("profile"):
            # Else it may be a secret in the wrong place, and is not shown.
            with suppress(errors.UsageError):
                error.facts.setdefault("profile", check_profile_name(named))
        if self._resolved is None:
            error.facts.setdefault("flags", flags_typed(arguments))
        else:
            error.facts.setdefault("profile", self._resolved.name)
            error.facts.setdefault("flags", flags_of(self._resolved))
        is_named = "profile" in error.facts and not error.facts["flags"]
        with suppress(errors.LoopbackAuthError):
            if type(error) is errors.NoPendingSignIn and is_named:
                self._explain_unknown(error, self.profile(None))
            elif type(error) in (errors.SignInNeeded, errors.NotConfigured) and self._resolved:
                self._explain_unknown(error, self._resolved)

    def _explain_unknown(self, error: errors.LoopbackAuthError, profile: Profile) -> None:
        is_known = profile.endpoints() or profile.provider
        if is_known or error.facts.get("profile") != profile.name:
            return
        # Late, as all that an error alone needs.
        from .new_profile.unknown import unknown_profile

        explanation = unknown_profile(
            profile.name,
            self.typed,
            home=self.home,
            known={*self.config.profiles, *self.store.profiles()} - {profile.name},
            facts=error.facts,
        )
        error.explain_with(explanation)

    def profile_from(
        self,
        *,
        flags: Mapping[str, Any] | None = None,
        stored: Mapping[str, Any] | None = None,
    ) -> Profile:
        """
        Return the profile as these describe it, whatever else is set.

        Raises:
            LoopbackAuthError: As `resolve`.
        """
        from ..settings.resolve import resolve

        return resolve(self.profile_name, flags=flags, stored=stored, find_provider=self.provider)

    def transport(self, ca_bundle: str | None) -> Transport:
        """Return an HTTP client that trusts *ca_bundle*, too, and traces what it does."""
        return transport_for(ca_bundle, self.notify, self.environ)

    def services(self, profile: Profile | None, *, store: Store | None = None) -> Services:
        """Return what a flow for *profile* needs of the world; by default with the own *store*."""
        from ..flows.services import Services

        return Services(
            store=store or self.store,
            transport=self.transport(profile.get("ca_bundle") if profile else None),
            notify=self.notify,
            environ=self.environ,
        )

    def http(self, ca_bundle: str | None, *, timeout_s: float | None = None) -> HttpTransport:
        """Return an HTTP client that traces nothing, as `http_transport` makes it."""
        return http_transport(ca_bundle, self.environ, timeout_s=timeout_s)

    def listen_for_interrupts(self) -> None:
        """Have signals end the command in good order, where it has the process to itself."""
        if self.console.is_process:
            from ..edge.process.interrupts import listen_for_interrupts

            listen_for_interrupts()


def transport_for(
    ca_bundle: str | None, notify: Notify, environ: Mapping[str, str] | None
) -> Transport:
    """Return an HTTP client that trusts *ca_bundle*, too, and tells *notify* what it does."""
    from ..flows.trace import traced

    return traced(http_transport(ca_bundle, environ), notify)


def http_transport(
    ca_bundle: str | None, environ: Mapping[str, str] | None, *, timeout_s: float | None = None
) -> HttpTransport:
    """
    Return an HTTP client that bounds each request as the environment says, else by *timeout_s*.

    Raises:
        UsageError: LOOPBACK_AUTH_HTTP_TIMEOUT is no time.
    """
    from ..edge.http.client import TOTAL_S, HttpTransport
    from ..settings.kinds import seconds

    limit = variable("LOOPBACK_AUTH_HTTP_TIMEOUT", environ)
    try:
        total_s = seconds(limit) if limit else timeout_s or TOTAL_S
    except ValueError:
        raise errors.UsageError(
            "LOOPBACK_AUTH_HTTP_TIMEOUT must be a number of seconds",
            cause="It bounds each HTTP request.",
            fix="unset it, or set it to a number such as 30",
        ) from None
    return HttpTransport(timeout_s=total_s, ca_bundle=ca_bundle, environ=environ)


def trusted(document: Mapping[str, Any] | None) -> str | None:
    """
    Return the file of certificates that a stored sign-in trusted, if it named one.

    What follows a sign-in goes to the same server.
    """
    bundle = ((document or {}).get("settings") or {}).get("ca_bundle")
    return bundle if isinstance(bundle, str) else None
