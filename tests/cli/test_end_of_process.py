"""The process ends at once, without leaving anything out that somebody counts on."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import Any

import pytest

from loopback_auth.cli.main import run

PROGRAM = """
import atexit, os, sys, threading, time
from loopback_auth.__main__ import main
sys.argv[1:] = ["--version"]
{before}
try:
    main()
finally:
    os.write(1, b"finally\\n")
"""
VERSION = "loopback-auth 0.1.0\n"

WAITED_FOR = "threading.Thread(target=lambda: (time.sleep(0.2), os.write(1, b'thread\\n'))).start()"
DAEMON = "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
LARGE = "class Large:\n    def __del__(self): os.write(1, b'taken apart\\n')\nlarge = Large()"


def ended(before: str, **options: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)],
        stdout=options.get("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=30,
        env={
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("COV", "PYTHON"))
        },
    )


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (LARGE, VERSION),
        (DAEMON, VERSION),
        ("atexit.register(os.write, 1, b'registered\\n')", f"{VERSION}registered\n"),
        ("sys.stdout.write('buffered\\n')", f"buffered\n{VERSION}"),
        ("atexit.register(sys.stdout.write, 'buffered\\n')", f"{VERSION}buffered\n"),
        ("sys.stderr = None", VERSION),
        (WAITED_FOR, f"{VERSION}finally\nthread\n"),
        ("sys.setprofile(lambda *_: None)", f"{VERSION}finally\n"),
        ("sys.settrace(lambda *_: None)", f"{VERSION}finally\n"),
    ],
)
def test_the_end_comes_at_once_but_after_all_that_python_would_do(before: str, said: str) -> None:
    done = ended(before)
    assert (done.stdout, done.stderr, done.returncode) == (said, "", 0)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there is no sys.monitoring yet")
def test_a_profiler_that_monitors_sees_the_end() -> None:
    assert ended("sys.monitoring.use_tool_id(2, 'profiler')").stdout == f"{VERSION}finally\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_what_was_registered_and_cannot_be_written_is_reported_as_python_does() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = ended("atexit.register(sys.stdout.write, 'x' * 9)\nsys.argv[1] = 'x'", stdout=full)
    finally:
        os.close(full)
    assert done.returncode == 120
    assert "No space left on device" in done.stderr


class _Struck:
    def __set_name__(self, owner: type, name: str) -> None:
        raise KeyboardInterrupt


class _Importing(dict[str, str]):
    """An environment that makes a class when it is first asked, as an import does."""

    def get(self, *asked: Any) -> Any:
        if not self:
            self["is_struck"] = "yes"
            type("Made", (), {"field": _Struck()})
        return super().get(*asked)


IMPORTED = """
import types
class Struck:
    def __set_name__(self, owner, name):
        raise KeyboardInterrupt
class Late(types.ModuleType):
    def __getattr__(self, name):
        type("Made", (), {"field": Struck()})
sys.modules["loopback_auth.cli.main"] = Late("loopback_auth.cli.main")
"""


def test_ctrl_c_in_the_middle_of_an_import_is_ctrl_c() -> None:
    """Python 3.11 makes a RuntimeError of it where a class is in the making."""
    at_once = ended(IMPORTED)
    assert (at_once.returncode, at_once.stderr) == (130, "")
    said = io.StringIO()
    assert run(["status"], None, None, said, _Importing()) == 130
    assert said.getvalue().startswith("error[interrupted]: stopped by SIGINT\n")
