"""An executable that stands for a vendor's: it records what it was given, and answers as asked."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# It also records what else is visible at that moment: arguments and environments of all processes.
_PROGRAM = """#!{python} -IS
import glob, json, os, sys
def text(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""
call = {{
    "argv": sys.argv[1:],
    "environ": dict(os.environ),
    "stdin": "" if sys.stdin.isatty() else sys.stdin.read(),
    "files": {{
        path: {{"text": text(path), "mode": oct(os.stat(path).st_mode & 0o777)}}
        for word in sys.argv[1:]
        for path in [word.rpartition("=")[2].removeprefix("file://").lstrip("@")]
        if os.path.isfile(path)
    }},
}}
call["processes"] = "".join(
    text(folder + name)
    for folder in glob.glob("/proc/[0-9]*/")
    for name in ("cmdline", "environ")
)
with open({records!r}, "a") as records:
    records.write(json.dumps(call) + "\\n")
answers = {answers!r}
said, status = next(
    (answers[key] for key in answers if " ".join(sys.argv[1:]).startswith(key)), ("", 0)
)
print(said, file=sys.stderr if status else sys.stdout)
sys.exit(status)
"""


@dataclass(frozen=True)
class Recorder:
    """The executable *path*; *records* is written by it, a JSON object a call."""

    path: Path
    records: Path

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls: `argv`, `environ`, `stdin`, `files` named in argv, `processes` seen."""
        if not self.records.exists():
            return []
        return [json.loads(line) for line in self.records.read_text().splitlines()]


def recorder(
    folder: Path, name: str, *, answers: dict[str, tuple[str, int]] | None = None
) -> Recorder:
    """
    Make the executable *name* in *folder*, to be put on PATH.

    *answers* are its output and exit status for arguments that begin so; else nothing and 0.
    """
    folder.mkdir(exist_ok=True)
    made = Recorder(folder / name, folder / f"{name}.jsonl")
    made.path.write_text(
        _PROGRAM.format(python=sys.executable, records=str(made.records), answers=answers or {})
    )
    made.path.chmod(0o755)
    return made
