"""DS-01: which addresses may be asked."""

from __future__ import annotations

import pytest

from loopback_auth.errors import URLRefused
from loopback_auth.oauth.http.url import check_url, is_loopback
from loopback_auth.oauth.metadata import ENDPOINTS, server_metadata

from ...support.hostile import GOOD_URLS, HOSTILE_URLS
from ...support.samples import server


@pytest.mark.parametrize("raw", HOSTILE_URLS.values(), ids=HOSTILE_URLS)
def test_ds_01_a_hostile_address_is_refused_and_what_is_shown_of_it_is_harmless(raw: str) -> None:
    with pytest.raises(URLRefused) as refused:
        check_url(raw, name="token_endpoint")
    assert refused.value.exit_code == 2
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", ["issuer", *ENDPOINTS])
@pytest.mark.parametrize("raw", HOSTILE_URLS.values(), ids=HOSTILE_URLS)
def test_ds_01_no_member_of_the_metadata_may_be_a_hostile_address(raw: str, name: str) -> None:
    with pytest.raises(URLRefused):
        server_metadata({**server().to_json(), name: raw})


@pytest.mark.parametrize("raw", GOOD_URLS)
def test_ds_01_a_good_address_is_kept_byte_for_byte(raw: str) -> None:
    assert check_url(raw, name="issuer") == raw


def test_ds_01_what_is_shown_of_an_address_is_short() -> None:
    with pytest.raises(URLRefused) as refused:
        check_url("http://a.example/" + "x" * 100_000, name="issuer")
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("127.0.0.256", False),
        ("127.1.2.3.4", False),
        ("127.0.0.", False),
        ("127...", False),
        ("1270.0.0.1", False),
        ("localhost.", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_ds_01_only_a_literal_loopback_address_or_localhost_is_this_machine(
    host: str,
    loopback: bool,  # noqa: FBT001 - a column
) -> None:
    assert is_loopback(host) is loopback
