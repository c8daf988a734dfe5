"""Providers by name: the user's own files in `<home>/providers/`, and those of this package."""

from __future__ import annotations

import os

from ... import providers
from ...errors import ProviderUnknown
from ...providers import (
    Provider,
    invalid_provider,
    is_provider_name,
    read_provider,
    unknown_provider,
)
from .believed_file import read_below, text_of

_FOLDER = "providers"


def provider_names(home: str) -> list[str]:
    """List the providers there are."""
    folder = os.path.join(home, _FOLDER)
    try:
        own = [name.removesuffix(".toml") for name in os.listdir(folder) if name.endswith(".toml")]
    except FileNotFoundError:
        own = []
    except OSError as error:
        raise invalid_provider(folder, error.strerror or str(error)) from error
    return sorted({*own, *providers.provider_names()})


def load_provider(name: str, home: str) -> Provider:
    """
    Read the provider *name*; a file of the user's goes before ours.

    Raises:
        ProviderUnknown: there is none.
        ConfigError: the user's file cannot be used; ours is not used instead.
        FileUnsafe: another user owns or can write it, or a folder on the way.
    """
    if is_provider_name(name) and (own := _own(name, home)):
        return own
    try:
        return providers.load_provider(name)
    except ProviderUnknown:
        raise unknown_provider(name, provider_names(home)) from None


def _own(name: str, home: str) -> Provider | None:
    path = os.path.join(home, _FOLDER, f"{name}.toml")
    try:
        content = read_below(home, _FOLDER, f"{name}.toml")
        return None if content is None else read_provider(name, path, text_of(content))
    except OSError as error:
        raise invalid_provider(path, error.strerror or str(error)) from error
    except ValueError as error:
        raise invalid_provider(path, str(error)) from None
