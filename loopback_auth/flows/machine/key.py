"""The private key of a machine profile, from its file or variable; it is stored nowhere else."""

from __future__ import annotations

from ...edge.files.home import variable
from ...errors import KeyUnusable
from ...oauth.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def has_key(grant: Mapping[str, Any]) -> bool:
    """Return whether *grant*, a stored one or a profile's settings, says where a key is."""
    return bool(grant.get("key_file") or grant.get("key_env"))


def key_of(grant: Mapping[str, Any], environ: Mapping[str, str] | None) -> Secret:
    """
    Return the key that *grant* says the place of, as PEM text.

    Raises:
        KeyUnusable: It is not there.
        FileUnsafe: Another user owns the file or can write it.
    """
    if name := grant.get("key_env"):
        if text := variable(name, environ):
            return Secret(text)
        raise KeyUnusable(f"the key should be in the environment variable {name}, which is not set")
    path = grant.get("key_file")
    if not path:
        raise KeyUnusable("nothing says where the private key is")
    # Late: it is of one kind of profile.
    from ...edge.files.config_file import read_anywhere, text_of

    try:
        return Secret(text_of(read_anywhere(path), takes_utf_16=True))
    except OSError as error:
        why = error.strerror or str(error)
    except ValueError as error:
        why = str(error)
    raise KeyUnusable(f"the key cannot be read from {path}: {why}", path=path)
