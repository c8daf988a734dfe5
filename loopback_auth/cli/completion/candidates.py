"""The words that may stand where a Tab was pressed, from the parser of the command."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Candidates = dict[str, str]
    """Words, each with a line about it."""

FILES = frozenset({"FILE", "PATH", "DIR"})
"""The metavars of arguments that are files: those the shell knows best."""


def candidates(
    words: Sequence[str],
    *,
    commands: Mapping[str, str],
    actions_of: Callable[[str], Sequence[Action]],
    values: Mapping[str, Callable[[], Iterable[str]]],
) -> Candidates | None:
    """
    Return what may take the place of the last of *words*, or `None` where that is a file.

    *words* follow the program's name. *actions_of* gives the arguments of a command, and *values*
    the names that a metavar stands for, such as `PROFILE`; neither is called for nothing.
    """
    *before, current = words or [""]
    if not before:
        return _matching(current, {**commands, "--help": "", "--version": ""})
    command, *before = (word for word in before if word != "=")
    if "--" in before:
        return None
    # Some shells take --option=value for three words.
    current = "" if current == "=" else current
    return _arguments(before, current, actions_of(command), values) if command in commands else {}


def _arguments(
    before: Sequence[str],
    current: str,
    actions: Sequence[Action],
    values: Mapping[str, Callable[[], Iterable[str]]],
) -> Candidates | None:
    option, assigned, value = current.partition("=")
    if assigned and (action := _option(option, actions)):
        found = _values(action, value, values)
        return found and {f"{option}={word}": about for word, about in found.items()}
    if before and (action := _option(before[-1], actions)) and _takes_value(action):
        return _values(action, current, values)
    if current.startswith("-"):
        return _matching(current, _options(actions))
    positional = _positional(before, actions)
    return _values(positional, current, values) if positional else {}


def _matching(current: str, words: Mapping[str, str]) -> Candidates:
    return {word: about for word, about in words.items() if word.startswith(current)}


def _options(actions: Sequence[Action]) -> Candidates:
    return {
        max(action.option_strings, key=len): action.help or ""
        for action in actions
        if action.option_strings
    }


def _option(word: str, actions: Sequence[Action]) -> Action | None:
    return next((action for action in actions if word in action.option_strings), None)


def _takes_value(action: Action) -> bool:
    return action.nargs != 0


def _positional(before: Sequence[str], actions: Sequence[Action]) -> Action | None:
    """Return the positional argument that comes after the words *before*."""
    positionals = [action for action in actions if not action.option_strings]
    is_value = False
    for word in before:
        if is_value or word.startswith("-"):
            action = None if is_value else _option(word, actions)
            is_value = bool(action and _takes_value(action))
        elif positionals and positionals[0].nargs not in ("*", "+"):
            positionals = positionals[1:]
    return positionals[0] if positionals else None


def _values(
    action: Action, current: str, values: Mapping[str, Callable[[], Iterable[str]]]
) -> Candidates | None:
    """Return the values of *action* that begin with *current*, or `None` where they are files."""
    if action.choices:
        return _matching(current, dict.fromkeys(map(str, action.choices), ""))
    metavar = str(action.metavar or "")
    if metavar in FILES:
        return None
    names = values.get(action.dest) or values.get(metavar)
    return _matching(current, dict.fromkeys(names(), "")) if names else {}
