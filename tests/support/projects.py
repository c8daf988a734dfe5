"""Repositories with a project file, as somebody else may have made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ACME = """\
[profiles.acme]
issuer = "https://id.acme.test"
client_id = "acme-cli"
scope = "openid"
"""


def repository(folder: Path, text: str | bytes | None = ACME, *, name: str = "") -> Path:
    """Make *folder* a repository with *text* as its project file; return the file's path."""
    (folder / ".git").mkdir(parents=True)
    path = folder / (name or ".loopback-auth.toml")
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
