"""Every path that a module had in 0.1.0 or just before the move can be imported, and warns."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
import warnings
from collections import defaultdict
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import loopback_auth
from loopback_auth.former_paths import former_paths
from loopback_auth.settings.profile import Profile

from .support.package_source import MODULES, module_of, room_of, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

NAMES = {
    f"loopback_auth.{module}": names
    for module, *names in map(
        str.split, (Path(__file__).parent / "former_names.txt").read_text("utf-8").splitlines()
    )
}
"""What each module that was moved defined, by its old path."""

PACKAGES = NAMES.keys() & {module_of(path) for path in MODULES if path.name == "__init__.py"}
"""Old paths that a package has now."""

NOW_SOMETHING_ELSE = {
    ("loopback_auth.edge.interrupts", "PATIENCE_S"): "another time limit has that name now",
    ("loopback_auth.edge.visit", "refusal"): "it is check_request now; a page has that name",
    ("loopback_auth.flows.doctor", "examine"): "a module of that name lies there now",
    ("loopback_auth.flows.refresh", "INTERRUPTED_S"): "another time limit has that name now",
}


@cache
def definitions() -> dict[str, set[str]]:
    """Return which modules define each name today."""
    found = defaultdict(set)
    for path in MODULES:
        for node in tree_of(path).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", 0)]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            for name in (*names, getattr(node, "name", "")):
                found[name].add(module_of(path))
    return found


@pytest.fixture(autouse=True)
def _is_forgotten() -> Iterator[None]:
    """Nothing of an old path is left behind."""
    parents = {path.rpartition(".")[0] for path in former_paths()}
    before = {path: dict(vars(import_module(path))) for path in {*PACKAGES, *parents}}
    yield
    for path in former_paths():
        if path in PACKAGES:
            for name in set(vars(sys.modules[path])) - before[path].keys():
                if name in NAMES[path]:
                    delattr(sys.modules[path], name)
        elif path in sys.modules:
            del sys.modules[path]
            parent, _, name = path.rpartition(".")
            if name in before[parent]:
                # A name of the package's own is what it was.
                setattr(sys.modules[parent], name, before[parent][name])
            else:
                delattr(sys.modules[parent], name)


def test_each_module_that_was_moved_is_tested() -> None:
    assert sorted(NAMES) == sorted(former_paths())


@pytest.mark.parametrize("path", NAMES)
def test_an_old_path_has_what_still_exists_and_warns(path: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module = import_module(path)
        still_there = [
            name
            for name in NAMES[path]
            if (path, name) not in NOW_SOMETHING_ELSE and _exists(module, name)
        ]
        for name in still_there:
            found = getattr(module, name)
            home = getattr(found, "__module__", None)
            if isinstance(found, type) and home is not None:
                assert found is getattr(import_module(home), name), name

    messages = [str(warning.message) for warning in caught]
    assert all(warning.category is DeprecationWarning for warning in caught)
    assert all(text.startswith(path) and "has moved to loopback_auth" in text for text in messages)
    assert len(messages) == (len(still_there) if hasattr(module, "__path__") else 1)


def _exists(module: ModuleType, name: str) -> bool:
    """
    Tell whether *module* has *name*, which it must where one place alone defines that in its room.

    Where two do, none may be the one of before.
    """
    room = room_of(module.__name__)
    return hasattr(module, name) or [room_of(one) for one in definitions()[name]] == [room]


def test_the_warning_names_the_public_name_and_the_line_that_imports() -> None:
    with pytest.warns(DeprecationWarning, match=r"loopback_auth itself has HttpTransport") as one:
        from loopback_auth.edge.transport import (  # type: ignore[import-not-found]
            HttpTransport,
        )
    with pytest.warns(
        DeprecationWarning, match=r"edge\.store\.FileStore has moved to loopback_auth\.FileStore"
    ) as other:
        from loopback_auth.edge.store import FileStore  # type: ignore[attr-defined]

    assert {warning.filename for warning in (*one, *other)} == {__file__}
    assert (HttpTransport, FileStore) == (loopback_auth.HttpTransport, loopback_auth.FileStore)


def test_what_never_was_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"loopback_auth\.edge\.nothing"):
        import_module("loopback_auth.edge.nothing")
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        from loopback_auth.edge.store import nothing  # type: ignore[attr-defined]  # noqa: F401


@pytest.mark.filterwarnings("default::DeprecationWarning")
def test_a_pickle_of_an_old_path_is_read() -> None:
    old = pickle.dumps(Profile, protocol=0).replace(b"settings.profile", b"flows.profile")
    with pytest.warns(DeprecationWarning, match=r"flows\.profile has moved"):
        assert pickle.loads(old) is Profile  # noqa: S301 - made two lines above


def test_with_warnings_as_errors_an_old_path_is_refused_each_time() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            with pytest.raises(DeprecationWarning, match=r"edge\.home has moved"):
                import_module("loopback_auth.edge.home")
            with pytest.raises(DeprecationWarning, match=r"loopback_auth\.FileStore"):
                from loopback_auth.edge.store import FileStore  # type: ignore[attr-defined]  # noqa: F401


def test_the_table_is_loaded_by_an_old_path_alone() -> None:
    program = (
        "import sys, loopback_auth; loopback_auth.FileStore; loopback_auth.access_token\n"
        "print('loopback_auth.former_paths' in sys.modules, len(sys.meta_path))\n"
        "del sys.modules['loopback_auth']\nimport loopback_auth\nprint(len(sys.meta_path))"
    )
    done = subprocess.run(
        (sys.executable, "-c", program), capture_output=True, text=True, check=True
    )
    words = done.stdout.split()
    assert (words[0], words[1]) == ("False", words[2])
