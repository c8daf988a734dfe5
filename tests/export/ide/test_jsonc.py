"""JSON with comments is changed at one place, and nothing of the person's is lost."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from loopback_auth.export.ide.ide_file import Addition
from loopback_auth.export.ide.jsonc import MAX_DEPTH, JsonCommentsError, merged

TASK = Addition(key="tasks", value={"label": "new", "args": ["a"]})
PORT = Addition(key="forwardPorts", value=1717)
ATTRIBUTES = Addition(key="portsAttributes", name="1717", value={"label": "callback"})
ELEMENT = Addition(value={"label": "new"})

TASKS = """// mine
{
    // of me
    "tasks": [
        {"label": "old"} // last
        // end
    ] /* after */
}
"""
MORE_TASKS = """// mine
{
    // of me
    "tasks": [
        {"label": "old"}, // last
        // end
        {
            "label": "new",
            "args": [
                "a"
            ]
        }
    ] /* after */
}
"""
PORTS = """{
  "portsAttributes": {
    "80": {}
  }
}"""
MORE_PORTS = """{
  "portsAttributes": {
    "80": {},
    "1717": {
      "label": "callback"
    }
  }
}"""

# Before, what is added, after.
MERGES = {
    "an empty object": ("{}", PORT, '{\n  "forwardPorts": [\n    1717\n  ]\n}'),
    "an empty array": ("[]\n", ELEMENT, '[\n  {\n    "label": "new"\n  }\n]\n'),
    "one line": ('{"forwardPorts": [3000]}', PORT, '{"forwardPorts": [3000, 1717]}'),
    "one line with a comma": ('{"forwardPorts": [3000,]}', PORT, '{"forwardPorts": [3000,1717]}'),
    "comments": (TASKS, TASK, MORE_TASKS),
    "a trailing comma": (
        '{\n\t"tasks": [\n\t\t{"label": "old"},\n\t],\n}\n',
        Addition(key="tasks", value=1),
        '{\n\t"tasks": [\n\t\t{"label": "old"},\n\t\t1\n\t],\n}\n',
    ),
    "line ends of Windows": (
        PORTS.replace("\n", "\r\n"),
        ATTRIBUTES,
        MORE_PORTS.replace("\n", "\r\n"),
    ),
    "a comment in one line": (
        '{"forwardPorts": [3000 // web\n]}',
        PORT,
        '{"forwardPorts": [3000, // web\n  1717\n]}',
    ),
    "what looks like a comment": ('{"a": "//x", "forwardPorts": ["/*"]}', PORT, None),
}


@pytest.mark.parametrize(("before", "addition", "after"), MERGES.values(), ids=MERGES)
def test_an_addition_goes_last_and_the_rest_stays(
    before: str, addition: Addition, after: str | None
) -> None:
    text, added = merged(before, [addition])
    assert added == [addition.label]
    if after is not None:
        assert text == after
    # Once more changes nothing.
    assert merged(text, [addition]) == (text, [])
    # All that was there is there, in its order.
    for word in re.findall(r'//.*|/\*.*?\*/|"[^"]*"|\d+', before):
        assert word in text


@pytest.mark.parametrize(
    ("text", "addition"),
    [
        ('{"tasks": [{"label": "new", "args": ["my", "own"]}]}', TASK),
        ('{"forwardPorts": ["db:5432", 1717]}', PORT),
        ('{"portsAttributes": {"1717": {"onAutoForward": "notify"}}}', ATTRIBUTES),
        ('[{"label": "new"}]', ELEMENT),
    ],
)
def test_what_is_there_is_never_replaced(text: str, addition: Addition) -> None:
    assert merged(text, [addition]) == (text, [])


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ("[]", 1, 1),
        ('{"tasks": {}}', 1, 11),
        ('{\n  "tasks": [\n    {"label": "a"}\n    {"label": "b"}\n  ]\n}', 4, 5),
        ('{"tasks": [', 1, 12),
        ('{"tasks": [] /* }', 1, 14),
        ('{"tasks": []} x', 1, 15),
        ("{tasks: []}", 1, 2),
        ("{1: []}", 1, 2),
        ('{"tasks": [,]}', 1, 12),
        ('{"tasks": [' + "[" * 100_000, 1, 12 + MAX_DEPTH - 1),
    ],
)
def test_a_file_that_cannot_be_read_is_not_changed(text: str, line: int, column: int) -> None:
    with pytest.raises(JsonCommentsError) as refused:
        merged(text, [TASK])
    assert (refused.value.line, refused.value.column) == (line, column)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=25)
@given(
    document=st.dictionaries(st.text(), JSON),
    indent=st.sampled_from([None, 2, 4, "\t"]),
    has_tasks=st.booleans(),
)
def test_whatever_is_there_says_the_same_afterwards(
    *, document: dict[str, Any], indent: int | str | None, has_tasks: bool
) -> None:
    document.pop("tasks", None)
    if has_tasks:
        document["tasks"] = [{"label": "old"}]
    text, added = merged(json.dumps(document, indent=indent), [TASK])
    assert added == ["new"]
    after = json.loads(text)
    assert after.pop("tasks") == [*document.pop("tasks", []), TASK.value]
    assert after == document
