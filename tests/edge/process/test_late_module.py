"""A module that loads itself at its first use."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from loopback_auth.edge.process.late_module import load_late
load_late("inspect")
load_late("sys")
load_late("no_such_module")
import inspect
import dataclasses
assert "ast" not in sys.modules
@dataclasses.dataclass
class Point:
    x: int
assert "ast" in sys.modules
assert Point.__doc__ == "Point(x: int)"
from inspect import signature
assert signature(load_late).parameters and signature is inspect.signature
assert inspect.__spec__.name == "inspect" and inspect.__file__ and sys.modules["inspect"] is inspect
try:
    import no_such_module
except ImportError:
    print("good")
"""


def test_it_is_loaded_when_something_of_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("good\n", "")
