"""DS-08: the device flow against a server that says what a test wants, and a clock of its own."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from loopback_auth import (
    AnswerTimedOut,
    AuthorizationDenied,
    CertificateUntrusted,
    ConnectionLost,
    DeviceCodeExpired,
    DeviceFlowUnavailable,
    EnterThisCode,
    FileStore,
    FormPost,
    HostNotTrusted,
    HttpReply,
    LoopbackAuthError,
    TokenError,
    URLRefused,
    Waiting,
    from_settings,
)
from loopback_auth.flows.login.device import device_login
from loopback_auth.flows.login.polling import Timer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from loopback_auth import Credential, Get, Notice, Profile

ISSUER = "https://id.example.com"
PENDING = {"error": "authorization_pending"}
SLOW_DOWN = {"error": "slow_down"}
TOKENS = {"access_token": "CANARY-at", "refresh_token": "CANARY-rt", "token_type": "Bearer"}
BUSY, HANG = 503, 0
CODE: dict[str, Any] = {
    "device_code": "CANARY-device",
    "user_code": "WDJB-MJHT",
    "verification_uri": f"{ISSUER}/activate",
    "expires_in": 600,
    "interval": 5,
}


class Passing(Timer):
    """Time that passes when it is waited for."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.limits: list[float] = []

    def seconds(self) -> float:
        return self.now_s

    def limit(self, seconds: float) -> asyncio.Timeout:
        self.limits.append(seconds)
        return asyncio.timeout(0.05 if seconds == 5 else 10)

    async def wait(self, seconds: float) -> None:
        assert 0 < seconds <= 1
        self.now_s += seconds


class Server:
    """Answers the polls one after the other, and notes after how many seconds each came."""

    def __init__(self, timer: Passing, polls: Sequence[Any], code: dict[str, Any]) -> None:
        self.timer = timer
        self.polls = list(polls)
        self.code = code
        self.at: dict[str, str] = {}
        self.waits: list[float] = []
        self.posts: list[FormPost] = []
        self.endpoints = ["authorization", "token", "device_authorization", "revocation"]
        self._last_s = timer.seconds()

    async def __call__(self, message: FormPost | Get) -> HttpReply:
        if not isinstance(message, FormPost):
            return _reply(message.url, self._metadata())
        self.posts.append(message)
        match urlsplit(message.url).path.rpartition("/")[2]:
            case "device_authorization" | "devicecode":
                return _reply(message.url, self.code)
            case "token":
                self.waits.append(self.timer.seconds() - self._last_s)
                self._last_s = self.timer.seconds()
                return await self._poll(message.url)
        return _reply(message.url, {})

    async def _poll(self, url: str) -> HttpReply:
        said = self.polls.pop(0) if self.polls else PENDING
        if isinstance(said, LoopbackAuthError):
            raise said
        if said == HANG:
            await asyncio.sleep(30)
        if said == BUSY:
            return _reply(url, {}, BUSY)
        return _reply(url, said, 400 if "error" in said else 200)

    def _metadata(self) -> dict[str, Any]:
        ends = {
            f"{name}_endpoint": f"{self.at.get(name, ISSUER)}/{name}" for name in self.endpoints
        }
        return {"issuer": ISSUER, "code_challenge_methods_supported": ["S256"], **ends}

    def sent(self, path: str) -> list[dict[str, list[str]]]:
        bodies = [post.body().decode() for post in self.posts if post.url.endswith(path)]
        return [parse_qs(body) for body in bodies]


def _reply(url: str, document: object, status: int = 200) -> HttpReply:
    return HttpReply(url=url, status=status, body=json.dumps(document).encode())


class SignIn:
    """One sign-in; what it noticed and asked."""

    def __init__(self, home: Path, *polls: Any, **code: Any) -> None:
        self.timer = Passing()
        self.server = Server(self.timer, polls, {**CODE, **code})
        self.store = FileStore(str(home))
        self.notices: list[Notice] = []

    def profile(self, **settings: Any) -> Profile:
        usual = {"issuer": ISSUER, "client_id": "my-cli", "scope": "api"}
        return from_settings("work", **{**usual, **settings})

    async def run(self, profile: Profile | None = None, **options: Any) -> Credential:
        return await device_login(
            profile or self.profile(),
            store=self.store,
            transport=self.server,
            notify=self.notices.append,
            opens_browser=False,
            timer=self.timer,
            **options,
        )

    @property
    def shown(self) -> EnterThisCode:
        [shown] = [notice for notice in self.notices if isinstance(notice, EnterThisCode)]
        return shown


async def test_ds_08_a_sign_in_polls_no_oftener_than_it_may_and_stores_the_tokens(
    tmp_path: Path,
) -> None:
    sign_in = SignIn(tmp_path, PENDING, PENDING, TOKENS)
    credential = await sign_in.run()
    assert sign_in.server.waits == [5, 5, 5]
    assert credential.tokens.access_token.reveal() == "CANARY-at"
    stored = sign_in.store.load("work")
    assert stored
    assert stored["refresh_token"] == "CANARY-rt"
    # ST-08, CL-02
    assert "CANARY-device" not in json.dumps(stored) + repr(sign_in.notices)
    assert (sign_in.shown.user_code, sign_in.shown.verification_uri) == (
        "WDJB-MJHT",
        f"{ISSUER}/activate",
    )
    assert (sign_in.shown.expires_in_s, sign_in.shown.interval_s) == (600, 5)
    [asked] = sign_in.server.sent("/device_authorization")
    assert (asked["client_id"], asked["scope"]) == (["my-cli"], ["api"])
    assert {len(poll["code_verifier"]) for poll in sign_in.server.sent("/token")} == {1}


async def test_ds_08_slow_down_adds_five_seconds_for_good(tmp_path: Path) -> None:
    sign_in = SignIn(tmp_path, SLOW_DOWN, PENDING, SLOW_DOWN, PENDING, TOKENS)
    await sign_in.run()
    assert sign_in.server.waits == [5, 10, 10, 15, 15]


async def test_ds_08_a_lost_answer_doubles_the_interval_and_a_busy_server_too(
    tmp_path: Path,
) -> None:
    lost = [AnswerTimedOut("lost"), ConnectionLost("lost"), BUSY]
    sign_in = SignIn(tmp_path, *lost, PENDING, TOKENS)
    await sign_in.run()
    assert sign_in.server.waits == [5, 10, 20, 40, 40]


async def test_ds_08_our_own_backing_off_ends_at_a_minute(tmp_path: Path) -> None:
    sign_in = SignIn(tmp_path, *[BUSY] * 6, TOKENS)
    await sign_in.run()
    assert sign_in.server.waits == [5, 10, 20, 40, 60, 60, 60]


@pytest.mark.parametrize(
    ("code", "timeout_s", "polls", "ends_s"),
    [({}, 900.0, 119, 600), ({}, 12.0, 2, 12), ({"expires_in": 11, "interval": 10}, 900.0, 1, 11)],
)
async def test_ds_08_it_ends_when_the_code_does_or_the_time_out(
    tmp_path: Path, code: dict[str, Any], timeout_s: float, polls: int, ends_s: float
) -> None:
    sign_in = SignIn(tmp_path, **code)
    with pytest.raises(DeviceCodeExpired) as ended:
        await sign_in.run(timeout_s=timeout_s)
    assert sign_in.timer.seconds() - 1000 == ends_s
    assert abs(len(sign_in.server.waits) - polls) <= 1
    assert (ended.value.exit_code, sign_in.store.load("work")) == (5, None)
    assert "`" not in ended.value.fix
    assert "loopback-auth login work --device" in ended.value.fix
    last = [notice for notice in sign_in.notices if isinstance(notice, Waiting)][-1]
    assert 0 < last.left_s <= 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("access_denied", AuthorizationDenied),
        ("expired_token", DeviceCodeExpired),
        ("invalid_grant", TokenError),
        ("invalid_client", TokenError),
    ],
)
async def test_an_error_ends_it_at_once(
    tmp_path: Path, error: str, kind: type[LoopbackAuthError]
) -> None:
    sign_in = SignIn(tmp_path, PENDING, {"error": error}, TOKENS)
    with pytest.raises(kind):
        await sign_in.run()
    assert len(sign_in.server.waits) == 2
    assert sign_in.store.load("work") is None


async def test_a_code_that_was_used_up_by_a_lost_answer_says_so(tmp_path: Path) -> None:
    sign_in = SignIn(tmp_path, ConnectionLost("lost"), {"error": "invalid_grant"})
    with pytest.raises(TokenError, match="may have had tokens"):
        await sign_in.run()


async def test_rb_07_a_server_that_never_answers_a_poll_ends_with_the_time_out(
    tmp_path: Path,
) -> None:
    sign_in = SignIn(tmp_path, HANG)
    with pytest.raises(DeviceCodeExpired):
        await sign_in.run(timeout_s=7)
    assert sign_in.timer.limits == [5]


async def test_a_connection_that_is_not_safe_is_no_reason_to_try_again(tmp_path: Path) -> None:
    sign_in = SignIn(tmp_path, CertificateUntrusted("a stranger"), TOKENS)
    with pytest.raises(CertificateUntrusted):
        await sign_in.run()
    assert len(sign_in.server.waits) == 1


async def test_a_server_that_answers_nonsense_ends_it(tmp_path: Path) -> None:
    sign_in = SignIn(tmp_path, {"hello": "world"}, TOKENS)
    with pytest.raises(LoopbackAuthError, match="no access_token"):
        await sign_in.run()


async def test_ds_08_ds_01_nobody_is_sent_to_a_page_of_another_owner(tmp_path: Path) -> None:
    """A false issuer shows the page and the code of a sign-in that it began elsewhere."""
    sign_in = SignIn(tmp_path, TOKENS, verification_uri="https://honest.example/activate")
    with pytest.raises(HostNotTrusted) as refused:
        await sign_in.run()
    assert "--device --trust-host honest.example" in refused.value.fix
    assert (sign_in.notices, sign_in.server.waits) == ([], [])


async def test_ds_08_a_false_issuer_cannot_pass_an_honest_servers_codes_on(
    tmp_path: Path,
) -> None:
    """It would begin a sign-in of its own there, and have the person confirm that one."""
    sign_in = SignIn(tmp_path, TOKENS, verification_uri="https://honest.example/activate")
    sign_in.server.at = {
        "authorization": "https://honest.example",
        "token": "https://honest.example",
    }
    with pytest.raises(DeviceFlowUnavailable):
        await sign_in.run()
    assert (sign_in.server.posts, [n for n in sign_in.notices if isinstance(n, EnterThisCode)]) == (
        [],
        [],
    )


async def test_a_page_that_the_person_trusts_is_shown_and_remembered(tmp_path: Path) -> None:
    asked: list[tuple[str, str, str]] = []

    def may_trust(*hosts: str) -> bool:
        asked.append(hosts)  # type: ignore[arg-type]
        return True

    sign_in = SignIn(tmp_path, TOKENS, verification_uri="https://honest.example/activate")
    credential = await sign_in.run(may_trust=may_trust)
    assert asked == [(ISSUER, "honest.example", "id.example.com")]
    assert credential.settings["trust_hosts"] == ["honest.example"]
    again = SignIn(tmp_path, TOKENS, verification_uri="https://honest.example/activate")
    await again.run(again.profile(trust_hosts=["honest.example"]))


async def test_microsofts_page_is_known_by_its_provider_file(tmp_path: Path) -> None:
    sign_in = SignIn(tmp_path, TOKENS, verification_uri="https://microsoft.com/devicelogin")
    profile = from_settings("work", provider="microsoft", client_id="my-cli")
    await sign_in.run(profile)
    endpoint = "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"
    assert sign_in.server.posts[0].url == endpoint
    sign_in.server.code["verification_uri"] = "https://login.honest.example/"
    with pytest.raises(HostNotTrusted):
        await sign_in.run(profile)


@pytest.mark.parametrize("page", ["http://id.example.com/", "https://id.example.com/\x1b[2J"])
async def test_ds_08_ds_01_an_address_that_must_not_be_used_is_not_shown(
    tmp_path: Path, page: str
) -> None:
    sign_in = SignIn(tmp_path, TOKENS, verification_uri=page)
    with pytest.raises(URLRefused):
        await sign_in.run()
    assert sign_in.notices == []


async def test_a_server_without_the_flow_says_what_to_do_instead(tmp_path: Path) -> None:
    sign_in = SignIn(tmp_path, TOKENS)
    sign_in.server.endpoints.remove("device_authorization")
    with pytest.raises(DeviceFlowUnavailable) as refused:
        await sign_in.run()
    assert "loopback-auth login work --manual" in refused.value.fix
    assert sign_in.server.posts == []


async def test_a_server_remembered_by_an_earlier_release_is_discovered_anew(
    tmp_path: Path,
) -> None:
    sign_in = SignIn(tmp_path, TOKENS)
    remembered = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorization",
        "token_endpoint": f"{ISSUER}/token",
    }
    profile = sign_in.profile()
    known = type(profile)(name="work", settings=profile.settings, remembered={"server": remembered})
    credential = await sign_in.run(known)
    assert credential.server.device_authorization_endpoint == f"{ISSUER}/device_authorization"


async def test_tokens_that_cannot_be_kept_are_given_back(tmp_path: Path) -> None:
    """RV-04: the ending is that of every sign-in."""
    sign_in = SignIn(tmp_path, {**TOKENS, "scope": "admin"})
    with pytest.raises(LoopbackAuthError):
        await sign_in.run(sign_in.profile(strict_scope=True))
    assert sign_in.server.sent("/revocation")[0]["token"] == ["CANARY-rt"]
