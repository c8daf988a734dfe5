"""CL-02: whatever a user of the library logs, prints or sees in a debugger holds no secret."""

from __future__ import annotations

import inspect
from dataclasses import replace
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any

import pytest

import loopback_auth
from loopback_auth.edge.callback.pages import Answer
from loopback_auth.edge.callback.request_gate import CallbackRequest
from loopback_auth.edge.http.client import HttpTransport
from loopback_auth.edge.http.proxy import Proxy
from loopback_auth.edge.http.streaming import ResourceRequest, StreamedReply
from loopback_auth.edge.http.upload import Upload
from loopback_auth.edge.process.remote_command import Output
from loopback_auth.edge.store.file_store import FileStore
from loopback_auth.edge.store.keyring_record import Record
from loopback_auth.errors import LoopbackAuthError, TokenError
from loopback_auth.explain.report import read_paste
from loopback_auth.export.credential_helper.protocol import HelperToken
from loopback_auth.export.push.target import Held, Run
from loopback_auth.flows.api import Authorization
from loopback_auth.flows.doctor.checks import Subject
from loopback_auth.flows.login.code_credentials import Credentials
from loopback_auth.flows.login.options import Options
from loopback_auth.notices import EnterThisCode, JoinedSignIn, OpenThisPage
from loopback_auth.oauth.authorize.relayed import RelayedAnswer, RelayedRequest
from loopback_auth.oauth.credential import Credential
from loopback_auth.oauth.http.messages import Get
from loopback_auth.oauth.identity import Identity
from loopback_auth.oauth.metadata import server_metadata
from loopback_auth.oauth.secret import Secret
from loopback_auth.oauth.token.device import DeviceAuthorization, DeviceGrant, DeviceRequest
from loopback_auth.oauth.token.refresh import RefreshedTokens
from loopback_auth.oauth.token.reply import (
    IssuedTokens,
    TokenSet,
    authorization_code_grant,
    read_token_reply,
)
from loopback_auth.settings.config_toml import parse_config
from loopback_auth.settings.profile import Profile
from loopback_auth.settings.setting import Setting

from ..support.samples import CANARY, NOON, client, reply, request, response, server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

SECRET = Secret(CANARY)
REQUEST = replace(
    request(client=client(CANARY)),
    state=SECRET,
    code_verifier=SECRET,
    nonce=SECRET,
    parameters=(("a", "b"),),
)
DEVICE_REQUEST = DeviceRequest(
    server=server(), client=client(CANARY), code_verifier=SECRET, parameters=(("a", "b"),)
)
RESPONSE = replace(response(), request=REQUEST, code=SECRET)
TOKENS = TokenSet(
    access_token=SECRET,
    token_type="Bearer",
    obtained_at=NOON,
    refresh_token=SECRET,
    id_token=SECRET,
    extra={"device_secret": CANARY},
)
CREDENTIAL = Credential(
    profile="work", tokens=TOKENS, client=client(CANARY), server=server(), unknown={"later": CANARY}
)


async def nothing() -> AsyncIterator[bytes]:
    """An answer without a body."""
    yield b""


HELD = Held(kind="key", secret=SECRET)
HOLDERS: list[object] = [
    SECRET,
    HELD,
    Run(argv=("gh", "secret", "set"), create=(), given=SECRET, holds=(HELD,)),
    HelperToken(token=SECRET, expires_at=None),
    client(CANARY),
    REQUEST,
    RESPONSE,
    authorization_code_grant(RESPONSE),
    authorization_code_grant(replace(RESPONSE, request=replace(REQUEST, client=client()))),
    Get(url="https://id.example.com/me", authorization=SECRET),
    ResourceRequest(
        method="POST",
        url=f"https://api.example.com/?key={CANARY}",
        headers=(("X-Key", CANARY),),
        upload=Upload(CANARY.encode()),
    ),
    StreamedReply(
        url=f"https://api.example.com/?key={CANARY}",
        status=200,
        headers=(("set-cookie", CANARY),),
        pieces=nothing(),
    ),
    Upload(CANARY.encode()),
    reply(
        {"access_token": CANARY},
        headers={"set-cookie": CANARY, "location": f"https://x.example/?code={CANARY}"},
    ),
    TOKENS,
    IssuedTokens(access_token=SECRET, refresh_token=SECRET, id_token=SECRET),
    RefreshedTokens(tokens=TOKENS),
    CREDENTIAL,
    Identity(subject="1", name="jane", claims={"phone_number": CANARY}),
    CallbackRequest(
        method="POST",
        target=f"/callback?code={CANARY}",
        headers=[("cookie", CANARY), ("referer", CANARY)],
        body=f"code={CANARY}".encode(),
    ),
    Answer(
        status=303,
        body=CANARY.encode(),
        headers={"Location": f"https://x.example/authorize?state={CANARY}"},
    ),
    OpenThisPage(
        url=f"https://x.example/authorize?state={CANARY}",
        redirect_uri="http://127.0.0.1:1/cb",
        host="x.example",
        client_id="my-cli",
        scope="",
    ),
    JoinedSignIn(
        page=OpenThisPage(
            url=f"https://x.example/authorize?state={CANARY}",
            redirect_uri="http://127.0.0.1:1/cb",
            host="x.example",
            client_id="my-cli",
            scope="",
        ),
        pid=1,
    ),
    Options(environ={"SECRET": CANARY}),
    Output(status=0, stdout=CANARY.encode(), stderr=CANARY.encode()),
    RelayedRequest(
        url=f"https://x.example/authorize?state={CANARY}",
        host="x.example",
        client_id="my-cli",
        redirect_uri="http://127.0.0.1:1/cb",
        state=SECRET,
    ),
    RelayedAnswer(url=SECRET),
    DEVICE_REQUEST,
    DeviceAuthorization(
        device_code=SECRET,
        user_code="AB-CD",
        verification_uri="https://x.example",
        verification_uri_complete=None,
        expires_in_s=600,
        interval_s=5,
    ),
    DeviceGrant(request=DEVICE_REQUEST, reply=reply({"access_token": CANARY})),
    EnterThisCode(
        user_code=CANARY,
        verification_uri="https://x.example",
        verification_uri_complete=f"https://x.example/?code={CANARY}",
        expires_in_s=600,
        interval_s=5,
        client_id="my-cli",
        scope="",
    ),
    read_paste(f"http://127.0.0.1:1/cb?error=x&code={CANARY}&state={CANARY}"),
    Credentials(username="ada", password=SECRET),
    Authorization(profile="work", token=SECRET),
    Setting(value=SECRET, source="--client-secret-stdin"),
    Profile(
        name="work",
        settings={"client_secret": Setting(value=CANARY, source="config.toml:7")},
        remembered=CREDENTIAL.to_document(),
    ),
    HttpTransport(environ={"HTTPS_PROXY": f"http://user:{CANARY}@proxy.example:3128"}),
    Record(document={"access_token": CANARY}),
    Proxy(url=f"http://user:{CANARY}@proxy.example:3128", variable="HTTPS_PROXY"),
    Subject(
        name="work",
        home_dir="/h",
        store=FileStore("/h"),
        config=parse_config("", ""),
        profile=Profile(name="work", settings={}),
        stored=CREDENTIAL.to_document(),
        folder_mode=0o700,
        environ={"SECRET": CANARY},
    ),
]
"""One of each kind of value that may hold a secret, made of nothing else."""

HARMLESS = {
    "Addition",
    "Authority",
    "AuthorizationErrorResponse",
    "BindAddress",
    "Answered",
    "Box",
    "BrowserNotOpened",
    "CertificateFiles",
    "Check",
    "Ended",
    "Exchanged",
    "Explanation",
    "Fix",
    "ExportFormat",
    "Finished",
    "HelperRequest",
    "Holder",
    "IdeFile",
    "NothingYet",
    "Parser",
    "PasteExplained",
    "PortHolder",
    "Protocol",
    "Provider",
    "ProviderFile",
    "RecordingTransport",
    "Refreshed",
    "Refusal",
    "Refusals",
    "RepeatedPreflight",
    "Report",
    "Resources",
    "Revocation",
    "Saved",
    "Secure",
    "Server",
    "ServerMetadata",
    "SigningKey",
    "Stray",
    "ShowAddress",
    "StrayVisit",
    "Surroundings",
    "Target",
    "Traced",
    "Value",
    "Verdict",
    "Waiting",
    "WaitingLogin",
    "Warned",
    "Written",
}
"""Names, addresses, words and places, which are meant to be seen."""


def classes_with_a_repr() -> Iterator[type]:
    """Yield the public classes but those whose repr is Python's own, which shows no attribute."""
    for module in walk_packages(loopback_auth.__path__, "loopback_auth."):
        if module.name.endswith("__main__") or module.name.startswith("loopback_auth.testing"):
            continue
        members = inspect.getmembers(import_module(module.name), inspect.isclass)
        yield from (
            kind
            for name, kind in members
            if kind.__module__ == module.name
            and not name.startswith("_")
            and not issubclass(kind, BaseException)
            and kind.__repr__ is not object.__repr__
        )


def test_cl_02_every_class_with_a_repr_of_its_own_is_in_the_sweep() -> None:
    swept = {type(holder).__name__ for holder in HOLDERS}
    assert {kind.__name__ for kind in classes_with_a_repr()} - swept == HARMLESS


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_cl_02_the_repr_of_a_public_class_holds_no_secret(holder: object) -> None:
    assert CANARY not in repr(holder)
    assert CANARY not in str(holder)
    assert CANARY not in f"{holder}"


def test_cl_02_a_plain_class_that_holds_settings_has_no_repr_of_them() -> None:
    assert repr(HttpTransport()).startswith("<")


def test_cl_02_server_metadata_shows_addresses_only() -> None:
    assert CANARY not in repr(
        server_metadata({**server().to_json(), "registration_access_token": CANARY})
    )


def raised(**members: Any) -> LoopbackAuthError:
    with pytest.raises(LoopbackAuthError) as error:
        read_token_reply(reply({"access_token": CANARY, **members}), received_at=NOON)
    return error.value


@pytest.mark.parametrize(
    "members",
    [
        {"id_token": CANARY + "\n"},
        {"token_type": "mac"},
        {"token_type": "Bearer", "refresh_token": CANARY + "\n"},
        {"error": "invalid_grant"},
    ],
)
def test_cl_02_an_error_about_tokens_holds_none_of_them(members: dict[str, Any]) -> None:
    error = raised(**members)
    texts = [str(error), repr(error), repr(error.facts), repr(vars(error)), error.cause, error.fix]
    assert not [text for text in texts if CANARY in text]
    assert error.__cause__ is None
    assert isinstance(error, TokenError) == ("error" in members)
