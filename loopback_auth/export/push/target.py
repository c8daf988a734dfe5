"""A target of `push`, read from targets.toml, and what is run there for a profile's secrets."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cache

from ...errors import UsageError
from ...oauth.secret import Secret
from ...resources import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

FILE = "{file}"
"""Stands in a run's words for the path of a file that holds its secret."""

_BRACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A table of targets.toml, which describes the members."""

    name: str
    title: str
    program: str = ""
    install: str = ""
    source: str = ""
    signed_in: tuple[str, ...] = ()
    sign_in: str = ""
    argv: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    one_line: tuple[str, ...] = ()
    stdin: Any = ""
    options: Mapping[str, str] = field(default_factory=dict)
    into: str = ""
    called: str = "{name}"

    @property
    def takes_into(self) -> bool:
        """Whether `--into` means something here."""
        return "{into}" in f"{self.argv}{self.stdin}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One secret that is pushed: *kind* is `refresh-token`, `client-secret` or `key`."""

    kind: str
    secret: Secret

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return self.kind.replace("-", " ")

    def redacted(self, text: str) -> str:
        """Return *text* without the secret, its lines, and what JSON and base64 make of it."""
        value = self.secret.reveal()
        encoded = b64encode(value.encode()).decode()
        for part in (value, json.dumps(value)[1:-1], encoded, *value.split("\n")):
            text = text.replace(part, "(the secret)") if part.strip() else text
        return text

    def name(self, facts: Mapping[str, Any]) -> str:
        """Return the name of the variable that it is read from on the other side."""
        return f"{facts['prefix']}_{self.kind.upper().replace('-', '_')}"

    @property
    def fingerprint(self) -> str:
        """The first 32 bits of its SHA-256: to compare what is there with what is here."""
        from hashlib import sha256

        return "sha256:" + sha256(self.secret.reveal().encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    One run of the program: *argv*, and *create* where that fails.

    *given* is its standard input, or the content of the file that `FILE` in *argv* stands for;
    *holds* are the secrets in it.
    """

    argv: tuple[str, ...]
    create: tuple[str, ...]
    given: Secret
    holds: tuple[Held, ...]

    @property
    def needs_file(self) -> bool:
        """Whether the secret goes by a file."""
        return any(FILE in word for word in self.argv)


@cache
def targets() -> Mapping[str, Target]:
    """Return the targets by their names."""
    import tomllib

    tables = tomllib.loads(read("export/push/targets.toml").decode())
    return {name: Target(name=name, **_members(row)) for name, row in tables.items()}


def _members(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(each) if isinstance(each, list) else each for name, each in row.items()}


def facts_of(
    target: Target, profile: str, options: Mapping[str, str], *, into: str | None, prefix: str
) -> dict[str, Any]:
    """
    Return what fills the words of *target*; *options* are those that were given.

    *prefix* begins the names of variables.

    Raises:
        UsageError: One of them means nothing to *target*, or it needs `--into`.
    """
    known = (*target.options, *(("into",) if target.takes_into else ()))
    for option in (*options, *(("into",) if into else ())):
        if option not in known:
            takes = ", ".join(f"--{name}" for name in known) or "none"
            raise UsageError(
                f"--{option} means nothing to {target.name}",
                cause=f"Its options: {takes}.",
                fix="leave it out, or name another target: `loopback-auth push --list`",
            )
    if target.takes_into and not (into or target.into):
        raise UsageError(
            f"where in {target.name}?",
            cause="It has no usual place for secrets.",
            fix="name it: `loopback-auth push {system} {profile} --into NAME`",
            system=target.name,
            profile=profile,
        )
    # That of a project file has the clone's own ID behind it.
    profile = profile.partition("@")[0]
    slug = re.sub(r"[^a-z0-9]+", "-", profile.lower()).strip("-") or "default"
    own = {"profile": profile, "slug": slug, "prefix": prefix}
    words = [word for name, value in options.items() for word in (target.options[name], value)]
    return {**own, "into": into or _filled(target.into, own), "options": words}


def runs(
    target: Target,
    secrets: Sequence[Held],
    facts: Mapping[str, Any],
    command: Sequence[str] = (),
) -> list[Run]:
    """Return what sends *secrets* to *target*; *command* are the words of the target `command`."""
    argv = tuple(command) or (target.program, *target.argv)
    create = (target.program, *target.create) if target.create else ()
    together = "{values}" in str(target.stdin)
    return [
        _run(target, held, facts, (argv, create))
        for held in ([tuple(secrets)] if together else [(each,) for each in secrets])
    ]


def signed_in(target: Target, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words that ask whether the program is signed in."""
    return _words((target.program, *target.signed_in), facts)


def called(target: Target, held: Held, facts: Mapping[str, Any]) -> str:
    """Return the name that *held* has at *target*."""
    return str(_filled(target.called, {**facts, "name": held.name(facts), "kind": held.kind}))


def _run(
    target: Target,
    held: tuple[Held, ...],
    facts: Mapping[str, Any],
    words: tuple[Sequence[str], Sequence[str]],
) -> Run:
    value = held[0].secret.reveal()
    facts = {
        **facts,
        "name": held[0].name(facts),
        "kind": held[0].kind,
        "one_line": list(target.one_line) if "\n" not in value else [],
    }
    secret = {
        "value": value,
        "values": {each.name(facts): each.secret.reveal() for each in held},
    }
    given = _filled(target.stdin or "{value}", {**facts, **secret})
    argv, create = (_words(each, facts) for each in words)
    text = given if isinstance(given, str) else json.dumps(given)
    return Run(argv=argv, create=create, given=Secret(text), holds=held)


def _words(words: Iterable[str], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return *words* filled; a list takes the place of its word."""
    filled = [_filled(word, facts) for word in words]
    return tuple(word for each in filled for word in (each if isinstance(each, list) else [each]))


def _filled(value: Any, facts: Mapping[str, Any]) -> Any:
    """Return *value* filled from *facts*; other braces stay. A text of one alone becomes it."""
    if isinstance(value, dict):
        return {name: _filled(each, facts) for name, each in value.items()}
    whole = _BRACES.fullmatch(value)
    if whole and whole[1] in facts:
        return facts[whole[1]]
    return _BRACES.sub(lambda found: str(facts.get(found[1], found[0])), value)
