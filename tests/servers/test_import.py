"""A refresh token in a job's environment, at servers that rotate and end a family at its reuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import in_the_session_loop

from ..support.command import run_process, token_file
from ..support.servers.stored import refresh_by_hand, sign_in, userinfo

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from ..support.servers.people import Server

pytestmark = [pytest.mark.server, pytest.mark.browser, in_the_session_loop]


async def test_two_commands_of_one_job_keep_the_family_alive(
    oidc_provider: Server, tab: Page, tmp_path: Path
) -> None:
    laptop, home, kept = (tmp_path / name for name in ("laptop", "job", "kept"))
    laptop.mkdir()
    home.mkdir()
    given = await sign_in(oidc_provider, "public", tab, laptop)
    job = {
        "LOOPBACK_AUTH_REFRESH_TOKEN": given["refresh_token"],
        "LOOPBACK_AUTH_ISSUER": oidc_provider.issuer,
        "LOOPBACK_AUTH_CLIENT_ID": oidc_provider.clients["public"]["client_id"],
    }
    refused = await run_process("token", home=home, more=job)
    assert refused.exit_code == 2, refused.stderr
    words = ("token", "--refresh", "--store", str(kept))
    both = [await run_process(*words, home=home, more=job) for _ in range(2)]
    assert [done.exit_code for done in both] == [0, 0], both
    stored = token_file(kept)
    assert stored["access_token"] == both[1].stdout.strip()
    assert stored["refresh_token"] != given["refresh_token"]
    assert userinfo(stored) == 200
    assert refresh_by_hand(oidc_provider, "public", stored)[0] == 200
    assert list(home.iterdir()) == []
