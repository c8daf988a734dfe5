"""
The source of the package, read as syntax trees and counted.

`python -m tests.support.package_source` prints the counts.

A finding is a name that stays the same while lines move: a module, a function, a pair of files.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import loopback_auth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PACKAGE = Path(loopback_auth.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the ground up: a module imports from its own floor and those below.
FLOORS = [
    {"resources", "value", "help", "__version__", "former_paths"},
    {"explain"},
    {"errors"},
    {"oauth", "notices", "seams"},
    {"providers", "export"},
    {"edge"},
    {"settings"},
    {"flows"},
    {"testing", "pyinstaller"},
    {"cli", "__main__", "__init__"},
]

FOLDER_MODULES = 14
FUNCTION_LINES = 40
PARAMETERS = 8
MODULE_LINES = 300
COLUMNS = 100
SAME_LINES = 6

DIALECT = {"told", "untold", "place", "turn", "patience", "patiently", "entered", "hold"}
"""Words that only this project's authors knew."""


def name_of(path: Path) -> str:
    """Return the path below the package, with slashes."""
    return path.relative_to(PACKAGE).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"))


def module_of(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = ("loopback_auth", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """Return the folder or module right below the package that *module* belongs to."""
    return [*module.split("."), "__init__"][1]


def floor_of(room: str) -> int:
    """Return the number of the floor of *room*, the ground's being 0."""
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def imports(path: Path) -> Iterator[tuple[str, str, int]]:
    """
    Yield each imported module, the name that is taken from it (or ""), and the line.

    Imports within functions and those for types are among them; own ones read `loopback_auth.x.y`.
    """
    package = ("loopback_auth", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "", node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            yield from ((module, alias.name, node.lineno) for alias in node.names)


@cache
def graph() -> dict[str, frozenset[str]]:
    """Return which modules of the package each module imports, in whatever way."""
    paths = {module_of(path): path for path in MODULES}
    return {
        module: frozenset(
            target
            for imported, name, _ in imports(path)
            for target in [f"{imported}.{name}" if f"{imported}.{name}" in paths else imported]
            if target in paths and target != module
        )
        for module, path in paths.items()
    }


def circles() -> list[str]:
    """Return the groups of modules that import each other, types and late imports included."""
    reaching = {module: _reached(module) for module in graph()}
    groups = {
        tuple(sorted(other for other in reaching[module] if module in reaching[other]))
        for module in reaching
        if module in reaching[module]
    }
    return sorted(" <-> ".join(_short(module) for module in group) for group in groups)


def _reached(module: str) -> set[str]:
    found: set[str] = set()
    pending = set(graph()[module])
    while pending:
        found |= pending
        pending = {below for one in pending for below in graph()[one]} - found
    return found


def _short(module: str) -> str:
    return module.removeprefix("loopback_auth.")


def arrows_up() -> list[str]:
    """Return the imports of a floor above the importer's own."""
    return sorted(
        f"{_short(module)} -> {_short(target)}"
        for module, targets in graph().items()
        for target in targets
        if floor_of(room_of(target)) > floor_of(room_of(module)) and target != "loopback_auth"
    )


def full_folders() -> list[str]:
    """Return the folders with more modules than a reader can keep in mind."""
    sizes = Counter(name_of(path.parent) for path in MODULES)
    return sorted(folder for folder, size in sizes.items() if size > FOLDER_MODULES)


def _functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name_of(path)}: {node.name}", node


def long_functions() -> list[str]:
    """Return the functions of more lines than a screen shows, their docstrings not counted."""
    found = []
    for name, node in _functions():
        docstring = ast.get_docstring(node, clean=False)
        lines = (node.end_lineno or 0) - node.lineno + 1
        if lines - (docstring.count("\n") + 1 if docstring else 0) > FUNCTION_LINES:
            found.append(name)
    return found


def long_signatures() -> list[str]:
    """Return the functions with too many parameters, `self` and `cls` not counted."""
    return [
        name
        for name, node in _functions()
        if sum(
            argument.arg not in ("self", "cls")
            for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        )
        > PARAMETERS
    ]


def long_modules() -> list[str]:
    """Return the modules with too many lines."""
    return [name_of(path) for path in MODULES if path.read_text("utf-8").count("\n") > MODULE_LINES]


def wide_lines() -> list[str]:
    """Return the lines that are wider than the page."""
    return [
        f"{name_of(path)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > COLUMNS
    ]


def suppressions() -> list[str]:
    """Return where the linter is told to be silent."""
    return [
        f"{name_of(path)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if "# noqa" in line
    ]


def dialect() -> list[str]:
    """Return the identifiers that hold a word of `DIALECT`."""
    return sorted(
        {
            f"{name_of(path)}: {identifier}"
            for path in MODULES
            for node in ast.walk(tree_of(path))
            for identifier in _identifiers(node)
            if DIALECT & {part.lower() for part in _parts(identifier)}
        }
        | {name_of(path) for path in MODULES if DIALECT & set(path.stem.split("_"))}
    )


def _identifiers(node: ast.AST) -> Iterable[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, ast.arg | ast.keyword):
        return [node.arg or ""]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    return [node.asname or ""] if isinstance(node, ast.alias) else []


def _parts(identifier: str) -> list[str]:
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)


def duplicates() -> list[str]:
    """
    Return the pairs of places that share six lines or more to the letter.

    Imports, docstrings, comments, blank lines and lone punctuation are passed over.
    """
    runs: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for path in (*MODULES, *sorted(PACKAGE.rglob("*.html"))):
        lines = list(_code_lines(path))
        for start in range(len(lines) - SAME_LINES + 1):
            window = lines[start : start + SAME_LINES]
            runs[tuple(line for _, line in window)].append((name_of(path), window[0][0]))
    return sorted(
        {
            f"{one} ~ {other}"
            for places in runs.values()
            for (one, first), (other, second) in pairwise(places)
            if one != other or abs(first - second) >= SAME_LINES
        }
    )


def _code_lines(path: Path) -> Iterator[tuple[int, str]]:
    passed_over: set[int] = set()
    for node in ast.walk(tree_of(path)) if path.suffix == ".py" else ():
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_text or isinstance(node, ast.Import | ast.ImportFrom):
            passed_over |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        code = " ".join(line.split())
        is_for_types = code in ("TYPE_CHECKING = False", "if TYPE_CHECKING:")
        is_code = re.search(r"\w", code) and not code.startswith("#") and not is_for_types
        if is_code and number not in passed_over:
            yield number, code


MEASURES: dict[str, Callable[[], list[str]]] = {
    "circles": circles,
    "arrows up": arrows_up,
    f"folders of more than {FOLDER_MODULES} modules": full_folders,
    f"functions of more than {FUNCTION_LINES} lines": long_functions,
    f"functions of more than {PARAMETERS} parameters": long_signatures,
    f"modules of more than {MODULE_LINES} lines": long_modules,
    f"lines of more than {COLUMNS} columns": wide_lines,
    "identifiers in dialect": dialect,
    f"{SAME_LINES} lines or more written twice": duplicates,
    "suppressions (noqa)": suppressions,
}
"""What is counted, and how."""


if __name__ == "__main__":
    for measured, findings in MEASURES.items():
        print(f"{len(findings()):4} {measured}")  # noqa: T201 - this is the program
        for finding in findings()[:40]:
            print(f"       {finding}")  # noqa: T201 - this is the program
