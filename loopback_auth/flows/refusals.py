"""What the provider of a sign-in is known to mean when it refuses."""

from __future__ import annotations

from ..errors import LoopbackAuthError
from ..oauth.refusal import Refusals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def refusals_of(document: Mapping[str, Any], home: str) -> Refusals | None:
    """
    Return what the provider of *document* means; `None` where nobody has written that down.

    A provider's file below *home* that cannot be read is one that might have said something: then
    no refusal is final.
    """
    from ..edge.files.provider_files import load_provider

    name = (document.get("settings") or {}).get("provider")
    try:
        return load_provider(name, home).refusals if isinstance(name, str) else None
    except LoopbackAuthError:
        return Refusals()
