"""`credential`: the token goes to the servers of its own profile, and to nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.oauth.resource.address import bound_by

from ..support.canary import watched
from ..support.command import Outcome, environment, run_here
from ..support.guarded_git import GuardedGit
from ..support.scripted_server import ScriptedServer, json_answer
from ..support.stored import NEW, jwt, stored, write_config

TOKEN = "canary-0f1e2d3c"

BOUND: list[tuple[str, str]] = [
    ("https://git.example", "https://git.example"),
    ("https://git.example/", "https://git.example"),
    ("https://GIT.example:443/a/b?c", "https://git.example"),
    ("https://api.example/v1", "https://api.example/v1"),
    ("https://api.example/v1/x", "https://api.example/v1"),
    ("https://api.example/v1/team/x", "https://api.example/v1/team/"),
    # Another path, port, scheme or host, however it is hidden.
    ("https://api.example/v10", ""),
    ("https://api.example/", ""),
    ("https://api.example/v1/../v2", ""),
    ("https://api.example/v1/%2e%2e/v2", ""),
    ("https://api.example/v1/..%2fv2", ""),
    ("https://api.example/v1\\..\\v2", ""),
    ("https://git.example:8443/", ""),
    ("http://git.example/", ""),
    ("https://git.example.evil.example/", ""),
    ("https://evil.example/git.example", ""),
    ("https://git.example@evil.example/", ""),
    ("https://ann:pw@git.example/", ""),
    ("https://git.example%2eevil.example/", ""),
    ("https://g\u0131t.example/", ""),
    ("https://xn--gt-lla.example/", ""),
    ("https://git.example\n.evil.example/", ""),
    ("https://git.example\0/", ""),
    ("https://git.example/a\nhttps://evil.example/", ""),
    ("https://git.example/a\n\nAuthorization: x", ""),
    ("https:git.example", ""),
    ("//git.example/", ""),
    ("git.example", ""),
    ("ssh://git.example/", ""),
    ("", ""),
]


@pytest.mark.parametrize(("url", "expected"), BOUND)
def test_an_address_is_below_a_prefix_step_by_step(url: str, expected: str) -> None:
    prefixes = ("https://git.example", "https://api.example/v1", "https://api.example/v1/team/")
    assert bound_by(url, prefixes) == expected


@pytest.fixture(name="home")
def _home(tmp_path: Path, server: ScriptedServer) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    stored(home, server, profile="work", lasts_s=3600, access_token=TOKEN)
    write_config(home, _CONFIG)
    return home


_CONFIG = """
[profiles.work]
credential_urls = ["https://git.example/team"]
"""


def asked(home: Path, *words: str, stdin: str = "", **environ: str) -> Outcome:
    return run_here("credential", *words, home=home, stdin=stdin, more=environ)


def of_git(url: str) -> str:
    protocol, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return f"protocol={protocol}\nhost={host}\npath={path}\n\n"


def test_git_gets_the_token_of_the_profile_that_the_address_belongs_to(home: Path) -> None:
    done = asked(home, "git", "get", stdin=of_git("https://git.example/team/repo.git"))
    assert done.exit_code == 0, done.stderr
    assert f"password={TOKEN}" in done.stdout.splitlines()


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example/other/repo.git",
        "http://git.example/team/repo.git",
        "https://git.example:444/team/repo.git",
        "https://github.com/team/repo.git",
    ],
)
@pytest.mark.parametrize("named", [(), ("-p", "work")])
def test_another_address_gets_nothing(home: Path, url: str, named: tuple[str, ...]) -> None:
    done = asked(home, "git", "get", *named, stdin=of_git(url))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("word", ["erase", "store"])
def test_what_git_says_of_a_password_changes_no_sign_in(home: Path, word: str) -> None:
    path = Path(FileStore(str(home)).path("work"))
    before = path.read_bytes()
    said = of_git("https://git.example/team/x").replace("\n\n", f"\npassword={TOKEN}\n\n")
    done = asked(home, "git", word, stdin=said)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert path.read_bytes() == before


def test_docker_may_list_what_there_is(home: Path) -> None:
    done = asked(home, "docker", "list")
    assert (done.exit_code, done.stdout) == (0, "{}\n")


NOT_OURS = [
    ("docker", ("get",), "other.example", 1, "credentials not found in native keychain"),
    ("bazel", ("get",), '{"uri":"https://other.example/"}', 0, '{"headers": {}}'),
    ("terraform", ("get", "other.example"), "", 0, "{}"),
    ("go", ("https://other.example/",), "", 0, ""),
    ("pnpm", ("https://other.example/",), "", 1, ""),
]


@pytest.mark.parametrize(("name", "words", "stdin", "status", "answer"), NOT_OURS)
def test_each_tool_hears_no_in_its_own_words(
    home: Path, name: str, words: tuple[str, ...], stdin: str, status: int, answer: str
) -> None:
    done = asked(home, name, *words, stdin=stdin)
    assert (done.exit_code, done.stdout.strip()) == (status, answer)
    # A failure without a word would leave a person without one, too.
    assert ("credential_urls" in done.stderr) == (status == 1 and not answer)


def test_of_two_profiles_the_longer_address_wins_and_a_tie_is_asked_about(
    home: Path, server: ScriptedServer
) -> None:
    stored(home, server, profile="team", lasts_s=3600, access_token="of-the-team")
    write_config(
        home, _CONFIG + '[profiles.team]\ncredential_urls = "https://git.example/team/a"\n'
    )
    longer = asked(home, "git", "get", stdin=of_git("https://git.example/team/a/repo"))
    assert "password=of-the-team" in longer.stdout
    write_config(home, _CONFIG + '[profiles.team]\ncredential_urls = "https://git.example/team"\n')
    tie = asked(home, "git", "get", stdin=of_git("https://git.example/team/a"))
    assert tie.exit_code == 2
    assert tie.stdout == ""
    assert "-p NAME" in tie.stderr
    meant = asked(
        home, "git", "get", stdin=of_git("https://git.example/team/a"), LOOPBACK_AUTH_PROFILE="team"
    )
    assert "password=of-the-team" in meant.stdout


def test_a_token_of_the_environment_goes_to_the_profile_that_is_meant_alone(home: Path) -> None:
    write_config(
        home,
        'default_profile = "work"\n'
        + _CONFIG
        + '[profiles.other]\nissuer = "https://id.example"\nclient_id = "c"\n'
        'credential_urls = "https://other.example"\n',
    )
    given = {"LOOPBACK_AUTH_TOKEN": "of-the-environment"}
    own = asked(home, "git", "get", stdin=of_git("https://git.example/team/x"), **given)
    assert "password=of-the-environment" in own.stdout
    foreign = asked(home, "git", "get", stdin=of_git("https://other.example/x"), **given)
    assert (foreign.exit_code, foreign.stdout) == (0, "")
    named = asked(
        home, "git", "get", "-p", "other", stdin=of_git("https://other.example/x"), **given
    )
    assert "password=of-the-environment" in named.stdout


def test_a_profile_that_is_named_and_in_disorder_says_so(home: Path) -> None:
    """Else the tool would only say that it got nothing."""
    write_config(home, '[profiles.work]\ncredential_urls = "ftp://git.example"\n')
    # git puts its own word behind all that it was set up with.
    done = asked(home, "git", "-p", "work", "get", stdin=of_git("https://git.example/x"))
    assert done.stdout == ""
    assert "error[url-refused]" in done.stderr


def test_a_machine_profile_that_was_never_used_mints_for_its_own_server(
    home: Path, server: ScriptedServer
) -> None:
    """Though another profile is the one that is meant here."""
    server.answers["/token"] = json_answer(NEW)
    write_config(
        home,
        'default_profile = "work"\n[profiles.work]\n[profiles.ci]\nclient_id = "c"\n'
        f'token_endpoint = "{server.url("/token")}"\nflow = "client-credentials"\n'
        'client_secret_env = "SECRET"\ncredential_urls = "https://ci.example"\n',
    )
    done = asked(home, "git", "get", stdin=of_git("https://ci.example/x"), SECRET="s3cr3t")
    assert f"password={NEW['access_token']}" in done.stdout, done.stderr


def test_a_stale_token_is_refreshed_first(home: Path, server: ScriptedServer) -> None:
    stored(home, server, profile="work", lasts_s=-1)
    server.answers["/token"] = json_answer(NEW)
    done = asked(home, "git", "get", stdin=of_git("https://git.example/team/repo.git"))
    assert f"password={NEW['access_token']}" in done.stdout


def test_an_expiry_that_cannot_be_read_is_left_out(home: Path, server: ScriptedServer) -> None:
    stored(home, server, profile="work", lasts_s=3600, access_token=TOKEN)
    path = Path(FileStore(str(home)).path("work"))
    path.write_text(json.dumps({**json.loads(path.read_text()), "expires_at": "later"}))
    done = asked(home, "git", "get", stdin=of_git("https://git.example/team/repo.git"))
    assert f"password={TOKEN}" in done.stdout
    assert "expiry" not in done.stdout


def test_nobody_signed_in_is_said_on_stderr_alone(home: Path) -> None:
    FileStore(str(home)).remove("work")
    write_config(
        home,
        '[profiles.work]\nissuer = "https://id.example"\nclient_id = "c"\n'
        'credential_urls = "https://git.example"\n',
    )
    done = asked(home, "git", "get", stdin=of_git("https://git.example/x"))
    assert (done.exit_code, done.stdout) == (4, "")
    assert "loopback-auth login work" in done.stderr


@pytest.mark.parametrize("named", [(), ("--access-token",)])
def test_a_cluster_gets_the_id_token_unless_it_takes_access_tokens(
    home: Path, server: ScriptedServer, named: tuple[str, ...]
) -> None:
    id_token = jwt(exp=4_000_000_000)
    stored(home, server, profile="work", lasts_s=3600, access_token=TOKEN, id_token=id_token)
    done = asked(home, "kubectl", "-p", "work", *named)
    assert json.loads(done.stdout)["status"]["token"] == (TOKEN if named else id_token)


def test_an_id_token_that_has_expired_is_not_handed_out(home: Path, server: ScriptedServer) -> None:
    stored(home, server, profile="work", lasts_s=3600, id_token=jwt(exp=1))
    server.answers["/token"] = json_answer(NEW)
    done = asked(home, "kubectl", "-p", "work")
    assert (done.exit_code, done.stdout) == (4, "")
    assert "login work" in done.stderr


def helper(command: str = "git") -> str:
    """Return the shell command of git's setting, with this interpreter."""
    return f"!'{sys.executable}' -m loopback_auth credential {command}"


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="git-http-backend is called as CGI")
def test_real_git_clones_from_a_guarded_server(home: Path, tmp_path: Path) -> None:
    """Through git-http-backend, which answers 401 until the right password comes."""
    made = tmp_path / "served" / "repo.git"
    for arguments in (
        ("init", "-q", "--bare", str(made)),
        ("-C", str(made), "config", "http.receivepack", "true"),
    ):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
    with GuardedGit(made.parent, TOKEN) as served:
        write_config(home, f'[profiles.work]\ncredential_urls = "{served.url}"\n')
        environ = {**environment(home), "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1"}
        git = ["git", "-c", "credential.helper=", "-c", f"credential.helper={helper()}"]
        git += ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
        clone = tmp_path / "clone"
        with watched(TOKEN, clone.parent, allowed=("home/tokens/*",)) as canary:
            for arguments in (
                ("clone", "-q", f"{served.url}/repo.git", str(clone)),
                ("-C", str(clone), "commit", "-q", "--allow-empty", "-m", "first"),
                ("-C", str(clone), "push", "-q", "origin", "HEAD"),
            ):
                done = subprocess.run(
                    [*git, *arguments],
                    env=environ,
                    capture_output=True,
                    text=True,
                    timeout=120,
                    check=False,
                )
                assert done.returncode == 0, done.stderr
                canary.check_text(done.stdout + done.stderr)
        assert served.refused >= 1, "git asks without a password first"
    log = subprocess.run(
        ["git", "-C", str(made), "log", "--all", "--format=%s"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert log.stdout == "first\n"
