"""One file of an IDE, and what of it goes into a file that is there already."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from ...oauth.http.url import is_loopback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """
    An element of an array or, with a *name*, a member of an object.

    That is the value of the member *key* of the file's object; without a *key* it is the file's.
    """

    key: str | None = None
    name: str | None = None
    value: Any

    @property
    def container(self) -> Any:
        """An array or object that holds nothing else."""
        return [self.value] if self.name is None else {self.name: self.value}

    @property
    def label(self) -> str:
        """What it is called: two of one label are the same, whatever else they say."""
        if self.name is not None:
            return self.name
        return str(self.value["label"] if isinstance(self.value, dict) else self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdeFile:
    """
    The file at *path*, below the project's folder.

    A file of *additions* can be merged with what is there. One that is *partial* is no whole file
    without it.
    """

    path: str
    text: str
    additions: tuple[Addition, ...] = ()
    partial: bool = False


def json_file(path: str, additions: Sequence[Addition], *, partial: bool = False) -> IdeFile:
    """Return the file that holds *additions* and nothing else."""
    document: Any = {}
    for each in additions:
        if each.key is None and each.name is None:
            document = [*(document or []), each.value]
        elif each.key is None:
            document |= each.container
        elif each.name is None:
            document[each.key] = document.get(each.key, []) + each.container
        else:
            document[each.key] = document.get(each.key, {}) | each.container
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return IdeFile(path=path, text=text, additions=tuple(additions), partial=partial)


def login_words(profile: str | None) -> list[str]:
    """Return the arguments of `loopback-auth` for a sign-in that is a step of something else."""
    return ["login", *([profile] if profile else []), "--if-needed"]


def labelled(words: str, profile: str | None) -> str:
    """Return *words* as the label of a task."""
    return f"{words} ({profile})" if profile else words


def port_attributes(key: str, redirect_uris: Sequence[str]) -> list[Addition]:
    """Return how an editor is to forward the ports of *redirect_uris*: to the very same number."""
    found = []
    for uri in redirect_uris:
        parts = urlsplit(uri)
        if parts.port and is_loopback(parts.hostname or ""):
            attributes = {
                "label": "loopback-auth callback",
                "onAutoForward": "silent",
                "requireLocalPort": True,
                "protocol": parts.scheme,
            }
            found.append(Addition(key=key, name=str(parts.port), value=attributes))
    return found
