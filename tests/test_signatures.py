"""
What help(), a debugger and an editor show of every function and class: names and plain defaults,
never the environment.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .support.package_source import MODULES, name_of, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}

CANARY = "canary-of-the-environment"

# Every module is imported with the canary in the environment: a copy that is made at import is
# found, too.
SHOW = """
import inspect, pydoc, sys
from importlib import import_module
from pkgutil import walk_packages
import loopback_auth

def owned(holder, module):
    for value in list(vars(holder).values()):
        inner = (getattr(value, name, None) for name in ("__func__", "fget", "__wrapped__"))
        for part in (value, *inner):
            if getattr(part, "__module__", None) == module.__name__ and callable(part):
                yield part

def shown(holder, module):
    for value in owned(holder, module):
        try:
            name = getattr(value, "__qualname__", "")
            yield f"{module.__name__}.{name}{inspect.signature(value)}"
        except ValueError:
            pass
        yield repr(getattr(value, "__defaults__", None))
        yield repr(getattr(value, "__kwdefaults__", None))
        if inspect.isclass(value):
            yield repr(dict(vars(value)))
            yield from shown(value, module)

for found in walk_packages(loopback_auth.__path__, "loopback_auth."):
    if not found.name.endswith("__main__"):
        module = import_module(found.name)
        print(pydoc.plain(pydoc.render_doc(module)))
        print(*shown(module, module), sep="\\n")
        print({name: value for name, value in vars(module).items() if name != "__builtins__"})
"""


def environment_outside_functions(path: Path) -> Iterator[int]:
    """
    Give the lines where the environment is named but in the body of a function: as a default, or as
    the module is imported.
    """
    pending: list[ast.AST] = [tree_of(path)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if name in ENVIRONMENT:
                yield node.lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += [node.args, *node.decorator_list]
            # A function's own body may; the defaults of those in it may not.
            inner = [below for part in node.body for below in ast.walk(part)]
            pending += [
                below.args
                for below in inner
                if hasattr(below, "args") and isinstance(below.args, ast.arguments)
            ]
        else:
            pending += ast.iter_child_nodes(node)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_cl_02_the_environment_is_no_default_and_read_by_no_import(path: Path) -> None:
    """
    CL-02: a default is printed by help(), inspect.signature, an editor's tooltip and a notebook's
    `login?`.
    """
    assert list(environment_outside_functions(path)) == []


def test_cl_02_help_and_signatures_show_nothing_of_the_environment() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**os.environ, "SOME_SECRET": CANARY},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "loopback_auth.flows.login.browser.login(profile:" in done.stdout
    assert [line[:300] for line in done.stdout.splitlines() if CANARY in line] == []
