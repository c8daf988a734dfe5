"""
CL-02: what `loopback_auth` exports shows no secret, whichever way a program shows, copies or
serialises it.
"""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import inspect
import json
import pickle
import pprint
import pydoc
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, get_args

import pytest

import loopback_auth
from loopback_auth import (
    Credential,
    FileStore,
    FormPost,
    Get,
    HttpReply,
    HttpTransport,
    Identity,
    Notice,
    Secret,
    from_settings,
)

from .flows.test_tracebacks import CANARY as IN_FRAMES, leaks
from .oauth.test_reprs import CREDENTIAL, TOKENS
from .support.samples import CANARY
from .test_architecture import every_error
from .test_errors_travel import made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHOWN: dict[str, Callable[[Any], object]] = {
    "repr": repr,
    "str": str,
    "f-string": lambda value: (
        f"{value} {value!r} {value:>80}" if isinstance(value, Secret) else f"{value}"
    ),
    "in a list": lambda value: [value],
    "pprint": pprint.pformat,
    "vars": vars,
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "asdict": dataclasses.asdict,
    "astuple": dataclasses.astuple,
    "json of its repr": lambda value: json.dumps(value, default=str),
    "json of its members": lambda value: json.dumps(value, default=vars),
    "help": lambda value: pydoc.plain(pydoc.render_doc(value)),
    "signature": inspect.signature,
}


WHOLE = {"pickle", "asdict", "astuple"}
GIVEN_OUT = {
    "Identity": "claims are data of the person's",
    "OpenThisPage": "its URL is for the person to open",
}
"""What hides a member from a log, and gives it to who asks for all of them."""


def objects(home: Path) -> dict[str, object]:
    """Return one of each exported name, holding the canary wherever it can."""
    store = FileStore(home)
    store.save("work", CREDENTIAL.to_document())
    store.load("work")
    post = FormPost(
        url="https://id.example/token",
        fields=(("code", Secret(CANARY)),),
        authorization=Secret(CANARY),
        encoded=(Secret(CANARY),),
    )
    return {
        # Functions, protocols and what has no members are shown as they are.
        **{name: getattr(loopback_auth, name) for name in loopback_auth.__all__},
        **{kind.__name__: made(kind) for kind in every_error()},
        **{kind.__name__: noticed(kind) for kind in get_args(Notice)},
        "Credential": CREDENTIAL,
        "FileStore": store,
        "FormPost": post,
        "Get": Get(url="https://id.example/me", authorization=Secret(CANARY)),
        "HttpReply": HttpReply(
            url="https://id.example/token",
            status=200,
            headers={"set-cookie": CANARY},
            body=CANARY.encode(),
            sent=post.secrets,
        ),
        "HttpTransport": HttpTransport(),
        "Identity": Identity(subject="1", name="jane", claims={"phone_number": CANARY}),
        "Profile": from_settings(
            "work", issuer="https://id.example", client_id="c", client_secret=CANARY
        ),
        "Secret": Secret(CANARY),
        "TokenSet": TOKENS,
    }


def noticed(kind: type[Any]) -> object:
    """Return a notice; the one URL that is a secret is the canary."""
    members = {member.name: "a text" for member in dataclasses.fields(kind)}
    if kind is loopback_auth.OpenThisPage:
        members["url"] = f"https://id.example/authorize?state={CANARY}"
    return kind(**members)


def test_the_page_lists_what_there_is() -> None:
    """Every error and every notice is there, in one alphabet, for dir() and `import *` as well."""
    names = loopback_auth.__all__
    assert names == sorted(set(names))
    assert {kind.__name__ for kind in (*every_error(), *get_args(Notice))} <= set(names)
    assert set(names) <= set(dir(loopback_auth))
    assert "login" in dir(loopback_auth)
    for name in names:
        home = getattr(getattr(loopback_auth, name), "__module__", "types")
        assert home == "types" or home.startswith("loopback_auth."), name


def test_what_is_no_public_name_is_reported_as_python_does() -> None:
    with pytest.raises(AttributeError, match="'loopback_auth' has no attribute 'nothing'"):
        _ = loopback_auth.nothing  # type: ignore[attr-defined]


def test_importing_the_package_loads_none_of_it() -> None:
    program = (
        "import sys; before = set(sys.modules); import loopback_auth; "
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        (sys.executable, "-c", program), capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == {"loopback_auth", "__future__"}


@pytest.mark.parametrize("name", loopback_auth.__all__)
def test_each_name_is_documented(name: str) -> None:
    value = getattr(loopback_auth, name)
    # An alias of types has the docstring of its kind.
    assert inspect.getdoc(value)
    if inspect.isclass(value):
        assert vars(value).get("__doc__"), "a docstring of its own"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return objects(tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("name", loopback_auth.__all__)
def test_cl_02_an_exported_name_shows_no_secret(
    name: str, shown: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CL-02: a way that fails shows nothing either."""
    monkeypatch.setenv("https_proxy", f"http://user:{CANARY}@127.0.0.1:9")
    for way, show in SHOWN.items():
        if name in GIVEN_OUT and way in WHOLE:
            continue
        text = ""
        with suppress(TypeError, ValueError, AttributeError):
            text = repr(show(shown[name]))
        assert CANARY not in text, way


def damaged(home: Path) -> FileStore:
    store = FileStore(home)
    store.save("work", {"access_token": IN_FRAMES})
    path = home / "tokens" / "work.json"
    path.write_bytes(path.read_bytes()[:-4])
    return store


def newer(home: Path) -> FileStore:
    store = FileStore(home)
    store.save("work", {"access_token": IN_FRAMES})
    path = home / "tokens" / "work.json"
    path.write_text(json.dumps({"version": 99, "access_token": IN_FRAMES}))
    return store


def save_over(store: FileStore) -> None:
    with store.locked("work") as locked:
        locked.save({"access_token": IN_FRAMES})


async def send(message: FormPost | Get) -> None:
    await HttpTransport(timeout_s=1)(message)


NOWHERE = "http://127.0.0.1:9/"
FAILING: dict[str, Callable[[Path], object]] = {
    "a setting that is none": lambda _: from_settings("work", client_secret=IN_FRAMES, no=1),
    "a setting of another kind": lambda _: from_settings("work", client_secret=IN_FRAMES, port="x"),
    "a document without a server": lambda _: Credential.from_document(
        {"version": 1, "profile": "work", "access_token": IN_FRAMES}
    ),
    "a damaged file": lambda home: damaged(home).load("work"),
    "a file of a later version": lambda home: newer(home).load("work"),
    "a save over it": lambda home: save_over(newer(home)),
    "a name that is none": lambda home: FileStore(home).save("a/b", {"access_token": IN_FRAMES}),
    "a POST to nobody": lambda _: asyncio.run(
        send(
            FormPost(
                url=NOWHERE,
                fields=(("code", Secret(IN_FRAMES)),),
                authorization=Secret(f"Bearer {IN_FRAMES}"),
            )
        )
    ),
    "a GET to nobody": lambda _: asyncio.run(
        send(Get(url=NOWHERE, authorization=Secret(f"Bearer {IN_FRAMES}")))
    ),
}


@pytest.mark.parametrize("case", FAILING)
def test_cl_02_no_frame_of_a_public_call_that_fails_shows_a_secret(
    case: str, tmp_path: Path
) -> None:
    """CL-02: `pytest -l` prints the local variables of each; `login` and its like have a test."""
    with pytest.raises(loopback_auth.LoopbackAuthError) as failed:
        FAILING[case](tmp_path)
    assert leaks(failed.value) == []
