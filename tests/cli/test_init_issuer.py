"""`init` for any server: found by its issuer, or known by it."""

from __future__ import annotations

import re
import shlex
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from loopback_auth.cli.new_profile.questions import callback_of, client_id_of
from loopback_auth.errors import RedirectURIRefused, UsageError
from loopback_auth.providers import load_provider
from loopback_auth.settings.config_toml import load_config

from ..support.command import run
from ..support.scripted_server import ScriptedServer, json_answer, plain_answer
from ..support.sockets import free_port, listen
from ..support.stored import write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WELL_KNOWN = "/.well-known/openid-configuration"


def metadata(issuer: str, **more: object) -> bytes:
    return json_answer(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "scopes_supported": ["openid", "email", "offline_access"],
            **more,
        }
    )


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.answers[WELL_KNOWN] = metadata(server.origin)
        server.answers["/authorize"] = plain_answer(b"", kind="text/html")
        yield server


def config(home: Path) -> str:
    path = home / "config.toml"
    return path.read_text() if path.exists() else ""


async def test_a_profile_is_written_with_the_very_port_that_is_to_be_registered(
    server: ScriptedServer, tmp_path: Path
) -> None:
    port = free_port()
    flags = ("--issuer", server.origin, "--client-id", "my-cli", "--port", str(port))
    outcome = await run("init", "work", *flags, home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    assert f"    http://127.0.0.1:{port}/callback\n" in outcome.stdout
    assert "Scopes: openid email offline_access." in outcome.stdout
    assert outcome.stderr.endswith("All checks passed. Next: loopback-auth login work\n")
    assert config(tmp_path) == (
        f'[profiles.work]\nissuer = "{server.origin}"\nport = [{port}]\nclient_id = "my-cli"\n'
    )


async def test_without_a_port_it_is_one_that_never_changes(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Somebody who registered it yesterday can type the same again today."""
    flags = ("--issuer", server.origin, "--client-id", "my-cli", "--no-doctor")
    outcome = await run("init", *flags, home=tmp_path)
    assert "    http://127.0.0.1:8765/callback\n" in outcome.stdout
    assert load_config(str(tmp_path)).profile("default")["port"][0] == (8765,)


async def test_all_that_is_asked_can_be_given(server: ScriptedServer, tmp_path: Path) -> None:
    flags = ("--issuer", server.origin, "--client-id", "my-cli", "--client-secret-stdin")
    flags += ("--scope", "openid", "--redirect-uri", "http://localhost:9/cb")
    flags += ("--api-base", "api.example.com", "--no-doctor", "--json")
    outcome = await run("init", *flags, "-p", "work", home=tmp_path, stdin="s3cret\n")
    settings = outcome.document["settings"]
    assert outcome.exit_code == 0
    assert settings == {
        "issuer": server.origin,
        "client_id": "my-cli",
        "scope": "openid",
        "redirect_uris": ["http://localhost:9/cb"],
        "api_base": "https://api.example.com",
        "client_secret_file": str(tmp_path / "client-secrets" / "work"),
    }
    assert (tmp_path / "client-secrets" / "work").read_text() == "s3cret"
    assert "s3cret" not in config(tmp_path)


@pytest.mark.parametrize(
    ("more", "said", "unsaid"),
    [
        (
            {},
            "If there is no such choice: confidential (web), with a secret.",
            "http://127.0.0.1:0",
        ),
        (
            {"token_endpoint_auth_methods_supported": ["none", "client_secret_basic"]},
            "public (native, desktop), with PKCE and without a secret.",
            "confidential",
        ),
        ({"scopes_supported": ["read"]}, "Scopes: none.", "openid"),
    ],
)
async def test_the_steps_are_those_that_the_metadata_calls_for(
    server: ScriptedServer, tmp_path: Path, more: dict[str, object], said: str, unsaid: str
) -> None:
    server.answers[WELL_KNOWN] = metadata(server.origin, **more)
    outcome = await run("init", "--issuer", server.origin, "--port", "0", home=tmp_path)
    assert said in outcome.stdout
    assert unsaid not in outcome.stdout
    assert "    http://127.0.0.1/callback\n   (without a port: any will do)\n" in outcome.stdout


async def test_what_is_missing_is_said_with_what_was_given(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-11: the steps are printed, nothing is written, and the fix can be typed."""
    flags = ("--issuer", server.origin, "--no-input")
    outcome = await run("init", "work", *flags, home=tmp_path)
    assert outcome.exit_code == 2
    assert "1. Register a client" in outcome.stdout
    assert config(tmp_path) == ""
    fix = f"loopback-auth init work --issuer {server.origin} --client-id ID"
    assert f"fix: {fix}\n" in outcome.stderr
    typed = shlex.split(fix.replace("ID", "my-cli"))[1:]
    assert (await run(*typed, "--no-doctor", home=tmp_path)).exit_code == 0


async def test_the_servers_own_spelling_is_taken(server: ScriptedServer, tmp_path: Path) -> None:
    """A slash at the end and the address of the metadata are what people copy."""
    for name, given in (("a", f"{server.origin}/"), ("b", server.origin + WELL_KNOWN)):
        flags = ("--issuer", given, "--client-id", "x", "--no-doctor")
        outcome = await run("init", name, *flags, home=tmp_path)
        assert outcome.exit_code == 0, outcome.stderr
        assert load_config(str(tmp_path)).profile(name)["issuer"][0] == server.origin


@pytest.mark.parametrize("below", ["/authorize?client_id=x", "/a/b/c/", "/dev/login"])
@pytest.mark.parametrize("tenant", ["", "/realms/dev"])
async def test_the_server_above_a_page_is_proposed(
    server: ScriptedServer, tmp_path: Path, tenant: str, below: str
) -> None:
    """A browser's address bar is what people copy."""
    issuer = f"{server.origin}{tenant}"
    server.answers[f"{tenant}{WELL_KNOWN}"] = metadata(issuer)
    if tenant:
        server.answers[WELL_KNOWN] = json_answer({}, status=404)
    given = ("work", "--client-id", "x", "--no-doctor", "--issuer", f"{issuer}{below}")
    refused = await run("init", *given, "--json", home=tmp_path)
    assert (refused.exit_code, config(tmp_path)) == (2, "")
    assert refused.error["message"] == f"the server calls itself {issuer}"
    typed = shlex.split(refused.error["fix"].removeprefix("loopback-auth "))
    assert (await run(*typed, home=tmp_path)).exit_code == 0
    assert load_config(str(tmp_path)).profile("work")["issuer"][0] == issuer


async def test_another_name_of_the_server_is_left_to_the_person(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers[WELL_KNOWN] = metadata(f"{server.origin}/tenant")
    flags = ("--issuer", server.origin, "--client-id", "x", "--json")
    outcome = await run("init", "work", *flags, home=tmp_path)
    assert (outcome.exit_code, outcome.error["code"]) == (2, "issuer-misspelled")
    fix = f"loopback-auth init work --client-id x --issuer {server.origin}/tenant"
    assert outcome.error["fix"] == fix
    assert config(tmp_path) == ""


@pytest.mark.parametrize(
    ("issuer", "code"),
    [
        ("http://id.example.com", "url-refused"),
        ("https://127.0.0.1:1", "connection-failed"),
        ("{origin}/nothing", "issuer-misspelled"),
        ("{origin}#x", "url-refused"),
        ("", "usage"),
        (" ", "url-refused"),
    ],
)
async def test_a_wrong_issuer_writes_nothing(
    server: ScriptedServer, tmp_path: Path, issuer: str, code: str
) -> None:
    given = issuer.replace("{origin}", server.origin)
    outcome = await run("init", f"--issuer={given}", "--client-id", "x", "--json", home=tmp_path)
    assert (outcome.error["code"], config(tmp_path)) == (code, "")


async def test_a_known_issuer_gets_its_own_steps_and_needs_no_discovery(tmp_path: Path) -> None:
    flags = ("--issuer", "https://login.microsoftonline.com/T-1/v2.0", "--client-id", "x")
    outcome = await run("init", "work", *flags, "--no-doctor", home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    assert "login.microsoftonline.com is Microsoft Entra ID.\n" in outcome.stderr
    assert "Supported account types" in outcome.stdout
    assert config(tmp_path) == (
        '[profiles.work]\nprovider = "microsoft"\n'
        'login_url = "https://login.microsoftonline.com/T-1"\nclient_id = "x"\n'
    )


async def test_a_realm_gets_keycloaks_steps(server: ScriptedServer, tmp_path: Path) -> None:
    issuer = f"{server.origin}/realms/dev"
    server.answers[f"/realms/dev{WELL_KNOWN}"] = metadata(issuer)
    server.answers["/realms/dev/authorize"] = plain_answer(b"", kind="text/html")
    outcome = await run("init", "--issuer", issuer, "--client-id", "my-cli", home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    assert "is Keycloak.\n" in outcome.stderr
    assert "Valid redirect URIs: http://127.0.0.1/callback\n" in outcome.stdout
    assert config(tmp_path) == (
        f'[profiles.default]\nprovider = "keycloak"\nissuer = "{issuer}"\nclient_id = "my-cli"\n'
    )


async def test_a_provider_can_be_named_for_a_host_that_does_not_tell(
    server: ScriptedServer, tmp_path: Path
) -> None:
    flags = ("--issuer", server.origin, "--client-id", "x", "--no-doctor")
    outcome = await run("init", "okta", "work", *flags, home=tmp_path)
    assert outcome.exit_code == 0, outcome.stderr
    assert "Application type: Native Application" in outcome.stdout
    assert config(tmp_path).startswith('[profiles.work]\nprovider = "okta"\nissuer = ')


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ("okta work --provider google --scope a", "init google work --scope a"),
        ("acme --no-doctor", "init acme --no-doctor --issuer URL --client-id ID"),
        ("okta work", "init okta work --issuer https://YOUR-DOMAIN.okta.com"),
        ("--provider okta work", "init okta work --issuer https://YOUR-DOMAIN.okta.com"),
        ("github work --issuer https://x.example", "init work --issuer https://x.example"),
        ("work --issuer https://gitlab.com --client-id 'a b'", "https://gitlab.com --client-id ID"),
        (
            "salesforce work --client-id 'a b' --port 1 --port 2 --scope 'api id' --no-doctor",
            "init salesforce work --scope 'api id' --port 1 --port 2 --no-doctor --client-id ID",
        ),
        (
            "salesforce work --client-id x --redirect-uri http://a.example/",
            "--client-id x --redirect-uri URL",
        ),
        ("github work --client-id x --login-url a.example", "init github work --client-id x"),
        ("salesforce work --flow jwt-bearer", "work --flow jwt-bearer --subject USER"),
        ("google work --session-timeout 2h --client-id x", "init google work --client-id x"),
    ],
)
async def test_what_does_not_fit_is_refused_with_what_does(
    tmp_path: Path, arguments: str, fix: str
) -> None:
    """And with all else that was given: no profile was written, so no `login` has it."""
    outcome = await run("init", *shlex.split(arguments), "--json", home=tmp_path)
    assert (outcome.exit_code, config(tmp_path)) == (2, "")
    assert f"{fix};" in f"{outcome.error['fix']};"
    assert "loopback-auth login" not in outcome.error["fix"]


async def test_what_init_does_not_take_is_typed_as_a_sign_in_with_the_same_client(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A server without discovery is no profile of `init`."""
    server.answers[WELL_KNOWN] = json_answer({}, status=404)
    flags = ("--issuer", server.origin, "--client-id", "x", "--no-doctor", "--json")
    fix = (await run("init", "work", *flags, home=tmp_path)).error["fix"]
    assert fix.endswith(
        "loopback-auth login work --authorization-endpoint URL --token-endpoint URL --client-id x"
    )


@pytest.mark.parametrize("pasted", [" x.apps ", '"x.apps"', "client_id=x.apps", "x.apps\n"])
async def test_what_was_pasted_around_a_client_id_is_taken_off_and_said(
    pasted: str, tmp_path: Path
) -> None:
    """As a sign-in says it."""
    flags = ("--client-id", pasted, "--api-base", " https://api.example.com", "--no-doctor")
    done = await run("init", "google", "work", *flags, home=tmp_path)
    assert config(tmp_path).endswith('client_id = "x.apps"\napi_base = "https://api.example.com"\n')
    for flag in ("--client-id", "--api-base"):
        assert f"Note: {flag} is used without what was pasted around it.\n" in done.stderr


async def test_a_provider_may_be_an_option_as_of_login(tmp_path: Path) -> None:
    flags = ("--provider", "github", "--client-id", "x", "--no-doctor")
    assert (await run("init", "work", *flags, home=tmp_path)).exit_code == 0
    assert config(tmp_path) == '[profiles.work]\nprovider = "github"\nclient_id = "x"\n'


async def test_a_profile_that_is_there_is_said_with_what_was_given(
    server: ScriptedServer, tmp_path: Path
) -> None:
    write_config(tmp_path, "[profiles.work]\nissuer = 'https://old.example'\n")
    flags = ("--issuer", server.origin, "--client-id", "x")
    outcome = await run("init", "work", *flags, "--json", home=tmp_path)
    fix = f"loopback-auth init work --issuer {server.origin} --client-id x --force"
    assert fix in outcome.error["fix"]
    assert not server.requests
    typed = shlex.split(fix)[1:]
    assert (await run(*typed, "--no-doctor", home=tmp_path)).exit_code == 0


@pytest.mark.parametrize("kind", [(), ("keycloak",)])
async def test_a_server_that_cannot_answer_now_is_set_up_by_the_same_words_later(
    server: ScriptedServer, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    """A sign-in would know neither the server nor the client: no profile is written yet."""
    server.answers[WELL_KNOWN] = plain_answer(b"", status=503)
    given = ("--issuer", server.origin, "--client-id", "x", "--port", "9876", "--no-doctor")
    words = ("init", *kind, "work", *given)
    outcome = await run(*words, "--json", home=tmp_path)
    assert (outcome.exit_code, config(tmp_path)) == (7, "")
    typed = shlex.split(outcome.error["fix"].removeprefix("Wait a little, then: loopback-auth "))
    assert sorted(typed) == sorted(words)
    server.answers[WELL_KNOWN] = metadata(server.origin)
    assert (await run(*typed, home=tmp_path)).exit_code == 0
    assert "9876" in config(tmp_path)


async def test_a_failed_check_is_followed_by_the_command_that_looks_again(
    server: ScriptedServer, tmp_path: Path
) -> None:
    with listen() as taken:
        port = str(taken.getsockname()[1])
        flags = ("--issuer", server.origin, "--client-id", "x", "--port", port)
        outcome = await run("init", "work", *flags, home=tmp_path)
    assert outcome.exit_code == 6
    assert "Fix first: callback." in outcome.stderr
    last = f"Then, or after a change in {tmp_path}/config.toml: loopback-auth doctor work"
    assert outcome.stderr.splitlines()[-1] == last


@pytest.mark.parametrize("text", ["", "a b", "Client ID: x"])
def test_what_is_no_client_id(text: str) -> None:
    with pytest.raises(UsageError):
        client_id_of(text)


SECRETS = ["GOCSPX-" + "x" * 28, "gloas-" + "x" * 64, "abc8Q~" + "x" * 34, "gho_" + "x" * 36]


@pytest.mark.parametrize("text", SECRETS, ids=lambda text: text[:4])
def test_a_secret_is_no_client_id(text: str) -> None:
    with pytest.raises(UsageError, match="does not look like a client ID") as refused:
        client_id_of(text, pattern=".+")
    assert text not in f"{refused.value.message}{refused.value.cause}{refused.value.fix}"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("407408718192.apps.googleusercontent.com", True),
        ("32555940559-abc0def.apps.googleusercontent.com", True),
        ("my-project", False),
    ],
)
def test_a_client_id_of_google_is_known_by_its_end(text: str, *, is_one: bool) -> None:
    pattern = load_provider("google").client_id_pattern
    with nullcontext() if is_one else pytest.raises(UsageError):
        assert client_id_of(text, pattern=pattern) == text


@pytest.mark.parametrize("text", ["x", "-1", "65536", "", "1717.0", "http://id.example.com/cb"])
def test_what_is_no_callback(text: str) -> None:
    with pytest.raises((UsageError, RedirectURIRefused), match=re.escape(repr(text))):
        callback_of("http://localhost:1717/cb", text)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("4000", "http://localhost:4000/cb"),
        ("localhost:4000/cb", "http://localhost:4000/cb"),
        (" http://127.0.0.1:9/x ", "http://127.0.0.1:9/x"),
    ],
)
def test_what_is_a_callback(text: str, uri: str) -> None:
    assert callback_of("http://localhost:1717/cb", text) == uri
