"""What the provider of a sign-in is known to mean when it refuses."""

from __future__ import annotations

from ..errors import LoopbackAuthError
from ..oauth.refusal import Refusals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def refusals_of(document: Mapping[str, Any], home: str | None) -> Refusals | None:
    """
    Return what the provider of *document* means; `None` where nobody has written that down.

    A provider's file below *home* that cannot be read is one that might have said something: then
    no refusal is final. Without a *home* only the providers of this package are known.
    """
    from .. import providers
    from ..edge.files.provider_files import load_provider

    name = (document.get("settings") or {}).get("provider")
    if not isinstance(name, str):
        return None
    try:
        if home is None:
            return providers.load_provider(name).refusals
        return load_provider(name, home).refusals
    except LoopbackAuthError:
        return Refusals()
