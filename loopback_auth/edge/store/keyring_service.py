"""
The operating system's keyring, through the package `keyring`: an answer or an error within 5 s.

A keyring may wait for somebody to type its password, or for a service that has died.
"""

from __future__ import annotations

import os
import threading

from ...errors import KeyringUnavailable
from ...oauth.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, TypeVar

    T = TypeVar("T")

_OR_A_FILE = "or keep the tokens in a file: `loopback-auth login {profile} --storage file`"

ANSWER_S = 5.0
"""How long the keyring may take for one question."""

_SLICES = 10

RECOMMENDED = 1
"""The least priority of a backend that protects its entries; `keyring` may choose a lesser one."""


class Keyring:
    """
    The keyring, used for *profile*, whose name is in the errors.

    Every method raises `KeyringUnavailable`, whose fact `reason` is not-installed, none, locked,
    silent or refused.
    """

    _stuck: ClassVar[threading.Thread | None] = None
    """The thread that got no answer: as long as it waits, no other profile waits as well."""

    def __init__(self, profile: str) -> None:
        self._profile = profile

    def get(self, service: str, user: str) -> str | None:
        """Return the secret of *user* at *service*; `None` if there is none."""
        kept: str | None = self._asked(lambda backend: backend.get_password(service, user))
        return kept

    def put(self, service: str, user: str, secret: str) -> None:
        """Store *secret* for *user* at *service*."""
        # Without the backend's words, which might repeat the secret.
        self._asked(lambda backend: backend.set_password(service, user, secret), words=False)

    def remove(self, service: str, user: str) -> None:
        """Remove the secret of *user* at *service*, if there is one."""
        try:
            self._asked(lambda backend: backend.delete_password(service, user))
        except KeyringUnavailable as error:
            # Some backends complain where there is none.
            if error.facts["reason"] != "refused" or self.get(service, user) is not None:
                raise

    def backend(self) -> str:
        """Return the name of the backend's class, with its module."""
        return self._asked(
            lambda backend: f"{type(backend).__module__}.{type(backend).__qualname__}"
        )

    def unavailable(self, reason: str, message: str, *, cause: str = "") -> KeyringUnavailable:
        """Return the error for *reason*, with a fix."""
        fix = "unlock or start the keyring and run the command again, " + _OR_A_FILE
        return KeyringUnavailable(
            message, cause=cause, fix=fix, reason=reason, profile=self._profile
        )

    def _asked(self, question: Callable[[Any], T], *, words: bool = True) -> T:
        """
        Return the answer to *question*, or raise `KeyringUnavailable`, with the backend's *words*.

        No backend has a time limit of its own: it runs in a thread that nobody waits for at exit.
        """
        answers: list[T] = []
        problems: list[BaseException] = []

        def ask() -> None:
            try:
                answers.append(question(_backend()))
            except BaseException as error:  # noqa: BLE001 - raised below
                problems.append(error)

        if Keyring._stuck is not None and Keyring._stuck.is_alive():
            raise self._silent()
        thread = threading.Thread(target=ask, name="keyring", daemon=True)
        thread.start()
        for _ in range(_SLICES):
            # In slices: the time in which this process was stopped, or the computer slept, does not
            # count against the keyring.
            thread.join(ANSWER_S / _SLICES)
            if not thread.is_alive():
                break
        else:
            Keyring._stuck = thread
            raise self._silent()
        if problems:
            raise self._failed(problems[0], words=words) from None
        return answers[0]

    def _failed(self, error: BaseException, *, words: bool) -> KeyringUnavailable:
        if isinstance(error, _Unfit):
            return self.unavailable("none", str(error))
        if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "keyring":
            return self._not_installed()
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if kinds & {"KeyringLocked", "InitError"}:
            return self.unavailable(
                "locked",
                "the keyring is locked",
                cause="It opens with a password that nobody gave: "
                "there was no window to ask in, or the question was dismissed.",
            )
        if "NoKeyringError" in kinds:
            return self.unavailable("none", "there is no keyring here")
        said = f": {one_line(str(error), limit=200)}" if words and str(error) else ""
        return self.unavailable("refused", f"the keyring failed ({type(error).__name__}{said})")

    def _not_installed(self) -> KeyringUnavailable:
        return KeyringUnavailable(
            "the tokens should go to the keyring, but the package for it is not installed",
            cause="Reaching the system's keyring takes the package keyring.",
            fix="`pip install keyring`; under pipx: `pipx inject loopback-auth keyring`; "
            + _OR_A_FILE,
            reason="not-installed",
            profile=self._profile,
        )

    def _silent(self) -> KeyringUnavailable:
        return self.unavailable(
            "silent",
            f"the keyring did not answer within {ANSWER_S:g} s",
            cause="It may be waiting for its password in a window, or its service hangs.",
        )


class _Unfit(Exception):
    """Raised for a backend that would not protect a secret; the message says why."""


def _backend() -> Any:
    import logging

    import keyring.core
    from keyring.backends import chainer, null

    # Its warnings would be printed in the middle of our own output.
    logging.getLogger("keyring").addHandler(logging.NullHandler())
    backend = keyring.get_keyring()
    if isinstance(backend, chainer.ChainerBackend) and backend.backends:
        # The chain would fall back to the next, lesser one.
        backend = backend.backends[0]
    if isinstance(backend, null.Keyring):
        raise _Unfit("the keyring is switched off (keyring.backends.null)")
    if 0 < backend.priority < RECOMMENDED and not _is_named(keyring.core):
        name = f"{type(backend).__module__}.{type(backend).__name__}"
        raise _Unfit(f"the only keyring here is {name}, which does not protect what it holds")
    return backend


def _is_named(core: Any) -> bool:
    """Return whether the user chose the backend, in the environment or in `keyring`'s own file."""
    return bool(os.environ.get("PYTHON_KEYRING_BACKEND")) or core.load_config() is not None
