"""What a project file may say, which is little, and what it gets where it says more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.edge.project.repository import ProjectText
from loopback_auth.errors import ConfigError
from loopback_auth.providers import load_provider
from loopback_auth.settings.config_toml import parse_config
from loopback_auth.settings.project_file import MAY_SET, PROFILES, changes, read_project
from loopback_auth.settings.resolve import resolve
from loopback_auth.settings.table import ALIASES, SETTINGS

from ..support.projects import ACME

if TYPE_CHECKING:
    from loopback_auth.settings.project_file import ProjectFile

PATH = "/repo/.loopback-auth.toml"


def project(text: str, path: str = PATH) -> ProjectFile:
    return read_project(ProjectText(path, text), "1234")


def error_of(text: str, path: str = PATH) -> str:
    with pytest.raises(ConfigError) as caught:
        project(text, path)
    return str(caught.value)


VALUES = {"port": "1", "strict_scope": "true", "parameters": '{ prompt = "x" }'}


@pytest.mark.parametrize(
    "key", [key for key in (*SETTINGS, *ALIASES) if ALIASES.get(key, key) not in MAY_SET]
)
def test_no_other_setting_comes_from_a_repository(key: str) -> None:
    """
    Among them are commands, files, a browser, a store, certificates, the names of environment
    variables, endpoints apart from their issuer, parameters and hosts to be trusted; and whatever
    is added to the table.
    """
    said = error_of(f"{ACME}{key} = {VALUES.get(key, repr('x'))}\n")
    assert said.startswith(f"{PATH}:5:1: error: a repository may not set {key}")


def test_the_list_of_what_it_may_set_is_this() -> None:
    """
    Whoever adds one has to say here that it has no effect but where a person signs in, or has
    trusted the file and keeps a key or a secret elsewhere: as a `flow` does.
    """
    assert set(MAY_SET) == {
        *("provider", "login_url", "issuer", "client_id"),
        *("scope", "redirect_uris", "port", "api_base"),
        *("flow", "subject", "audience"),
    }


REFUSED = {
    "a typo": (f"{ACME}cleint_id = 'x'", "5:1", "did you mean 'client_id'?"),
    "a typo that means what it may not": (f"{ACME}browsr = 'x'", "5:1", "unknown setting 'browsr'"),
    "rules": (f"{ACME}[[rules]]\ndir = '/'\nprofile = 'acme'", "5:3", "unknown setting 'rules'"),
    "a store": (f"storage = 'keyring'\n{ACME}", "1:1", "unknown setting 'storage'"),
    "a profile of the user's": (
        f"default_profile = 'work'\n{ACME}",
        "1:1",
        "default_profile must be a profile of this file",
    ),
    "another format": (f"version = 2\n{ACME}", "1:1", "for another version"),
    "no server": ("[profiles.acme]\nclient_id = 'x'", "1:2", "must have a provider or an issuer"),
    "a stranger's issuer behind a familiar provider": (
        f"{ACME}provider = 'google'",
        "1:2",
        "and not both",
    ),
    "a name that is a path": ("[profiles.'../x']\nissuer = 'https://a'", "1:2", "be the name of"),
    "a name that is too long": (
        f"[profiles.{'a' * 48}]\nissuer = 'https://a'",
        "1:2",
        "be the name of",
    ),
    "plain http": ("[profiles.a]\nissuer = 'http://id.acme.test'", "2:1", "begin with https://"),
    "an address with a password": (
        "[profiles.a]\nissuer = 'https://u:p@id.acme.test'",
        "2:1",
        "neither a user name",
    ),
    "a stranger's callback": (
        f"{ACME}redirect_uris = ['http://127.0.0.1:0/cb', 'https://evil.test/cb']",
        "5:1",
        "cannot listen on the redirect URI",
    ),
    "an API without TLS": (f"{ACME}api_base = 'http://api.acme.test'", "5:1", "begin with https"),
    "a homoglyph": (
        "[profiles.a]\nissuer = 'https://id.\u0430cme.test'",
        "2:1",
        "must be ASCII; its host is id.xn--",
    ),
    "a homoglyph as the login host": (
        "[profiles.a]\nprovider = 'salesforce'\nlogin_url = '\u0430cme.my.salesforce.com'",
        "3:1",
        "must be ASCII; its host is xn--",
    ),
    "an escape for the terminal": (
        '[profiles.a]\nissuer = "https://a"\nclient_id = "\\u001b[2J"',
        "3:1",
        "must be ASCII",
    ),
    "a right-to-left mark": (
        '[profiles.a]\nissuer = "https://a"\nscope = "a \\u202e"',
        "3:1",
        "must be ASCII",
    ),
    "more than anybody reads": (f"{ACME}redirect_uris = '{'a ' * 300}'", "5:1", "longer than 500"),
    "a client that reads like another line": (
        "[profiles.a]\nissuer = 'https://a'\nclient_id = 'x  Do you trust that?'",
        "3:1",
        "must have no space in it",
    ),
    "a value of another kind": (f"{ACME}port = 'x'", "5:1", "port must be a port"),
    "no TOML": ("[profiles.acme\n", "1:15", ""),
    "nested too deep": (f"x = {'[' * 5000}", "1:1", "nested too deep"),
    "profiles that are none": ("profiles = 3\n", "1:1", "profiles must be tables"),
}


@pytest.mark.parametrize(("text", "position", "words"), REFUSED.values(), ids=REFUSED)
def test_what_it_may_not_say_is_an_error_at_its_place(text: str, position: str, words: str) -> None:
    said = error_of(text)
    assert said.startswith(f"{PATH}:{position}: error: "), said
    assert words in said
    assert "\x1b" not in said


def test_more_profiles_than_a_person_reads_are_refused() -> None:
    many = "".join(f"[profiles.p{n}]\nissuer = 'https://a'\n" for n in range(PROFILES + 1))
    assert "20 profiles at most" in error_of(many)


def test_in_pyproject_it_is_a_table_and_its_lines_are_the_files() -> None:
    text = (
        "[project]\nname = 'x'\n\n[tool.loopback-auth.profiles.acme]\n"
        "issuer = 'https://id.acme.test'\nbrowser = 'x'\n"
    )
    said = error_of(text, "/repo/pyproject.toml")
    assert said.startswith("/repo/pyproject.toml:6:1: error: a repository may not set browser")
    good = project(text.replace("browser = 'x'\n", ""), "/repo/pyproject.toml")
    assert good.profile("acme") == {"issuer": ("https://id.acme.test", "pyproject.toml:5")}


@pytest.mark.parametrize(
    "text",
    [
        "[[tool.loopback-auth]]\ndefault_profile = 'a'\n",
        'tool = 3\nx = """\n[tool.loopback-auth]\n"""\n',
        "[tool]\nloopback-auth = 3\n",
    ],
)
def test_in_pyproject_it_is_nothing_but_a_table(text: str) -> None:
    assert "[tool.loopback-auth] must be a table" in error_of(text, "/repo/pyproject.toml")


def test_the_only_profile_is_the_default_one() -> None:
    two = f"{ACME}[profiles.other]\nissuer = 'https://a'\n"
    assert project(ACME).default_profile == "acme"
    assert project(two).default_profile is None
    assert project(f"default_profile = 'other'\n{two}").default_profile == "other"


def test_its_profiles_have_names_of_their_own_in_the_store() -> None:
    assert project(ACME).stored_name("acme") == "acme@1234"
    assert project(ACME).named("acme@1234") == "acme"
    assert project(ACME).named("acme@4321") is None
    assert project(ACME).named("work") is None


def test_a_change_is_said_with_what_was_there() -> None:
    before = project(ACME).document
    now = project(
        ACME.replace('"openid"', '"openid admin"') + 'api_base = "https://evil.test"\n'
    ).document
    assert changes(before, now) == [
        "acme.api_base: (nothing) -> https://evil.test",
        "acme.scope: openid -> openid admin",
    ]
    assert changes(before, before) == []


def resolved(**flags: str) -> dict[str, tuple[object, str]]:
    profile = resolve(
        "acme@1234",
        flags=flags,
        environ={"LOOPBACK_AUTH_SCOPE": "b"} if flags else {},
        config=parse_config("/home/config.toml", '[profiles."acme@1234"]\nclient_id = "mine"\n'),
        stored=None,
        find_provider=load_provider,
        project=project(ACME).profile("acme"),
    )
    return {name: (each.value, each.source) for name, each in profile.settings.items()}


def test_a_flag_and_the_environment_go_before_it_and_config_toml_behind() -> None:
    assert resolved()["client_id"] == ("acme-cli", ".loopback-auth.toml:3")
    given = resolved(client_id="flag")
    assert given["client_id"] == ("flag", "--client-id")
    assert given["scope"] == (("b",), "LOOPBACK_AUTH_SCOPE")


def test_what_it_says_goes_to_no_other_server() -> None:
    """A nearer source that names another server leaves the project's client and scopes out."""
    elsewhere = resolved(issuer="https://elsewhere.test")
    assert elsewhere["client_id"] == ("mine", "config.toml:2")
    assert elsewhere["scope"] == (("b",), "LOOPBACK_AUTH_SCOPE")
