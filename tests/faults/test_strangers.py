"""
ST-03, ST-04: what another user of this computer owns or can write is not believed.

Root makes the two up (`tests/support/strangers.py`): each attack is made by a process of the
stranger's where one could make it, and by root's chown where it takes an accident.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import trustme

from loopback_auth.edge.store.file_store import FileStore

from ..support import strangers
from ..support.children import as_root, root_in_a_container
from ..support.stored import OLD, at
from ..support.strangers import STRANGER, TEAM, USER, give, run, shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, as_root]

PROVIDER = "title = 'Evil'\nregister = 'x'\n[server]\nissuer = 'https://evil.example'\n"
NEEDS_CONFIG = (
    *(
        "token",
        "exec -- echo ran",
        "env",
        "export simple-salesforce",
        "refresh",
        "logout",
        "status",
        "api /x",
    ),
    *("login --no-browser", "login --manual", "doctor", "profiles", "config show", "exchange"),
)
NEEDS_PROVIDER = (
    "providers github",
    "providers",
    "login --provider github --client-id x",
    "init github",
)


@pytest.fixture
def home() -> Iterator[Path]:
    """
    A home with a sign-in of each of two profiles, a config.toml and a provider file, all the
    user's.
    """
    with strangers.folder() as folder:
        home = folder / "home"
        store = FileStore(str(home))
        for profile in ("default", "work"):
            document = {
                "version": 1,
                "profile": profile,
                **OLD,
                "token_type": "Bearer",
                "expires_at": at(3000),
            }
            server = {
                name: f"https://id.example/{name}"
                for name in ("authorization_endpoint", "token_endpoint")
            }
            store.save(
                profile,
                {**document, "client": {"client_id": "x"}, "server": server, "settings": {}},
            )
        (home / "config.toml").write_text(
            f'default_profile = "work"\n[profiles.work]\nbrowser = "{folder}/mine"\n'
        )
        (home / "providers").mkdir(mode=0o700)
        (home / "providers" / "acme.toml").write_text(PROVIDER.replace("Evil", "Acme"))
        home.chmod(0o700)
        give(home, USER)
        assert run("config", "show", home=home).returncode == 0
        assert run("providers", "acme", home=home).returncode == 0
        yield home


def refused(home: Path, path: Path, commands: tuple[str, ...] = NEEDS_CONFIG) -> str:
    """Hold that each command is refused with *path*, and hands out nothing; return the fix."""
    fixes = set()
    for words in commands:
        own, _, theirs = words.partition(" -- ")
        ended = run(*own.split(), "--json", *(("--", theirs) if theirs else ()), home=home)
        assert ended.returncode == 2, (words, ended)
        document = json.loads(ended.stdout)
        found = document.get("error") or next(
            check for check in document["checks"] if check["code"]
        )
        assert found["code"] == "file-unsafe", (words, found)
        message = found.get("message") or found["seen"].replace("~", str(home))
        assert message.startswith(f"{path} "), (words, found)
        assert OLD["access_token"] not in ended.stdout
        fixes.add(found["fix"].replace("~", str(home)))
    assert len(fixes) == 1
    return str(fixes.pop())


def typed(fix: str) -> None:
    """Have the user type *fix*; sudo is root."""
    by = 0 if fix.startswith("sudo ") else USER
    assert shell(fix.removeprefix("sudo "), uid=by).returncode == 0


# What is wrong with the place that *path* names, and the place.
WRONG: dict[str, Callable[[Path], object]] = {
    "a stranger's": lambda path: (
        os.chown(path, STRANGER, STRANGER),
        path.chmod(path.stat().st_mode | 0o055),
    ),
    "everybody's to write": lambda path: path.chmod(path.stat().st_mode | 0o002),
    "a team's to write": lambda path: (
        os.chown(path, USER, TEAM),
        path.chmod(path.stat().st_mode | 0o020),
    ),
    "root's, and everybody's": lambda path: (
        os.chown(path, 0, 0),
        path.chmod(path.stat().st_mode | 0o057),
    ),
    "a team's and everybody's": lambda path: (os.chown(path, USER, TEAM), path.chmod(0o777)),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", [".", "config.toml"])
def test_st_03_no_command_believes_a_configuration_that_others_have_a_hand_in(
    home: Path, name: str, wrong: str
) -> None:
    """ST-03: every command, the same error; its fix, typed as it stands, puts it right."""
    path = home / name
    WRONG[wrong](path)
    fix = refused(home, path)
    assert fix.split()[-1] == shlex.quote(str(path))
    typed(fix)
    # The store is stricter: a home of root's is none to write tokens into.
    assert "file-unsafe" not in run("config", "show", home=home).stderr


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", [".", "providers", "providers/github.toml"])
def test_st_03_no_providers_file_that_others_have_a_hand_in_replaces_a_built_in(
    home: Path, name: str, wrong: str
) -> None:
    (home / "providers" / "github.toml").write_text(PROVIDER)
    give(home / "providers", USER)
    WRONG[wrong](home / name)
    typed(refused(home, home / name, NEEDS_PROVIDER[:2]))
    assert "Evil" in run("providers", "github", home=home).stdout


def test_st_03_a_file_that_a_stranger_puts_where_everybody_can_write(home: Path) -> None:
    """
    ST-03: `browser =` of a stranger's config.toml runs nothing; nor is the folder's own file
    believed.
    """
    ran, evil = home.parent / "ran", home.parent / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {ran}\n")
    evil.chmod(0o755)
    home.parent.chmod(0o777)
    home.chmod(0o777)
    (home / "config.toml").unlink()
    attack = 'printf "[profiles.default]\\nbrowser = \\"$2\\"\\n" > "$1/config.toml"'
    assert shell(attack, home, evil, uid=STRANGER).returncode == 0
    words = (
        "login",
        "--authorization-endpoint",
        "https://x.example/a",
        "--token-endpoint",
        "https://x.example/t",
    )
    ended = run(*words, "--client-id", "x", "--timeout", "1s", home=home)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "error[file-unsafe]" in ended.stderr
    home.chmod(0o700)
    refused(home, home / "config.toml")
    assert not ran.exists()


def test_st_03_a_folder_that_the_team_can_write_is_not_swapped_for_another(home: Path) -> None:
    """ST-03: the stranger moves `providers` away and puts a folder of the same name there."""
    os.chown(home, USER, TEAM)
    home.chmod(0o770)
    attack = (
        'mv "$1/providers" "$1/old" && mkdir "$1/providers" && printf "%s" "$2" > '
        '"$1/providers/github.toml"'
    )
    assert shell(attack, home, PROVIDER, uid=STRANGER).returncode == 0
    refused(home, home, NEEDS_PROVIDER)
    home.chmod(0o700)
    refused(home, home / "providers", NEEDS_PROVIDER)


@pytest.mark.parametrize("name", ["config.toml", "providers"])
def test_st_04_a_link_that_a_stranger_made_is_not_followed(home: Path, name: str) -> None:
    """ST-04: though what it leads to is the user's own."""
    downloads = home.parent / "downloads"
    downloads.mkdir()
    (home / name).rename(downloads / name)
    (home / name).symlink_to(downloads / name)
    give(downloads, USER)
    os.chown(home / name, USER, USER, follow_symlinks=False)
    assert (
        run("config", "show", home=home).returncode
        == run("providers", "acme", home=home).returncode
        == 0
    )
    os.chown(home / name, STRANGER, STRANGER, follow_symlinks=False)
    typed(refused(home, home / name, NEEDS_CONFIG if name == "config.toml" else NEEDS_PROVIDER[:2]))
    assert (
        run("config", "show", home=home).returncode
        == run("providers", "acme", home=home).returncode
        == 0
    )


def test_st_04_a_link_to_a_folder_where_others_can_lead_it_elsewhere(home: Path) -> None:
    """
    ST-04: in a team's folder of dotfiles a stranger swaps the file for a link to another file of
    the user's.
    """
    team, mail = home.parent / "team", home.parent / "mail.toml"
    team.mkdir()
    (home / "config.toml").rename(team / "mine.toml")
    (home / "config.toml").symlink_to(team / "mine.toml")
    mail.write_text(f'[profiles.default]\nbrowser = "{home.parent}/evil"\n')
    for path in (team, mail):
        give(path, USER)
    os.chown(home / "config.toml", USER, USER, follow_symlinks=False)
    assert run("config", "show", home=home).returncode == 0
    os.chown(team, USER, TEAM)
    team.chmod(0o770)
    assert shell('ln -sf "$2" "$1/mine.toml"', team, mail, uid=STRANGER).returncode == 0
    refused(home, team)
    # Where only owners may replace what is theirs, links of others are left alone all the same.
    team.chmod(0o1777)
    os.chown(team, 0, 0)
    refused(home, team / "mine.toml")
    (team / "mine.toml").unlink()
    mail.rename(team / "mine.toml")
    assert run("config", "show", home=home).returncode == 0


SWAPS = """
while :; do
    ln -sf "$1/good" "$2/link.new"; mv -f "$2/link.new" "$2/config.toml"
    ln -sf "$1/evil" "$2/link.new"; mv -f "$2/link.new" "$2/config.toml"
    cp "$1/evil" "$2/file.new"; mv -f "$2/file.new" "$2/config.toml"
    rm -f "$2/config.toml"
done
"""
RACES, RACE_S = 25, 30.0


@pytest.mark.parametrize(("mode", "folder"), [(0o777, 0o755), (0o700, 0o777), (0o700, 0o1777)])
def test_st_04_a_file_that_is_swapped_again_and_again_is_never_believed(
    home: Path, mode: int, folder: int
) -> None:
    """
    ST-04: a stranger's process swaps config.toml for links and files, while commands read it.

    With 0700 a link of the user's leads to the folder where that happens.
    """
    elsewhere, files = home.parent / "elsewhere", home.parent / "files"
    elsewhere.mkdir()
    files.mkdir()
    (files / "good").write_text('default_profile = "work"\n')
    (files / "evil").write_text('default_profile = "default"\n')
    files.chmod(0o755)
    os.chmod(files / "evil", 0o644)
    give(files, USER)
    os.chown(files / "evil", STRANGER, STRANGER)
    elsewhere.chmod(folder)
    if mode == 0o700:
        (home / "config.toml").unlink()
        (home / "config.toml").symlink_to(elsewhere / "config.toml")
        os.chown(home / "config.toml", USER, USER, follow_symlinks=False)
    home.chmod(mode)
    target = elsewhere if mode == 0o700 else home
    with subprocess.Popen(
        ["sh", "-c", SWAPS, "sh", files, target], **strangers.become(STRANGER)
    ) as attack:
        try:
            began, ended = time.monotonic(), []
            while len(ended) < RACES and time.monotonic() - began < RACE_S:
                ended.append(run("token", home=home))
        finally:
            attack.kill()
    assert len(ended) >= 5, "the machine is too busy to race"
    for one in ended:
        assert (one.returncode, one.stdout) == (2, ""), one
        assert one.stderr.startswith(("error[file-unsafe]: ", "error[config-invalid]: ")), one


def test_st_03_a_client_secret_that_others_have_a_hand_in_is_not_sent(home: Path) -> None:
    secret = home.parent / "secret"
    secret.write_text("CANARY")
    (home / "config.toml").write_text(f'[profiles.default]\nclient_secret_file = "{secret}"\n')
    words = ("login", "default", "--manual", "--provider", "github", "--client-id", "x", "--json")
    for wrong, spoil in WRONG.items():
        os.chown(secret, USER, USER)
        secret.chmod(0o600)
        assert run(*words, home=home).returncode == 0, wrong
        spoil(secret)
        ended = run(*words, home=home)
        assert (ended.returncode, json.loads(ended.stdout)["error"]["code"]) == (
            2,
            "file-unsafe",
        ), (
            wrong,
            ended,
        )
        assert "CANARY" not in ended.stdout + ended.stderr


def test_st_03_a_ca_bundle_that_others_have_a_hand_in_is_not_trusted(home: Path) -> None:
    """ST-03: who writes it can answer in the server's place."""
    bundle = home.parent / "ca.pem"
    trustme.CA().cert_pem.write_to_path(bundle)
    words = (
        "--issuer",
        "https://127.0.0.1:9",
        "--client-id",
        "x",
        "--ca-bundle",
        str(bundle),
        "--json",
    )
    for wrong, spoil in WRONG.items():
        os.chown(bundle, USER, USER)
        bundle.chmod(0o644)
        assert run("login", "default", "--manual", *words, home=home).returncode == 7, wrong
        spoil(bundle)
        ended = run("login", "default", "--manual", *words, home=home)
        assert (ended.returncode, json.loads(ended.stdout)["error"]["code"]) == (
            2,
            "file-unsafe",
        ), (
            wrong,
            ended,
        )
    checked = json.loads(
        run(
            "doctor", "default", "--json", home=home, more={"LOOPBACK_AUTH_CA_BUNDLE": str(bundle)}
        ).stdout
    )
    assert [each["name"] for each in checked["checks"] if each["code"] == "file-unsafe"] == [
        "certificates"
    ]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", ["pending", "pending/default.json"])
def test_st_03_a_pending_sign_in_that_others_have_a_hand_in_is_not_finished(
    home: Path, name: str, wrong: str
) -> None:
    words = ("login", "default", "--manual", "--provider", "github", "--client-id", "x")
    assert run(*words, home=home).returncode == 0
    WRONG[wrong](home / name)
    ended = run("exchange", "default", "--json", home=home)
    assert (ended.returncode, json.loads(ended.stdout)["error"]["code"]) == (1, "store-unsafe")


def test_a_private_group_may_write_and_root_may_own(home: Path) -> None:
    """As on systems whose umask is 002, and for files that an administrator put there."""
    os.chown(home / "config.toml", 0, 0)
    (home / "config.toml").chmod(0o664)
    assert run("token", home=home).stdout == f"{OLD['access_token']}\n"


def test_under_sudo_the_callers_files_are_believed_and_nobody_elses(home: Path) -> None:
    """By root; the token store, where root's files would lock the caller out, stays refused."""
    known = run("providers", "acme", home=home, uid=0, more={"SUDO_UID": str(USER)})
    assert (known.returncode, known.stderr) == (0, "")
    stored = run("config", "show", home=home, uid=0, more={"SUDO_UID": str(USER)})
    assert (stored.returncode, stored.stdout) == (1, "")
    assert "error[store-unsafe]" in stored.stderr
    others = run("providers", "acme", home=home, uid=0, more={"SUDO_UID": str(STRANGER)})
    assert others.returncode == (0 if root_in_a_container else 2)
    assert f"{home} belongs to another user (uid {USER}, this process runs as 0)" in others.stderr


@pytest.mark.skipif(not root_in_a_container, reason="elsewhere root is told to put it right")
def test_to_root_in_a_container_it_is_a_warning_and_said_once(home: Path) -> None:
    """The files lie on the host, whose users have other numbers here."""
    give(home, USER)
    (home / "config.toml").chmod(0o666)
    ended = run("providers", "acme", "--json", home=home, uid=0)
    warned = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 0
    assert {each["event"] for each in warned} == {"warning"}
    assert {each["code"] for each in warned} == {"permissions-ignored"}
    assert len({each["message"] for each in warned}) == len(warned)
