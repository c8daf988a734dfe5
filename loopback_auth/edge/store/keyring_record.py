"""
The content of a token file when the tokens are in the keyring, or on their way there or back.

The file is the commit point: a save writes a new entry under a random name, replaces the file, and
removes the old entry. All other entries that may exist are named in `leftovers`, and the next save
or removal deletes them. A process that is killed at any moment leaves the old tokens or the new
ones, and no entry that the file does not name.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from .document import STORAGES, DocumentDamaged, document_of, object_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

VERSION = 2
"""The format of such a file; `document.VERSION` is that of one with tokens."""

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
    Where the tokens are (in *entry* or else in *document*), and *storage*: where a save puts them.

    The keyring entry has so many *parts* and was written through *backend*. *document* holds the
    tokens when the keyring did not take their only copy. *leftovers* maps the names of other
    entries to their parts, as far as known.
    """

    storage: str = "file"
    entry: str = ""
    parts: int = 0
    backend: str = ""
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    leftovers: Mapping[str, int] = field(default_factory=dict)

    def to_json(self, profile: str) -> Mapping[str, Any]:
        """Return the content of the token file; it is just the document where that says it all."""
        given = {name: value for name, value in asdict(self).items() if value}
        if given.keys() == {"storage"} or (
            given.keys() == {"storage", "document"} and self.storage == "file"
        ):
            return self.document
        return {"version": VERSION, "profile": profile, **given}


def record_of(content: bytes) -> Record:
    """
    Return the record in a token file of this *content*.

    Raises:
        ValueError: It is damaged; the message says how.
        StoreNewer: A later version of this program wrote it.
    """
    said = object_of(content)
    if said.get("version") != VERSION:
        return _earlier_record(said) or Record(document=document_of(content))
    given = {name: said[name] for name in _KINDS if name in said}
    for name, value in given.items():
        if not isinstance(value, _KINDS[name]):
            raise DocumentDamaged(f"{name} is of another kind")
    record = Record(**given)
    if record.storage not in STORAGES or not (record.entry or record.document or record.leftovers):
        raise DocumentDamaged("it does not say where the tokens are")
    if record.document:
        document_of(json.dumps(record.document).encode())
    return record


def _earlier_record(said: dict[str, Any]) -> Record | None:
    """
    Return the record that version 0.1.0 wrote, if it did.

    Its entries keep their names. Of a file that has tokens and names an entry, the tokens count.
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
