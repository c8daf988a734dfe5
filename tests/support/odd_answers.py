"""
Odd 2xx answers of a token endpoint, and what becomes of each at a refresh and at a sign-in.

    octets = ODD_ANSWERS["gzip"].write(tokens, claims)      # a whole HTTP answer

*tokens* are the members of a good answer: `access_token`, `token_type`, `expires_in` and
`refresh_token`. *claims* are those of an ID token that fits the request, with `iss`, `sub`, `aud`,
`iat` and `exp`; only the rows about ID tokens make one of them.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from .scripted_server import plain_answer

Members = dict[str, Any]
Writer = Callable[[Members, Members], bytes]

SAVED = "saved"
"""Taken without a word."""
WARNED = "warned"
"""Taken, and the person is warned."""
RESCUED = "rescued"
"""At a refresh: an error, but the new refresh token is kept, since the old one is used up."""
REFUSED = "refused"
"""An error; nothing is stored, and nothing was found that could be given back."""
REVOKED = "revoked"
"""At a sign-in: an error; nothing is stored, and what was issued is given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OddAnswer:
    """
    One answer.

    *rotates* is false where no refresh token of it can be taken, so that a refresh keeps the old
    one. The sign-in asks for `openid` unless *openid* is false.
    """

    write: Writer
    refresh: str
    sign_in: str
    rotates: bool = True
    openid: bool = True


def _octets(tokens: Members) -> bytes:
    return json.dumps(tokens).encode()


def _changed(members: Members, changes: Members) -> Members:
    """Return *members* with *changes*; one that is `...` is left out."""
    return {name: value for name, value in {**members, **changes}.items() if value is not ...}


def _row(
    write: Writer, refresh: str, sign_in: str, *, rotates: bool = True, openid: bool = True
) -> OddAnswer:
    return OddAnswer(write=write, refresh=refresh, sign_in=sign_in, rotates=rotates, openid=openid)


def _members(refresh: str, sign_in: str, *, rotates: bool = True, **changes: Any) -> OddAnswer:
    """Change members of the answer."""
    return _row(
        lambda tokens, _: plain_answer(_octets(_changed(tokens, changes))),
        refresh,
        sign_in,
        rotates=rotates,
    )


def _text(
    edit: Callable[[bytes], bytes],
    refresh: str,
    sign_in: str,
    *,
    rotates: bool = True,
    kind: str = "",
) -> OddAnswer:
    """Change the octets of the body."""

    def write(tokens: Members, _: Members) -> bytes:
        return plain_answer(edit(_octets(tokens)), kind=kind or "application/json")

    return _row(write, refresh, sign_in, rotates=rotates)


def _more(text: bytes, refresh: str, sign_in: str, *, rotates: bool = True) -> OddAnswer:
    """Add members to the end of the body, as they stand."""
    return _text(lambda body: body[:-1] + b", " + text + b"}", refresh, sign_in, rotates=rotates)


def _status(status: int) -> OddAnswer:
    return _row(lambda tokens, _: plain_answer(_octets(tokens), status=status), SAVED, SAVED)


def _packed(
    coding: str,
    pack: Callable[[bytes], bytes],
    refresh: str = SAVED,
    sign_in: str = SAVED,
    *,
    rotates: bool = True,
) -> OddAnswer:
    def write(tokens: Members, _: Members) -> bytes:
        return plain_answer(pack(_octets(tokens)), f"Content-Encoding: {coding}")

    return _row(write, refresh, sign_in, rotates=rotates)


def _cut(
    keep: Callable[[bytes], int], refresh: str, sign_in: str, *, rotates: bool = True
) -> OddAnswer:
    """Break off after so many octets of the body."""

    def write(tokens: Members, _: Members) -> bytes:
        body = _octets(tokens)
        whole = plain_answer(body)
        return whole[: len(whole) - len(body) + keep(body)]

    return _row(write, refresh, sign_in, rotates=rotates)


def _cut_form(refresh: str, sign_in: str) -> OddAnswer:
    def write(tokens: Members, _: Members) -> bytes:
        whole = plain_answer(urlencode(tokens).encode(), kind="application/x-www-form-urlencoded")
        return whole[:-3]

    return _row(write, refresh, sign_in, rotates=False)


def _form(kind: str, refresh: str = SAVED, sign_in: str = SAVED) -> OddAnswer:
    return _row(
        lambda tokens, _: plain_answer(urlencode(tokens).encode(), kind=kind), refresh, sign_in
    )


def _part(members: object) -> str:
    octets = members if isinstance(members, bytes) else json.dumps(members).encode()
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _at_hash(access_token: str) -> str:
    return (
        urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode("ascii")
    )


def _id_token(
    refresh: str, sign_in: str, *, alg: object = "RS256", openid: bool = True, **changes: Any
) -> OddAnswer:
    """
    Add an ID token whose claims are changed; a callable is given the good claims and the access
    token.
    """

    def write(tokens: Members, claims: Members) -> bytes:
        made = {
            name: change(claims, tokens["access_token"]) if callable(change) else change
            for name, change in changes.items()
        }
        parts = (_part(_changed({}, {"alg": alg})), _part(_changed(claims, made)), "x")
        return plain_answer(_octets({**tokens, "id_token": ".".join(parts)}))

    return _row(write, refresh, sign_in, openid=openid)


def _as_id_token(text: object, refresh: str, sign_in: str, *, openid: bool = True) -> OddAnswer:
    return _row(
        lambda tokens, _: plain_answer(_octets({**tokens, "id_token": text})),
        refresh,
        sign_in,
        openid=openid,
    )


def _raw_claims(text: bytes, refresh: str, sign_in: str) -> OddAnswer:
    """Add an ID token to whose payload *text* is added as it stands."""

    def write(tokens: Members, claims: Members) -> bytes:
        payload = _octets(claims)[:-1] + b", " + text + b"}"
        id_token = ".".join((_part({"alg": "RS256"}), _part(payload), "x"))
        return plain_answer(_octets({**tokens, "id_token": id_token}))

    return _row(write, refresh, sign_in)


def _in(seconds: int) -> Callable[[Members, str], int]:
    return lambda claims, _: claims["iat"] + seconds


def _bare(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def _nested(levels: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return b'"deep": ' + opening * levels + b"1" + closing * levels


ODD_ANSWERS: dict[str, OddAnswer] = {
    # --- the status
    **{f"status {status}": _status(status) for status in (201, 202, 203, 206, 226, 299)},
    # RFC 9110 section 15.3.5: such an answer has no body, whatever follows.
    "status 204": _row(
        lambda tokens, _: plain_answer(_octets(tokens), status=204), REFUSED, REFUSED, rotates=False
    ),
    # --- how it is packed
    "gzip": _packed("gzip", gzip.compress),
    "deflate": _packed("deflate", zlib.compress),
    "deflate without its header": _packed("deflate", _bare),
    "gzip in the header alone": _packed("gzip", bytes),
    "gzip without its end": _packed("gzip", lambda body: gzip.compress(body)[:-8], WARNED, REVOKED),
    "gzip, cut in half": _packed(
        "gzip",
        lambda body: gzip.compress(body, 0)[: len(body) // 3],
        REFUSED,
        REFUSED,
        rotates=False,
    ),
    "brotli": _packed("br", lambda body: b"\x0b" + body[:9], REFUSED, REFUSED, rotates=False),
    # --- the content type
    "JSON as text/html": _text(bytes, SAVED, SAVED, kind="text/html; charset=utf-8"),
    "JSON as text/plain": _text(bytes, SAVED, SAVED, kind="text/plain"),
    "a form": _form("application/x-www-form-urlencoded"),
    "a form with a charset": _form("Application/X-WWW-Form-URLEncoded; charset=UTF-8"),
    "a form as text/plain": _form("text/plain", WARNED, REVOKED),
    "JSON as a form, behind a byte order mark": _text(
        lambda body: b"\xef\xbb\xbf" + body, SAVED, SAVED, kind="application/x-www-form-urlencoded"
    ),
    "JSON as a form": _text(bytes, SAVED, SAVED, kind="application/x-www-form-urlencoded"),
    "a web page": _text(
        lambda _: b"<!doctype html><p>Sign in to this network", REFUSED, REFUSED, kind="text/html"
    ),
    "nothing": _text(lambda _: b"", REFUSED, REFUSED),
    # --- the text
    "a byte order mark": _text(lambda body: b"\xef\xbb\xbf" + body, SAVED, SAVED),
    "UTF-16": _text(lambda body: body.decode().encode("utf-16"), SAVED, SAVED),
    "blank lines around it": _text(lambda body: b"\r\n\r\n " + body + b" \r\n\r\n", SAVED, SAVED),
    "octets that are no UTF-8": _more(b'"name": "J\xfcrgen"', WARNED, REVOKED),
    "a line break in a string": _more(b'"note": "one\ntwo"', WARNED, REVOKED),
    "an escape that is none": _more(b'"path": "C:\\work"', WARNED, REVOKED),
    "half a surrogate pair": _more(b'"emoji": "\\ud83d"', SAVED, SAVED),
    "a comma at the end": _text(lambda body: body[:-1] + b",}", WARNED, REVOKED),
    "a comment at the end": _text(lambda body: body + b"<!-- 12 ms -->", WARNED, REVOKED),
    "NUL at the end": _text(lambda body: body + b"\0", WARNED, REVOKED),
    "two objects": _text(lambda body: body + b"{}", WARNED, REVOKED),
    "in an array": _text(lambda body: b"[" + body + b"]", WARNED, REVOKED),
    "a word that is no JSON": _more(b'"beta": undefined', WARNED, REVOKED),
    "True as Python writes it": _more(b'"beta": True', WARNED, REVOKED),
    "a value without quotes, before the tokens": _text(
        lambda body: b'{"when": 2026-01-02T12:00:00Z, ' + body[1:], WARNED, REVOKED
    ),
    # --- members
    "a member twice": _more(b'"scope": "api", "scope": "openid api"', WARNED, REVOKED),
    "a member twice, deeper": _more(b'"user": {"id": 1, "id": 2}', WARNED, REVOKED),
    "the refresh token twice": _text(
        lambda body: b'{"refresh_token": "an-earlier-one", ' + body[1:], WARNED, REVOKED
    ),
    "NaN": _more(b'"quota": NaN', WARNED, REVOKED),
    "Infinity": _more(b'"quota": [Infinity, -Infinity]', WARNED, REVOKED),
    "a number beyond all floats": _more(b'"quota": 1e999', WARNED, REVOKED),
    "a number of 5,000 digits": _more(b'"quota": ' + b"9" * 5000, WARNED, REVOKED),
    "70 levels deep": _more(_nested(70), WARNED, REVOKED),
    "1,000 levels deep": _more(_nested(1000), WARNED, REVOKED),
    "100,000 levels deep": _more(_nested(100_000), WARNED, REVOKED),
    "100,000 objects deep": _more(_nested(100_000, b'{"x":', b"}"), WARNED, REVOKED),
    "100,000 levels deep, before the tokens": _text(
        lambda body: b"{" + _nested(100_000) + b", " + body[1:], WARNED, REVOKED
    ),
    "100,000 levels that do not end": _text(
        lambda body: body[:-1] + b', "deep": ' + b"[" * 100_000, WARNED, REVOKED
    ),
    "900 KiB in a member": _more(b'"note": "' + b"x" * 900 * 1024 + b'"', SAVED, SAVED),
    "5,000 members": _more(
        b", ".join(b'"m%d": "%s"' % (number, b"x" * 20) for number in range(5000)), SAVED, SAVED
    ),
    "more than a MiB": _more(b'"note": "' + b"x" * 1024 * 1024 + b'"', WARNED, REVOKED),
    # --- error
    "error: null": _members(SAVED, SAVED, error=None),
    "error: the empty string": _members(SAVED, SAVED, error="", error_description=""),
    "error: false": _members(SAVED, SAVED, error=False),
    "error: 0": _members(SAVED, SAVED, error=0),
    "error: an object": _members(SAVED, SAVED, error={}),
    "error_description alone": _members(SAVED, SAVED, error_description="deprecated"),
    "error beside tokens": _members(WARNED, REVOKED, error="deprecated_grant"),
    "error without tokens": _members(
        REFUSED, REFUSED, rotates=False, access_token=..., refresh_token=..., error="server_says_no"
    ),
    # --- token_type
    "no token_type": _members(SAVED, SAVED, token_type=...),
    "token_type: null": _members(SAVED, SAVED, token_type=None),
    "token_type: the empty string": _members(SAVED, SAVED, token_type=""),
    "token_type: BEARER": _members(SAVED, SAVED, token_type="BEARER"),
    "token_type: a blank behind it": _members(SAVED, SAVED, token_type="Bearer "),
    "token_type: mac": _members(WARNED, REVOKED, token_type="mac"),
    "token_type: N_A": _members(WARNED, REVOKED, token_type="N_A"),
    "token_type: DPoP": _members(WARNED, REVOKED, token_type="DPoP"),
    "token_type: bot": _members(WARNED, REVOKED, token_type="bot"),
    "token_type: a number": _members(WARNED, REVOKED, token_type=42),
    # --- expires_in
    "no expires_in": _members(SAVED, SAVED, expires_in=...),
    "expires_in: null": _members(SAVED, SAVED, expires_in=None),
    "expires_in: 0": _members(SAVED, SAVED, expires_in=0),
    "expires_in: a decimal": _members(SAVED, SAVED, expires_in=3600.0),
    "expires_in: digits and a blank": _members(SAVED, SAVED, expires_in="3600 "),
    "expires_in: below 0": _members(SAVED, SAVED, expires_in=-1),
    "expires_in: true": _members(SAVED, SAVED, expires_in=True),
    "expires_in: a word": _members(SAVED, SAVED, expires_in="never"),
    "expires_in: NaN": _text(
        lambda body: re.sub(rb'("expires_in": )\d+', rb"\1NaN", body), WARNED, REVOKED
    ),
    "expires_in: 10**30": _members(SAVED, SAVED, expires_in=10**30),
    # --- scope
    "scope: a list": _members(SAVED, SAVED, scope=["openid", "api"]),
    "scope: with commas": _members(SAVED, SAVED, scope="openid,api"),
    "scope: null": _members(SAVED, SAVED, scope=None),
    "scope: a number": _members(SAVED, SAVED, scope=42),
    # --- tokens
    "no refresh token": _members(SAVED, WARNED, rotates=False, refresh_token=...),
    "refresh token: null": _members(SAVED, WARNED, rotates=False, refresh_token=None),
    "refresh token: the empty string": _members(SAVED, WARNED, rotates=False, refresh_token=""),
    "refresh token: a number": _members(WARNED, REVOKED, rotates=False, refresh_token=42),
    "refresh token: with a line break": _members(
        WARNED, REVOKED, rotates=False, refresh_token="a\nb"
    ),
    "no access token": _members(RESCUED, REVOKED, access_token=...),
    "access token: null": _members(RESCUED, REVOKED, access_token=None),
    "access token: with a line break": _members(RESCUED, REVOKED, access_token="a\nX-Evil: b"),
    "access token: not ASCII": _members(RESCUED, REVOKED, access_token="t\u00f6ken"),
    "access token: 70 KiB": _members(RESCUED, REVOKED, access_token="x" * 70 * 1024),
    "access token: an object": _members(RESCUED, REVOKED, access_token={"value": "x"}),
    "no token at all": _members(
        REFUSED, REFUSED, rotates=False, access_token=..., refresh_token=...
    ),
    # --- not read to its end
    "cut behind the tokens": _cut(lambda body: len(body) - 1, WARNED, REVOKED),
    "cut in the refresh token": _cut(lambda body: len(body) - 4, WARNED, REVOKED, rotates=False),
    "cut in the access token": _cut(lambda _: 24, REFUSED, REFUSED, rotates=False),
    "a form, cut in the refresh token": _cut_form(WARNED, REVOKED),
    "cut before the body": _cut(lambda _: 0, REFUSED, REFUSED, rotates=False),
    # --- the ID token
    "ID token: good": _id_token(SAVED, SAVED),
    "ID token: null": _as_id_token(None, SAVED, SAVED),
    "ID token: the empty string": _as_id_token("", SAVED, SAVED),
    "ID token: no JWT": _as_id_token("opaque", WARNED, REVOKED),
    "ID token: no JWT, and none was asked for": _as_id_token(
        "opaque", WARNED, WARNED, openid=False
    ),
    "ID token: encrypted": _as_id_token("a.b.c.d.e", WARNED, REVOKED),
    "ID token: a number": _as_id_token(42, WARNED, REVOKED),
    "ID token: no JSON in it": _as_id_token("e30.e30x.x", WARNED, REVOKED),
    "ID token: 62 s ahead": _id_token(WARNED, WARNED, iat=_in(62)),
    "ID token: 9 minutes ahead": _id_token(WARNED, WARNED, iat=_in(540)),
    "ID token: an hour ahead": _id_token(WARNED, REVOKED, iat=_in(3600), exp=_in(7200)),
    "ID token: no iat": _id_token(WARNED, WARNED, iat=...),
    "ID token: iat in quotes": _id_token(WARNED, WARNED, iat=lambda claims, _: str(claims["iat"])),
    "ID token: expired": _id_token(WARNED, REVOKED, exp=_in(-3600)),
    "ID token: no exp": _id_token(WARNED, REVOKED, exp=...),
    "ID token: the at_hash of this token": _id_token(
        SAVED, SAVED, at_hash=lambda _, access_token: _at_hash(access_token)
    ),
    "ID token: the at_hash of another token": _id_token(
        WARNED, REVOKED, at_hash=_at_hash("an-earlier-one")
    ),
    "ID token: an at_hash of an unknown alg": _id_token(WARNED, WARNED, alg="XY999", at_hash="x"),
    "ID token: an unknown alg": _id_token(SAVED, SAVED, alg="ML-DSA-65"),
    "ID token: alg none": _id_token(WARNED, REVOKED, alg="none"),
    "ID token: no alg": _id_token(WARNED, REVOKED, alg=...),
    "ID token: of another client": _id_token(WARNED, REVOKED, aud="another-client"),
    "ID token: for two, given to another": _id_token(
        WARNED, REVOKED, aud=lambda claims, _: [claims["aud"], "another"], azp="another"
    ),
    "ID token: of another issuer": _id_token(REFUSED, REVOKED, iss="https://evil.example"),
    "ID token: no issuer": _id_token(WARNED, REVOKED, iss=...),
    "ID token: of another person": _id_token(REFUSED, SAVED, sub="mallory"),
    "ID token: of nobody": _id_token(WARNED, REVOKED, sub=...),
    "ID token: of the empty string": _id_token(WARNED, REVOKED, sub=""),
    "ID token: no nonce": _id_token(SAVED, REVOKED, nonce=...),
    "ID token: another nonce": _id_token(SAVED, REVOKED, nonce="of-another-request"),
    "ID token: a claim twice": _raw_claims(
        b'"email": "a@x.example", "email": "b@x.example"', WARNED, REVOKED
    ),
    "ID token: sub twice, the last is another": _raw_claims(b'"sub": "mallory"', REFUSED, REVOKED),
    "ID token: NaN in it": _raw_claims(b'"level": NaN', WARNED, REVOKED),
}
