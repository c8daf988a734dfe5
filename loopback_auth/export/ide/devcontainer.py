"""Dev containers: the callback's port, forwarded to the same number on the person's computer."""

from __future__ import annotations

from .ide_file import Addition, json_file, port_attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .ide_file import IdeFile


def files(_: str | None, redirect_uris: Sequence[str]) -> list[IdeFile]:
    """Return the part of devcontainer.json; none where no redirect URI has a port of its own."""
    attributes = port_attributes("portsAttributes", redirect_uris)
    forwarded = [Addition(key="forwardPorts", value=int(each.label)) for each in attributes]
    path = ".devcontainer/devcontainer.json"
    return [json_file(path, [*forwarded, *attributes], partial=True)] if attributes else []
