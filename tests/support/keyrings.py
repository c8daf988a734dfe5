"""A user with a keyring, for the tests of this process and of others."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import loopback_auth

if TYPE_CHECKING:
    from collections.abc import Mapping

BACKENDS = Path(__file__).parent / "keyring_backends"
ROOT = Path(loopback_auth.__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody's home, and what their processes need to find their keyring in *folder*."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def locks(self) -> Path:
        return next((self.folder / "passwd-home").rglob("locks"))

    def environment(self, backend: str = "Kept", **more: str) -> dict[str, str]:
        return {
            "PYTHONPATH": os.pathsep.join((str(BACKENDS), str(ROOT))),
            "PYTHON_KEYRING_BACKEND": f"stand_in.{backend}",
            "STAND_IN_KEYRING": str(self.folder / "keyring"),
            "STAND_IN_PASSWD_HOME": str(self.folder / "passwd-home"),
            **more,
        }

    def entries(self) -> dict[str, str]:
        """Give all that the keyring holds, by service."""
        import stand_in

        found: dict[str, str] = stand_in.entries()
        return found

    def file(self, profile: str = "work") -> dict[str, Any] | None:
        """Give what the token file of *profile* says, as anybody can read it."""
        path = self.home / "tokens" / f"{profile}.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    def secrets(self, *texts: str) -> dict[str, int]:
        """
        Count where *texts* occur: in how many entries of the keyring, in how many files of the
        home.
        """
        files = [path.read_bytes() for path in self.home.rglob("*") if path.is_file()]
        return {
            "keyring": sum(any(text in kept for text in texts) for kept in self.entries().values()),
            "files": sum(any(text.encode() in content for text in texts) for content in files),
        }


def new_person(folder: Path) -> Person:
    for name in ("home", "keyring", "passwd-home"):
        (folder / name).mkdir(mode=0o700)
    return Person(folder=folder)


def use(
    person: Person,
    monkeypatch: Any,
    backend: str = "Kept",
    environ: Mapping[str, str] | None = None,
) -> None:
    """Let this process be *person*'s."""
    import keyring.core

    if str(BACKENDS) not in sys.path:
        monkeypatch.syspath_prepend(str(BACKENDS))
    for name, value in {**person.environment(backend), **(environ or {})}.items():
        if name != "PYTHONPATH":
            monkeypatch.setenv(name, value)
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    if sys.platform != "win32":
        import pwd

        real = pwd.getpwuid(os.geteuid())
        mine = pwd.struct_passwd((*real[:5], str(person.folder / "passwd-home"), *real[6:]))
        monkeypatch.setattr(pwd, "getpwuid", lambda _: mine)
