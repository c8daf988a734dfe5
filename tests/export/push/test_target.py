"""Each target's words: what is run there, and where the secret is in it."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from loopback_auth.errors import UsageError
from loopback_auth.export.push.target import Held, Run, facts_of, runs, signed_in, targets
from loopback_auth.oauth.secret import Secret

TOKEN = Held(kind="refresh-token", secret=Secret("canary-token"))
CLIENT_SECRET = Held(kind="client-secret", secret=Secret("canary-secret"))
KEY = Held(kind="key", secret=Secret("-----BEGIN canary-----\nMII\n-----END canary-----\n"))
ALL = [TOKEN, CLIENT_SECRET, KEY]

REFRESH_TOKEN, SECRET = "LOOPBACK_AUTH_REFRESH_TOKEN", "LOOPBACK_AUTH_CLIENT_SECRET"


def planned(
    target: str,
    *secrets: Held,
    into: str | None = None,
    prefix: str = "LOOPBACK_AUTH",
    **given: str,
) -> list[Run]:
    facts = facts_of(targets()[target], "My Work", given, into=into, prefix=prefix)
    return runs(targets()[target], secrets or (TOKEN,), facts)


WORDS = [
    ("github", {}, f"gh secret set {REFRESH_TOKEN}"),
    (
        "github",
        {"repo": "acme/app", "env": "production"},
        f"gh secret set {REFRESH_TOKEN} --repo acme/app --env production",
    ),
    (
        "github",
        {"org": "acme", "app": "dependabot"},
        f"gh secret set {REFRESH_TOKEN} --org acme --app dependabot",
    ),
    (
        "gitlab",
        {"group": "acme", "env": "prod"},
        f"glab variable update {REFRESH_TOKEN} --raw --masked --group acme --scope prod",
    ),
    ("vault", {}, "vault kv put secret/loopback-auth/My Work -"),
    ("openbao", {"into": "kv/ci"}, "bao kv put kv/ci -"),
    (
        "kubernetes",
        {"namespace": "ci"},
        "kubectl apply --server-side --field-manager=loopback-auth --filename=- --namespace ci",
    ),
    (
        "aws-secretsmanager",
        {"region": "eu-west-1"},
        (
            "aws secretsmanager put-secret-value --secret-id loopback-auth/My Work/refresh-token"
            " --secret-string file://{file} --region eu-west-1"
        ),
    ),
    (
        "azure-keyvault",
        {"into": "acme"},
        (
            "az keyvault secret set --vault-name acme --name loopback-auth-my-work-refresh-token"
            " --file {file} --encoding utf-8 --output none"
        ),
    ),
    (
        "gcp-secretmanager",
        {"project": "acme"},
        (
            "gcloud secrets versions add loopback-auth-my-work-refresh-token --data-file=-"
            " --project acme"
        ),
    ),
]


@pytest.mark.parametrize(("target", "given", "words"), WORDS)
def test_a_target_runs_the_vendors_own_program(
    target: str, given: dict[str, str], words: str
) -> None:
    (run,) = planned(target, **given)
    assert " ".join(run.argv) == words


@pytest.mark.parametrize("target", targets())
def test_no_secret_is_in_a_word_or_a_repr(target: str) -> None:
    into = "somewhere" if targets()[target].takes_into else None
    for run in planned(target, *ALL, into=into):
        assert "canary" not in f"{run.argv}{run.create}{run!r}"
        assert "canary" in run.given.reveal()


@pytest.mark.parametrize("target", [name for name in targets() if name != "command"])
def test_a_target_says_where_its_facts_are_from_and_asks_whether_it_is_signed_in(
    target: str,
) -> None:
    row = targets()[target]
    assert row.source.startswith("https://")
    assert row.install.startswith("https://")
    assert row.sign_in
    assert signed_in(
        row, facts_of(row, "work", {}, into="x" if row.takes_into else None, prefix="X")
    )[0] == (row.program)


def test_a_secret_is_sent_as_it_is_and_each_by_itself() -> None:
    assert [(run.argv[3], run.given.reveal()) for run in planned("github", *ALL)] == [
        (REFRESH_TOKEN, TOKEN.secret.reveal()),
        (SECRET, CLIENT_SECRET.secret.reveal()),
        ("LOOPBACK_AUTH_KEY", KEY.secret.reveal()),
    ]


def test_a_vault_gets_all_in_one_document() -> None:
    (run,) = planned("vault", TOKEN, CLIENT_SECRET)
    assert json.loads(run.given.reveal()) == {
        REFRESH_TOKEN: "canary-token",
        SECRET: "canary-secret",
    }


def test_kubernetes_gets_one_secret_with_a_name_that_it_takes() -> None:
    (run,) = planned("kubernetes", TOKEN, CLIENT_SECRET)
    manifest: dict[str, Any] = json.loads(run.given.reveal())
    assert (manifest["kind"], manifest["metadata"]) == (
        "Secret",
        {"name": "loopback-auth-my-work"},
    )
    assert manifest["stringData"] == {REFRESH_TOKEN: "canary-token", SECRET: "canary-secret"}


def test_a_secret_of_several_lines_is_not_masked_since_gitlab_cannot() -> None:
    (run,) = planned("gitlab", KEY)
    assert "--masked" not in run.argv + run.create


def test_what_a_program_says_is_shown_without_the_secret_in_whatever_form() -> None:
    said = f"bad: {json.dumps(KEY.secret.reveal())}; or MII alone, or {KEY.secret.reveal()}"
    said += b64encode(KEY.secret.reveal().encode()).decode()
    assert b64encode(b"canary-token").decode() not in TOKEN.redacted("Y2FuYXJ5LXRva2Vu")
    assert "MII" not in KEY.redacted(said)
    assert "canary" not in KEY.redacted(said)


def test_a_prefix_is_the_beginning_of_the_names() -> None:
    (run,) = planned("github", prefix="PROD")
    assert run.argv[3] == "PROD_REFRESH_TOKEN"


def test_the_words_of_a_command_are_the_persons_own() -> None:
    row = targets()["command"]
    (run,) = runs(
        row,
        [TOKEN],
        facts_of(row, "work", {}, into=None, prefix="LOOPBACK_AUTH"),
        ["tool", "--name={name}", "{other}", "{value}"],
    )
    assert run.argv == ("tool", f"--name={REFRESH_TOKEN}", "{other}", "{value}")
    assert run.given.reveal() == "canary-token"


@pytest.mark.parametrize(
    ("target", "given", "into", "why"),
    [
        ("gitlab", {"app": "dependabot"}, None, "--app means nothing to gitlab"),
        ("github", {}, "somewhere", "--into means nothing to github"),
        ("azure-keyvault", {}, None, "where in azure-keyvault"),
    ],
)
def test_an_option_that_means_nothing_or_is_missing_is_refused(
    target: str, given: dict[str, str], into: str | None, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        planned(target, into=into, **given)
