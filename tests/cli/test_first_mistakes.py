"""What somebody types in the first five minutes, and the fix that works when it is typed."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from rich.text import Text

from loopback_auth.cli.main import COMMANDS, command_first

from ..support.command import run_here
from ..support.stored import write_config

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("command", ["token", "env", "api", "refresh", "status"])
def test_a_profile_that_nothing_is_known_of_is_not_sent_to_a_bare_login(
    tmp_path: Path, command: str
) -> None:
    words = (command, "/me", "-p", "wrok") if command == "api" else (command, "wrok")
    done = run_here(*words, home=tmp_path)
    assert done.exit_code == 4
    assert "error[sign-in-needed]" in done.stderr
    assert "loopback-auth login wrok --issuer URL --client-id ID" in done.stderr


def test_a_profile_that_is_misspelled_is_recognised(tmp_path: Path) -> None:
    write_config(tmp_path, '[profiles.work]\nissuer = "https://id.example"\nclient_id = "c"\n')
    done = run_here("token", "wrok", home=tmp_path)
    assert "did you mean work? loopback-auth token work; if not, set it up:" in done.stderr
    for words, meant in (
        (("token", "--profile=wrok"), "token -p work;"),
        (("api", "/me", "-p", "wrok"), "api -p work, with the rest as you typed it;"),
        (("exec", "wrok", "--", "true"), "exec work, with the rest as you typed it;"),
        (("exchange", "wrok"), "exchange work;"),
        (("profiles", "rename", "wrok", "home"), "profiles rename work home;"),
        (("profiles", "remove", "wrok"), "profiles remove work;"),
    ):
        done = run_here(*words, home=tmp_path)
        assert f"did you mean work? loopback-auth {meant}" in done.stderr


@pytest.mark.parametrize(("command", "way"), [("exchange", " --manual"), ("deliver", "")])
def test_the_answer_to_an_unknown_profile_says_at_once_how_to_set_it_up(
    tmp_path: Path, command: str, way: str
) -> None:
    done = run_here(command, "w", home=tmp_path, stdin="http://127.0.0.1/callback?code=c")
    assert f"loopback-auth login w --issuer URL --client-id ID{way}\n" in done.stderr
    run_here(*GITHUB, "other", "--client-id", "c", home=tmp_path)
    if command == "exchange":
        done = run_here(command, "w", home=tmp_path)
        assert (
            "fix: finish that to other: loopback-auth exchange other; or set it up" in done.stderr
        )
        done = run_here(command, "other", home=tmp_path, stdin="x")
        assert "nothing-pending" not in done.stderr


def test_what_is_missing_is_given_with_the_rest_of_the_command(tmp_path: Path) -> None:
    done = run_here("import", "w", home=tmp_path, stdin="")
    assert "error[usage]: no refresh token was given\n" in done.stderr
    assert "loopback-auth import w < FILE; or set LOOPBACK_AUTH_REFRESH_TOKEN\n" in done.stderr
    done = run_here("relay", "ssh://box/work", "--no-input", home=tmp_path)
    assert done.stderr.endswith("run it in a terminal: loopback-auth relay ssh://box/work\n")


def test_the_flags_that_were_given_stay_where_nothing_says_where(tmp_path: Path) -> None:
    done = run_here("login", "w", "--client-id", "c", "--port", "1", home=tmp_path)
    assert "loopback-auth login w --issuer URL --client-id c --port 1\n" in done.stderr


@pytest.mark.parametrize("repository", ["", "below"])
def test_a_project_file_that_counts_for_nobody_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: str
) -> None:
    folder = tmp_path / "a shop"
    (folder / "below" / ".git").mkdir(parents=True)
    (folder / ".loopback-auth.toml").write_text("", "utf-8")
    monkeypatch.chdir(folder / repository)
    why = f"above the repository {folder / repository}" if repository else "in no repository"
    for command in ("login", "token", "exchange"):
        done = run_here(command, "acme", home=tmp_path, stdin="x")
        assert f"{folder}/.loopback-auth.toml does not count: it is {why} (git" in done.stderr
        assert (f"git init '{folder}'" in done.stderr) != bool(repository)
    checks = run_here("doctor", "acme", "--json", home=tmp_path).document["checks"]
    seen = next(each["seen"] for each in checks if each["name"] == "project file")
    assert f"does not count: it is {why.partition('/')[0]}" in seen


def test_where_no_profile_is_named_those_that_are_there_are_listed_by_a_command(
    tmp_path: Path,
) -> None:
    write_config(tmp_path, '[profiles.work]\nissuer = "https://id.example"\nclient_id = "c"\n')
    for command, status in (("login", 2), ("status", 4), ("token", 4)):
        done = run_here(command, home=tmp_path, more={"FORCE_COLOR": "1", "COLUMNS": "100"})
        assert done.exit_code == status
        lines = [line.strip() for line in Text.from_ansi(done.stderr).plain.splitlines()]
        assert "loopback-auth profiles" in lines
        assert "loopback-auth login default --issuer URL --client-id ID" in lines


def test_where_there_is_no_profile_yet_one_is_set_up(tmp_path: Path) -> None:
    done = run_here("profiles", home=tmp_path)
    assert done.stderr == "There is no profile yet. Set one up: loopback-auth init\n"


def test_a_kind_of_server_in_the_place_of_a_profile_is_set_up(tmp_path: Path) -> None:
    for command, status in (("login", 2), ("token", 4)):
        done = run_here(command, "salesforce", home=tmp_path)
        assert done.exit_code == status
        assert "fix: set one up: loopback-auth init salesforce salesforce;" in done.stderr


def test_a_profile_that_is_configured_is(tmp_path: Path) -> None:
    write_config(tmp_path, '[profiles.work]\nissuer = "https://id.example"\nclient_id = "c"\n')
    done = run_here("token", "work", home=tmp_path)
    assert done.exit_code == 4
    assert "fix: loopback-auth login work;" in done.stderr


def test_an_address_in_the_place_of_a_profile_is_an_issuer(tmp_path: Path) -> None:
    done = run_here("login", "https://id.example.com", home=tmp_path)
    assert done.exit_code == 2
    assert "--issuer URL" in done.stderr


BEFORE = [
    (("-p", "work", "token"), ("token", "-p", "work")),
    (("--profile=work", "-q", "status"), ("status", "--profile=work", "-q")),
    # A profile may be called as a command is.
    (("-p", "token", "status", "--json"), ("status", "-p", "token", "--json")),
    (("-p", "work", "exec", "--", "token"), ("exec", "-p", "work", "--", "token")),
    (("-p", "token"), ("-p", "token")),
    (("--", "token"), ("--", "token")),
    (("work", "token"), ("work", "token")),
    ((), ()),
    *[((flag, name), (name, flag)) for name in COMMANDS for flag in ("-q", "--json", "--no-input")],
    *[(("-p", "a", "-v", name), (name, "-p", "a", "-v")) for name in COMMANDS],
]


@pytest.mark.parametrize(("typed", "meant"), BEFORE, ids=" ".join)
def test_options_before_the_command_are_read_behind_it(
    typed: tuple[str, ...], meant: tuple[str, ...]
) -> None:
    assert tuple(command_first(typed)) == meant


FIRST = {
    "api": "/me",
    "callback-cert": "show",
    "config": "path",
    "credential": "git",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("where", ["before", "behind"])
def test_a_command_takes_the_profile_or_says_that_it_has_none(
    tmp_path: Path, command: str, where: str
) -> None:
    named, words = ("-p", "work"), (command, *([FIRST[command]] if command in FIRST else []))
    words = (*named, *words) if where == "before" else (*words, *named)
    done = run_here(*words, "--no-such-option", home=tmp_path)
    assert done.exit_code == 2
    takes_it = "there is no option --no-such-option" in done.stderr
    assert takes_it or "there is no option -p: this command takes no profile" in done.stderr
    # The name is none of the command's own words.
    assert "'work'" not in done.stderr


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (("work", "token"), "loopback-auth token NAME"),
        (("-p", "work"), "for example loopback-auth token -p NAME;"),
        (("tokn",), "loopback-auth token\n"),
    ],
)
def test_what_is_no_command_says_where_it_goes(
    tmp_path: Path, words: tuple[str, ...], fix: str
) -> None:
    done = run_here(*words, home=tmp_path)
    assert done.exit_code == 2
    assert f"  fix: {fix}" in done.stderr


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        ("login --storage keyrng", "did you mean --storage keyring?"),
        (
            "login w --flow jwt-baerer --client-id c",
            "did you mean jwt-bearer? loopback-auth login w --flow jwt-bearer --client-id c\n",
        ),
        ("login --token-endpoint-auth-method post", "did you mean client_secret_post?"),
        (
            "login --token-endpoint-auth-method client-secret-basic",
            "did you mean client_secret_basic?",
        ),
        ("login --response-mode form-post", "did you mean form_post?"),
        (
            "login w --provider saleforce --login-url acme --client-id c",
            "did you mean salesforce? loopback-auth login w --provider salesforce --login-url acme",
        ),
        (
            "init saleforce w --login-url acme --client-id c",
            "did you mean salesforce? loopback-auth init salesforce w --login-url acme --client-id",
        ),
        ("init GitLab", "did you mean gitlab? loopback-auth init gitlab;"),
        ("providers gihub", "did you mean github? loopback-auth providers github;"),
        ("providers msft", "The names: loopback-auth providers"),
        ("token --format crul", "did you mean --format curl?"),
        ("export pstman", "loopback-auth export postman\n"),
        ("export k8s", "loopback-auth export k8s-secret\n"),
        ("push gitlb", "loopback-auth push gitlab\n"),
        ("push aws", "loopback-auth push aws-secretsmanager\n"),
        ("credential gti", "loopback-auth credential git\n"),
        ("completion Bash", "loopback-auth completion bash\n"),
        ("completion PowerShel", "loopback-auth completion powershell\n"),
        ("config shw", "loopback-auth config show\n"),
        ("config set", "loopback-auth config --help\n"),
        ("help lgoin", "did you mean this one? loopback-auth help login\n"),
        ("login --client-auth post", "did you mean --token-endpoint-auth-method?"),
        ("login --callback-url x", "did you mean --redirect-uri?"),
        ("login --store keyring", "did you mean --storage?"),
        # Two of them could be meant, or none.
        ("push cret", "loopback-auth push --help"),
        ("login --storage canary", "loopback-auth login --help"),
    ],
)
def test_a_value_that_is_misspelled_is_recognised(tmp_path: Path, words: str, fix: str) -> None:
    """CL-06: what could be a secret in the wrong place is not repeated."""
    done = run_here(*words.split(), home=tmp_path)
    assert done.exit_code == 2
    assert f"  fix: {fix}" in done.stderr
    assert "canary" not in done.stderr


def test_a_misspelled_provider_is_put_right_where_it_stands(tmp_path: Path) -> None:
    more = {"LOOPBACK_AUTH_PROVIDER": "gihub"}
    done = run_here("login", "w", home=tmp_path, more=more)
    assert "fix: did you mean github? Change it: LOOPBACK_AUTH_PROVIDER\n" in done.stderr
    write_config(tmp_path, '[profiles.w]\nprovider = "gihub"\n')
    done = run_here("token", "w", home=tmp_path)
    assert "fix: did you mean github? Change it: config.toml:2\n" in done.stderr


POWERSHELL = ["utf-16", "utf-8-sig"]


@pytest.mark.parametrize("encoding", POWERSHELL)
@pytest.mark.parametrize("way", ["stdin", "file"])
def test_a_secret_as_powershell_writes_it_is_read(tmp_path: Path, encoding: str, way: str) -> None:
    octets = "s3cret\r\n".encode(encoding)
    (tmp_path / "secret").write_bytes(octets)
    words = ("--client-secret-stdin",)
    if way == "file":
        words = ("--client-secret-file", str(tmp_path / "secret"))
    done = run_here(*GITHUB, "--client-id", "c", *words, home=tmp_path, stdin=octets)
    assert done.exit_code == 0, done.stderr
    held = next((tmp_path / "pending").iterdir()).read_text("utf-8")
    assert '"client_secret": "s3cret"' in held
    assert "Note: the client secret" not in done.stderr


def test_a_secret_that_is_no_text_is_refused(tmp_path: Path) -> None:
    words = ("--client-id", "c", "--client-secret-stdin")
    done = run_here(*GITHUB, *words, home=tmp_path, stdin=b"\xffcanary")
    assert done.exit_code == 2
    assert "the client secret on standard input is not text" in done.stderr


@pytest.mark.parametrize("encoding", POWERSHELL)
def test_an_address_as_powershell_writes_it_is_read(tmp_path: Path, encoding: str) -> None:
    run_here(*GITHUB, "--client-id", "c", home=tmp_path)
    address = "http://127.0.0.1:1/other?code=canary&state=s\r\n".encode(encoding)
    done = run_here("exchange", home=tmp_path, stdin=address)
    assert "an address that is not this sign-in's redirect URI" in done.stderr


GITHUB = ("login", "--manual", "--provider", "github")


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (
            (*GITHUB, "--client-id", "c d"),
            (
                "copy it again: loopback-auth login default --client-id ID --provider github; one"
                " that really has a space goes into config.toml: loopback-auth help config"
            ),
        ),
        (
            (*GITHUB, "--client-id", "c", "--login-url", "https://x.example"),
            (
                "leave it out: loopback-auth login default --provider github --client-id c; for"
                " another server: loopback-auth login default --issuer https://x.example"
                " --client-id c"
            ),
        ),
        (
            (*GITHUB, "--client-id", "c", "--audience", "https://x.example"),
            (
                "to send it as a parameter: loopback-auth login default --param"
                " audience=https://x.example --provider github --client-id c"
            ),
        ),
        (
            ("login", "w", "--provider", "gitlab", "--issuer", "https://x.example"),
            "loopback-auth login w --provider gitlab --login-url https://x.example",
        ),
        (
            ("login", "w", "--login-url", "https://x.example", "--client-id", "c"),
            (
                "name the provider: loopback-auth login w --provider NAME --login-url https://x.example"
                " --client-id c; or, if this is an issuer: loopback-auth login w --issuer"
                " https://x.example --client-id c"
            ),
        ),
        (
            ("login", "w", "--login-url", "acm", "--client-id", "c"),
            (
                "name the provider: loopback-auth login w --provider NAME --login-url acm"
                " --client-id c"
            ),
        ),
        (
            ("login", "w", "--provider", "github", "--client-id", "c", "--callback-cert", "/nope"),
            (
                "leave it out, or give the https address that is registered: loopback-auth login w"
                " --redirect-uri https://localhost:8765/callback --provider github --client-id c"
                " --callback-cert /nope; how: loopback-auth help https"
            ),
        ),
        (
            ("init", "github", "w", "--login-url", "https://x.example", "--client-id", "c"),
            (
                "leave it out: loopback-auth init github w --client-id c; for another server:"
                " loopback-auth init w --client-id c --issuer https://x.example"
            ),
        ),
    ],
)
def test_what_would_go_wrong_later_is_refused_with_the_command_that_works(
    tmp_path: Path, words: tuple[str, ...], fix: str
) -> None:
    done = run_here(*words, home=tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"  fix: {fix}\n" in done.stderr
    assert not (tmp_path / "config.toml").exists()


def test_what_a_paste_brings_along_is_taken_off_and_said(tmp_path: Path) -> None:
    """CI-02: nothing of the values themselves is said."""
    secret = "\ufeff canary-secret \r\n"
    words = (*GITHUB, "--client-id", '"canary-id"\n', "--client-secret-stdin")
    done = run_here(*words, home=tmp_path, stdin=secret)
    assert done.exit_code == 0, done.stderr
    assert "client_id=canary-id&" in done.stdout
    assert done.stderr.count("Note: --client-id is used without what was pasted around it.") == 1
    assert done.stderr.count("Note: the client secret is used without the spaces") == 1
    assert "canary" not in done.stderr
    held = next((tmp_path / "pending").iterdir()).read_text("utf-8")
    assert '"client_secret": "canary-secret"' in held


def test_a_setting_of_a_file_that_has_no_use_is_only_said(tmp_path: Path) -> None:
    more = {"LOOPBACK_AUTH_LOGIN_URL": "acme"}
    done = run_here(*GITHUB, "--client-id", "c", home=tmp_path, more=more)
    assert done.exit_code == 0
    assert "Note: login_url (LOOPBACK_AUTH_LOGIN_URL) has no use here: GitHub" in done.stderr


def test_a_client_id_of_a_file_with_a_space_is_used_and_said(tmp_path: Path) -> None:
    """RFC 6749 appendix A.1 allows one, and some servers take it."""
    write_config(tmp_path, '[profiles.w]\nprovider = "github"\nclient_id = "my app"\n')
    done = run_here("login", "w", "--manual", home=tmp_path)
    assert "client_id=my+app&" in done.stdout
    assert "Note: client_id (config.toml:3) contains a space, which is rare" in done.stderr


@pytest.mark.parametrize(
    ("typed", "fix"),
    [
        (["logn"], "loopback-auth login"),
        (["logn", "work"], "loopback-auth login, with the rest as you typed it"),
        (["completion", "zhs"], "loopback-auth completion zsh"),
        (
            ["profiles", "renam", "a", "b"],
            "loopback-auth profiles rename, with the rest as you typed it",
        ),
    ],
)
def test_a_word_that_is_meant_is_not_taken_for_the_whole_line(
    tmp_path: Path, typed: list[str], fix: str
) -> None:
    """`login` alone would sign in to another profile."""
    assert run_here(*typed, home=tmp_path).stderr.endswith(f"  fix: {fix}\n")


def test_a_misspelled_provider_is_said_before_init_asks_anything(tmp_path: Path) -> None:
    refused = run_here("init", "salesforse", "--client-id", "x", home=tmp_path)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("error[provider-unknown]")
    assert refused.stdout == ""


@pytest.mark.parametrize("command", ["login", "doctor"])
def test_a_setting_that_is_refused_is_put_right_with_the_others_kept(
    tmp_path: Path, command: str
) -> None:
    """Whether or not a profile could be made of them: the fix is typed as it stands."""
    flags = ("--provider", "salesforce", "--client-id", "3MVG9x", "--scope", "api web")
    done = run_here(
        command, "work", *flags, "--login-url", "https://na139.salesforce.com", home=tmp_path
    )
    own = "loopback-auth login work --login-url https://MYDOMAIN.my.salesforce.com"
    kept = "--provider salesforce --client-id 3MVG9x --scope 'api web'"
    assert f"{own} {kept}\n" in done.stdout + done.stderr


def test_each_sign_in_that_the_doctor_proposes_keeps_the_flags_it_was_given(tmp_path: Path) -> None:
    flags = ("--provider", "salesforce", "--client-id", "3MVG9x")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = ("--port", "0", "--port", str(taken.getsockname()[1]))
        other = ("--registered", "http://localhost:7/OauthRedirect", *ports)
        done = run_here("doctor", "work", *flags, *other, home=tmp_path)
    proposed = [line for line in done.stdout.splitlines() if "loopback-auth login work" in line]
    proposed = [line for line in proposed if "--bind" not in line]
    # To sign in, at the own host, with the callback that is registered, and with another port.
    assert len(proposed) >= 4
    assert all("--provider salesforce --client-id 3MVG9x" in line for line in proposed), proposed


def test_cl_12_what_the_doctor_proposes_can_be_pasted_into_a_ticket(tmp_path: Path) -> None:
    """CL-12: also where it has the flags that were given: no key in an address, nobody's name."""
    flags = ("--provider", "salesforce", "--login-url", "https://na139.salesforce.com?key=canary")
    for more in (("--account", "canary"), ("--param", "key=canary"), ("--port", "0")):
        for given in (flags, (*flags[:2], "--client-id", "3MVG9x")):
            done = run_here("doctor", "work", *given, *more, home=tmp_path)
            assert "loopback-auth login work" in done.stdout
            assert "canary" not in done.stdout + done.stderr


def test_a_command_without_its_dashes_is_told_where_they_go(tmp_path: Path) -> None:
    done = run_here("exec", "python", "sync.py", home=tmp_path)
    assert done.exit_code == 2
    assert "fix: put -- before the command: loopback-auth exec -- COMMAND\n" in done.stderr
    done = run_here("push", "github", "work", "x", home=tmp_path)
    assert "fix: loopback-auth push --help\n" in done.stderr
