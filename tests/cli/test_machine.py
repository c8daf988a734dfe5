"""Machine profiles as a user has them: `login`, then `token`, at the test kit's Salesforce."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization

from loopback_auth.testing.salesforce import APP, ORG, USER, Salesforce

from ..support.canary import watched
from ..support.command import no_token_file, run, run_process, token_file
from ..support.salesforce_machines import certificate, rsa_key
from ..support.scripted_server import ScriptedServer, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback_auth.testing.salesforce import User

PIPELINE = replace(
    APP,
    distribution="local",
    permitted_users="preauthorized",
    certificate=certificate(rsa_key()),
    client_credentials=True,
    run_as=USER.username,
)
ADA = replace(USER, preauthorized=True)


@pytest.fixture
def salesforce() -> Iterator[Salesforce]:
    with Salesforce.running(apps=[PIPELINE], orgs=[ORG], users=[ADA]) as running:
        yield running


def my_domain(salesforce: Salesforce) -> str:
    return salesforce.my_domain(ORG)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "server.key"
    path.write_text(pem())
    path.chmod(0o600)
    return path


def pem(*name: str) -> str:
    kind, no = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return rsa_key(*name).private_bytes(serialization.Encoding.PEM, kind, no).decode()


def jwt_flags(salesforce: Salesforce) -> tuple[str, ...]:
    return (
        *("--provider", "salesforce", "--login-url", my_domain(salesforce)),
        *("--client-id", APP.client_id, "--flow", "jwt-bearer", "--subject", USER.username),
    )


async def test_an_assertion_is_a_sign_in_that_asks_nobody(
    salesforce: Salesforce, key_file: Path, tmp_path: Path
) -> None:
    """The key stays where it is; what is stored says where that is."""
    flags = (*jwt_flags(salesforce), "--key-file", str(key_file))
    done = await run("login", "ci", *flags, home=tmp_path)
    assert done.exit_code == 0, done.stderr
    stored = token_file(tmp_path, "ci")
    assert stored["grant"]["key_file"] == str(key_file)
    assert stored["refresh_token"] is None
    assert "PRIVATE" not in str(stored)
    said = await run("token", "ci", home=tmp_path)
    assert said.stdout.strip() == stored["access_token"]


async def test_a_refused_token_is_minted_again(
    salesforce: Salesforce, key_file: Path, tmp_path: Path
) -> None:
    flags = (*jwt_flags(salesforce), "--key-file", str(key_file))
    await run("login", "ci", *flags, home=tmp_path)
    first = token_file(tmp_path, "ci")["access_token"]
    again = await run("token", "ci", "--refresh", home=tmp_path)
    assert again.exit_code == 0, again.stderr
    assert again.stdout.strip() == token_file(tmp_path, "ci")["access_token"] != first


async def test_a_client_with_its_secret_is_a_user_of_its_own(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    flags = ("--provider", "salesforce", "--login-url", my_domain(salesforce))
    more = {"SECRET": APP.client_secret}
    done = await run(
        *("login", "ci", *flags, "--client-id", APP.client_id),
        *("--flow", "client-credentials", "--client-secret-env", "SECRET"),
        home=tmp_path,
        more=more,
    )
    assert done.exit_code == 0, done.stderr
    again = await run("token", "ci", "--refresh", home=tmp_path, more=more)
    assert again.exit_code == 0, again.stderr
    assert APP.client_secret not in str(token_file(tmp_path, "ci"))


async def test_a_profile_in_config_toml_needs_no_login(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(
        f"""
        [profiles.ci]
        provider = "salesforce"
        login_url = "{my_domain(salesforce)}"
        client_id = "{APP.client_id}"
        flow = "jwt-bearer"
        subject = "{USER.username}"
        key_env = "CI_KEY"
        """
    )
    # As CI systems hand a PEM on: in one line.
    more = {"CI_KEY": pem().replace("\n", "\\n")}
    said = await run("token", "ci", home=tmp_path, more=more)
    assert said.exit_code == 0, said.stderr
    assert said.stdout.strip() == token_file(tmp_path, "ci")["access_token"]
    assert (await run("token", "ci", home=tmp_path)).stdout == said.stdout


async def test_the_key_that_is_named_last_signs(salesforce: Salesforce, tmp_path: Path) -> None:
    flags = (*jwt_flags(salesforce), "--key-env", "CI_KEY")
    await run("login", "ci", *flags, home=tmp_path, more={"CI_KEY": pem()})
    other = tmp_path / "other.key"
    other.write_text(pem("second"))
    done = await run("login", "ci", "--key-file", str(other), home=tmp_path, more={"CI_KEY": pem()})
    assert done.exit_code == 7
    assert str(other) in done.stderr or "another key" in done.stderr


async def test_nothing_is_stored_where_the_server_refuses(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    flags = (*jwt_flags(salesforce), "--key-env", "CI_KEY")
    done = await run("login", "ci", *flags, home=tmp_path, more={"CI_KEY": pem("second")})
    assert done.exit_code == 7
    assert no_token_file(tmp_path)


# The key, the flags, the user; then what the terminal says.
FAULTS: dict[str, tuple[str, tuple[str, ...], User, str]] = {
    "another key": (
        pem("second"),
        (),
        ADA,
        "uploaded belongs to another key",
    ),
    "another aud": (pem(), ("--audience", "https://elsewhere.example"), ADA, "--audience AUD"),
    "a user who is not approved": (pem(), (), USER, "has no permission set of the app"),
    "a user who is not there": (pem(), ("--subject", "eve@acme.example"), ADA, "sub is no User"),
    "a key that was cut off": (pem()[:300], (), ADA, "no BEGIN or END line"),
    "a certificate": (certificate(rsa_key()), (), ADA, "the private one signs"),
}


@pytest.mark.parametrize(("key", "flags", "user", "said"), FAULTS.values(), ids=FAULTS)
async def test_each_fault_has_its_own_explanation(
    salesforce: Salesforce,
    tmp_path: Path,
    key: str,
    flags: tuple[str, ...],
    user: User,
    said: str,
) -> None:
    salesforce.put(user)
    done = await run(
        *("login", "ci", *jwt_flags(salesforce), "--key-env", "CI_KEY", *flags),
        home=tmp_path,
        more={"CI_KEY": key},
    )
    assert said in " ".join(done.stderr.split())
    assert "PRIVATE KEY" not in done.stderr
    assert no_token_file(tmp_path)


# What an unknown server says; then what is said here.
WORDS = {
    "a signature": ("invalid_grant", "bad_signature", "does not fit any key"),
    "an audience": ("invalid_client", "Invalid claim: aud", "aud is http"),
    "a time": ("invalid_grant", "The token is expired", "valid for three minutes"),
    "a user": ("invalid_grant", "Invalid 'sub' value in assertion", "may not act for them"),
    "nothing": ("invalid_client", "client authentication failed", "One of three things"),
}


@pytest.mark.parametrize(("error", "words", "said"), WORDS.values(), ids=WORDS)
async def test_any_server_that_refuses_is_explained(
    tmp_path: Path, error: str, words: str, said: str
) -> None:
    refusal = {"error": error, "error_description": words}
    assert said in await refused_with(tmp_path, json_answer(refusal, status=400))


@pytest.mark.parametrize(("ahead_s", "said"), [(600, "10 minutes slow"), (-600, "10 minutes fast")])
async def test_a_wrong_clock_is_read_off_the_answer(
    tmp_path: Path, ahead_s: int, said: str
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead_s), usegmt=True)
    refusal = {"error": "invalid_client", "error_description": "client authentication failed"}
    answer = json_answer(refusal, f"Date: {date}", status=401)
    assert said in await refused_with(tmp_path, answer)


async def refused_with(home: Path, answer: bytes) -> str:
    """Have a server refuse what is signed; return what the terminal says."""
    with ScriptedServer() as server:
        server.answers["/token"] = answer
        done = await run(
            *("login", "ci", "--token-endpoint", server.url("/token"), "--client-id", "me"),
            *("--flow", "client-credentials", "--key-env", "CI_KEY"),
            home=home,
            more={"CI_KEY": pem()},
        )
    assert done.exit_code == 7
    return " ".join(done.stderr.split())


async def test_init_makes_a_key_says_what_to_click_and_mints_once(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    """The first try prints what gives the client ID; the second finds the key that was uploaded."""
    host = my_domain(salesforce)
    flags = ("--login-url", host, "--flow", "jwt-bearer", "--subject", USER.username)
    first = await run("init", "salesforce", "ci", *flags, home=tmp_path)
    assert first.exit_code == 2
    assert f"--subject {USER.username} --client-id ID" in first.stderr
    for said in ("Enable JWT Bearer Flow", str(tmp_path / "keys" / "ci.crt"), USER.username):
        assert said in first.stdout + first.stderr
    files = [tmp_path / "keys" / name for name in ("ci.key", "ci.crt")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600, 0o600]
    key, uploaded = (path.read_text() for path in files)
    salesforce.put(replace(PIPELINE, certificate=uploaded))
    again = await run(
        "init", "salesforce", "ci", *flags, "--client-id", APP.client_id, home=tmp_path
    )
    assert again.exit_code == 0, again.stderr
    assert token_file(tmp_path, "ci")["grant"]["key_file"] == str(files[0])
    assert files[0].read_text() == key
    assert "PRIVATE KEY" not in again.stdout + again.stderr


async def test_init_says_why_the_first_mint_is_refused(
    salesforce: Salesforce, tmp_path: Path
) -> None:
    flags = ("--login-url", my_domain(salesforce), "--flow", "jwt-bearer")
    more = ("--subject", USER.username, "--client-id", APP.client_id)
    done = await run("init", "salesforce", "ci", *flags, *more, home=tmp_path)
    assert done.exit_code == 7
    assert "uploaded belongs to another key" in " ".join(done.stderr.split())


async def test_a_person_does_not_sign_with_a_key(tmp_path: Path) -> None:
    """Else the code would go out with no authentication at all."""
    flags = ("--issuer", "https://id.example.com", "--client-id", "me")
    method = ("--token-endpoint-auth-method", "private_key_jwt", "--no-browser")
    done = await run("login", *flags, *method, home=tmp_path)
    assert (done.exit_code, "is for a person" in done.stderr) == (2, True)


async def test_a_persons_sign_in_is_no_machines_to_replace(
    salesforce: Salesforce, key_file: Path, tmp_path: Path
) -> None:
    """Nobody is asked without a terminal, so it stays."""
    flags = (*jwt_flags(salesforce), "--key-file", str(key_file))
    await run("login", "ci", *flags, home=tmp_path)
    path = tmp_path / "tokens" / "ci.json"
    person = {**token_file(tmp_path, "ci"), "refresh_token": "a-persons", "grant": None}
    path.write_text(json.dumps(person))
    done = await run("login", "ci", *flags, home=tmp_path)
    assert done.exit_code == 2
    assert token_file(tmp_path, "ci")["refresh_token"] == "a-persons"
    assert (await run("login", "ci", *flags, "--switch-account", home=tmp_path)).exit_code == 0


async def test_a_key_is_nowhere_but_in_its_own_file(
    salesforce: Salesforce, key_file: Path, tmp_path: Path
) -> None:
    """Its middle is the canary: argv, the environment of others, files and what is printed."""
    secret = pem().splitlines()[12]
    home = tmp_path / "home"
    home.mkdir()
    flags = (*jwt_flags(salesforce), "--key-file", str(key_file))
    with watched(secret, tmp_path, allowed=("server.key",)) as canary:
        for command in (
            ("login", "ci", *flags, "--verbose"),
            ("token", "ci", "--refresh", "--json"),
            ("exec", "ci", "--", "true"),
            ("status", "ci", "--json"),
            ("doctor", "ci", "--json"),
            ("export", "json", "ci"),
            ("logout", "ci"),
        ):
            done = await run_process(*command, home=home)
            canary.check_text(done.stdout + done.stderr, " ".join(command[:2]))
            assert done.exit_code == 0, done.stderr
