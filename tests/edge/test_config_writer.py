"""Replacing a profile of config.toml and leaving the rest as its owner wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.config import load_config
from loopback_auth.edge.config_writer import replace_profile
from loopback_auth.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

NEW = {"provider": "github", "client_id": "new", "port": [1, 2]}

TABLE = [
    "",
    "# nothing but a comment",
    "[profiles.other]\nclient_id = 'o' # kept\n",
    "[profiles.work]\nclient_id = 'old'\n[profiles.other]\nclient_id = 'o' # kept\n",
    "[profiles.other]\nclient_id = 'o' # kept\n\n[profiles.work]\nissuer = 'https://x.example'\n",
    "[profiles]\nwork = { client_id = 'old', scope = 'a' }\nother = { client_id = 'o' } # kept\n",
    "profiles.work.client_id = 'old'\nprofiles.other.client_id = 'o' # kept\n",
    "[profiles.work]\nclient_id = 'old'\n[profiles.work.parameters]\na = 'b'\n[profiles.other]\nclient_id = 'o' # kept\n",
    "[profiles.work]\nclient_id = 'old'\n[profiles.other]\nclient_id = 'o' # kept\n[profiles.work.parameters]\na = 'b'\n",
    '[profiles."work"]\nclient_id = "old"\r\n\r\n[profiles.other]\r\nclient_id = "o" # kept\r\n',
    "storage = 'file'\n[profiles.work]\nclient_id = 'old'\n[profiles.other]\nclient_id = 'o' # kept\n",
]


@pytest.mark.parametrize("before", TABLE)
def test_a_profile_is_replaced_however_it_was_written(tmp_path: Path, before: str) -> None:
    """Afterwards it says what it should and nothing of before; the others and their comments are there."""
    tmp_path.chmod(0o700)
    path = tmp_path / "config.toml"
    path.write_bytes(before.encode())
    replace_profile(str(path), "work", NEW, "SECRET")
    written = load_config(str(tmp_path))
    found = {name: value for name, (value, _) in written.profile("work").items() if name != "storage"}
    assert found == {**NEW, "port": (1, 2), "client_secret_env": "SECRET"}
    if "other" in before:
        assert written.profile("other")["client_id"][0] == "o"
        assert "# kept" in path.read_text()


def test_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "config.toml"
    path.write_text("[profiles.work\n")
    with pytest.raises(ConfigError):
        replace_profile(str(path), "work", NEW, None)
    assert path.read_text() == "[profiles.work\n"
