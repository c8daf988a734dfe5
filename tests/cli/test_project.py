"""
A repository's project file at the command line: nothing of it counts before the person agrees, its
profiles are its own, and which profile is meant is said.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

import pytest

from loopback_auth import from_settings
from loopback_auth.testing import AuthorizationServer, Browser, Client
from tests.support.scripted_server import ScriptedServer, json_answer

from ..support.command import Outcome, login_here, run
from ..support.projects import ACME, repository
from ..support.sockets import free_port
from ..support.stored import write_config

if TYPE_CHECKING:
    from pathlib import Path

WORK = '[profiles.work]\nissuer = "https://id.honest.test"\nclient_id = "honest"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home"


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a repository with a project file."""
    repository(tmp_path / "clone")
    monkeypatch.chdir(tmp_path / "clone")
    return tmp_path / "clone"


def sign_in(home: Path, profile: str, token: str) -> None:
    """Store *token* as a sign-in that is good for ever."""
    (home / "tokens").mkdir(mode=0o700, exist_ok=True)
    issuer = "https://id.acme.test"
    server = {name: f"{issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint")}
    document = {
        "version": 1,
        "profile": profile,
        "access_token": token,
        "token_type": "Bearer",
        "obtained_at": "2025-01-01T00:00:00Z",
        "expires_at": None,
        "extra": {},
        "client": {"client_id": "acme-cli"},
        "server": {"issuer": issuer, **server},
    }
    path = home / "tokens" / f"{profile}.json"
    path.write_text(json.dumps(document))
    path.chmod(0o600)


async def trusted(home: Path, file: str = ".") -> str:
    """Trust the project file there; return its ID."""
    outcome = await run("trust", file, "--json", home=home)
    assert outcome.exit_code == 0, outcome
    ids = {each["profile"].rpartition("@")[2] for each in outcome.document["profiles"].values()}
    assert len(ids) == 1
    return ids.pop()


def check_untrusted(outcome: Outcome, path: Path) -> None:
    assert (outcome.exit_code, outcome.error["code"]) == (2, "project-not-trusted"), outcome
    assert f"loopback-auth trust {path}" in outcome.error["fix"]


COMMANDS = [
    ("login", "--no-browser"),
    ("login", "acme"),
    ("login", "--if-needed"),
    ("login", "--manual"),
    ("token",),
    ("token", "-p", "acme"),
    ("env",),
    ("refresh",),
    ("status",),
    ("api", "/me"),
    ("logout",),
    ("config", "show"),
    ("export", "postman"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
async def test_without_a_terminal_a_file_that_nobody_agreed_to_is_2_with_the_fix(
    words: tuple[str, ...], home: Path, clone: Path
) -> None:
    """Also where somebody is signed in to a profile of their own: none takes its place."""
    sign_in(home, "default", "CANARY")
    outcome = await run(*words, "--json", home=home)
    check_untrusted(outcome, clone / ".loopback-auth.toml")
    assert "CANARY" not in outcome.stdout + outcome.stderr
    assert not (home / "projects").exists()


async def test_once_trusted_its_profile_is_meant_in_each_folder(home: Path, clone: Path) -> None:
    project_id = await trusted(home)
    sign_in(home, "default", "mine")
    sign_in(home, f"acme@{project_id}", "the team's")
    (clone / "src").mkdir()
    os.chdir(clone / "src")
    for words in ([], ["acme"], ["-p", f"acme@{project_id}"]):
        assert (await run("token", *words, home=home)).stdout == "the team's\n"
    assert (await run("token", "default", home=home)).stdout == "mine\n"
    os.chdir(home)
    assert (await run("token", home=home)).stdout == "mine\n"
    # What was signed in to is there elsewhere, too, under its whole name.
    assert (await run("token", f"acme@{project_id}", home=home)).stdout == "the team's\n"


CHANGES = {
    "a stranger's server": ("https://id.acme.test", "https://evil.test"),
    "a stranger's client": ("acme-cli", "evil"),
    "more scopes": ('"openid"', '"openid admin"'),
    "an API of a stranger, which would get the token": (
        "scope =",
        'api_base = "https://evil.test"\nscope =',
    ),
    "another callback": ("scope =", "port = 1\nscope ="),
    "another profile": (
        "[profiles.acme]",
        "[profiles.b]\nissuer = 'https://evil.test'\n[profiles.acme]",
    ),
    "another default": (
        "[profiles.acme]",
        "default_profile = 'b'\n[profiles.b]\nissuer = 'https://evil.test'\n[profiles.acme]",
    ),
}


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
async def test_each_change_of_what_it_says_is_asked_about_anew(
    old: str, new: str, home: Path, clone: Path
) -> None:
    project_id = await trusted(home)
    sign_in(home, f"acme@{project_id}", "CANARY")
    path = clone / ".loopback-auth.toml"
    path.write_text(ACME.replace(old, new))
    for words in (("token", "acme"), ("api", "/me", "-p", "acme"), ("login", "acme")):
        outcome = await run(*words, "--json", home=home)
        check_untrusted(outcome, path)
        assert "CANARY" not in outcome.stdout + outcome.stderr
    path.write_text(ACME)
    assert (await run("token", home=home)).stdout == "CANARY\n"


async def test_a_change_that_says_the_same_is_none(home: Path, clone: Path) -> None:
    """A comment, the ends of lines, or another table of a pyproject."""
    project_id = await trusted(home)
    sign_in(home, f"acme@{project_id}", "t")
    path = clone / ".loopback-auth.toml"
    path.write_bytes(b"\xef\xbb\xbf# ours\n" + ACME.replace("\n", "\r\n").encode())
    assert (await run("token", home=home)).stdout == "t\n"
    path.unlink()
    shared = clone / "pyproject.toml"
    table = ACME.replace("[profiles", "[tool.loopback-auth.profiles")
    shared.write_text(f"[project]\nversion = '1'\n{table}")
    other_id = await trusted(home)
    sign_in(home, f"acme@{other_id}", "t2")
    shared.write_text(f"[project]\nversion = '2'\n{table}")
    assert (await run("token", home=home)).stdout == "t2\n"
    shared.write_text(f"[project]\nversion = '2'\n{table}".replace("acme-cli", "evil"))
    check_untrusted(await run("token", "--json", home=home), shared)


async def test_what_is_trusted_counts_at_its_place_only(home: Path, clone: Path) -> None:
    """The same text in another clone, in a nested folder, or where the clone was moved to."""
    await trusted(home)
    nested = clone / "vendor"
    nested.mkdir()
    (nested / ".loopback-auth.toml").write_text(ACME)
    os.chdir(nested)
    check_untrusted(await run("token", "--json", home=home), nested / ".loopback-auth.toml")
    moved = clone.parent / "moved"
    os.rename(clone, moved)
    os.chdir(moved)
    check_untrusted(await run("token", "--json", home=home), moved / ".loopback-auth.toml")


async def test_two_repositories_with_one_profile_name_share_nothing(
    home: Path, clone: Path, tmp_path: Path
) -> None:
    one = await trusted(home)
    other_path = repository(tmp_path / "other", ACME.replace("acme.test", "other.test"))
    other = await trusted(home, str(other_path))
    assert one != other
    sign_in(home, f"acme@{one}", "one")
    assert (await run("token", home=home)).stdout == "one\n"
    os.chdir(tmp_path / "other")
    assert (await run("token", "--json", home=home)).error["code"] == "sign-in-needed"


@pytest.mark.parametrize("is_signed_in", [True, False])
async def test_a_profile_of_the_persons_own_is_not_taken_over_by_its_name(
    home: Path, clone: Path, *, is_signed_in: bool
) -> None:
    """A stranger's client and host under a familiar name: what is typed is the person's own."""
    if is_signed_in:
        sign_in(home, "work", "mine")
    else:
        (home / "config.toml").write_text(WORK)
    evil = WORK.replace("honest", "evil")
    (clone / ".loopback-auth.toml").write_text(evil)
    shown = await run("config", "show", "work", "--json", home=home)
    assert shown.document["profile"] == "work"
    assert "evil" not in shown.stdout
    project_id = await trusted(home)
    shown = await run("config", "show", "work", "--json", home=home)
    assert (shown.document["profile"], shown.document["chosen_by"]) == ("work", "the command line")
    # The project's is meant where the project is asked, and by its whole name.
    for words in ((), (f"work@{project_id}",)):
        shown = await run("config", "show", *words, "--json", home=home)
        assert shown.document["profile"] == f"work@{project_id}"
        assert shown.document["settings"]["client_id"]["value"] == "evil"


async def test_a_default_profile_cannot_name_one_of_the_persons_own(
    home: Path, clone: Path
) -> None:
    sign_in(home, "prod", "CANARY")
    (clone / ".loopback-auth.toml").write_text(f"default_profile = 'prod'\n{ACME}")
    outcome = await run("token", "--json", home=home)
    assert (outcome.exit_code, outcome.error["code"]) == (2, "config-invalid")
    assert ":1:1: error: default_profile must be a profile of this file" in outcome.error["message"]


UNUSABLE = {
    "a setting it may not have": f"{ACME}browser = 'touch pwned'\n",
    "no TOML": "[profiles",
    "utf-16": ACME.encode("utf-16"),
    "oversized": b"#" * 300_000,
}


@pytest.mark.parametrize("content", UNUSABLE.values(), ids=UNUSABLE)
async def test_a_file_that_cannot_be_used_ends_what_would_ask_it_and_nothing_else(
    content: str | bytes, home: Path, clone: Path
) -> None:
    path = clone / ".loopback-auth.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    sign_in(home, "work", "mine")
    outcome = await run("token", "--json", home=home)
    assert (outcome.exit_code, outcome.error["code"]) == (2, "config-invalid")
    assert outcome.error["message"].startswith(f"{path}:")
    assert (await run("token", "work", home=home)).stdout == "mine\n"
    assert (await run("trust", home=home)).exit_code == 2
    assert (await run("profiles", home=home)).exit_code == 0
    assert (await run("doctor", "--json", home=home)).exit_code == 2
    assert not (clone / "pwned").exists()


async def test_a_server_hears_nothing_before_the_person_agrees(home: Path, clone: Path) -> None:
    with ScriptedServer() as server:
        text = ACME.replace("https://id.acme.test", server.origin)
        (clone / ".loopback-auth.toml").write_text(f"{text}api_base = '{server.origin}'\n")
        for words in COMMANDS:
            check_untrusted(await run(*words, "--json", home=home), clone / ".loopback-auth.toml")
        assert (await run("doctor", home=home)).exit_code == 2
        await run("profiles", home=home)
        await run("trust", home=home)
        assert server.requests == []


async def test_trust_shows_the_api_and_every_host(home: Path, clone: Path) -> None:
    path = clone / ".loopback-auth.toml"
    path.write_text(
        "[profiles.sf]\nprovider = 'salesforce'\nlogin_url = 'acme'\nclient_id = '3MVG9'\n"
        "api_base = 'https://api.evil.test'\n"
        "[profiles.xn]\nissuer = 'https://id.xn--cme-8cd.test'\nclient_id = 'c'\nport = 1717\n"
        "[profiles.any]\nissuer = 'https://id.any.test'\nclient_id = 'c'\n"
    )
    outcome = await run("trust", home=home)
    assert outcome.exit_code == 0
    for words in (
        "sign-in at  acme.my.salesforce.com\n",
        "client      3MVG9\n",
        "scopes      api refresh_token\n",
        "API         https://api.evil.test (gets the token)\n",
        "sign-in at  id.xn--cme-8cd.test\n",
        "callback    http://127.0.0.1:1717/callback\n",
        "callback    http://127.0.0.1/callback (any port)\n",
        "go to:\n  acme.my.salesforce.com\n  id.xn--cme-8cd.test\n  id.any.test\n",
        "  id.any.test\n  api.evil.test\n\n",
    ):
        assert words in outcome.stderr, outcome.stderr
    document = (await run("trust", str(path), "--json", home=home)).document
    assert document["trusted"] is True
    assert document["hosts"][-1] == "api.evil.test"


async def test_trust_shows_as_whom_a_machine_would_act(home: Path, clone: Path) -> None:
    """And no callback, which nothing comes back to."""
    (clone / ".loopback-auth.toml").write_text(
        "[profiles.ci]\nprovider = 'salesforce'\nlogin_url = 'acme'\nflow = 'jwt-bearer'\n"
        f"client_id = '3MVG9{'x' * 80}'\nsubject = 'admin@acme.example'\n"
    )
    outcome = await run("trust", home=home)
    assert "flow        jwt-bearer\n    as          admin@acme.example\n" in outcome.stderr
    assert f"client      3MVG9{'x' * 28}...\n" in outcome.stderr
    assert "callback" not in outcome.stderr


async def test_what_is_forgotten_is_asked_about_again(home: Path, clone: Path) -> None:
    await trusted(home)
    assert (await run("trust", "--forget", home=home)).exit_code == 0
    check_untrusted(await run("token", "--json", home=home), clone / ".loopback-auth.toml")
    assert "was not trusted" in (await run("trust", "--forget", home=home)).stderr


async def test_trust_takes_only_the_file_that_counts(home: Path, clone: Path) -> None:
    other = clone / "other.toml"
    other.write_text(ACME)
    for file in (other, clone.parent, clone / "nothing" / ".loopback-auth.toml"):
        outcome = await run("trust", str(file), "--json", home=home)
        assert (outcome.exit_code, outcome.error["code"]) == (2, "usage")
        assert "loopback-auth help team" in outcome.error["fix"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1}'])
async def test_a_damaged_record_is_no_trust(content: bytes, home: Path, clone: Path) -> None:
    await trusted(home)
    (record,) = (home / "projects").glob("*.json")
    record.write_bytes(content)
    check_untrusted(await run("token", "--json", home=home), clone / ".loopback-auth.toml")


async def test_what_a_killed_trust_left_goes_with_the_next(home: Path, clone: Path) -> None:
    await trusted(home)
    (home / "projects" / ".project~0123.tmp").write_text("{")
    await trusted(home)
    assert min(os.listdir(home / "projects")) != ".project~0123.tmp"


async def test_another_users_records_are_not_read(home: Path, clone: Path) -> None:
    await trusted(home)
    (home / "projects").chmod(0o777)
    outcome = await run("token", "--json", home=home)
    assert outcome.error["code"] == "store-unsafe"


PRECEDENCE = [
    (["-p", "flag"], "variable", True, "flag", "the command line"),
    ([], "variable", True, "variable", "LOOPBACK_AUTH_PROFILE"),
    ([], "", True, "ruled", "rule 2 of config.toml"),
    ([], "", False, "acme@", "the project file "),
]


@pytest.mark.parametrize(("words", "variable", "rule", "name", "reason"), PRECEDENCE)
async def test_flag_environment_rule_project_default(
    words: list[str], variable: str, name: str, reason: str, home: Path, clone: Path, *, rule: bool
) -> None:
    await trusted(home)
    where = clone if rule else home
    (home / "config.toml").write_text(
        f'default_profile = "usual"\n[[rules]]\ndir = "{home}"\nprofile = "other"\n'
        f'[[rules]]\ndir = "{where}"\nprofile = "ruled"\n'
    )
    more = {"LOOPBACK_AUTH_PROFILE": variable} if variable else {}
    document = (await run("config", "show", *words, "--json", home=home, more=more)).document
    assert document["profile"].startswith(name)
    assert document["chosen_by"].startswith(reason)
    (clone / ".loopback-auth.toml").unlink()
    if not (words or variable or rule):
        document = (await run("config", "show", "--json", home=home)).document
        assert (document["profile"], document["chosen_by"]) == (
            "usual",
            "default_profile of config.toml",
        )


RULES = {
    "a remote": ('git_remote = "github.com/acme/*"', True),
    "another remote": ('git_remote = "github.com/other/*"', False),
    "a remote and a folder": ('git_remote = "github.com/acme/*"\ndir = "~"', False),
    "the folder itself": ('dir = "{clone}"', True),
    "one that begins alike": ('dir = "{clone}s"', False),
    "one below": ('dir = "{clone}/src"', False),
}


@pytest.mark.parametrize(("rule", "fits"), RULES.values(), ids=RULES)
async def test_a_rule_is_for_a_folder_or_a_remote(
    rule: str, home: Path, clone: Path, *, fits: bool
) -> None:
    (clone / ".loopback-auth.toml").unlink()
    (clone / ".git" / "config").write_text('[remote "o"]\nurl = git@github.com:acme/shop.git\n')
    written = rule.replace("{clone}", str(clone))
    (home / "config.toml").write_text(f'[[rules]]\n{written}\nprofile = "ruled"\n')
    document = (await run("config", "show", "--json", home=home)).document
    assert document["profile"] == ("ruled" if fits else "default")


WRONG_RULES = {
    "dri = '/'\nprofile = 'a'": "did you mean 'dir'?",
    "dir = '/'": "must have a profile",
    "profile = 'a'": "and dir or git_remote",
    "dir = 'work'\nprofile = 'a'": "must be absolute",
    "dir = 3\nprofile = 'a'": "dir must be a string",
    "dir = '/'\nprofile = '../a'": "must have a profile",
}


@pytest.mark.parametrize(("rule", "words"), WRONG_RULES.items())
async def test_a_mistake_in_a_rule_is_said_with_its_position(
    rule: str, words: str, home: Path
) -> None:
    (home / "config.toml").write_text(f"[[rules]]\n{rule}\n")
    outcome = await run("token", "--json", home=home)
    assert outcome.error["code"] == "config-invalid"
    assert f"{home / 'config.toml'}:" in outcome.error["message"]
    assert words in outcome.error["message"]


async def test_status_and_profiles_say_which_one_decided(home: Path, clone: Path) -> None:
    listed = await run("profiles", home=home)
    assert f"loopback-auth trust {clone}/.loopback-auth.toml" in listed.stderr
    project_id = await trusted(home)
    sign_in(home, f"acme@{project_id}", "t")
    status = await run("status", home=home)
    reason = f"chosen by the project file {clone}/.loopback-auth.toml"
    assert status.stdout.startswith(f"Profile       acme@{project_id} ({reason})\n")
    assert "(from .loopback-auth.toml:2)" in status.stdout
    listed = await run("profiles", home=home)
    assert f"acme@{project_id}*" in listed.stdout
    assert reason in listed.stderr
    doctor = await run("doctor", home=home)
    assert reason in doctor.stdout.splitlines()[0]
    os.chdir(home)
    assert "chosen by" not in (await run("config", "show", home=home)).stdout


async def test_a_folder_that_is_gone_has_no_project(home: Path, clone: Path) -> None:
    sign_in(home, "default", "mine")
    gone = clone / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert (await run("token", home=home)).stdout == "mine\n"


INIT = ("init", "salesforce", "acme", "--project", "--login-url", "acme", "--client-id", "3MVG9")


async def test_init_project_writes_it_trusts_it_and_says_to_commit_it(
    home: Path, clone: Path
) -> None:
    path = clone / ".loopback-auth.toml"
    path.unlink()
    (clone / "src").mkdir()
    os.chdir(clone / "src")
    outcome = await run(*INIT, "--no-doctor", home=home)
    assert outcome.exit_code == 0, outcome
    assert f"git add {path}; whoever clones it types: loopback-auth login\n" in outcome.stderr
    assert path.read_text() == (
        '# Sign in: loopback-auth login\ndefault_profile = "acme"\n\n[profiles.acme]\n'
        'provider = "salesforce"\nlogin_url = "https://acme.my.salesforce.com"\n'
        'client_id = "3MVG9"\n'
    )
    shown = await run("config", "show", "--json", home=home)
    assert shown.document["settings"]["client_id"]["value"] == "3MVG9"
    assert not (home / "config.toml").exists()
    again = await run(*INIT, "--no-doctor", "--json", home=home)
    assert (again.exit_code, "there is a profile acme already" in again.error["message"]) == (
        2,
        True,
    )
    more = [word if word != "acme" or n != 2 else "second" for n, word in enumerate(INIT)]
    second = await run(*more, "--no-doctor", home=home)
    assert "whoever clones it types: loopback-auth login second\n" in second.stderr
    assert path.read_text().startswith("# Sign in: loopback-auth login\n")
    assert (await run("profiles", "--names", home=home)).stdout.count("@") == 2


async def test_a_projects_profile_is_called_as_it_is_typed_there(home: Path, clone: Path) -> None:
    """By the name that the file has for it, but in paths, documents and where it means another."""
    (clone / ".loopback-auth.toml").unlink()
    written = await run(*INIT, "--port", str(free_port()), home=home)
    assert written.stderr.splitlines()[-1].endswith("loopback-auth doctor acme")
    (name,) = (await run("profiles", "--names", home=home)).stdout.split()
    for typed in ("acme", name):
        refused = await run("token", typed, home=home)
        assert "nobody is signed in to the profile acme\n" in refused.stderr
        assert "fix: loopback-auth login acme;" in refused.stderr
        assert name in (await run("token", typed, "--json", home=home)).error["message"]
    sign_in(home, name, "mine")
    path = home / "tokens" / f"{name}.json"
    path.write_text("{")
    assert str(path) in (await run("token", home=home)).stderr
    write_config(home, "[profiles.acme]\nprovider = 'github'\n")
    assert f"to the profile {name}\n" in (await run("token", home=home)).stderr


REFUSED_INIT = [
    (["--client-secret-env", "X"], "takes no client secret"),
    (["--session-timeout", "2h"], "takes no --session-timeout"),
    (["--redirect-uri", "https://evil.test/cb"], ""),
]


@pytest.mark.parametrize(("more", "words"), REFUSED_INIT)
async def test_init_project_writes_nothing_that_is_not_to_be_shared(
    more: list[str], words: str, home: Path, clone: Path
) -> None:
    (clone / ".loopback-auth.toml").unlink()
    outcome = await run(*INIT, *more, "--no-doctor", "--json", home=home)
    assert outcome.exit_code == 2
    assert words in outcome.error["message"]
    assert os.listdir(clone) == [".git"]


async def test_init_project_does_not_trust_what_somebody_else_wrote(
    home: Path, clone: Path
) -> None:
    more = [word if word != "acme" or n != 2 else "second" for n, word in enumerate(INIT)]
    outcome = await run(*more, "--no-doctor", "--json", home=home)
    check_untrusted(outcome, clone / ".loopback-auth.toml")
    assert (clone / ".loopback-auth.toml").read_text() == ACME


async def test_init_project_needs_a_repository(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = await run(*INIT, "--json", home=home)
    assert (outcome.exit_code, outcome.error["code"]) == (2, "usage")
    assert "git init" in outcome.error["fix"]


async def test_init_without_project_is_about_the_persons_own_file(home: Path, clone: Path) -> None:
    words = [word for word in INIT if word != "--project"]
    assert (await run(*words, "--no-doctor", home=home)).exit_code == 0
    assert "[profiles.acme]" in (home / "config.toml").read_text()
    assert (clone / ".loopback-auth.toml").read_text() == ACME


async def test_tx_05_a_file_that_changes_during_the_sign_in_moves_nothing(
    home: Path, clone: Path
) -> None:
    with (
        AuthorizationServer.running(clients=(Client(client_id="acme-cli"),)) as server,
        ScriptedServer() as stranger,
    ):
        path = clone / ".loopback-auth.toml"
        text = ACME.replace("https://id.acme.test", server.issuer)
        path.write_text(text)
        project_id = await trusted(home)
        async with login_here("--no-browser", home=home) as sign_in_here:
            url = await sign_in_here.open_page()
            path.write_text(text.replace(server.issuer, stranger.origin))
            await asyncio.to_thread(Browser().visit, url)
            outcome = await sign_in_here.outcome()
        assert outcome.exit_code == 0, outcome
        assert outcome.document["profile"] == f"acme@{project_id}"
        assert stranger.requests == []


def test_a_program_that_uses_the_library_reads_no_project_file(clone: Path) -> None:
    """The file there would be an error to whoever reads it."""
    (clone / ".loopback-auth.toml").write_text("no TOML")
    profile = from_settings("acme", issuer="https://id.acme.test", client_id="mine")
    assert profile.get("client_id") == "mine"
    assert {setting.source for setting in profile.settings.values()} == {"--issuer", "--client-id"}


async def test_the_api_of_a_trusted_project_gets_the_projects_token(
    home: Path, clone: Path
) -> None:
    with ScriptedServer() as server, ScriptedServer() as stranger:
        server.answers["/me"] = json_answer({"name": "ada"})
        path = clone / ".loopback-auth.toml"
        path.write_text(f"{ACME}api_base = '{server.origin}'\n")
        project_id = await trusted(home)
        sign_in(home, f"acme@{project_id}", "CANARY")
        answer = await run("api", "/me", home=home)
        assert (answer.exit_code, json.loads(answer.stdout)) == (0, {"name": "ada"})
        assert [each.header("authorization") for each in server.requests] == ["Bearer CANARY"]
        path.write_text(f"{ACME}api_base = '{stranger.origin}'\n")
        check_untrusted(await run("api", "/me", "--json", home=home), path)
        assert stranger.requests == []
