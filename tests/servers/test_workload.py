"""Workload identity, verified by a server that nobody here wrote: OpenBao's `auth/jwt`."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization

from loopback_auth.oauth.jose.signing import signed_jwt
from loopback_auth.oauth.secret import Secret

from ..support.canary import watched
from ..support.command import run_here
from ..support.salesforce_machines import rsa_key
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.servers import install
from .test_push import openbao

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["openbao"]

pytestmark = pytest.mark.server

ISSUER, AUDIENCE = "https://token.actions.example", "vault-of-acme"


def token_of_the_job(audience: str) -> str:
    """Return what a CI system says of a job, signed by the key that OpenBao is told of."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "repo:acme/app", "aud": audience, "iat": now, "exp": now + 300}
    kind, no = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = rsa_key().private_bytes(serialization.Encoding.PEM, kind, no).decode()
    return signed_jwt(claims, Secret(pem)).reveal()


def public_pem() -> str:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return rsa_key().public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


def bao(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [install.program("bao"), *words],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("audience", [AUDIENCE, "another"])
def test_openbao_takes_the_token_that_id_token_prints(
    openbao: dict[str, str],
    tmp_path: Path,
    audience: str,
) -> None:
    for words in (
        ("auth", "enable", "jwt"),
        (
            "write",
            "auth/jwt/config",
            f"jwt_validation_pubkeys={public_pem()}",
            f"bound_issuer={ISSUER}",
        ),
        (
            *("write", "auth/jwt/role/ci", "role_type=jwt", "user_claim=sub"),
            *(f"bound_audiences={AUDIENCE}", "bound_subject=repo:acme/app"),
        ),
    ):
        done = bao(openbao, *words)
        assert done.returncode == 0, done.stderr
    token = token_of_the_job(audience)
    with ScriptedServer() as actions:
        actions.answers["/token"] = json_answer({"value": token})
        job = {
            "ACTIONS_ID_TOKEN_REQUEST_URL": actions.url("/token"),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary-of-the-runner",
        }
        home = tmp_path / "home"
        home.mkdir()
        with watched("canary-of-the-runner", home) as canary:
            printed = run_here("id-token", "--audience", audience, home=home, more=job)
            canary.check_text(printed.stdout + printed.stderr)
    assert printed.exit_code == 0, printed.stderr
    given = tmp_path / "jwt"
    given.write_text(printed.stdout.strip())
    words = ("write", "-format=json", "auth/jwt/login", "role=ci", f"jwt=@{given}")
    done = bao({**openbao, "BAO_TOKEN": "", "PATH": os.environ["PATH"]}, *words)
    assert (done.returncode == 0) == (audience == AUDIENCE), done.stderr
    if audience == AUDIENCE:
        assert json.loads(done.stdout)["auth"]["metadata"]["role"] == "ci"
