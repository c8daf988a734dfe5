"""
CL-04: a provider's file names variables for what a sign-in gives, and none that change how programs
run.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.files.provider_files import load_provider
from loopback_auth.errors import ConfigError
from loopback_auth.providers import load_provider as shipped, provider_names

from ..support.command import COMMAND, environment, run
from ..support.stored import OLD, stored

if TYPE_CHECKING:
    from pathlib import Path

    from ..support.scripted_server import ScriptedServer


def write(home: Path, name: str, variable: str) -> None:
    text = (
        'title = "t"\nregister = "r"\n[server]\nissuer = "https://x.example"\n'
        f'[environment]\n{variable} = "access_token"\n'
    )
    (home / "providers").mkdir(exist_ok=True)
    (home / "providers" / f"{name}.toml").write_text(text, "utf-8")


ALLOWED = [
    ("acme", "ACME_TOKEN"),
    ("acme", "TF_VAR_acme_token"),
    ("acme", "token"),
    ("acme", "NODE_AUTH_TOKEN"),
    ("acme", "PGPASSWORD"),
    ("acme", "OTHER_API_KEY"),
    ("acme", "ACME_INSTANCE_URL"),
    ("acme", "acme_host"),
    ("acme-eu", "ACME_USER_ID"),
    ("acme_eu", "ACME_EU_ADDR"),
    ("vault", "VAULT_ADDR"),
]


@pytest.mark.parametrize(("provider", "variable"), ALLOWED)
def test_a_variable_for_what_a_sign_in_gives_is_taken(
    tmp_path: Path, provider: str, variable: str
) -> None:
    write(tmp_path, provider, variable)
    assert load_provider(provider, str(tmp_path)).environment == {variable: "access_token"}


NO_NAMES = [
    "",
    "1A",
    "A B",
    "A-B",
    "A=B",
    "A.B",
    "A\\nB",
    "É_TOKEN",
    "A;touch CANARY;TOKEN",
    "$(id)_TOKEN",
    "A\\u0000_TOKEN",
]

CHANGES_PROGRAMS = """
PATH path Path LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES NODE_OPTIONS NODE_PATH
NODE_EXTRA_CA_CERTS PYTHONPATH PYTHONSTARTUP PYTHONHOME PYTHONINSPECT BASH_ENV ENV PROMPT_COMMAND
IFS PS1 PS4 GIT_SSH_COMMAND GIT_ASKPASS GIT_CONFIG_GLOBAL GIT_EXTERNAL_DIFF SHELL SHELLOPTS
ZDOTDIR HOME USER EDITOR VISUAL PAGER BROWSER LESSOPEN MANPAGER PERL5OPT PERL5LIB RUBYOPT
JAVA_TOOL_OPTIONS _JAVA_OPTIONS MAVEN_OPTS CLASSPATH GCONV_PATH LOCPATH TMPDIR XDG_CONFIG_HOME
KUBECONFIG DOCKER_HOST DOCKER_CONFIG AWS_CONFIG_FILE AWS_ENDPOINT_URL HTTP_PROXY https_proxy
ALL_PROXY NO_PROXY SSL_CERT_FILE SSLKEYLOGFILE OPENSSL_CONF CURL_HOME REQUESTS_CA_BUNDLE
PIP_INDEX_URL UV_INDEX_URL npm_config_registry GOPROXY GOFLAGS CARGO_HOME RUSTC_WRAPPER CC
MAKEFLAGS COMSPEC PATHEXT PSModulePath TERM TERMINFO HOSTALIASES GITHUB_PATH GITHUB_ENV
LOOPBACK_AUTH_TOKEN LOOPBACK_AUTH_ISSUER LOOPBACK_AUTH_CLIENT_SECRET SECRET_KEY DATABASE_URL
OTHER_URL ACME ACME_ ACMEX_URL ACME_OPTIONS ACME_CONFIG_FILE
"""


@pytest.mark.parametrize("variable", NO_NAMES)
def test_cl_04_what_is_no_name_in_every_shell_is_refused(tmp_path: Path, variable: str) -> None:
    """CL-04."""
    write(tmp_path, "acme", f'"{variable}"')
    with pytest.raises(ConfigError, match=r"acme\.toml: error: \[environment\] .* is not a name"):
        load_provider("acme", str(tmp_path))


@pytest.mark.parametrize("variable", CHANGES_PROGRAMS.split())
def test_cl_04_no_variable_that_changes_how_programs_run(tmp_path: Path, variable: str) -> None:
    """CL-04: what it may be is said, and how the person can still have it."""
    write(tmp_path, "acme", variable)
    with pytest.raises(ConfigError, match=r"acme\.toml: error: \[environment\] ") as refused:
        load_provider("acme", str(tmp_path))
    assert variable in refused.value.message
    assert f"--set {variable}=access_token" in refused.value.fix


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        ("pip", "PIP_INDEX_URL"),
        ("uv", "UV_DEFAULT_INDEX_URL"),
        ("aws", "AWS_ENDPOINT_URL"),
        ("docker", "DOCKER_HOST"),
        ("git", "GIT_SSH_COMMAND"),
        ("ld", "LD_PRELOAD"),
        ("node-js", "NODE_OPTIONS"),
        ("loopback", "LOOPBACK_AUTH_LOGIN_URL"),
    ],
)
def test_cl_04_nor_by_a_provider_that_is_called_like_the_program(
    tmp_path: Path, provider: str, variable: str
) -> None:
    """CL-04."""
    write(tmp_path, provider, variable)
    with pytest.raises(ConfigError):
        load_provider(provider, str(tmp_path))


@pytest.mark.parametrize("name", provider_names())
def test_our_own_files_keep_the_rule(name: str) -> None:
    assert shipped(name).environment or name


INJECTION = "X=1;touch CANARY;export Y"


@pytest.mark.skipif(os.name != "posix", reason="sh")
@pytest.mark.parametrize(
    "form", ["sh", "fish", "powershell", "cmd", "dotenv", "json", "github", "azure"]
)
async def test_cl_04_no_format_writes_such_a_name(
    server: ScriptedServer, tmp_path: Path, form: str
) -> None:
    """CL-04: of a file that somebody else wrote, nothing reaches a shell or a pipeline."""
    for name in (INJECTION, "NODE_OPTIONS"):
        write(tmp_path, "acme", f'"{name}"')
        stored(tmp_path, server, lasts_s=3000, settings={"provider": "acme"})
        file = tmp_path / "github-env"
        file.write_text("")
        outcome = await run("env", "--format", form, home=tmp_path, more={"GITHUB_ENV": str(file)})
        assert (outcome.exit_code, outcome.stdout, file.read_text()) == (2, "", "")
        assert "error[config-invalid]" in outcome.stderr
        assert (await run("exec", "--", "true", home=tmp_path)).exit_code == 2


@pytest.mark.skipif(os.name != "posix", reason="sh")
def test_cl_04_an_eval_of_env_runs_nothing(server: ScriptedServer, tmp_path: Path) -> None:
    """CL-04: as the help has it."""
    write(tmp_path, "acme", f'"{INJECTION}"')
    stored(tmp_path, server, lasts_s=3000, settings={"provider": "acme"})
    words = " ".join(f"'{word}'" for word in COMMAND)
    done = subprocess.run(
        ["sh", "-c", f'eval "$({words} env)"; env'],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not (tmp_path / "CANARY").exists()
    assert OLD["access_token"] not in done.stdout
