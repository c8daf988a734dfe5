"""Machine profiles at real servers: secrets, keys, assertions; and 64 processes that mint once."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tests.support.chromium import in_the_session_loop

from ..support.command import run, run_process, token_file
from ..support.salesforce_machines import base64url, public_key, rsa_key
from ..support.servers.needs import need
from ..support.servers.process import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..support.servers.people import Server

pytestmark = [pytest.mark.server, in_the_session_loop]


def pem(key: Any) -> str:
    kind, no = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, kind, no).decode()


@pytest.mark.parametrize("name", ["oidc_provider", "django_oauth_toolkit"])
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_client_mints_with_its_secret(
    name: str, method: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(name)
    more = {"SECRET": server.secret("machine") or ""}
    done = await run(
        *("login", "ci", *server.flags("machine"), "--flow", "client-credentials"),
        *("--client-secret-env", "SECRET"),
        *(() if name == "oidc_provider" else ("--token-endpoint-auth-method", method)),
        home=tmp_path,
        more=more,
    )
    assert done.exit_code == 0, done.stderr
    first = token_file(tmp_path, "ci")["access_token"]
    again = await run("token", "ci", "--refresh", home=tmp_path, more=more)
    assert again.exit_code == 0, again.stderr
    assert again.stdout.strip() not in ("", first)


KEYS = {
    "RS256": rsa_key,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_client_mints_with_its_key(
    algorithm: str, oidc_provider: Server, tmp_path: Path
) -> None:
    """private_key_jwt: the client registers itself, and has no secret at all."""
    key = KEYS[algorithm]()
    client_id = registered(oidc_provider, key, algorithm)
    flags = ("--issuer", oidc_provider.issuer, "--client-id", client_id, "--key-env", "KEY")
    more = {"KEY": pem(key)}
    done = await run(
        "login", "ci", *flags, "--flow", "client-credentials", home=tmp_path, more=more
    )
    assert done.exit_code == 0, done.stderr
    again = await run("token", "ci", "--refresh", home=tmp_path, more=more)
    assert again.exit_code == 0, again.stderr
    assert "PRIVATE" not in json.dumps(token_file(tmp_path, "ci"))
    ended = await run("logout", "ci", "--json", home=tmp_path, more=more)
    assert (ended.exit_code, ended.document["revocation"]) == (0, "revoked"), ended.stderr


async def test_a_key_that_is_not_registered_is_explained(
    oidc_provider: Server, tmp_path: Path
) -> None:
    client_id = registered(oidc_provider, rsa_key(), "RS256")
    flags = ("--issuer", oidc_provider.issuer, "--client-id", client_id, "--key-env", "KEY")
    more = {"KEY": pem(rsa_key("second"))}
    done = await run(
        "login", "ci", *flags, "--flow", "client-credentials", home=tmp_path, more=more
    )
    assert done.exit_code == 7
    assert "another key is registered" in " ".join(done.stderr.split())


def registered(server: Server, key: Any, algorithm: str) -> str:
    jwk = {**public_jwk(key), "use": "sig", "alg": algorithm}
    client = {
        "grant_types": ["client_credentials"],
        "redirect_uris": [],
        "response_types": [],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": algorithm,
        "jwks": {"keys": [jwk]},
    }
    asked = urllib.request.Request(  # noqa: S310 - loopback
        f"{server.issuer}/reg",
        data=json.dumps(client).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - loopback
        client_id: str = json.load(answer)["client_id"]
    return client_id


def public_jwk(key: Any) -> dict[str, str]:
    """RFC 7518 sections 6.2 and 6.3, RFC 8037 section 2."""
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(public.public_bytes_raw())}
    numbers = public.public_numbers()
    if isinstance(public, ec.EllipticCurvePublicKey):
        return {"kty": "EC", "crv": "P-256", "x": number(numbers.x), "y": number(numbers.y)}
    return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}


def number(value: int) -> str:
    return base64url(value.to_bytes(max(32, -(-value.bit_length() // 8)) if value > 65537 else 3))


@pytest.fixture(scope="module")
def authlib(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    need("canaille")
    folder = tmp_path_factory.mktemp("authlib")
    path = folder / "server.pub"
    path.write_text(public_key(rsa_key()))
    with running("authlib_server.py", "--public-key", str(path), log=folder / "log") as facts:
        yield facts


def at_authlib(facts: dict[str, Any], *more: str) -> tuple[str, ...]:
    return (
        *("login", "ci", "--token-endpoint", f"{facts['issuer']}/token", "--client-id", "machine"),
        *("--flow", "jwt-bearer", "--key-env", "KEY", "--subject", "alice", *more),
    )


async def test_an_assertion_is_taken_by_authlib(authlib: dict[str, Any], tmp_path: Path) -> None:
    """A server that has a token endpoint and nothing else, and takes no client but by assertion."""
    more = {"KEY": pem(rsa_key())}
    done = await run(*at_authlib(authlib), home=tmp_path, more=more)
    assert done.exit_code == 0, done.stderr
    again = await run("token", "ci", "--refresh", home=tmp_path, more=more)
    assert again.exit_code == 0, again.stderr


FAULTS = {
    "another key": (pem(rsa_key("second")), (), "another key is registered"),
    "another aud": (pem(rsa_key()), ("--audience", "https://elsewhere.example"), "aud is https"),
    "nobody": (pem(rsa_key()), ("--subject", "eve"), "may not act for them"),
    "not allowed": (pem(rsa_key()), ("--subject", "bob"), "may not act for them"),
    "another client": (pem(rsa_key()), ("--client-id", "other"), "does not exist"),
}


@pytest.mark.parametrize(("key", "flags", "said"), FAULTS.values(), ids=FAULTS)
async def test_what_authlib_refuses_is_explained(
    authlib: dict[str, Any], tmp_path: Path, key: str, flags: tuple[str, ...], said: str
) -> None:
    done = await run(*at_authlib(authlib, *flags), home=tmp_path, more={"KEY": key})
    assert done.exit_code == 7
    assert said in " ".join(done.stderr.split())


@pytest.mark.slow
@pytest.mark.parametrize("is_first", [False, True], ids=["stale", "never minted"])
async def test_64_processes_mint_one_token(
    *, is_first: bool, oidc_provider: Server, tmp_path: Path
) -> None:
    """A profile of config.toml needs no `login` before."""
    more = {"SECRET": oidc_provider.secret("machine") or ""}
    settings = {
        "issuer": oidc_provider.issuer,
        "client_id": "machine",
        "client_secret_env": "SECRET",
        "flow": "client-credentials",
    }
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    (tmp_path / "config.toml").write_text(f"[profiles.ci]\n{lines}", encoding="utf-8")
    if not is_first:
        await make_stale(oidc_provider, tmp_path, more)
    asked = [run_process("token", "ci", home=tmp_path, more=more) for _ in range(64)]
    ended = await asyncio.gather(*asked)
    assert {done.exit_code for done in ended} == {0}, [done.stderr for done in ended if done.stderr]
    assert {done.stdout.strip() for done in ended} == {token_file(tmp_path, "ci")["access_token"]}


async def make_stale(oidc_provider: Server, tmp_path: Path, more: dict[str, str]) -> None:
    flags = (*oidc_provider.flags("machine"), "--flow", "client-credentials")
    await run("login", "ci", *flags, "--client-secret-env", "SECRET", home=tmp_path, more=more)
    path = tmp_path / "tokens" / "ci.json"
    stored = token_file(tmp_path, "ci")
    path.write_text(json.dumps({**stored, "expires_at": stored["obtained_at"]}))
