"""What people paste: every form is read, nothing raises, and no secret stays in what was read."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings, strategies as st

from loopback_auth.explain.pitfalls import certain_pitfall_for, pitfall_for
from loopback_auth.explain.redaction import redacted, shown
from loopback_auth.explain.report import PASTE_CHARACTERS, Paste, read_paste

ERROR, SAID = "redirect_uri_mismatch", "redirect_uri must match configuration"
PERCENT, PLUS = quote(SAID), quote_plus(SAID)
ERROR_PAGE = "https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp"
CALLBACK = "http://localhost:1717/OauthRedirect"
OBJECT = json.dumps({"error": ERROR, "error_description": SAID})
ARRAY = json.dumps([{"message": SAID, "errorCode": ERROR}])
PAGE = f"We can't authorize you because of an OAuth error.\n\n{ERROR} : {SAID}\n\nAbout us | Help"
TRANSCRIPT = f"HTTP/1.1 400 Bad Request\nDate: Mon, 01 Jan 2026 00:00:00 GMT\n\n{OBJECT}\n"

FORMS: list[tuple[str, str]] = [
    (
        "html",
        f"<html><body><div><b>{ERROR}</b> : <span>{SAID}</span></div><p>Help</p></body></html>",
    ),
    ("line", f"{ERROR}: {SAID}"),
    ("line", f"{ERROR} : {SAID}"),
    ("line", f"{ERROR} / {SAID}"),
    ("line", f"{ERROR} - {SAID}"),
    ("line", f"error: {ERROR}\nerror_description: {SAID}"),
    ("line", f"ERROR {ERROR}: {SAID}"),
    ("line", f"error[authorization-error]: the server refused the sign-in ({ERROR}: {SAID})"),
    ("line", PAGE),
    ("line", PAGE.replace("\n", "\r\n")),
    ("line", f"> We can't authorize you.\n> {ERROR} : {SAID}"),
    ("line", f"Page says:\n  {ERROR}\u00a0:\u00a0redirect_uri must match\nconfiguration"),
    ("line", str({"error": ERROR, "error_description": SAID})),
    ("line", str([{"message": SAID, "errorCode": ERROR}])),
    ("json", OBJECT),
    ("json", ARRAY),
    ("json", json.dumps(json.loads(OBJECT), indent=4)),
    ("json", OBJECT.replace("must match", "must\n match")),
    ("json", OBJECT.replace("redirect_uri_mismatch", "redirect_uri_\nmismatch")),
    ("json", f"The answer was {OBJECT}, what now?"),
    ("json", json.dumps({"version": 1, "error": {"code": ERROR, "message": SAID, "exit_code": 7}})),
    ("form", f"error={ERROR}&error_description={PERCENT}"),
    ("form", f"error={ERROR}&error_description={PLUS}"),
    ("form", f"error_description={PLUS}&error={ERROR}\r\n"),
    ("form", f"\ufeff  error={ERROR}&error_description={quote(PERCENT)}\n"),
    ("form", f"error={ERROR}&error_\ndescription={PERCENT[:11]}\n{PERCENT[11:]}"),
    ("form", f"the file says error={ERROR}&error_description={PERCENT} and nothing else"),
    ("form", f"?error={ERROR}&error_description={PLUS}&state=xyz"),
    ("error-page", f"{ERROR_PAGE}?error={ERROR}&error_description={PLUS}"),
    ("error-page", f"<{ERROR_PAGE}?error={ERROR}&error_description={PERCENT}>"),
    ("error-page", f"{ERROR_PAGE}?error={quote_plus(f'{ERROR} : {SAID}')}"),
    ("error-page", f"I see {ERROR_PAGE}?error={ERROR}&error_description={PLUS} in the address bar"),
    ("callback", f"{CALLBACK}?error={ERROR}&error_description={PERCENT}&state=abc"),
    ("callback", f"{CALLBACK}#error={ERROR}&error_description={PLUS}"),
    ("callback", f"myapp://auth?error={ERROR}&error_description={PLUS}"),
    ("http", TRANSCRIPT),
    ("http", TRANSCRIPT.replace("\n", "\r\n")),
    ("http", f"400 {OBJECT}"),
    ("http", f"HTTP 400: {OBJECT}"),
    ("http", f"status: 400\n{ARRAY}"),
    ("http", f"400 Bad Request\n\nerror={ERROR}&error_description={PERCENT}"),
    ("http", f"HTTP/1.1 200 Connection established\n\n{TRANSCRIPT}"),
    (
        "http",
        "> GET /x HTTP/1.1\n> Host: x\n>\n"
        + "".join(f"< {line}\n" for line in TRANSCRIPT.split("\n")),
    ),
    (
        "callback",
        f"HTTP/2 302\r\nLocation: {CALLBACK}?error={ERROR}&error_description={PLUS}\r\n\r\n",
    ),
    (
        "html",
        f"<!DOCTYPE html><html><body><p>{ERROR} :\n{SAID}</p><script>var a_b = 1;</script></body></html>",
    ),
]


@pytest.mark.parametrize(
    ("kind", "text"), FORMS, ids=[f"{kind}: {text[:40]!r}" for kind, text in FORMS]
)
def test_every_form_of_an_error_is_read(kind: str, text: str) -> None:
    for wrapped in (text, f"\n  {text}\n\n", f"`{text}`", f"\x1b[31m{text}\x1b[0m"):
        paste = read_paste(wrapped)
        assert (paste.error, paste.description) == (ERROR, SAID)
        assert paste.kind == kind
        if kind == "http" or text.startswith("HTTP"):
            assert paste.status in {400, 302}


def test_an_error_in_the_headers_alone_is_read() -> None:
    """RFC 6750 section 3."""
    challenge = 'WWW-Authenticate: Bearer realm="x", error="invalid_token", error_description="The token has expired"'
    for body in ("", "<html>no</html>", "no!"):
        paste = read_paste(f"HTTP/1.1 401 Unauthorized\r\n{challenge}\r\n\r\n{body}")
        assert (paste.status, paste.error, paste.description) == (
            401,
            "invalid_token",
            "The token has expired",
        )
    moved = f"HTTP/1.1 302 Found\nLocation: {CALLBACK}?error=access_denied\n\n<html>moved</html>"
    assert read_paste(moved).error == "access_denied"


OTHERS: list[tuple[str, Paste]] = [
    ('{"error": {"code": 401, "message": "Invalid Credentials"}}', Paste(kind="json", status=401)),
    ('{"error_description": "words alone"}', Paste(kind="json")),
    ('{"error": {"error": {"error": {}}}}', Paste(kind="text")),
    (
        "first HTTPS://a.example/?error=access_denied then https://b.example/?error=server_error",
        Paste(kind="callback", error="access_denied", parameters={"error": "access_denied"}),
    ),
    ('{"code": "s3cr3t", "sfdc_community_id": "1"}', Paste(kind="answer")),
    ("HTTP/1.1 400 Bad\nContent-Type: x\nerror=invalid_scope", Paste(kind="http", status=400, error="invalid_scope", parameters={"error": "invalid_scope"})),
    ("", Paste(kind="empty")),
    (" \r\n\x00\ufeff\n", Paste(kind="empty")),
    ("invalid_grant", Paste(kind="code", error="invalid_grant")),
    ('"invalid_grant"', Paste(kind="code", error="invalid_grant")),
    ("Invalid Grant", Paste(kind="code", error="Invalid Grant")),
    ("Bad_OAuth_Token", Paste(kind="code", error="Bad_OAuth_Token")),
    ("403", Paste(kind="http", status=403)),
    ("HTTP/1.1 403 Forbidden", Paste(kind="http", status=403)),
    ("HTTP/1.1 403 Forbidden\r\nServer: x\r\n\r\nBad_OAuth_Token", Paste(kind="http", status=403, error="Bad_OAuth_Token")),
    ("400: redirect_uri_mismatch", Paste(kind="http", status=400, error="redirect_uri_mismatch")),
    ("aPrxFAKEFAKEFAKE==", Paste(kind="secret")),
    ("Bearer 00D000000000001!AQ4AQFake", Paste(kind="secret")),
    ("eyJraWQiOiIyNTYifQ.e30.AAAA", Paste(kind="secret")),
    ("nobody knows these words at all here", Paste(kind="text")),
    ("https://[broken", Paste(kind="url")),
    ("https://acme.my.salesforce.com/services/oauth2/authorize?prompt=login", Paste(kind="url", parameters={"prompt": "login"})),
    (f"{CALLBACK}?code=aPrx%3D%3D&state=s", Paste(kind="answer", parameters={"code": "(hidden)", "state": "(hidden)"})),
    ("code=aPrxFAKE%3D%3D&state=s", Paste(kind="answer", parameters={"code": "(hidden)", "state": "(hidden)"})),
    (f"{CALLBACK}?co\nde=aPrxFA\nKE%3D%3D", Paste(kind="answer", parameters={"code": "(hidden)"})),
    ('{"access_token": "00D1", "scope": "api"}', Paste(kind="tokens", parameters={"access_token": "(hidden)", "scope": "(hidden)"})),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), OTHERS, ids=[repr(text[:40]) for text, _ in OTHERS])
def test_what_is_no_error_is_read_as_what_it_is(text: str, expected: Paste) -> None:
    paste = read_paste(text)
    assert (paste.kind, paste.error, paste.status) == (
        expected.kind,
        expected.error,
        expected.status,
    )
    assert paste.parameters == expected.parameters


CANARY = "cAn4ry_9f86d081884c7d65"
OPAQUE = f"00D000000000001!AQ4AQ{CANARY}"
NAMES = [
    "code", "state", "nonce", "access_token", "refresh_token", "id_token", "token", "client_secret", "code_verifier", "password",
    "passwd", "client_assertion", "assertion", "sid", "session_id", "lightning_sid", "cookie-sid_Client", "csrf_token", "signature",
    "api_key", "clientSecret", "Access-Token", "beacon_child_consumer_secret",
]  # fmt: skip
SHORT = "hunter2x"


def everything(paste: Paste) -> str:
    """All that is kept of a paste, and all that could be said of it."""
    members = [
        str(member)
        for member in (
            pitfall_for(paste, pitfalls="salesforce", facts={}),
            pitfall_for(paste, pitfalls=None, facts={}),
            certain_pitfall_for(paste, facts={}),
        )
    ]
    return " ".join([repr(paste), paste.text, *paste.words, *members])


@pytest.mark.parametrize("secret", [CANARY, SHORT])
@pytest.mark.parametrize("name", NAMES)
def test_a_secret_is_never_kept_by_its_name(name: str, secret: str) -> None:
    for text in (
        f"{CALLBACK}?error=invalid_grant&{name}={secret}",
        f"{CALLBACK}?error=invalid_grant&{quote(name, safe='').replace('e', '%65')}={secret}",
        f"{CALLBACK}#{name}={secret}",
        f"{name}={secret}&error=invalid_grant",
        f"error=invalid_grant&{name}={secret[:4]}\n{secret[4:]}",
        json.dumps({name: secret, "error": "invalid_grant"}),
        json.dumps({name: secret}),
        str({name: secret}),
        json.dumps([{"errorCode": "X_Y", "message": f"{name}: {secret}"}]),
        f"HTTP/1.1 400 Bad\n\n{name}={secret}",
        f"invalid_grant: expired\n{name} = {secret}\n",
        f"<html><input name='x'>{name}={secret}</html>",
        f"curl -d {name}={secret} -d error=invalid_grant https://x.example/token",
    ):
        kept = everything(read_paste(text))
        assert secret not in kept, text


@pytest.mark.parametrize(
    "text",
    [
        OPAQUE,
        f"invalid token: {OPAQUE}",
        f"error=unsupported_token_type&error_description={quote_plus('invalid token: ' + OPAQUE)}",
        f"error=x&error_description={quote(quote(OPAQUE, safe=''), safe='')}",
        f"event not found: !AQ4AQ {OPAQUE}",
        f"Authorization: Bearer {CANARY}",
        f"GET / HTTP/1.1\nCookie: a={CANARY}; b={CANARY}\nauthorization: Basic {CANARY}\n",
        f"curl -H 'Authorization: Bearer {CANARY}' https://x.example",
        f"curl -u user:{CANARY} https://x.example",
        f"https://user:{CANARY}@x.example/?error=invalid_grant",
        f"eyJ{CANARY}.eyJ{CANARY}.{CANARY}",
        f"5Aep861{CANARY}==",
        f"aPrx{CANARY}%3D%3D",
        f"error[token-error]: refused (invalid_token: invalid token: 5Aep861{CANARY})",
        f"HTTP/1.1 302 Found\nLocation: {CALLBACK}?code={CANARY}&state={CANARY}\nSet-Cookie: sid={CANARY}\n\n",
        f"{ERROR_PAGE}?error=invalid_grant&error_description={CANARY}{CANARY}",
        json.dumps({"error": "invalid_grant", "error_description": f"code {CANARY} was used"}),
        json.dumps({"error": CANARY, "error_description": CANARY}),
    ],
)
def test_a_secret_is_never_shown_by_its_looks(text: str) -> None:
    paste = read_paste(text)
    assert CANARY not in repr(paste) + everything(paste).replace(paste.text, "")


@pytest.mark.parametrize(
    "text",
    [
        f"invalid token: tok-{CANARY}",
        f"{CALLBACK}?error=x_y&error_description={quote(quote(f'tok-{CANARY}', safe=''), safe='')}",
        f"<html><body>error: x_y, error_description: &#116;ok-{CANARY}</body></html>",
    ],
)
def test_a_secret_of_the_users_own_provider_is_never_shown_by_its_looks(text: str) -> None:
    paste = read_paste(text, secret_patterns=[f"tok-{CANARY}"])
    assert CANARY not in repr(paste)


def test_what_is_no_secret_stays_readable() -> None:
    """A redaction that hides the error helps nobody."""
    for text in (
        "unsupported_token_type: Token type not supported",
        "no refresh token, session expired or invalid",
        "state: mismatch of the two; error code: invalid_grant",
        '{"code": "invalid_grant", "token_type": "Bearer"}',
        "OAuth error. For more information, contact your administrator.",
        "https://login.salesforce.com/services/oauth2/authorize?client_id=3MVG9abc&scope=api",
        "Basic authentication is required",
        f"redirect_uri={CALLBACK}",
    ):
        assert redacted(text) == text
        assert shown(text) == text


def test_no_part_of_a_secret_is_left_where_a_long_paste_is_cut() -> None:
    half, secret = PASTE_CHARACTERS // 2, "canary" * 10
    before = "client_secret=" + secret
    text = "x " * PASTE_CHARACTERS + before + "y " * (half // 2 - 5)
    assert "canary" in text[-half:]
    assert text[-half:].startswith(secret[-10:])
    paste = read_paste(text)
    assert "nary" not in paste.around + paste.text


def test_a_paste_is_bounded() -> None:
    paste = read_paste("x " * PASTE_CHARACTERS + "invalid_grant: late")
    assert len(paste.text) <= PASTE_CHARACTERS
    assert paste.error == ""
    assert len(read_paste(f"error=x_y&error_description={'a b ' * 20000}").description) <= 300


HOSTILE = [
    "[" * 60000, "{" * 60000, '{"a":' * 12000, "a=" * 30000, "&" * 60000, "%" * 60000, '"' * 60000, "https://" * 8000, "sid_" * 15000,
    "<" * 60000, "<p " * 20000, "error=" * 10000, "error: " * 9000, "HTTP/1.1 200 OK\n" * 4000, "401 " * 16000, "a_" * 30000,
    "-u " * 20000, "://a@" * 12000, "no " * 20000, "{profile}" * 7000, "{0.__class__}", "%s%n" * 9, '{"error": ' + "9" * 5000 + "}",
    '{"error": null, "error_description": 3}', '[1, [2, {"error": ["x"]}]]', "\ud800", "error=%ff%fe&error_description=%00%0a",
    "error=" + "&".join(f"a{n}=1" for n in range(9000)), "HTTP/9.9 000 \n\n", "\x1b]0;title\x07 invalid_grant: \x1b[2Jx", "\u202eerror",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:20]) for text in HOSTILE])
def test_hostile_text_is_read_soon_and_raises_nothing(text: str) -> None:
    paste = read_paste(text)
    everything(paste)
    assert (paste.error + paste.description + "".join(paste.parameters)).isprintable()


PIECES = st.sampled_from(
    [*"{}[]\"':=&?#%+ \n\t<>/\\!;,.", "error", "error_description", "code", "state", "HTTP/1.1 400 X\n", "401 ", "\n\n", "https://",
     "localhost", "redirect_uri_mismatch", "invalid_grant", "access_token", "%3D", "<html>", "Bearer ", "\u00e9", "\x00", "errorCode"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(PIECES | st.text(max_size=8), max_size=30).map("".join))
def test_no_text_whatever_raises(text: str) -> None:
    paste = read_paste(text)
    assert (paste.error + paste.description + "".join(paste.parameters.values())).isprintable()
    everything(paste)


@settings(max_examples=300)
@given(
    before=st.lists(PIECES, max_size=6).map("".join),
    name=st.sampled_from(NAMES),
    form=st.sampled_from(["url", "form", "json", "line"]),
    after=st.lists(PIECES, max_size=6).map("".join),
)
def test_a_named_secret_is_never_shown_whatever_stands_around_it(
    before: str, name: str, form: str, after: str
) -> None:
    text = {
        "url": f"{before}{CALLBACK}?{urlencode({'error': 'invalid_grant', name: CANARY})}{after}",
        "form": f"{before}&{name}={CANARY}&error=invalid_grant{after}",
        "json": f"{before}{json.dumps({name: CANARY, 'error': 'invalid_grant'})}{after}",
        "line": f"{before}\n{name}: {CANARY}\n{after}",
    }[form]
    assert CANARY not in repr(read_paste(text))


STATUSES = [
    "error 500 ",
    "status 500\n",
    "HTTP 404: ",
    "500\n",
    "error 500 HTTP/1.1 500 x\n",
    "HTTP/1.1 500 x\n\nerror 500 ",
]
RUNS = [
    "\t",
    " ",
    " \t",
    "\n \t",
    "\u00a0",
    "{",
    "[",
    '{"',
    '"',
    "'",
    "\\",
    "<",
    "</",
    "a://",
    "?",
    "&",
    "a=",
    "error=",
    "%41",
    "a_b ",
    "(",
    "-u ",
    "\x1b[",
]
BEFORE = ["", "error: x_y ", "<html>", "http://x.example/?code="]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("run", [*STATUSES, *RUNS])
def test_no_run_of_anything_is_more_than_a_paste(run: str) -> None:
    """
    Neither a traceback nor minutes: a waiting login reads it, and so does `api`, whose answers are
    a server's choice.
    """
    for before in BEFORE:
        room = PASTE_CHARACTERS - len(before) - 4
        read_paste(before + run * (room // len(run)) + " end")


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_among_statuses_is_read_once(status: str) -> None:
    """The first that is alone, or the last of a transcript; what follows is prose."""
    paste = read_paste(f"{status * 3}{OBJECT}")
    assert paste.status in (500, 404)
    assert (paste.error, paste.description) == (ERROR, SAID)
