"""The messages of the token, introspection and revocation endpoints; expiry and lifetime."""

from __future__ import annotations

TYPE_CHECKING = False
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Return a member of the module that had this name before; `former_paths` tells more."""
        from ...former_paths import member

        return member(__name__, name)
