"""Every protocol by its name."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .protocol import Protocol

PROTOCOLS = ("git", "docker", "kubectl", "go", "bazel", "pnpm", "terraform")
"""Their names, which are those of their modules."""


def protocol_of(name: str) -> Protocol:
    """Return the protocol called *name*; no other is loaded, since a tool asks at each request."""
    found: Protocol = import_module(f".{name}", __package__).PROTOCOL
    return found
