"""
argparse, with the manners it lacks: no abbreviations, "did you mean", and never a rejected value
repeated.
"""

from __future__ import annotations

import argparse

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from .console import Console


class Parser(argparse.ArgumentParser):
    """One command's arguments; a mistake in them is a `UsageError`."""

    def __init__(self, console: Console, **options: Any) -> None:
        self._console = console
        self._takes_command = False
        super().__init__(
            **options,
            allow_abbrev=False,
            add_help=True,
            formatter_class=_HelpFormatter,
        )
        self.add_argument(
            "--json",
            action="store_true",
            help="print one JSON document on stdout, events on stderr",
        )
        self.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
        self.add_argument(
            "-v",
            "--verbose",
            action="store_true",
            help="say more; secrets stay hidden, safe to paste",
        )
        self.add_argument(
            "--no-input", action="store_true", help="never ask and never read standard input"
        )

    def profile_argument(self) -> None:
        """Add the profile, by position or by `-p`."""
        self.add_argument(
            "profile",
            nargs="?",
            metavar="PROFILE",
            help="which login (default: default_profile, else default)",
        )
        self.add_argument(
            "-p", "--profile", dest="profile_option", metavar="NAME", help="the same as PROFILE"
        )

    def command_argument(self) -> None:
        """
        Take what stands after `--` for another program, whatever it looks like, as
        `arguments.command`.
        """
        self.set_defaults(command=[])
        self._takes_command = True

    def parse_known_args(  # type: ignore[override]  # the overloads of typeshed say the same three ways
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        own, command = list(args or ()), list[str]()
        if self._takes_command and "--" in own:
            place = own.index("--")
            own, command = own[:place], own[place + 1 :]
        parsed, unknown = super().parse_known_args(own, namespace)
        if command:
            parsed.command = command
        if unknown:
            self._refuse(unknown[0])
        return parsed, unknown

    def _refuse(self, word: str) -> NoReturn:
        from difflib import get_close_matches

        if not word.startswith("-"):
            raise self._mistake("there is one argument too many")
        name = word.partition("=")[0]
        near = get_close_matches(name, self._option_string_actions, n=1)
        raise self._mistake(
            f"there is no option {name[:40]}", f"{self.prog} {near[0]}" if near else ""
        )

    def error(self, message: str) -> NoReturn:
        # argparse quotes the value after "invalid choice:" or "invalid ... value:"; it may be a
        # secret in the wrong place.
        for mark in ("invalid choice:", "invalid"):
            head, found, tail = message.partition(mark)
            if found:
                choices = tail.partition("(choose from")[2]
                message = f"{head}not a value it takes" + (
                    f" (one of {choices[:-1].strip()})" if choices else ""
                )
                break
        raise self._mistake(message)

    def _mistake(self, message: str, fix: str = "") -> UsageError:
        return UsageError(
            message,
            cause="The command line could not be understood.",
            fix=fix or f"{self.prog} --help",
        )

    def _print_message(self, message: str, file: Any = None) -> None:  # noqa: ARG002 - argparse's signature
        # Help, since errors are raised: it is what was asked for.
        self._console.raw(message.rstrip())


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        # argparse asks for a formatter with every option, and one without a width loads shutil to
        # measure the terminal.
        super().__init__(prog, width=100, max_help_position=34)


def profile_name(arguments: argparse.Namespace, home: str, environ: Mapping[str, str]) -> str:
    """
    Choose the profile: as told, else `LOOPBACK_AUTH_PROFILE`, else `default_profile` of
    config.toml, else `default`.

    Raises `UsageError`; a config.toml that cannot be used does not mean `default`.
    """
    from ..edge.store.file_store import check_profile_name

    told = arguments.profile_option or arguments.profile
    if (
        arguments.profile
        and arguments.profile_option
        and arguments.profile != arguments.profile_option
    ):
        raise UsageError(
            "two profiles were named",
            cause="PROFILE and --profile mean the same.",
            fix="name the profile once",
        )
    if not told:
        told = environ.get("LOOPBACK_AUTH_PROFILE")
    if not told:
        from ..settings.config_toml import load_config

        told = load_config(home).default_profile
    return check_profile_name(told or "default")
