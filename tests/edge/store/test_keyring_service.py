"""
ST-10: a keyring that cannot be used is an error within five seconds, says which, and is never a
file instead.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.edge.store.keyring_service import Keyring
from loopback_auth.errors import KeyringUnavailable

from ...support.children import posix
from ...support.keyrings import Person, new_person, use

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.alone

SECRET = "CANARY-of-the-keyring"
DOCUMENT = {"version": 1, "profile": "work", "access_token": SECRET, "token_type": "Bearer"}

UNUSABLE = [
    ("stand_in.Locked", "locked", "the keyring is locked"),
    ("stand_in.Dismissed", "locked", "the keyring is locked"),
    ("stand_in.Talkative", "refused", "the keyring failed (PasswordSetError"),
    ("stand_in.Exiting", "refused", "the keyring failed (SystemExit"),
    ("stand_in.Forgetful", "forgetful", "the keyring did not keep what it was given"),
    ("stand_in.NoSuchKeyring", "refused", "the keyring failed (AttributeError"),
    ("no_such_module.Keyring", "refused", "the keyring failed (ModuleNotFoundError"),
    ("keyring.backends.null.Keyring", "none", "the keyring is switched off"),
    ("keyring.backends.fail.Keyring", "none", "there is no keyring here"),
]


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return new_person(tmp_path)


def save(person: Person) -> KeyringUnavailable:
    with pytest.raises(KeyringUnavailable) as caught:
        FileStore(str(person.home), storage="keyring").save("work", DOCUMENT)
    return caught.value


@pytest.mark.parametrize(("backend", "reason", "words"), UNUSABLE, ids=[row[0] for row in UNUSABLE])
def test_st_10_a_keyring_that_cannot_be_used_is_an_error_and_nothing_is_stored_anywhere(
    person: Person, monkeypatch: pytest.MonkeyPatch, backend: str, reason: str, words: str
) -> None:
    """ST-10: each with its own words, exit status 1, the way on, and not in a file instead."""
    use(person, monkeypatch, environ={"PYTHON_KEYRING_BACKEND": backend})
    error = save(person)

    assert (error.code, error.exit_code, error.facts["reason"]) == (
        "keyring-unavailable",
        1,
        reason,
    )
    assert error.message.startswith(words)
    assert error.cause
    assert "loopback-auth login work --storage file" in error.fix
    assert person.secrets(SECRET) == {"keyring": 0, "files": 0}
    assert person.file() is None


@pytest.mark.parametrize("backend", ["stand_in.Talkative", "stand_in.Exiting"])
def test_cl_02_what_a_keyring_says_when_it_is_given_a_secret_is_not_repeated(
    person: Person, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    """CL-02: its words may hold the secret."""
    use(person, monkeypatch, environ={"PYTHON_KEYRING_BACKEND": backend})
    with pytest.raises(KeyringUnavailable) as caught:
        Keyring("work").put("service", "user", SECRET)
    error = caught.value
    assert SECRET not in repr((error, error.cause, error.fix, error.facts))
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["Hanging", "Busy", "HangingAtSave"])
def test_st_10_a_keyring_that_hangs_is_given_up_after_five_seconds(
    person: Person, backend: str
) -> None:
    """ST-10: exit status 1 within 6 s of process, though a thread of it never ends."""
    program = (
        "import sys\nfrom loopback_auth.edge.store.file_store import FileStore\n"
        "from loopback_auth.errors import KeyringUnavailable\n"
        "store = FileStore(sys.argv[1], storage='keyring')\n"
        "for act in (store.check_writable, store.check_writable):\n"
        "    try:\n        act('work')\n"
        "    except KeyringUnavailable as error:\n        print(error.facts['reason'])\n"
        "sys.exit(1)"
    )
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, str(person.home)],
        env=person.environment(backend),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    took_s = time.monotonic() - begun

    # The second time it is not waited for again: ten profiles are not ten times five seconds.
    assert (done.returncode, done.stdout) == (1, "silent\nsilent\n"), done.stderr
    assert 5 <= took_s < 6
    assert person.file() is None


@posix
@pytest.mark.slow
def test_st_10_a_process_that_was_stopped_has_not_waited_for_its_keyring(person: Person) -> None:
    """ST-10: nor has one whose computer slept; the keyring gets its time when they go on."""
    program = (
        "from loopback_auth.edge.store.keyring_service import Keyring\n"
        "print('begun', flush=True)\nprint(Keyring('work').get('service', 'user'))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=person.environment("Slow"),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        time.sleep(1)
        process.send_signal(signal.SIGSTOP)
        time.sleep(5.5)
        process.send_signal(signal.SIGCONT)
        assert process.stdout.read() == "None\n"


def test_st_10_a_lesser_keyring_that_nobody_chose_is_refused(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    ST-10: where no system's keyring is there, the package falls back to what is; one in clear is no
    keyring.
    """
    import keyring.core

    use(person, monkeypatch)
    import stand_in

    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setattr(keyring.core, "_keyring_backend", stand_in.Lesser())
    monkeypatch.setattr(keyring.core, "load_config", lambda: None)
    error = save(person)
    assert error.facts["reason"] == "none"
    assert "stand_in.Lesser, which does not protect what it holds" in error.message
    assert person.secrets(SECRET) == {"keyring": 0, "files": 0}


@pytest.mark.parametrize("by", ["environment", "file"])
def test_a_lesser_keyring_that_somebody_chose_is_used_and_named(
    person: Person, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    import keyring.core

    use(person, monkeypatch, "Lesser")
    if by == "file":
        monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
        import stand_in

        monkeypatch.setattr(keyring.core, "load_config", stand_in.Lesser)
    store = FileStore(str(person.home), storage="keyring")
    store.save("work", DOCUMENT)
    assert store.load("work") == DOCUMENT
    assert store.location("work")["backend"] == "stand_in.Lesser"


def test_st_10_of_several_keyrings_the_first_is_used_and_no_lesser_one_after_it(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ST-10: the package's chain of backends would go on to the next one."""
    import keyring.core
    from keyring.backends import chainer

    use(person, monkeypatch)
    import stand_in

    class Chain(chainer.ChainerBackend):
        backends = (stand_in.Locked(), stand_in.Lesser())
        priority = 10

        def set_password(self, service: str, username: str, password: str) -> None:
            self.backends[1].set_password(service, username, password)

    monkeypatch.setattr(keyring.core, "_keyring_backend", Chain())
    assert save(person).facts["reason"] == "locked"
    assert person.entries() == {}


def test_st_10_without_the_package_the_extra_is_named(person: Person, tmp_path: Path) -> None:
    """ST-10: the message is a command to type, and no file is written."""
    without = tmp_path / "without"
    without.mkdir()
    (without / "keyring.py").write_text(
        "raise ModuleNotFoundError('No module named keyring', name='keyring')"
    )
    environment = person.environment()
    environment["PYTHONPATH"] = os.pathsep.join((str(without), environment["PYTHONPATH"]))
    program = (
        "import sys\nfrom loopback_auth.edge.store.file_store import FileStore\n"
        "from loopback_auth.errors import KeyringUnavailable\n"
        "try:\n    FileStore(sys.argv[1], storage='keyring').check_writable('work')\n"
        "except KeyringUnavailable as error:\n    print(error.facts['reason'], error.fix)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(person.home)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(
        "not-installed pip install keyring; under pipx: pipx inject loopback-auth keyring"
    )
    assert person.file() is None


def test_a_keyring_that_complains_of_what_is_not_there_has_removed_it(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(person, monkeypatch)
    keyring = Keyring("work")
    keyring.put("service", "user", "kept")
    keyring.remove("service", "user")
    keyring.remove("service", "user")
    assert keyring.get("service", "user") is None
