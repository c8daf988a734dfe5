"""The formats of `export`: each module of this folder that has a `FORMAT` is one."""

from __future__ import annotations

import json
from importlib import import_module
from pkgutil import iter_modules

from .export_format import ExportFormat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .export_format import Exported


def _found() -> dict[str, ExportFormat]:
    package, _, own = __name__.rpartition(".")
    names = [name for _, name, _ in iter_modules(import_module(package).__path__) if name != own]
    formats = {
        name.replace("_", "-"): getattr(import_module(f"{package}.{name}"), "FORMAT", None)
        for name in names
    }
    return {name: form for name, form in formats.items() if isinstance(form, ExportFormat)}


EXPORT_FORMATS: Mapping[str, ExportFormat] = _found()
"""The formats by their names: those of their modules, with hyphens."""


def text_of(exported: Exported) -> str:
    """Return the text that is written to standard output or a file."""
    return exported if isinstance(exported, str) else json.dumps(exported, indent=2)
