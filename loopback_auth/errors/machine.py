"""Errors of this machine: its ports, its files, its keyring, its streams."""

from __future__ import annotations

from .base import LoopbackAuthError


class ListenError(LoopbackAuthError):
    """Raised when no registered callback address can be had: use another registered one."""

    code = "cannot-listen"
    exit_code = 6


class PortInUse(ListenError):
    """Raised when other programs hold the callback ports: end one, or use another port."""

    code = "port-in-use"


class PortForbidden(ListenError):
    """Raised when the system does not let us have a port: register another one."""

    code = "port-forbidden"


class StoreError(LoopbackAuthError):
    """Raised when the token store cannot be used: look at its folder."""

    code = "store-error"


class StoreUnsafe(StoreError):
    """Raised when others own or can write a file of the store: make it yours."""

    code = "store-unsafe"


class StoreUnwritable(StoreError):
    """Raised when nothing can be saved in the store: make room, or make it writable."""

    code = "store-unwritable"


class StoreBusy(StoreUnwritable):
    """Raised when another process holds the profile for too long: wait for it, or end it."""

    code = "store-busy"


class StoreChanged(StoreError):
    """
    Raised when another process stored another sign-in while this one had lost its lock.

    That other sign-in stays: look who is signed in now.
    """

    code = "store-changed"


class StoreNewer(StoreError):
    """Raised for a token file that a later version of this program wrote: update this one."""

    code = "store-newer"


class KeyringUnavailable(StoreError):
    """
    Raised when the system's keyring cannot be used: unlock it, or keep the tokens in a file.

    The fact `reason` tells why: not-installed, none, locked, silent (no answer in time), refused or
    forgetful.
    """

    code = "keyring-unavailable"


class CommandNotRun(LoopbackAuthError):
    """Raised when the program that `exec` names cannot be run (127: there is none)."""

    code = "command-not-run"
    exit_code = 126


class PushFailed(LoopbackAuthError):
    """Raised when the program that should take a secret did not: do what it says."""

    code = "push-failed"
    exit_code = 7


class OutputFailed(LoopbackAuthError):
    """Raised when standard output accepts no more: make room, then see what was done."""

    code = "output-failed"
