"""
What a token file says when the tokens are in the keyring, or on their way there or back.

It is the commit point: a save writes a new entry under a name of its own, replaces the file, and
removes the old entry. Whatever else may be there is among the `leftovers`, which the next save or
removal takes away. So a process that is killed at any moment loses nothing and forgets nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from .document import STORAGES, document_of, object_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

VERSION = 2

_KINDS = {
    "storage": str,
    "entry": str,
    "parts": int,
    "backend": str,
    "document": dict,
    "leftovers": dict,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    *storage* is where a save puts the tokens; now they are in *entry* or else in *document*.

    *parts*: so many has the entry. *document*: in the keyring's stead, when it did not take the
    only copy of tokens. *leftovers*: the names of other entries, with the parts of each, as far as
    known.
    """

    storage: str = "file"
    entry: str = ""
    parts: int = 0
    backend: str = ""
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    leftovers: Mapping[str, int] = field(default_factory=dict)

    def to_json(self, profile: str) -> Mapping[str, Any]:
        """
        Return what the token file says: the document alone, or nothing, where that says
        it all.
        """
        given = {name: value for name, value in asdict(self).items() if value}
        if given.keys() == {"storage"} or (
            given.keys() == {"storage", "document"} and self.storage == "file"
        ):
            return self.document
        return {"version": VERSION, "profile": profile, **given}


def record_of(content: bytes) -> Record:
    """Return what a token file of this *content* says; raises `ValueError`, `StoreNewer`."""
    said = object_of(content)
    if said.get("version") != VERSION:
        return _earlier_record(said) or Record(document=document_of(content))
    given = {name: said[name] for name in _KINDS if name in said}
    for name, value in given.items():
        if not isinstance(value, _KINDS[name]):
            raise ValueError(f"{name} is of another kind")  # noqa: TRY004 - a damaged file
    record = Record(**given)
    if record.storage not in STORAGES or not (record.entry or record.document or record.leftovers):
        raise ValueError("it does not say where the tokens are")
    if record.document:
        document_of(json.dumps(record.document).encode())
    return record


def _earlier_record(said: dict[str, Any]) -> Record | None:
    """
    Read what version 0.1.0 wrote: entries keep their name; a file with tokens counts
    beside one.
    """
    storage, entry, backend = (said.get(name) for name in ("storage", "entry", "backend"))
    if said.get("version") != 1 or not isinstance(entry, str):
        return None
    if storage == "keyring":
        return Record(storage="keyring", entry=entry, backend=str(backend or ""))
    if storage == "nowhere":
        return Record(storage="keyring", leftovers={entry: 0})
    if storage == "file":
        document = {name: value for name, value in said.items() if name not in ("storage", "entry")}
        return Record(document=document_of(json.dumps(document).encode()), leftovers={entry: 0})
    return None
