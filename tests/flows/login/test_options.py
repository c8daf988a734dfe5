"""The keywords of `login`: those that few callers need are as strict as the others."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from loopback_auth import FileStore, from_settings, login
from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.flows.login import options

if TYPE_CHECKING:
    from pathlib import Path

PROFILE = from_settings("work", issuer="https://id.example", client_id="c")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"timeout": 5}, r"login\(\) got an unexpected keyword argument 'timeout'"),
        ({"transport": None}, r"login\(\) missing 1 required keyword-only argument: 'transport'"),
    ],
)
async def test_a_wrong_keyword_is_reported_as_one_of_login(
    tmp_path: Path, given: dict[str, Any], words: str
) -> None:
    right: dict[str, Any] = {"store": FileStore(tmp_path), "transport": HttpTransport()}
    given = {name: value for name, value in {**right, **given}.items() if value is not None}
    with pytest.raises(TypeError, match=words):
        await login(PROFILE, **given)


def test_the_typed_keywords_are_those_that_there_are() -> None:
    """`LoginOptions` exists for type checkers alone, so it is read as text."""
    (typed,) = (
        node
        for node in ast.walk(ast.parse(inspect.getsource(options)))
        if isinstance(node, ast.ClassDef) and node.name == "LoginOptions"
    )
    names = [node.target.id for node in typed.body if isinstance(node, ast.AnnAssign)]
    assert names == [field.name for field in fields(options.Options)]
