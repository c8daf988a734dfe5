"""
CL-02: whatever a sign-in ends in, and however much is asked to be said, no secret is.

As a process, so that asyncio's own debug log and every warning are among what is printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ..support.callback.endpoint import TOKENS as ISSUED
from ..support.callback.pending_command import signing_in

if TYPE_CHECKING:
    from pathlib import Path

LOUD = {"PYTHONASYNCIODEBUG": "1", "PYTHONWARNINGS": "always", "PYTHONDEVMODE": "1"}
SECRET = "canary-secret"
CODE = "canary-code"
TOKENS = {**ISSUED, "access_token": "canary-access", "refresh_token": "canary-refresh"}

# The status of the token endpoint, its answer, and the exit status of the command.
OUTCOMES: dict[str, tuple[int, dict[str, Any] | str, int]] = {
    "refused in words that repeat what was sent": (
        400,
        {"error": "invalid_grant", "error_description": f"{CODE} of {SECRET} is used up"},
        7,
    ),
    "signed in": (200, dict(TOKENS), 0),
    "a page with the token in it": (200, "<html>canary-access</html>", 7),
    "an answer of another kind": (200, {**TOKENS, "token_type": "mac"}, 7),
    "a damaged answer": (200, '{"access_token": "canary-access", "canary-ref', 7),
    "a server that is down, and says the token": (503, dict(TOKENS), 7),
}


@pytest.mark.slow_cases
@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_cl_02_no_outcome_says_a_secret(tmp_path: Path, *, outcome: str) -> None:
    status, answer, exit_code = OUTCOMES[outcome]
    flags = ("-v", "--client-secret-env", "THE_SECRET")
    async with signing_in(tmp_path, *flags, more={**LOUD, "THE_SECRET": SECRET}) as scene:
        scene.endpoint.status, scene.endpoint.answer = status, answer
        scene.endpoint.may_answer.set()
        page = await scene.callback.arrive(code=CODE)
        ended = await scene.command.outcome()

    assert ended.exit_code == exit_code
    sent = scene.endpoint.forms[0]
    secrets: set[object] = {CODE, SECRET, sent["code_verifier"], scene.callback.state}
    secrets |= {TOKENS["access_token"], TOKENS["refresh_token"]}
    # The authorize URL is meant for the person, and has the state in it.
    printed = ended.stdout + ended.stderr.replace(scene.callback.url, "") + page.text
    assert [secret for secret in secrets if str(secret) in printed] == []
