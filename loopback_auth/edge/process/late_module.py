"""A module that is loaded when something of it is used, though others import it before."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load_late(name: str) -> None:
    """
    Let the top-level module *name* load at its first use.

    The process must have one thread until then, and the importers of the module must not use it
    while they are imported. A module that is loaded already stays as it is.
    """
    # `importlib.util.LazyLoader` loads at the second import, which looks at `__spec__`.
    spec = None if name in sys.modules else PathFinder.find_spec(name)
    if spec is not None and spec.loader is not None:
        module = sys.modules[name] = _LateModule(name)
        module.__spec__ = spec


class _LateModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        from importlib.util import module_from_spec

        # From here on this object is a module like others, in which the code is executed.
        self.__class__ = ModuleType  # type: ignore[assignment]  # the way of LazyLoader
        spec = self.__spec__
        if spec is None or spec.loader is None:
            raise AttributeError(name)
        vars(self).update(vars(module_from_spec(spec)))
        spec.loader.exec_module(self)
        return getattr(self, name)
