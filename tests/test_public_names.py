"""
CL-02: what `loopback_auth` exports shows no secret, whichever way a program shows, copies or
serialises it.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import json
import pickle
import pprint
import pydoc
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import loopback_auth
from loopback_auth import FileStore, HttpTransport, LoopbackAuthError, Secret, from_settings
from loopback_auth.errors import TokenError

from .oauth.test_reprs import CREDENTIAL, TOKENS
from .support.samples import CANARY

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


def objects(home: Path) -> dict[str, object]:
    """Give one of each exported name, holding the canary wherever it can."""
    store = FileStore(home)
    store.save("work", CREDENTIAL.to_document())
    store.load("work")
    return {
        "Credential": CREDENTIAL,
        "FileStore": store,
        "HttpTransport": HttpTransport(),
        "LoopbackAuthError": TokenError(
            "refused", error="invalid_grant", known=True, profile="work"
        ),
        "Profile": from_settings(
            "work", issuer="https://id.example", client_id="c", client_secret=CANARY
        ),
        "Secret": Secret(CANARY),
        "TokenSet": TOKENS,
        "access_token": loopback_auth.access_token,
        "from_settings": from_settings,
        "login": loopback_auth.login,
    }


def test_the_sweep_has_every_exported_name(tmp_path: Path) -> None:
    assert sorted(objects(tmp_path)) == loopback_auth.__all__
    assert isinstance(objects(tmp_path)["LoopbackAuthError"], LoopbackAuthError)


@pytest.mark.parametrize("way", SHOWN)
@pytest.mark.parametrize("name", loopback_auth.__all__)
def test_cl_02_an_exported_name_shows_no_secret(
    name: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CL-02: a way that fails shows nothing either."""
    monkeypatch.setenv("https_proxy", f"http://user:{CANARY}@127.0.0.1:9")
    value = objects(tmp_path)[name]
    shown = ""
    with suppress(TypeError, ValueError, AttributeError):
        shown = repr(SHOWN[way](value))
    assert CANARY not in shown
