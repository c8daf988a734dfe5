"""What a Tab offers: by the command itself, and in real shells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loopback_auth.cli.main import COMMANDS
from loopback_auth.resources import read

from ...support.command import environment, run_here
from ...support.servers.needs import need
from ...support.stored import write_config


def offered(home: Path, *words: str) -> list[str]:
    done = run_here("completion", "words", "--", *words, home=home)
    assert done.exit_code == 0, done.stderr
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


TABLE: list[tuple[tuple[str, ...], list[str]]] = [
    (("logi",), ["login"]),
    (("--v",), ["--version"]),
    (("nonsense", "x"), []),
    (("login", "--provi"), ["--provider"]),
    (("login", "--provider", "salesforce-"), ["salesforce-sandbox"]),
    (("login", "--provider=salesforce-"), ["--provider=salesforce-sandbox"]),
    (("login", "--provider", "=", "salesforce-"), ["salesforce-sandbox"]),
    (("login", "--storage", "="), ["file", "keyring"]),
    (("token", ""), ["home", "work"]),
    (("token", "-p", "w"), ["work"]),
    (("token", "--json", "w"), ["work"]),
    (("token", "--min-ttl", "5m", "w"), ["work"]),
    (("token", "work", ""), []),
    (("token", "--min-ttl", ""), []),
    (("help", "redirect"), ["redirect-uris"]),
    (("help", "logo"), ["logout"]),
    (("export", "sf"), ["sfdx-url"]),
    (("init", "salesforce-"), ["salesforce-sandbox"]),
    (("completion", "po"), ["powershell"]),
    (("profiles", ""), ["rename", "remove"]),
    (("profiles", "rename", "w"), ["work"]),
    (("profiles", "remove", ""), ["home", "work"]),
    (("login", "--acc"), ["--account"]),
    (("login", "--login-h"), []),
    (("logout", "--fo"), ["--forget"]),
]


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Path:
    names = '[profiles.home]\nprovider = "github"\n[profiles.work]\nprovider = "gitlab"\n'
    write_config(tmp_path, names)
    return tmp_path


@pytest.mark.parametrize(("words", "expected"), TABLE, ids=[" ".join(row[0]) for row in TABLE])
def test_a_tab_offers_what_may_stand_there(
    home: Path, words: tuple[str, ...], expected: list[str]
) -> None:
    assert offered(home, *words) == expected


def test_every_command_has_its_options(home: Path) -> None:
    assert set(offered(home, "")) >= set(COMMANDS)
    for command in COMMANDS:
        assert {"--help", "--json"} <= set(offered(home, command, "--")), command


@pytest.mark.parametrize("words", [("export", "--output", ""), ("exec", "work", "--", "l")])
def test_a_file_is_left_to_the_shell(home: Path, words: tuple[str, ...]) -> None:
    done = run_here("completion", "words", "--", *words, home=home)
    assert (done.exit_code, done.stdout) == (1, "")


def test_a_config_that_cannot_be_read_spoils_no_tab(home: Path) -> None:
    write_config(home, "[profiles")
    assert offered(home, "token", "") == []


SHELLS = {
    "bash": ("bash", "--norc", "--noprofile", "-c"),
    "fish": ("fish", "--no-config", "-c"),
}
SCRIPTS = {
    "bash": "source ./script; COMP_WORDS=(loopback-auth token w); COMP_CWORD=2; _loopback_auth;"
    ' printf "%s\n" "${COMPREPLY[@]}"',
    "fish": 'source ./script; complete -C "loopback-auth token w"',
}


def on_path(home: Path) -> dict[str, str]:
    """Return an environment whose PATH has the command of this interpreter."""
    found = environment(home)
    found["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{found['PATH']}"
    return found


@pytest.mark.server
@pytest.mark.skipif(os.name != "posix", reason="these shells are POSIX systems'")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes_a_profile(home: Path, tmp_path: Path, shell: str) -> None:
    if shell != "bash":
        need(shell)
    (tmp_path / "script").write_bytes(read(f"cli/completion/script.{shell}"))
    done = subprocess.run(
        [*SHELLS[shell], SCRIPTS[shell]],
        cwd=tmp_path,
        env=on_path(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["work"]


@pytest.mark.server
@pytest.mark.skipif(os.name != "posix", reason="zsh is POSIX systems'")
def test_zsh_completes_a_profile_at_a_tab(home: Path, tmp_path: Path) -> None:
    need("zsh")
    import pexpect

    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "_loopback-auth").write_bytes(read("cli/completion/script.zsh"))
    shell = pexpect.spawn(
        "zsh", ["-f"], cwd=tmp_path, env={**on_path(home), "TERM": "dumb"}, encoding="utf-8"
    )
    shell.sendline("PS1=; fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -D -u")
    shell.sendline("echo rea''dy")
    shell.expect("ready", timeout=30)
    shell.send("loopback-auth status w\t")
    shell.expect("loopback-auth status work ", timeout=30)
    shell.close(force=True)
