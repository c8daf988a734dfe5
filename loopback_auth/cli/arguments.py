"""
argparse, with the manners it lacks: no abbreviations, "did you mean", and never a rejected value
repeated.
"""

from __future__ import annotations

import argparse

from .. import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from typing import Any, NoReturn

    from .console import Console

_LONGEST_WORD = 20
"""Of letters alone: longer ones may be secrets."""

_LONGEST_CHOICE = 24
"""Characters; more values than that are listed in what is said of the option."""

_REACHED_FOR = {
    "--callback-url": "--redirect-uri",
    "--client-auth": "--token-endpoint-auth-method",
    "--client-secret": "--client-secret-prompt",
    "--consumer-key": "--client-id",
    "--domain": "--login-url",
    "--instance-url": "--login-url",
    "--tenant": "--login-url",
}
"""Options of other programs, and ours for the same."""

_WHICH_LOGIN = "which login (default: by rules, project file or default_profile; else default)"
_REST = ", with the rest as you typed it"
_NARROW = 60
"""Below so many columns an option and what it does do not stand side by side."""


def speak_english() -> None:
    """
    Have argparse of this process look for no translation of its words.

    There is none of ours, and `Parser.error` reads those words. To look for one takes as long as to
    load seven modules of ours.
    """
    vars(argparse)["_"] = str


class Parser(argparse.ArgumentParser):
    """One command's arguments; a mistake in them is a `UsageError`."""

    def __init__(self, console: Console, **options: Any) -> None:
        self._console = console
        self._columns, self._has_rest, self._takes_command = 0, False, False
        # The list that takes words also from behind an option, where argparse has ended it.
        self.words_of = ""
        super().__init__(**options, allow_abbrev=False)
        # Of a command that takes none, no other name is meant.
        self.set_defaults(profile=None, profile_option=None)
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
        self.add_argument("profile", nargs="?", metavar="PROFILE", help=_WHICH_LOGIN)
        self.profile_option("the same as PROFILE")

    def profile_option(self, words: str = _WHICH_LOGIN) -> None:
        """Add the profile by `-p` alone; *words* say what it is for."""
        self.add_argument("-p", "--profile", dest="profile_option", metavar="NAME", help=words)

    def command_argument(self) -> None:
        """Have `arguments.command` be what stands after `--`, whatever it looks like."""
        self.set_defaults(command=[])
        self._takes_command = True

    @property
    def actions(self) -> list[argparse.Action]:
        """The options and positional arguments, in the order in which help has them."""
        return [action for action in self._actions if action.help != argparse.SUPPRESS]

    # typeshed has three overloads that say the same.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """
        Return *args* as parsed; the second part is empty.

        Raises:
            UsageError: There is a word that means nothing here.
        """
        own, command = list(args or ()), list[str]()
        if self._takes_command and "--" in own:
            index = own.index("--")
            own, command = own[:index], own[index + 1 :]
        self._has_rest = len(own) > 1
        if "-p" in own and "-p" not in self._option_string_actions:
            # Before its NAME is taken for something else.
            self._refuse("-p")
        parsed, unknown = super().parse_known_args(own, namespace)
        if command:
            parsed.command = command
        if self.words_of and not any(word.startswith("-") for word in unknown):
            getattr(parsed, self.words_of).extend(unknown)
        elif unknown:
            self._refuse(unknown[0])
        return parsed, []

    def format_help(self) -> str:
        """Return the help, as wide as the terminal that it goes to."""
        from .terminal.screen import page_columns

        own = self._console
        self._columns = page_columns(own.stdout, own.stderr, own.environ)
        return super().format_help()

    def _get_formatter(self) -> argparse.HelpFormatter:
        return _HelpFormatter(self.prog, columns=self._columns)

    def _refuse(self, word: str) -> NoReturn:
        from difflib import get_close_matches

        if not word.startswith("-"):
            # A code or a secret that went astray is not repeated; a plain word is.
            shown = f" {word!r}" if word.isalpha() and len(word) <= _LONGEST_WORD else ""
            fix = "put -- before the command: `loopback-auth exec {profile} -- COMMAND`"
            # Only where there has to be a command is it most often that.
            is_command = self._takes_command and "] -- COMMAND" in (self.usage or "")
            raise self._mistake(f"unexpected argument{shown}", fix if is_command else "")
        name = word.partition("=")[0]
        near = [_REACHED_FOR[name]] if name in _REACHED_FOR else []
        # Without the dashes, which all of them have in common.
        names = {each.lstrip("-"): each for each in self._option_string_actions}
        near = near or [names[each] for each in get_close_matches(name.lstrip("-"), names, n=1)]
        raise self._mistake(
            f"there is no option {name[:40]}"
            + (": this command takes no profile" if name in ("-p", "--profile") else ""),
            "did you mean {option}? All options: `loopback-auth {command} --help`" if near else "",
            option="".join(near),
        )

    def error(self, message: str) -> NoReturn:
        """
        Refuse the command line, without a value that may be a secret in the wrong place.

        Raises:
            UsageError: Always.
        """
        # argparse quotes the value after "invalid ... value:".
        head, found, _ = message.partition("invalid")
        named = head.removeprefix("argument ").partition(":")[0].split("/")[0]
        raise self._mistake(
            f"{head}not a value it takes" if found else message,
            about=self._option_string_actions.get(named),
        )

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if not (choices := list(map(str, action.choices or ()))) or value in choices:
            return
        # Late, as all that a mistake needs.
        from ..explain.spelling import choice_meant

        option, near = "/".join(action.option_strings), choice_meant(str(value), choices)
        fix = ""
        if near and not option:
            fix = "`loopback-auth {command} {near}`" + (_REST if self._has_rest else "")
        elif near:
            fix = "did you mean {option} {near}? All options: `loopback-auth {command} --help`"
        name = option or action.metavar or action.dest
        raise self._mistake(
            f"argument {name}: not a value it takes (one of {', '.join(choices)})",
            fix,
            about=action,
            option=option,
            near=near,
        )

    def _mistake(
        self,
        message: str,
        fix: str = "",
        *,
        about: argparse.Action | None = None,
        **facts: str | None,
    ) -> errors.UsageError:
        usage = " ".join(self.format_usage().split())
        cause = f"U{usage[1:]}"
        if about and about.help and about.option_strings:
            cause = f"{about.option_strings[-1]}: {about.help}"
        return errors.UsageError(
            message,
            cause=f"{cause}.",
            fix=fix or "`loopback-auth {command} --help`",
            command=self.prog.removeprefix("loopback-auth "),
            **facts,
        )

    def _print_message(self, message: str, _: Any = None) -> None:
        # Help, since errors are raised: it is what was asked for.
        self._console.raw(message.rstrip())


class _HelpFormatter(argparse.HelpFormatter):
    def __init__(self, prog: str, *, columns: int = 0) -> None:
        # argparse asks for a formatter with every option, and one without a width loads shutil to
        # measure the terminal.
        width = min(columns or 100, 100)
        # On a narrow terminal what an option does stands below it.
        super().__init__(prog, width=width, max_help_position=34 if width >= _NARROW else 6)

    def _metavar_formatter(
        self, action: argparse.Action, default_metavar: str
    ) -> Callable[[int], tuple[str, ...]]:
        values = action.choices
        if values and not action.metavar and len(",".join(map(str, values))) > _LONGEST_CHOICE:
            return lambda count: (default_metavar,) * count
        return super()._metavar_formatter(action, default_metavar)

    def _format_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        _: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None,
    ) -> str:
        # The options would be a wall, with the list of them below it.
        rest = [action for action in actions if not action.option_strings]
        line = super()._format_usage(usage, rest, (), prefix).rstrip()
        return self._fill_text(line if usage else f"{line} [OPTIONS]", self._width, "") + "\n\n"

    def _expand_help(self, action: argparse.Action) -> str:
        text = super()._expand_help(action)
        values = [str(value) for value in action.choices or ()]
        return text if all(value in text for value in values) else f"{text}: {', '.join(values)}"

    # Late, as help is rare; argparse itself would break words.
    def _split_lines(self, text: str, width: int) -> list[str]:
        from .terminal.wrap import wrapped

        return wrapped(" ".join(text.split()), width).split("\n")

    def _fill_text(self, text: str, width: int, _: str) -> str:
        from .terminal.wrap import wrapped

        # One that is indented is a table.
        paragraphs = [
            each if each.startswith(" ") else " ".join(each.split()) for each in text.split("\n\n")
        ]
        return wrapped("\n\n".join(paragraphs), width)


def unknown_command(
    command: str, rest: Sequence[str], commands: Collection[str]
) -> errors.UsageError:
    """Return the error for *command*, which is none of *commands*; *rest* stands behind it."""
    from difflib import get_close_matches

    near = get_close_matches(command, commands, n=1)
    meant = near[0] if near else rest[0] if rest and rest[0] in commands else ""
    message = f"there is no command {command[:40]!r}"
    fix = "`loopback-auth {command}`" + (_REST if rest else "")
    if command.startswith("-"):
        message = "the command comes first, and its options after it"
        fix = "for example `loopback-auth token -p NAME`; the commands: `loopback-auth --help`"
    elif not meant:
        fix = "the commands: `loopback-auth --help`"
    elif not near:
        message = "the command comes first, and the profile after it"
        fix = "`loopback-auth {command} NAME`"
    return errors.UsageError(
        message,
        cause="The first word after loopback-auth names the command.",
        fix=fix,
        command=meant,
    )
