"""DS-06: which proxy the environment puts before a server, and which servers are asked directly."""

from __future__ import annotations

import pytest

from loopback_auth.edge.http.proxy import proxy_for
from loopback_auth.errors import ProxyFailed

A, B = "http://a.example:3128", "http://b.example:3128"
URL = "https://id.example.com/token"


def chosen(url: str = URL, **environ: str) -> str | None:
    proxy = proxy_for(url, environ)
    return f"{proxy.variable} {proxy.url}" if proxy else None


CHOICES = {
    "nothing": ({}, None),
    "in capitals": ({"HTTPS_PROXY": A}, f"HTTPS_PROXY {A}"),
    "in small letters": ({"https_proxy": A}, f"https_proxy {A}"),
    "in both": ({"HTTPS_PROXY": A, "https_proxy": B}, f"https_proxy {B}"),
    "in both, the other way round": ({"https_proxy": A, "HTTPS_PROXY": B}, f"https_proxy {A}"),
    "as nobody else": ({"Https_Proxy": A}, f"Https_Proxy {A}"),
    "switched off in small letters": ({"HTTPS_PROXY": A, "https_proxy": ""}, None),
    "for all": ({"ALL_PROXY": A}, f"ALL_PROXY {A}"),
    "for all, in both": ({"ALL_PROXY": A, "all_proxy": B}, f"all_proxy {B}"),
    "for https and for all": (
        {"HTTPS_PROXY": A, "ALL_PROXY": "socks5://s.example:1080"},
        f"HTTPS_PROXY {A}",
    ),
    "for http alone": ({"HTTP_PROXY": A, "http_proxy": B}, None),
    "for ftp alone": ({"FTP_PROXY": A}, None),
    "with blanks around": ({"HTTPS_PROXY": f" {A}\n"}, f"HTTPS_PROXY {A}"),
    "without a scheme": ({"HTTPS_PROXY": "a.example:3128"}, f"HTTPS_PROXY {A}"),
    "empty": ({"HTTPS_PROXY": "", "ALL_PROXY": "  "}, None),
    "NO_PROXY in both": (
        {"HTTPS_PROXY": A, "NO_PROXY": "*", "no_proxy": "b.example"},
        f"HTTPS_PROXY {A}",
    ),
    "no_proxy in both": ({"HTTPS_PROXY": A, "NO_PROXY": "b.example", "no_proxy": "*"}, None),
    "of a CGI program": ({"HTTPS_PROXY": A, "REQUEST_METHOD": "GET"}, f"HTTPS_PROXY {A}"),
}


@pytest.mark.parametrize(("environ", "expected"), CHOICES.values(), ids=CHOICES)
def test_ds_06_small_letters_win_as_with_curl_and_python(
    environ: dict[str, str], expected: str | None
) -> None:
    """DS-06: two programs in one shell go through the same proxy."""
    assert chosen(**environ) == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HTTP_PROXY": A}, f"HTTP_PROXY {A}"),
        ({"HTTP_PROXY": A, "REQUEST_METHOD": "GET"}, None),
        ({"http_proxy": B, "HTTP_PROXY": A, "REQUEST_METHOD": "GET"}, f"http_proxy {B}"),
        ({"ALL_PROXY": B, "HTTP_PROXY": A, "REQUEST_METHOD": "GET"}, f"ALL_PROXY {B}"),
    ],
)
def test_ds_06_a_cgi_programs_http_proxy_is_a_header_of_its_visitors(
    environ: dict[str, str], expected: str | None
) -> None:
    """DS-06: `Proxy:` becomes HTTP_PROXY there (CVE-2016-5385 and its like)."""
    assert chosen("http://id.example.com/token", **environ) == expected


DIRECT = """
https://id.example.com/       *
https://id.example.com/       a.example,*
https://id.example.com/       id.example.com
https://id.example.com/       ID.Example.COM
https://ID.Example.com/       id.example.com
https://id.example.com/       example.com
https://id.example.com/       .example.com
https://id.example.com/       *.example.com
https://id.example.com/       com
https://id.example.com/       example.com.
https://id.example.com/       .example.com.
https://id.example.com./      example.com
https://id.example.com./      id.example.com.
https://id.example.com/       a.example, example.com
https://id.example.com/       a.example example.com
https://id.example.com/       a.example , , example.com ,
https://id.example.com/       id.example.com:443
https://id.example.com:443/   id.example.com
https://id.example.com:8443/  id.example.com
https://id.example.com:8443/  id.example.com:8443
https://id.example.com:8443/  example.com:8443
http://id.example.com/        id.example.com:80
https://10.1.2.3/             10.1.2.3
https://10.1.2.3:8443/        10.1.2.3:8443
https://10.1.2.3/             10.0.0.0/8
https://10.1.2.3/             10.1.2.3/8
https://10.1.2.3/             10.1.2.3/32
https://10.1.2.3/             0.0.0.0/0
https://[2001:db8::1]/        2001:db8::1
https://[2001:db8::1]/        [2001:db8::1]
https://[2001:db8::1]/        [2001:DB8:0:0:0:0:0:1]
https://[2001:db8::1]/        [2001:db8::1]:443
https://[2001:db8::1]:8443/   [2001:db8::1]:8443
https://[2001:db8::1]/        2001:db8::/32
https://[2001:db8::1]/        [2001:db8::]/32
https://[fe80::1%25eth0]/     fe80::/10
https://[::ffff:10.1.2.3]/    10.0.0.0/8
"""

PROXIED = """
https://id.example.com/       a.example
https://id.example.com/       d.example.com
https://id.example.com/       xample.com
https://id.example.com/       www.id.example.com
https://id.example.com/       id.example.com.evil.example
https://id.example.com/       id.example.com:8443
https://id.example.com:8443/  id.example.com:443
https://id.example.com/       id.example.com:
https://id.example.com/       id.example.com:x
https://id.example.com/       .
https://id.example.com/       *.
https://id.example.com/       ,
https://id.example.com/       id.*.com
https://id.example.com/       10.0.0.0/8
https://id.example.com/       example.com/8
https://10.1.2.3/             3
https://10.1.2.3/             2.3
https://10.1.2.3/             .1.2.3
https://10.1.2.3/             10.1.2.0/31,11.0.0.0/8
https://10.1.2.3/             10.1.2.3:8443
https://10.1.2.3/             10.0.0.0/99
https://10.1.2.3/             ::/0
https://[2001:db8::1]/        2001:db8::2
https://[2001:db8::1]/        [2001:db8::1]:8443
https://[2001:db8::1]/        2001:db9::/32
https://[2001:db8::1]/        0.0.0.0/0
https://[2001:db8::1]/        1
"""


def rows(table: str) -> list[tuple[str, str]]:
    lines = (line.split(maxsplit=1) for line in table.strip().splitlines())
    return [(url, no_proxy) for url, no_proxy in lines]


@pytest.mark.parametrize(("url", "no_proxy"), rows(DIRECT))
def test_ds_06_no_proxy_names_who_is_asked_directly(url: str, no_proxy: str) -> None:
    """DS-06."""
    assert chosen(url, ALL_PROXY=A, NO_PROXY=no_proxy) is None


@pytest.mark.parametrize(("url", "no_proxy"), rows(PROXIED))
def test_ds_06_and_nobody_else(url: str, no_proxy: str) -> None:
    """DS-06: no part of a name or an address, no other port, and nothing that cannot be read."""
    assert chosen(url, ALL_PROXY=A, NO_PROXY=no_proxy) == f"ALL_PROXY {A}"


UNUSABLE = {
    "socks5://jane:canary@s.example:1080": "SOCKS",
    "socks5h://s.example:1080": "SOCKS",
    "SOCKS4://s.example": "SOCKS",
    "socks://s.example:1080/": "SOCKS",
    "ftp://jane:canary@a.example:21": "not http://HOST:PORT",
    "http://": "not http://HOST:PORT",
    "http://a.example:99999": "not http://HOST:PORT",
    "http://a.example:0": "not http://HOST:PORT",
    "http://[::1": "not http://HOST:PORT",
    "http://jane:can#ary@a.example:3128": "not http://HOST:PORT",
    "'http://a.example:3128'": "not http://HOST:PORT",
    "http://a b.example:3128": "not http://HOST:PORT",
    "DIRECT": None,
    "http://user@a.example": None,
}


@pytest.mark.parametrize(("value", "expected"), UNUSABLE.items())
@pytest.mark.parametrize("variable", ["ALL_PROXY", "https_proxy"])
def test_ds_06_a_proxy_that_cannot_be_used_is_reported_by_its_variable(
    variable: str, value: str, expected: str | None
) -> None:
    """DS-06: for what it is, and never by its value, which may hold a password."""
    if expected is None:
        assert chosen(**{variable: value})
        return
    with pytest.raises(ProxyFailed) as failed:
        chosen(**{variable: value})
    assert expected in failed.value.message
    assert variable in failed.value.message
    assert variable in failed.value.fix
    assert "canary" not in str(failed.value) + failed.value.cause + failed.value.fix


def test_a_proxy_does_not_show_its_password() -> None:
    assert "canary" not in repr(proxy_for(URL, {"HTTPS_PROXY": "http://jane:canary@a.example:1"}))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_ds_06_no_variable_puts_a_proxy_before_the_loopback(host: str) -> None:
    """DS-06: not even one that makes no sense."""
    for scheme in ("http", "https"):
        assert chosen(f"{scheme}://{host}:1/", ALL_PROXY="socks5://s", NO_PROXY="") is None
