"""
JSON with comments, as editors write their files: changed at one place, and as it was elsewhere.

Comments, order, indentation, line ends and trailing commas of the person's stay.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .ide_file import Addition

MAX_DEPTH = 64
"""Deeper than any file that a person keeps."""

_SPACE = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_ENDS = {"{": "}", "[": "]"}
_DECODER = json.JSONDecoder()


class JsonCommentsError(ValueError):
    """Raised for a text that is no JSON with comments, or has another shape than is added to."""

    def __init__(self, message: str, text: str, at: int) -> None:
        """*at* is the place in *text*."""
        super().__init__(message)
        self.line = text.count("\n", 0, at) + 1
        self.column = at - (text.rfind("\n", 0, at) + 1) + 1


@dataclass(slots=True, kw_only=True)
class _Node:
    """A value and where it is; *value* is a scalar's. *ends_in_comma* is a container's."""

    start: int
    end: int = 0
    value: Any = None
    members: dict[str, _Node] = field(default_factory=dict)
    children: list[_Node] = field(default_factory=list)
    ends_in_comma: bool = False


def merged(text: str, additions: Sequence[Addition]) -> tuple[str, list[str]]:
    """
    Return *text* with those of *additions* that it does not have, and their labels.

    Raises:
        JsonCommentsError: It cannot be read, or has something else where they would go.
    """
    added = []
    for each in additions:
        root = _parsed(text)
        target = root if each.key is None else root.members.get(each.key)
        _check_kind(text, root, "[" if each.key is None and each.name is None else "{")
        if target is None:
            text = _with(text, root, f"{json.dumps(each.key)}: {_shown(each.container, text)}")
        else:
            _check_kind(text, target, "[" if each.name is None else "{")
            if _has(target, each):
                continue
            named = "" if each.name is None else f"{json.dumps(each.name)}: "
            text = _with(text, target, named + _shown(each.value, text))
        added.append(each.label)
    _parsed(text)
    return text, added


def _has(container: _Node, addition: Addition) -> bool:
    if addition.name is not None:
        return addition.name in container.members
    labels = (child.members.get("label", child).value for child in container.children)
    return addition.label in map(str, labels)


def _check_kind(text: str, node: _Node, opening: str) -> None:
    if text[node.start] != opening:
        kind = "an array" if opening == "[" else "an object"
        raise JsonCommentsError(f"{kind} is expected here", text, node.start)


def _with(text: str, container: _Node, entry: str) -> str:
    """Return *text* with *entry* as the last one of *container*."""
    closing = container.end - 1
    is_in_one_line = "\n" not in text[container.start : container.end]
    if is_in_one_line and "\n" not in entry and "//" not in text[container.start : closing]:
        before = ", " if container.children and not container.ends_in_comma else ""
        return text[:closing].rstrip() + before + entry + text[closing:]
    newline = "\r\n" if "\r\n" in text else "\n"
    line = text[text.rfind("\n", 0, closing) + 1 : closing]
    outer = line if not line.strip() else _indentation(text, container.start)
    inner = outer + _step(text)
    head = text[:closing].rstrip()
    if container.children and not container.ends_in_comma:
        last = container.children[-1].end
        head = head[:last] + "," + head[last:]
    lines = entry.replace("\n", newline + inner)
    return head + newline + inner + lines + newline + outer + text[closing:]


def _shown(value: Any, text: str) -> str:
    return json.dumps(value, indent=_step(text), ensure_ascii=False)


def _step(text: str) -> str:
    """Return the indentation of the first line that has one."""
    found = re.search(r"^([ \t]+)[^ \t\r\n/*]", text, re.MULTILINE)
    return found[1] if found else "  "


def _indentation(text: str, at: int) -> str:
    found = re.compile(r"[ \t]*").match(text, text.rfind("\n", 0, at) + 1)
    return found[0] if found else ""


def _parsed(text: str) -> _Node:
    root = _value(text, _after_space(text, 0), 0)
    if (at := _after_space(text, root.end)) != len(text):
        raise JsonCommentsError("there is something after the end", text, at)
    return root


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, depth: int) -> _Node:
    if depth > MAX_DEPTH:
        raise JsonCommentsError("this is nested too deep", text, at)
    if text[at : at + 1] in ("{", "["):
        return _container(text, at, depth)
    try:
        value, end = _DECODER.raw_decode(text, at)
    except ValueError:
        raise JsonCommentsError("a value is expected here", text, at) from None
    return _Node(start=at, end=end, value=value)


def _container(text: str, start: int, depth: int) -> _Node:
    node, ending = _Node(start=start), _ENDS[text[start]]
    at, may_follow = _after_space(text, start + 1), True
    while text[at : at + 1] != ending:
        if not may_follow:
            raise JsonCommentsError(f"a comma or {ending} is expected here", text, at)
        name = None
        if ending == "}":
            name, at = _name(text, at, depth)
        child = _value(text, at, depth + 1)
        node.children.append(child)
        if name is not None:
            node.members[name] = child
        at = _after_space(text, child.end)
        may_follow = node.ends_in_comma = text[at : at + 1] == ","
        at = _after_space(text, at + 1) if may_follow else at
    node.end = at + 1
    return node


def _name(text: str, at: int, depth: int) -> tuple[str, int]:
    """Return the name of a member, and where its value begins."""
    name = _value(text, at, depth + 1)
    colon = _after_space(text, name.end)
    if not isinstance(name.value, str) or text[colon : colon + 1] != ":":
        raise JsonCommentsError("a name and a colon are expected here", text, at)
    return name.value, _after_space(text, colon + 1)
