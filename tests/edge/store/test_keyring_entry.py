"""ST-10: the probe of a keyring, which another process may make at the same time."""

from __future__ import annotations

import pytest

from loopback_auth.edge.store.keyring_entry import PROBES, Entries
from loopback_auth.edge.store.keyring_service import Keyring
from loopback_auth.errors import KeyringUnavailable


class Losing(Keyring):
    """Has lost the text that it was given, so many *times*: somebody else removed it."""

    def __init__(self, times: int) -> None:
        super().__init__("work")
        self.times = times
        self.kept: dict[tuple[str, str], str] = {}

    def put(self, service: str, user: str, secret: str) -> None:
        self.kept[service, user] = secret

    def get(self, service: str, user: str) -> str | None:
        self.times -= 1
        return self.kept[service, user] if self.times < 0 else None

    def remove(self, service: str, user: str) -> None:
        del self.kept[service, user]

    def backend(self) -> str:
        return "tests.Losing"


def test_st_10_a_probe_that_another_process_removed_is_made_again() -> None:
    keyring = Losing(PROBES - 1)
    Entries(keyring).probe("a-home")
    assert keyring.kept == {}


def test_st_10_a_keyring_that_loses_each_probe_is_forgetful() -> None:
    with pytest.raises(KeyringUnavailable) as failed:
        Entries(Losing(PROBES)).probe("a-home")
    assert failed.value.facts["reason"] == "forgetful"
