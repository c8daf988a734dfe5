"""Providers by name: the user's own files in `<home>/providers/`, and those of this package."""

from __future__ import annotations

import os

from ... import providers
from ...providers.file import (
    ProviderFile,
    invalid_provider,
    is_provider_name,
    read_provider,
)
from .config_file import read_below, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...providers import Provider

_FOLDER = "providers"


def provider_names(home: str) -> list[str]:
    """
    Return the names of the providers there are.

    Raises:
        ConfigError: The folder of the user's own cannot be read.
    """
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
    Return the provider *name*; a file of the user's goes before ours.

    Raises:
        ProviderUnknown: There is none.
        ConfigError: The user's file cannot be used; ours is not used instead.
        FileUnsafe: Another user owns or can write it, or a folder on the way.
    """

    def find(wanted: str) -> Iterator[ProviderFile]:
        yield from _own(wanted, home)
        yield from providers.shipped(wanted)

    provider = read_provider(name, find) if is_provider_name(name) else None
    if provider is None:
        raise providers.unknown_provider(name, provider_names(home))
    return provider


def _own(name: str, home: str) -> Iterator[ProviderFile]:
    path = os.path.join(home, _FOLDER, f"{name}.toml")
    try:
        content = read_below(home, _FOLDER, f"{name}.toml")
        text = None if content is None else text_of(content)
    except OSError as error:
        raise invalid_provider(path, error.strerror or str(error)) from error
    except ValueError as error:
        raise invalid_provider(path, str(error)) from None
    if text is not None:
        yield ProviderFile(name, path, text)
