"""The name of the person who signed in, out of their claims."""

from __future__ import annotations

from typing import Any

import pytest

from loopback_auth.oauth.identity import Identity, read_identity


@pytest.mark.parametrize(
    ("claims", "subject", "name"),
    [
        (
            {"sub": "1", "preferred_username": "jane", "email": "j@x.example", "name": "Jane"},
            "1",
            "jane",
        ),
        ({"sub": "1", "email": "j@x.example", "name": "Jane"}, "1", "j@x.example"),
        ({"sub": "1"}, "1", "1"),
        ({"id": 583231, "login": "octocat"}, "583231", "octocat"),
        ({"login": "octocat"}, "octocat", "octocat"),
        ({"sub": "1", "email": ["a"], "name": "Jane"}, "1", "Jane"),
        ({"sub": "1", "name": "a\x1b[2Jb\u202e" + "x" * 500}, "1", None),
    ],
)
def test_a_person_is_named_by_the_most_telling_claim(
    claims: dict[str, Any], subject: str, name: str | None
) -> None:
    who = read_identity(claims)
    assert who
    assert who.subject == subject
    assert who.name.isprintable()
    assert len(who.name) <= 120
    assert name is None or who.name == name


@pytest.mark.parametrize("claims", [{}, {"sub": None}, {"sub": ""}, {"aud": "x"}, {"name": ""}])
def test_claims_that_name_nobody_give_nobody(claims: dict[str, Any]) -> None:
    assert read_identity(claims) is None


def test_a_provider_may_say_where_its_names_are() -> None:
    who = read_identity({"sub": "1", "user": {"x": 1}, "nick": "jj"}, names=("nick",))
    assert who == Identity(
        subject="1", name="jj", claims={"sub": "1", "user": {"x": 1}, "nick": "jj"}
    )
