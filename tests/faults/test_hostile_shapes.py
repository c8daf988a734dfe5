"""
RB-06, RB-09, ST-05, ST-07, CL-08: whatever others wrote, it is read, or told for what it is;
nothing is lost, and nothing hangs.

Each kind of thing that this program reads meets each shape of `shapes`.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.files.pending_logins import PendingSignIns
from loopback_auth.edge.store.document import document_of
from loopback_auth.edge.store.file_store import FileStore

from ..support.command import COMMAND, environment
from ..support.keyrings import new_person, use
from ..support.scripted_server import ScriptedServer, json_answer, plain_answer
from ..support.stored import document
from .shapes import CONTENTS, FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="pipes, links and limits as POSIX has them"
)

MEMORY_KIB = 1_500_000
"""What a command may take: an eighth of the huge file, and many times what it needs."""

TIMEOUT_S = 30
CANARY = "canary-of-a-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """
    *path* below the home, what is *good* there, and the command that reads it with the words of its
    standard input.
    """

    path: str
    good: str
    words: tuple[str, ...]
    given: str = ""


PROFILE = '[profiles.default]\nissuer = "{origin}"\nclient_id = "the-client"\n'
PROVIDER = (
    'title = "Acme"\nregister = "there"\n[server]\nauthorization_endpoint = "{origin}/authorize"\n'
    'token_endpoint = "{origin}/token"\n'
)
PENDING = {
    "profile": "default",
    "until": 99999999999,
    "state": CANARY,
    "code_verifier": CANARY,
    "nonce": None,
    "redirect_uri": "https://app.example/cb",
    "scope": "openid",
    "client": {"client_id": "the-client"},
    "settings": {},
}
LOGIN = (
    "login",
    "--manual",
    "--client-id",
    "the-client",
    "--redirect-uri",
    "https://app.example/cb",
)
ANSWER = f"https://app.example/cb?code=x&state={CANARY}\n"

READERS: dict[str, Reader] = {
    "token file, token": Reader(path="tokens/default.json", good="{tokens}", words=("token",)),
    "token file, status": Reader(path="tokens/default.json", good="{tokens}", words=("status",)),
    "token file, logout": Reader(
        path="tokens/default.json", good="{tokens}", words=("logout", "--local")
    ),
    "token file, doctor": Reader(path="tokens/default.json", good="{tokens}", words=("doctor",)),
    "pending sign-in": Reader(
        path="pending/default.json", good="{pending}", words=("exchange",), given=ANSWER
    ),
    "config.toml, token": Reader(path="config.toml", good=PROFILE, words=("token",)),
    "config.toml, config show": Reader(path="config.toml", good=PROFILE, words=("config", "show")),
    "config.toml, login": Reader(path="config.toml", good=PROFILE, words=LOGIN),
    "provider file": Reader(path="providers/acme.toml", good=PROVIDER, words=("providers", "acme")),
    "provider file, login": Reader(
        path="providers/acme.toml", good=PROVIDER, words=(*LOGIN, "--provider", "acme")
    ),
    "client secret": Reader(
        path="secret",
        good=CANARY,
        words=(
            *LOGIN,
            "--authorization-endpoint",
            "{origin}/authorize",
            "--token-endpoint",
            "{origin}/token",
            "--client-secret-file",
            "{home}/secret",
        ),
    ),
    "paste in a file": Reader(
        path="paste", good='{{"error": "invalid_grant"}}', words=("explain", "@{home}/paste")
    ),
    "file of certificates": Reader(
        path="ca.pem",
        good="-----BEGIN",
        words=(*LOGIN, "--issuer", "https://localhost:1", "--ca-bundle", "{home}/ca.pem"),
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["*"] = json_answer({}, status=404)
        yield running


def content_of(reader: Reader, server: ScriptedServer) -> bytes:
    endpoints = {f"{name}_endpoint": server.url(f"/{name}") for name in ("authorization", "token")}
    tokens = json.dumps(document(server, lasts_s=3000))
    pending = json.dumps({**PENDING, "server": endpoints})
    return reader.good.format(origin=server.origin, tokens=tokens, pending=pending).encode()


async def ended(
    words: tuple[str, ...], home: Path, *, given: bytes = b"", more: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run the command with so much memory and no more; give its status and all that it said."""
    limited = ("sh", "-c", f'ulimit -v {MEMORY_KIB}; exec "$@"', "sh", *COMMAND, *words)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *limited,
        stdin=pipe,
        stdout=pipe,
        stderr=asyncio.subprocess.STDOUT,
        cwd=home,
        env=environment(home, more),
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            printed, _ = await process.communicate(given)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, printed.decode(errors="replace")


def check(status: int, printed: str, *, shape: str) -> None:
    """Hold what a command said against what any command says."""
    assert "Traceback" not in printed, (shape, printed)
    assert CANARY not in printed, (shape, printed)
    # 1 is "unexpected", but where a store says that it cannot be used.
    is_store = any(words in printed for words in ("error[store-", "error[keyring-", "token store"))
    assert status in (0, 2, 4, 7) or (status == 1 and is_store), (status, printed)
    if status:
        assert "error[" in printed or "fail" in printed.lower(), (shape, printed)
        assert "error[system-refused]" not in printed, (shape, printed)


async def outcome(reader: Reader, home: Path, server: ScriptedServer, shape: str) -> str:
    """Let *reader* read what lies there; return what is wrong with what it did, or nothing."""
    words = tuple(word.format(origin=server.origin, home=home) for word in reader.words)
    try:
        check(*await ended(words, home, given=reader.given.encode()), shape=shape)
    except (AssertionError, TimeoutError) as error:
        return f"{' '.join(words)}: {type(error).__name__} {str(error)[-700:]}"
    return ""


def path_of(reader: Reader, home: Path) -> Path:
    file = home / reader.path
    file.parent.mkdir(0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    return file


@pytest.mark.slow
@pytest.mark.parametrize("shape", CONTENTS)
async def test_rb_06_whatever_others_wrote_is_read_or_reported(
    server: ScriptedServer, tmp_path: Path, shape: str
) -> None:
    """RB-06, ST-05, ST-07: and nothing of it is lost."""
    failures = []
    for number, reader in enumerate(READERS.values()):
        home = tmp_path / str(number)
        file, content = path_of(reader, home), CONTENTS[shape](content_of(reader, server))
        file.write_bytes(content)
        file.chmod(0o600)
        failures.append(await outcome(reader, home, server, shape))
        kept = [each.read_bytes() for each in file.parent.iterdir() if each.is_file()]
        if content not in kept and reader.words[0] not in ("logout", "exchange"):
            failures.append(f"{reader.words}: what was in {reader.path} is gone")
    assert not any(failures), "\n\n".join(failures)


@pytest.mark.slow
@pytest.mark.parametrize("shape", FILES)
async def test_rb_06_whatever_lies_where_a_file_belongs_is_reported(
    server: ScriptedServer, tmp_path: Path, shape: str
) -> None:
    """RB-06: nobody waits for a pipe, and no file is too large for a look at its size."""
    failures = []
    for number, reader in enumerate(READERS.values()):
        home = tmp_path / str(number)
        FILES[shape](path_of(reader, home))
        failures.append(await outcome(reader, home, server, shape))
    assert not any(failures), "\n\n".join(failures)


@pytest.mark.slow
@pytest.mark.parametrize("shape", CONTENTS)
async def test_rb_06_whatever_a_server_answers_is_read_or_reported(
    tmp_path: Path, shape: str
) -> None:
    """RB-06, TX-06: its metadata, and what an API says, which `api` may explain."""
    with ScriptedServer() as server:
        metadata = {
            "issuer": server.origin,
            **{f"{name}_endpoint": server.url(f"/{name}") for name in ("authorization", "token")},
        }
        server.answers["*"] = plain_answer(
            CONTENTS[shape](json.dumps(metadata).encode()), status=400
        )
        for path in ("openid-configuration", "oauth-authorization-server"):
            server.answers[f"/.well-known/{path}"] = plain_answer(
                CONTENTS[shape](json.dumps(metadata).encode())
            )
        status, printed = await ended((*LOGIN, "--issuer", server.origin), tmp_path)
        check(status, printed, shape=shape)
        tokens = tmp_path / "tokens" / "default.json"
        tokens.parent.mkdir(0o700, exist_ok=True)
        tokens.write_text(
            json.dumps(document(server, lasts_s=3000, settings={"provider": "salesforce"}))
        )
        tokens.chmod(0o600)
        status, printed = await ended(
            ("api", "/x"), tmp_path, more={"LOOPBACK_AUTH_API_BASE": server.origin}
        )
        check(status, printed, shape=shape)


@pytest.mark.slow
@pytest.mark.parametrize("shape", CONTENTS)
async def test_rb_06_whatever_a_keyring_holds_is_read_or_reported(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    """RB-06, ST-05, ST-10."""
    pytest.importorskip("keyring")
    person = new_person(tmp_path)
    use(person, monkeypatch)
    store = FileStore(str(person.home)).with_storage("keyring")
    store.save("default", document(server, lasts_s=3000))
    for entry in (tmp_path / "keyring").iterdir():
        entry.write_bytes(CONTENTS[shape](entry.read_bytes()))
    for words in (("token",), ("status",), ("profiles",), ("doctor",), ("logout", "--local")):
        check(*await ended(words, person.home, more=person.environment()), shape=shape)


MEMBERS = (
    "until",
    "state",
    "code_verifier",
    "redirect_uri",
    "scope",
    "client",
    "server",
    "settings",
    "nonce",
    "resource",
    "sent",
)


@pytest.mark.parametrize("member", MEMBERS)
def test_ar_09_a_pending_sign_in_with_a_member_of_another_kind_is_none(
    server: ScriptedServer, tmp_path: Path, member: str
) -> None:
    """AR-09: nothing of it is used."""
    pending = PendingSignIns(tmp_path)
    good = {
        **PENDING,
        "server": {"token_endpoint": server.url("/token")},
        "resource": [],
        "sent": [],
    }
    pending.save("default", good)
    assert pending.load("default") == good
    for value in (7 if member != "until" else "7", True, {}, {"a": 7}, "half a pair \ud800"):
        if type(value) is not type(good[member]) and (member, value) != ("nonce", None):
            pending.save("default", {**good, member: value})
            assert pending.load("default") is None or member == "until"


ALTERED = [
    ("access_token", "\ud800"),
    ("refresh_token", "\ud800"),
    ("scope", "\ud800"),
    ("client", {"client_id": None}),
    ("client", {"client_id": 7}),
    ("client", {"client_id": "\ud800"}),
    ("client", {"client_id": "c", "client_secret": 7}),
    ("client", {"client_id": "c", "client_secret": "\ud800"}),
    ("server", {"token_endpoint": ["x"]}),
    ("server", {"issuer": {"a": 7}}),
    ("server", {"userinfo_endpoint": 7}),
    ("settings", {"provider": 7}),
    ("settings", {"redirect_uris": 7}),
    ("settings", {"redirect_uris": [7]}),
    ("settings", {"scope": ["\ud800"]}),
    ("settings", {"parameters": {"a": "\ud800"}}),
]


@pytest.mark.parametrize(("member", "value"), ALTERED)
def test_st_05_a_token_file_with_a_member_of_another_kind_is_damaged(
    server: ScriptedServer, member: str, value: object
) -> None:
    """ST-05: also one that is deeper within, which would end a command in a traceback."""
    with pytest.raises(ValueError, match=member):
        document_of(json.dumps({**document(server), member: value}).encode())
