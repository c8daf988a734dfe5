"""A request to an API: whose token goes where, what a 401 and a redirect do, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.http.streaming import ResourceRequest, StreamedReply, StreamingTransport
from loopback_auth.edge.http.upload import PipeUpload, Upload
from loopback_auth.errors import (
    AnswerTimedOut,
    ApiRefused,
    ConnectionLost,
    LoopbackAuthError,
    OriginRefused,
    ServerUnavailable,
    SignInNeeded,
    URLRefused,
    UsageError,
)
from loopback_auth.flows.api import KEPT_OCTETS, Authorization, api
from loopback_auth.flows.resources import resources_of
from loopback_auth.flows.tokens.issued import access_token
from loopback_auth.oauth.secret import Secret
from loopback_auth.providers import load_provider
from loopback_auth.settings.config_toml import parse_config
from loopback_auth.settings.resolve import resolve

from ..edge.http.test_client_tls import context_of
from ..support.scripted_server import (
    ScriptedServer,
    drop,
    hang,
    json_answer,
    plain_answer,
    redirect,
)
from ..support.stored import NEW, OLD, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback_auth.edge.store.file_store import FileStore
    from loopback_auth.oauth.resource.address import Resources

    from ..support.scripted_server import Connection
    from ..support.stopwatch import Stopwatch

GOOD = f"Bearer {NEW['access_token']}"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.answers["/token"] = json_answer({**NEW, "refresh_token": "the-next"})
        running.answers["/me"] = json_answer({"name": "ada"})
        yield running


class Delivered:
    """What came to the person."""

    def __init__(self) -> None:
        self.replies: list[tuple[int, bytes]] = []

    async def __call__(self, reply: StreamedReply) -> None:
        self.replies.append((reply.status, b"".join([piece async for piece in reply.pieces])))


async def ask(
    url: str,
    store: FileStore | None = None,
    *,
    method: str = "GET",
    upload: Upload | None = None,
    transport: HttpTransport | None = None,
    notices: list[Any] | None = None,
    is_new: bool = False,
    expired_session: tuple[str, ...] = (),
) -> list[tuple[int, bytes]]:
    """
    Ask with the stored token, and as `api` does refresh it; without a store there is no other
    token.
    """
    http, delivered = transport or HttpTransport(timeout_s=5), Delivered()

    async def renew(refused: Secret) -> Secret:
        assert store is not None
        tokens = await access_token("default", store=store, transport=http, refused=refused)
        return tokens.access_token

    try:
        await api(
            ResourceRequest(method=method, url=url, upload=upload),
            Authorization(
                profile="default",
                token=Secret(OLD["access_token"]),
                renew=renew if store else None,
                is_new=is_new,
                expired_session=expired_session,
            ),
            send=StreamingTransport(http),
            deliver=delivered,
            notify=(notices if notices is not None else []).append,
        )
    except LoopbackAuthError as error:
        error.delivered = delivered.replies  # type: ignore[attr-defined]  # for the test that looks
        raise
    return delivered.replies


async def refused(kind: type[LoopbackAuthError], url: str, *arguments: Any, **options: Any) -> Any:
    with pytest.raises(kind) as caught:
        await ask(url, *arguments, **options)
    assert OLD["access_token"] not in str(caught.value) + caught.value.cause + caught.value.fix
    assert NEW["access_token"] not in str(caught.value) + caught.value.cause + caught.value.fix
    return caught.value


def only_for_the_new_token(connection: Connection) -> None:
    good = connection.request.header("authorization") == GOOD
    connection.socket.sendall(json_answer({"good": good}, status=200 if good else 401))


# --- a 401


@pytest.mark.parametrize("body", [None, b"", b"once more"])
async def test_rf_07_a_401_makes_one_refresh_and_one_more_request(
    server: ScriptedServer, tmp_path: Path, body: bytes | None
) -> None:
    """
    RF-07: the server is believed over the clock; the first answer is not shown, the body goes
    again.
    """
    server.answers["/me"] = only_for_the_new_token
    upload = None if body is None else Upload(body)
    store = stored(tmp_path, server, lasts_s=3000)
    assert await ask(server.url("/me"), store, method="POST", upload=upload) == [
        (200, b'{"good": true}')
    ]
    assert [asked.body for asked in server.asked("/me")] == [body or b""] * 2
    assert len(server.asked("/token")) == 1
    kept = store.load("default")
    assert kept is not None
    assert (kept["access_token"], kept["refresh_token"]) == (NEW["access_token"], "the-next")


async def test_rf_07_a_401_to_the_new_token_too_is_not_about_the_sign_in(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """
    RF-07: two requests, one refresh, no loop; the second answer is shown, and no other
    sign-in is proposed.
    """
    server.answers["/me"] = plain_answer(b"INVALID_SESSION_ID", status=401)
    error = await refused(ApiRefused, server.url("/me"), stored(tmp_path, server, lasts_s=3000))
    assert (error.exit_code, error.delivered) == (7, [(401, b"INVALID_SESSION_ID")])
    assert "obtained just now" in str(error)
    assert "loopback-auth status default" in error.fix
    assert (len(server.asked("/me")), len(server.asked("/token"))) == (2, 1)


async def test_rf_07_a_new_token_is_not_refreshed(server: ScriptedServer, tmp_path: Path) -> None:
    """RF-07: the command has just obtained it."""
    server.answers["/me"] = plain_answer(b"no", status=401)
    store = stored(tmp_path, server, lasts_s=3000)
    error = await refused(ApiRefused, server.url("/me"), store, is_new=True)
    assert (error.exit_code, error.delivered) == (7, [(401, b"no")])
    assert (len(server.asked("/me")), len(server.asked("/token"))) == (1, 0)


ENDED = ("session is over", "EXPIRED")
# The 401, and whether a refresh may mend it where the provider says which ones are an end.
ENDS = [
    (plain_answer(b'{"message": "The  Session is\nover"}', status=401), True),
    (plain_answer(b"<p>expired</p>", status=401, kind="text/html"), True),
    (plain_answer(b"", status=401), True),
    (plain_answer(b" \n", status=401), True),
    (plain_answer(b"no", 'WWW-Authenticate: Bearer error="invalid_token"', status=401), True),
    (plain_answer(b"no", 'WWW-Authenticate: Bearer realm="api"', status=401), False),
    (plain_answer(b"the app is not attached", status=401), False),
    (plain_answer(b"\xff\xfe", status=401), False),
]


@pytest.mark.parametrize(("answer", "ends"), ENDS)
async def test_rf_07_which_401_is_an_end_is_the_providers_data(
    server: ScriptedServer, tmp_path: Path, *, answer: bytes, ends: bool
) -> None:
    """RF-07: any other one is shown at once, and costs no refresh."""
    server.answers["/me"] = answer
    store = stored(tmp_path, server, lasts_s=3000)
    error = await refused(ApiRefused, server.url("/me"), store, expired_session=ENDED)
    assert error.exit_code == 7
    assert len(error.delivered) == 1
    assert (len(server.asked("/me")), len(server.asked("/token"))) == ((2, 1) if ends else (1, 0))


async def test_a_401_that_another_process_has_dealt_with_makes_no_refresh(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.answers["/me"] = only_for_the_new_token
    store = stored(tmp_path, server, lasts_s=3000, access_token=NEW["access_token"])
    assert await ask(server.url("/me"), store) == [(200, b'{"good": true}')]
    assert server.asked("/token") == []


UNRENEWED = [
    ("no refresh token", {"refresh_token": None}, b"", SignInNeeded),
    ("a dead one", {}, json_answer({"error": "invalid_grant"}, status=400), SignInNeeded),
    (
        "the server is down",
        {},
        plain_answer(b"", "Retry-After: 100", status=503),
        ServerUnavailable,
    ),
]


@pytest.mark.parametrize(
    ("members", "answer", "kind"),
    [each[1:] for each in UNRENEWED],
    ids=[each[0] for each in UNRENEWED],
)
async def test_a_401_that_cannot_be_helped_is_shown_with_the_reason(
    server: ScriptedServer,
    tmp_path: Path,
    *,
    members: dict[str, Any],
    answer: bytes,
    kind: type[LoopbackAuthError],
) -> None:
    server.answers["/token"] = answer
    server.answers["/me"] = plain_answer(b"no", status=401)
    error = await refused(
        kind, server.url("/me"), stored(tmp_path, server, lasts_s=3000, **members)
    )
    assert error.delivered == [(401, b"no")]
    assert len(server.asked("/me")) == 1


async def test_a_token_without_another_is_refused_at_once(server: ScriptedServer) -> None:
    server.answers["/me"] = plain_answer(b"no", status=401)
    error = await refused(SignInNeeded, server.url("/me"))
    assert (error.delivered, len(server.requests)) == ([(401, b"no")], 1)


async def test_a_401_without_end_costs_little(
    server: ScriptedServer, tmp_path: Path, stopwatch: Stopwatch
) -> None:
    """What is kept of it until a better answer comes is bounded, and the rest not waited for."""

    def endless(connection: Connection) -> None:
        connection.socket.sendall(b"HTTP/1.1 401 No\r\n\r\n" + b"x" * (KEPT_OCTETS + 1))
        hang(connection)

    server.answers["/me"] = endless
    began = stopwatch.seconds
    error = await refused(
        SignInNeeded, server.url("/me"), stored(tmp_path, server, lasts_s=3000, refresh_token=None)
    )
    assert [len(body) for _, body in error.delivered] == [KEPT_OCTETS]
    assert stopwatch.seconds - began < 2


async def test_a_body_that_cannot_be_sent_again_is_said_to_be_gone(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The token is refreshed all the same: the next try works."""
    server.answers["/me"] = only_for_the_new_token
    store = stored(tmp_path, server, lasts_s=3000)
    (tmp_path / "rest").write_bytes(b"")
    with (tmp_path / "rest").open("rb", buffering=0) as rest:
        upload = PipeUpload(b"begin", rest)
        error = await refused(ApiRefused, server.url("/me"), store, method="POST", upload=upload)
    assert "is gone" in str(error)
    assert (error.exit_code, error.delivered) == (7, [(401, b'{"good": false}')])
    assert (len(server.asked("/me")), len(server.asked("/token"))) == (1, 1)


# --- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_redirect_within_the_origin_is_followed(
    server: ScriptedServer, status: int, method: str
) -> None:
    server.answers["/old"] = redirect(status, "/me?a=%2F")
    server.answers["/me"] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert await ask(server.url("/old"), method=method) == [(200, b"")]
    (asked,) = server.asked("/me")
    assert (asked.method, asked.target) == (method, "/me?a=%2F")
    assert asked.header("authorization") == f"Bearer {OLD['access_token']}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_tx_02_the_token_follows_no_redirect_to_another_origin(
    server: ScriptedServer, status: int
) -> None:
    """
    TX-02: nobody else is even asked, with or without it: another port, another name of this
    machine, another host.
    """
    with ScriptedServer() as other:
        for host in ("127.0.0.1", "localhost", "127.0.0.2", "evil.example.test"):
            server.answers["/away"] = redirect(status, f"http://{host}:{other.port}/me?sig=hidden")
            error = await refused(ApiRefused, server.url("/away"))
            assert error.delivered == [(status, b"")]
            assert f"answered {status} Said, which leads to {host}" in str(error)
            assert "hidden" not in str(error)
        assert other.connections == 0
    server.answers["/away"] = redirect(status, f"http://localhost:{server.port}/me")
    await refused(ApiRefused, server.url("/away"))
    assert server.asked("/me") == []


async def test_tx_02_the_token_follows_no_redirect_from_https_to_http(tmp_path: Path) -> None:
    """TX-02: nor the other way round, on whatever host."""
    company = trustme.CA()
    company.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    transport = HttpTransport(ca_bundle=str(tmp_path / "ca.pem"))
    with (
        ScriptedServer(tls=context_of(company.issue_cert("localhost")), host="localhost") as safe,
        ScriptedServer(host="localhost") as plain,
    ):
        safe.answers["/away"] = redirect(302, plain.url("/me"))
        plain.answers["/away"] = redirect(302, safe.url("/me"))
        for one, other in ((safe, plain), (plain, safe)):
            await refused(ApiRefused, one.url("/away"), transport=transport)
            assert other.asked("/me") == []


STAY = [
    ("POST", None),
    ("PUT", None),
    ("PATCH", None),
    ("DELETE", None),
    ("OPTIONS", None),
    ("GET", b"body"),
]


@pytest.mark.parametrize(("method", "body"), STAY)
@pytest.mark.parametrize("status", [301, 303, 307])
async def test_what_may_change_something_follows_no_redirect(
    server: ScriptedServer, *, status: int, method: str, body: bytes | None
) -> None:
    server.answers["/old"] = redirect(status, "/me")
    upload = None if body is None else Upload(body)
    error = await refused(ApiRefused, server.url("/old"), method=method, upload=upload)
    assert (error.exit_code, server.asked("/me")) == (7, [])
    assert "loopback-auth api /path -i" in error.fix


async def test_redirects_end(server: ScriptedServer) -> None:
    """Five are followed, and the next is an error."""
    server.answers["/round"] = redirect(302, "/round")
    error = await refused(ApiRefused, server.url("/round"))
    assert (len(server.asked("/round")), error.delivered) == (6, [(302, b"")])


@pytest.mark.parametrize(
    "answer", [plain_answer(b"", status=302), redirect(300, "/me"), redirect(305, "/me")]
)
async def test_a_redirect_that_is_none_is_reported(server: ScriptedServer, answer: bytes) -> None:
    server.answers["/old"] = answer
    await refused(ApiRefused, server.url("/old"))
    assert server.asked("/me") == []


async def test_a_401_after_a_redirect_begins_anew(server: ScriptedServer, tmp_path: Path) -> None:
    server.answers["/old"] = redirect(302, "/me")
    server.answers["/me"] = only_for_the_new_token
    assert await ask(server.url("/old"), stored(tmp_path, server, lasts_s=3000)) == [
        (200, b'{"good": true}')
    ]
    assert (len(server.asked("/old")), len(server.asked("/token"))) == (2, 1)


# --- what is advice


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299, 304])
async def test_a_success_is_delivered_and_no_more(server: ScriptedServer, status: int) -> None:
    body = b"" if status in (204, 304) else b"body"
    server.answers["/me"] = plain_answer(body, status=status)
    assert await ask(server.url("/me")) == [(status, body)]


ADVICE = [
    (400, (), "on standard output"),
    (403, (), "on standard output"),
    (
        403,
        ('WWW-Authenticate: Bearer error="insufficient_scope", scope="x\x1b"',),
        "loopback-auth login default --scope",
    ),
    (404, (), "on standard output"),
    (407, (), "on standard output"),
    (429, ("Retry-After: 30\x1b[2J",), "(Retry-After: 30 [2J)"),
    (500, (), "wait a little"),
    (
        503,
        ("Retry-After: Fri, 31 Dec 2049 23:59:59 GMT",),
        "(Retry-After: Fri, 31 Dec 2049 23:59:59 GMT)",
    ),
    (599, (), "wait a little"),
]


@pytest.mark.parametrize(("status", "headers", "advice"), ADVICE)
async def test_a_failure_is_delivered_and_explained_and_not_repeated(
    server: ScriptedServer, *, status: int, headers: tuple[str, ...], advice: str
) -> None:
    server.answers["/me"] = plain_answer(b"why", *headers, status=status)
    error = await refused(ApiRefused, server.url("/me?secret=1"), method="DELETE")
    assert (error.code, error.exit_code, error.delivered) == ("api-refused", 7, [(status, b"why")])
    assert f"DELETE {server.url('/me')} was answered {status} Said" == str(error)
    assert advice in f"{error.cause} {error.fix}"
    assert len(server.requests) == 1


@pytest.mark.parametrize(("script", "kind"), [(drop, ConnectionLost), (hang, AnswerTimedOut)])
async def test_what_broke_off_is_reported_in_the_words_of_a_request(
    server: ScriptedServer, *, script: Any, kind: type[LoopbackAuthError]
) -> None:
    """No sign-in is proposed, nor to repeat what may have been done."""
    server.answers["/me"] = script
    transport = HttpTransport(timeout_s=0.3)
    safe = await refused(kind, server.url("/me"), transport=transport)
    unsafe = await refused(kind, server.url("/me"), method="POST", transport=transport)
    assert "run the same again" in safe.fix
    assert "is not known" in unsafe.cause
    assert "before you send it again" in unsafe.fix
    assert len(server.requests) == 2


async def test_cl_02_the_trace_holds_neither_token_nor_query(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """CL-02: methods, paths and statuses."""
    server.answers["/me"] = only_for_the_new_token
    notices: list[Any] = []
    await ask(server.url("/me?key=hidden"), stored(tmp_path, server, lasts_s=3000), notices=notices)
    lines = " ".join(notice.message for notice in notices)
    assert f"GET {server.url('/me')} -> 401" in lines
    assert f"GET {server.url('/me')} -> 200" in lines
    assert not [
        secret for secret in (OLD["access_token"], NEW["access_token"], "hidden") if secret in lines
    ]


# --- where the API is


def where(document: dict[str, Any] | None, *, config: str = "", **environ: str) -> Resources:
    profile = resolve(
        "work",
        flags={},
        environ=environ,
        config=parse_config("config.toml", config),
        stored=document,
        find_provider=load_provider,
    )
    return resources_of(profile, document)


def signed_in(
    provider: str | None = None, *, extra: dict[str, Any] | None = None, **server: str
) -> dict[str, Any]:
    endpoints = {
        "authorization_endpoint": "https://id.example/a",
        "token_endpoint": "https://id.example/t",
    }
    settings = (
        {"provider": provider}
        if provider
        else {"issuer": server["issuer"]}
        if server.get("issuer")
        else {}
    )
    return {
        "profile": "work",
        "access_token": "t",
        "client": {"client_id": "c"},
        "server": {**endpoints, **server},
        "settings": settings,
        "extra": extra or {},
    }


INSTANCE = {"instance_url": "https://acme.my.example"}
LOGIN = {"userinfo_endpoint": "https://login.example/userinfo"}
BASES = [
    (
        "an issuer, whose path is no API's",
        signed_in(issuer="https://id.example/realms/a"),
        "https://id.example",
        set(),
    ),
    (
        "an issuer at a sister host",
        signed_in(issuer="https://www.id.example"),
        "https://www.id.example",
        set(),
    ),
    (
        "an issuer that names another server's endpoints",
        signed_in(issuer="https://evil.example"),
        None,
        set(),
    ),
    ("nothing", signed_in(), None, set()),
    ("nothing but userinfo", signed_in(**LOGIN), None, {"https://login.example"}),
    (
        "salesforce",
        signed_in("salesforce", extra=INSTANCE, **LOGIN),
        INSTANCE["instance_url"],
        {"https://login.example"},
    ),
    (
        "no instance_url",
        signed_in("salesforce", issuer="https://id.example"),
        None,
        {"https://id.example"},
    ),
    ("a number", signed_in("salesforce", extra={"instance_url": 7}), None, set()),
    ("github", signed_in("github"), "https://api.github.com", set()),
    (
        "gitlab",
        signed_in("gitlab", issuer="https://gitlab.com"),
        "https://gitlab.com/api/v4",
        set(),
    ),
]


@pytest.mark.parametrize(
    ("document", "base", "others"), [each[1:] for each in BASES], ids=[each[0] for each in BASES]
)
def test_the_base_comes_from_the_provider_else_from_the_issuer(
    document: dict[str, Any], base: str | None, others: set[str]
) -> None:
    """A provider whose base cannot be filled has none, rather than another."""
    own = where(document)
    origins = {"/".join(base.split("/")[:3])} if base else set()
    assert own.base == base
    assert own.origins == origins | others


def test_the_setting_goes_before_the_provider_and_adds_a_server() -> None:
    config = '[profiles.work]\napi_base = "https://proxy.example/sf/"'
    document = signed_in("salesforce", extra=INSTANCE)
    own = where(document, config=config)
    assert own.base == "https://proxy.example/sf"
    assert own.origins == {"https://proxy.example", "https://acme.my.example"}
    own = where(document, config=config, LOOPBACK_AUTH_API_BASE="https://nearer.example")
    assert own.base == "https://nearer.example"
    assert own.origins == {"https://nearer.example", "https://acme.my.example"}


def test_the_setting_is_not_remembered() -> None:
    """Who takes the line out of config.toml takes the server off the list."""
    profile = resolve(
        "work",
        flags={},
        environ={},
        config=parse_config(
            "config.toml",
            '[profiles.work]\nissuer = "https://a.example"\napi_base = "https://b.example"',
        ),
        stored=None,
        find_provider=load_provider,
    )
    assert "api_base" not in profile.to_remember()


def test_a_configuration_that_names_another_server_gets_no_token_of_the_old_one() -> None:
    """
    What config.toml says of the new server, api_base among it, is not for the old
    server's token.
    """
    document = signed_in(issuer="https://id.example")
    config = (
        '[profiles.work]\nissuer = "https://other.example"\napi_base = "https://api.other.example"'
    )
    environs: list[dict[str, str]] = [{}, {"LOOPBACK_AUTH_API_BASE": "https://id.example"}]
    for environ in environs:
        with pytest.raises(SignInNeeded, match="another server") as needed:
            where(document, config=config, **environ)
        assert "loopback-auth login work" in needed.value.fix
    with pytest.raises(SignInNeeded):
        where(document, LOOPBACK_AUTH_ISSUER="https://other.example")


@pytest.mark.parametrize(
    "value",
    [
        "http://i.example",
        "https://i.example@evil.example",
        "https://a b",
        "javascript:x",
        "https://a.example/?x",
    ],
)
def test_what_the_server_says_of_its_api_is_checked_as_any_address(value: str) -> None:
    with pytest.raises(URLRefused):
        where(signed_in("salesforce", extra={"instance_url": value}))


def test_without_a_sign_in_the_configuration_alone_says_where() -> None:
    """As with LOOPBACK_AUTH_TOKEN; what only a sign-in knows is not known then."""
    assert (
        where(None, config='[profiles.work]\nprovider = "github"').base == "https://api.github.com"
    )
    assert (
        where(None, config='[profiles.work]\nissuer = "https://id.example"').base
        == "https://id.example"
    )
    assert where(None, LOOPBACK_AUTH_API_BASE="https://api.example").base == "https://api.example"
    with pytest.raises(UsageError, match="nothing says"):
        where(None, config='[profiles.work]\nprovider = "salesforce"').address("/x")
    with pytest.raises(OriginRefused, match="none that is known"):
        where(None).address("https://api.example/x")


def test_a_request_can_be_repeated_with_another_address() -> None:
    asked = ResourceRequest(
        method="GET", url="https://a.example/?token=hidden", headers=(("X", "hidden"),)
    )
    assert "hidden" not in repr(asked)
    assert replace(asked, url="https://a.example/x").headers == asked.headers
