"""An error as JSON, to be raised in another process as if it had happened there."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .base import LoopbackAuthError


def packed(error: LoopbackAuthError) -> dict[str, Any]:
    """Return *error* as JSON can hold it."""
    from dataclasses import asdict

    known = asdict(error.explanation) if error.explanation else None
    # JSON would keep its text alone.
    commands = getattr(error.explanation and error.explanation.fix, "commands", ())
    members = {**vars(error), "explanation": known}
    about = {"kind": type(error).__name__, "message": error.message, "commands": list(commands)}
    return {**about, "members": members}


def unpacked(document: Mapping[str, Any]) -> LoopbackAuthError:
    """Return the error that was `packed`."""
    from .. import errors

    kind: type[LoopbackAuthError] = getattr(errors, document["kind"])
    error = kind.__new__(kind, document["message"])
    vars(error).update(document["members"])
    if known := document["members"]["explanation"]:
        from ..explain import Explanation
        from ..explain.fix import Fix

        known = {**known, "fix": Fix.of(known["fix"], document["commands"])}
        error.explanation = Explanation(**known)
    return error
