"""
What to do next, as data: a text whose commands stand in backticks, and its values in braces.

    Sign in with more: `loopback-auth login {profile} --scope 'A B'`; or ask {host}

The values are facts of the case. In a command each is quoted for the shell, `{profile}` is left out
where no profile is known, as is `[--issuer {issuer}]` where no issuer is, and a sign-in, or a
look at one, keeps the flags that were just given: what is printed can be typed. The fact `again`
is the command that goes on where a bare `login` would begin anew. A word `!NAME` is not printed: of
the parameters that were given, the one called NAME is left out. `--FLAG=VALUE` puts a flag that was
given right, where `--FLAG VALUE` also takes the place of others. A mark (`;`, `,`, `:`, `.`), a
bracket or the end follows a command: its end is seen.
"""

from __future__ import annotations

import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Flags = tuple[tuple[str, ...], ...]
"""Flags of `login`, each with its value: the fact `flags`."""

_VALUE = re.compile(r"\{(\w+)\}")
_PROSE_VALUE = re.compile(r"\{(\w+)(?:\|([^{}]+))?\}")
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_IF_KNOWN = re.compile(r"\[([^]`]*\{(\w+)\}[^]`]*)\] ?")
_LOGIN = ["loopback-auth", "login"]
_SIGN_INS = ("login", "doctor", "config show")
"""The commands that take a sign-in's flags: to make one, or to look at it before it is made."""
_SET_UP = ["loopback-auth", "init"]

_SERVER = ("--provider", "--issuer", "--authorization-endpoint", "--token-endpoint")
_INSTEAD = {
    **dict.fromkeys(_SERVER, (*_SERVER, "--login-url", "--revocation-endpoint")),
    "--param": ("--audience",),
    "--redirect-uri": ("--port",),
    "--key-file": ("--key-env",),
    "--key-env": ("--key-file",),
    "--client-secret-prompt": ("--client-secret-env", "--client-secret-file"),
}
"""Which other flags a flag of a fix replaces."""

_STANDS_FOR = {"client_id": "ID"}
"""What stands in a command for a value that is not known, where that is not its name."""

_IN_WORDS = {
    "audience": "what was sent",
    "client_id": "the client ID",
    "fingerprint": "that the doctor shows",
    "host": "the server",
    "issuer": "the issuer",
    "login_url": "the address to sign in at",
    "name": "the address",
    "path": "the file",
    "redirect_uri": "the redirect URI",
    "said_by": "the token of the job",
    "scope": "the scopes that were asked for",
    "signed": "the key that signs",
    "url": "the address",
    "username": "the user",
}
"""What stands in a sentence for a value that is not known, unless the text has its own words."""

_OF_BOTH = (
    "--provider",
    "--issuer",
    "--login-url",
    "--client-id",
    "--scope",
    "--redirect-uri",
    "--port",
    "--ca-bundle",
)
"""Flags of an `init` that a sign-in repeats which has more than an `init` takes."""

_ADDED_TO = ("--param", "--trust-host")
"""Flags of which each one counts."""


class Fix(str):
    """A fix as a person reads it, which still knows what in it are *commands*."""

    __slots__ = ("commands",)

    commands: tuple[str, ...]

    @classmethod
    def of(cls, text: str, commands: Iterable[str]) -> Fix:
        """Return *text*, in which *commands* stand in this order."""
        fix = cls(text)
        fix.commands = tuple(commands)
        return fix

    def __add__(self, more: str) -> Fix:
        return Fix.of(str(self) + str(more), (*self.commands, *getattr(more, "commands", ())))

    def __radd__(self, before: str) -> Fix:
        return Fix.of(before + str(self), self.commands)

    def __reduce__(self) -> tuple[object, ...]:
        return Fix.of, (str(self), self.commands)


def rendered(fix: str, facts: Mapping[str, object]) -> Fix:
    """Return *fix* as a person reads it, filled from *facts*."""
    values = {name: value for name, value in facts.items() if value not in (None, "")}
    parts = [
        _command(piece, values) if number % 2 else prose(piece, values)
        for number, piece in enumerate(fix.split("`"))
    ]
    return Fix.of("".join(parts), parts[1::2])


def pieces(fix: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of *fix*, and whether each is a command; one of no `Fix` is all prose."""
    rest = str(fix)
    for command in getattr(fix, "commands", ()):
        before, _, rest = rest.partition(command)
        yield from (((before, False),) if before else ())
        yield command, True
    if rest:
        yield rest, False


def after_command(text: str) -> str:
    """
    Return *text* as it begins a line, after a command that has a line of its own.

    What parted the two is not needed there.
    """
    begun = text.lstrip(" ;,:.")
    return begun[:1].upper() + begun[1:]


def ended(text: str) -> str:
    """Return *text*, which follows the last command, with a full stop if it is a sentence."""
    is_sentence = " " in text.strip() and text.rpartition(" ")[2].isalpha()
    return f"{text}." if is_sentence else text


def prose(text: str, values: Mapping[str, object]) -> str:
    """Return *text* with its *values*: `{name}`, or `{name|words}` with what stands for none."""

    def value_of(name: re.Match[str]) -> str:
        if name[1] in values:
            return str(values[name[1]])
        words = name[2] or _IN_WORDS.get(name[1], f"<{name[1]}>")
        begins = re.fullmatch(r"(.*[.?]\s)?", text[: name.start()], re.DOTALL)
        return words[:1].upper() + words[1:] if begins else words

    return _PROSE_VALUE.sub(value_of, text)


def _command(text: str, values: Mapping[str, object]) -> str:
    words, left_out, right = list[str](), list[str](), dict[str, str]()
    text = _IF_KNOWN.sub(lambda part: f"{part[1]} " if part[2] in values else "", text)
    for word in _WORD.findall(text):
        if word.startswith("!"):
            left_out.append(_filled(word[1:], values))
        elif word.startswith("--") and "=" in word:
            flag, _, value = word.partition("=")
            right[flag] = _filled(value, values)
        elif word != "{profile}" or "profile" in values:
            words.append(_word(word, values))
        elif words[-1] == "-p":
            words.pop()
    if words[:2] == _LOGIN and "again" in values and not any(w.startswith("--") for w in words):
        words[1] = str(values["again"])
    if isinstance(given := values.get("init"), dict):
        given = {**given, "flags": _put_right(given["flags"], right)}
        return " ".join(_of_init(words, **given, without=str(values.get("without"))))
    flags = values.get("flags")
    # A list, where the error came as JSON from another process.
    flags = _put_right(flags if isinstance(flags, tuple | list) else (), right)
    if " ".join(words[1:]).startswith(_SIGN_INS) and "--help" not in words:
        # What only shows settings asks for none.
        asked = {"--client-secret-prompt"} if words[1] == "config" else set()
        kept = [flag for flag in flags if flag[0] not in asked]
        words += _kept([flag for flag in kept if _parameter(flag) not in left_out], words)
    return " ".join(words)


def _put_right(flags: Iterable[Sequence[str]], right: Mapping[str, str]) -> Flags:
    kept = [flag for flag in flags if flag[0] not in right]
    return (*right.items(), *map(tuple, kept))


def _of_init(words: list[str], flags: Flags, options: Iterable[str], *, without: str) -> list[str]:
    """
    Return *words* as they are typed again at an `init` that was given *flags*, *without* one.

    A sign-in becomes one, if it has no other than its *options*: no profile was written.
    """
    own = {word for word in words if word.startswith("--")}
    is_sign_in = words[:2] == _LOGIN
    if is_sign_in and not own <= {"--provider", *options}:
        return [*words, *_kept([flag for flag in flags if flag[0] in _OF_BOTH], words)]
    if not is_sign_in and (words[:2] != _SET_UP or "--help" in words):
        return words
    left_out = {without, "" if is_sign_in else "--provider"}
    kept = [flag for flag in flags if flag[0] not in left_out]
    at = next((n for n, word in enumerate(words) if word.startswith("--")), len(words))
    words = [*_SET_UP, *words[2:at], *_kept(kept, words), *words[at:]]
    if "--provider" in words:
        # There it is the first word.
        at = words.index("--provider")
        words = [*_SET_UP, words[at + 1], *words[2:at], *words[at + 2 :]]
    return words


def _word(word: str, values: Mapping[str, object]) -> str:
    if not _VALUE.search(word):
        return word
    return _quoted(_filled(word.replace("'", "").replace('"', ""), values))


def _filled(text: str, values: Mapping[str, object]) -> str:
    return _VALUE.sub(
        lambda name: str(values.get(name[1], _STANDS_FOR.get(name[1], name[1].upper()))), text
    )


def _parameter(flag: Sequence[str]) -> str | None:
    return flag[1].partition("=")[0] if flag[0] == "--param" else None


def _kept(flags: Iterable[Sequence[str]], words: Sequence[str]) -> Iterator[str]:
    """Yield those of *flags* that stay as they are in a sign-in of *words*."""
    replaced = {other for word in words for other in (word, *_INSTEAD.get(word, ()))}
    for flag in flags:
        if flag[0] not in replaced or flag[0] in _ADDED_TO:
            yield from (flag[0], *map(_quoted, flag[1:]))


def _quoted(text: str) -> str:
    from shlex import quote

    if sys.platform == "win32":
        # What cmd and PowerShell have in common.
        return text if re.fullmatch(r"[\w@+=:,./\\~-]+", text) else f'"{text}"'
    return quote(text)
