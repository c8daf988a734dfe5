"""What people paste as a setting is understood where it can mean one thing, and said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback_auth.errors import UsageError
from loopback_auth.oauth.secret import Secret
from loopback_auth.settings.client import SecretTrimmed, check_client_id
from loopback_auth.settings.kinds import CLIENT_ID, ISSUER, REDIRECT_URIS, TEXT, WORD, WORDS, Kind
from loopback_auth.settings.resolve import from_settings

if TYPE_CHECKING:
    from loopback_auth.settings.profile import Profile

MEANT = [
    (WORD, "acme", "acme"),
    (WORD, " acme\r\n", "acme"),
    (WORD, "\ufeff\u200bacme\u00a0\u2060", "acme"),
    (WORD, '"acme"', "acme"),
    (WORD, "\u201c acme \u201d", "acme"),
    (WORD, "'acme'", "acme"),
    # A quote within, or at one end: it is not around it.
    (WORD, "'a'b'", "'a'b'"),
    (WORD, '"acme', '"acme'),
    (WORD, "a b", "a b"),
    (CLIENT_ID, "client_id=abc", "abc"),
    (CLIENT_ID, " &client_id=abc&scope=x", "abc"),
    (CLIENT_ID, "https://id.example/authorize?response_type=code&client_id=a%2Fb#x", "a/b"),
    # A client's metadata document is an ID, too; and an ID may end in another one's name.
    (CLIENT_ID, "https://app.example/client.json", "https://app.example/client.json"),
    (CLIENT_ID, "my_client_id=abc", "my_client_id=abc"),
    (ISSUER, "https://id.example/.well-known/openid-configuration", "https://id.example"),
    (
        ISSUER,
        "https://id.example/.well-known/oauth-authorization-server/t",
        "https://id.example/t",
    ),
    (ISSUER, "id.example/realms/a", "https://id.example/realms/a"),
    (ISSUER, "http://localhost:8080/", "http://localhost:8080/"),
    (ISSUER, "acme", "acme"),
    (REDIRECT_URIS, ("localhost:1/cb", " http://[::1]/ "), ("http://localhost:1/cb", "http://[::1]/")),
    (REDIRECT_URIS, ("127.0.0.1:80", "localhost"), ("http://127.0.0.1:80", "http://localhost")),
    (REDIRECT_URIS, ("localhost.example/c", "com.app:/c"), ("localhost.example/c", "com.app:/c")),
    (WORDS, ("a,", '"b', 'c"', ",", "\u200bd"), ("a", "b", "c", "d")),
    # Strava and Slack want a comma.
    (WORDS, ("read,activity:read",), ("read,activity:read",)),
    (TEXT, " a ", " a "),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "meant"), MEANT)
def test_a_value_is_what_it_can_only_mean(kind: Kind, given: object, meant: object) -> None:
    assert kind.meant(kind.check(given)) == meant
    assert kind.meant(meant) == meant


SPACES = "most servers want spaces between scopes"
ENDPOINTS = {"authorization_endpoint": "https://a.example/a", "token_endpoint": "https://a.example"}


@pytest.mark.parametrize(
    ("name", "value", "note"),
    [
        ("client_id", "c", ()),
        ("client_id", "canary ", ("--client-id is used without what was pasted around it",)),
        (
            "redirect_uri",
            "localhost:1/",
            ("--redirect-uri is read as: http://localhost:1/",),
        ),
        ("scope", "a, b", ("--scope is read as: a b",)),
        ("scope", "a,b", (f"--scope contains commas; {SPACES}",)),
        ("issuer", "a.example", ()),
        ("storage", "file", ()),
        ("parameters", {"a": " b "}, ()),
    ],
)  # fmt: skip
def test_what_is_used_otherwise_than_given_is_said(
    name: str, value: object, note: tuple[str, ...]
) -> None:
    profile = from_settings("work", **(ENDPOINTS if name != "issuer" else {}), **{name: value})
    assert profile.notes == note


@pytest.mark.parametrize(
    "client_id", ["ca nary", "ca\nnary", "ca\u00a0nary", "ca\u200bnary", "Key: canary"]
)
def test_a_client_id_in_pieces_is_refused(client_id: str) -> None:
    with pytest.raises(
        UsageError, match=r"the client ID contains a space .* \(--client-id\)$"
    ) as error:
        from_settings("work", **ENDPOINTS, client_id=client_id).client({})
    assert error.value.fix.startswith("copy it again: loopback-auth login --client-id ID; one that")
    assert "nary" not in error.value.message


@pytest.mark.parametrize("source", ["config.toml:3", ".loopback-auth.toml:9", "the last sign-in"])
def test_a_client_id_of_a_file_may_have_a_space(source: str) -> None:
    assert check_client_id("my app", source) == "my app"
    with pytest.raises(UsageError):
        check_client_id("my\u200bapp", source)


def secret_by(how: str, text: str, path: str) -> Profile:
    ways = {"value": {"client_secret": text}, "env": {"client_secret_env": "NAME"}}
    return from_settings(
        "w", **ENDPOINTS, client_id="c", **ways.get(how, {"client_secret_file": path})
    )


@pytest.mark.parametrize("how", ["value", "env", "file"])
@pytest.mark.parametrize("around", [" {}", "{}\r\n ", "\ufeff\u200b{}", "\u00a0{}\u2028"])
def test_what_is_around_a_secret_is_taken_off_and_said_without_it(
    how: str, around: str, tmp_path: object
) -> None:
    text = around.format("canary 1")
    path = f"{tmp_path}/secret"
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    with pytest.warns(SecretTrimmed) as said:
        client = secret_by(how, text, path).client({"NAME": text})
    assert client.client_secret == Secret("canary 1")
    assert "canary" not in str(said[0].message)


@pytest.mark.parametrize("text", ["canary\n", "canary\r\n", "\ufeffcanary\n", '"canary"', "a b"])
def test_a_file_as_editors_leave_it_is_read_without_a_word(text: str, tmp_path: object) -> None:
    """Quotes stay: a password may have them, and nobody could give it then."""
    path = f"{tmp_path}/secret"
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    secret = secret_by("file", text, path).client({}).client_secret
    assert secret == Secret(text.strip("\ufeff\r\n"))


UNUSED = [
    ({"provider": "github", "login_url": "https://x.example"}, "--login-url"),
    ({"provider": "google", "login_url": "https://x.example"}, "--login-url"),
    ({"issuer": "https://a.example", "login_url": "https://x.example"}, "--login-url"),
    ({"login_url": "https://x.example"}, "--login-url"),
    ({"provider": "gitlab", "issuer": "https://x.example"}, "--issuer"),
    ({"provider": "salesforce", "issuer": "https://x.example"}, "--issuer"),
    ({"provider": "github", "key_file": "k.pem"}, "--key-file"),
    ({"provider": "github", "audience": "a"}, "--audience"),
    ({"provider": "github", "subject": "a", "flow": "authorization-code"}, "--subject"),
    ({"provider": "gitlab", "login_url": "x.example"}, ""),
    ({"provider": "microsoft", "login_url": "https://login.microsoftonline.com/t"}, ""),
    ({"provider": "gitlab", "issuer": "https://gitlab.com"}, ""),
    ({"provider": "salesforce", "flow": "jwt-bearer", "subject": "a", "audience": "b"}, ""),
]


@pytest.mark.parametrize(("settings", "flag"), UNUSED)
def test_an_option_that_would_change_nothing_is_refused(
    settings: dict[str, str], flag: str
) -> None:
    profile = from_settings("work", **settings)
    if not flag:
        profile.check_server()
        return
    with pytest.raises(UsageError, match=f"^{flag} has no use here: ") as error:
        profile.check_server()
    assert "loopback-auth login work" in error.value.fix
