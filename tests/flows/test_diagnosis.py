"""An error takes cause and fix from the pitfall that it is, and keeps its code and message."""

from __future__ import annotations

import shlex
from dataclasses import replace

from loopback_auth import errors, from_settings
from loopback_auth.edge.callback.pages import failed
from loopback_auth.explain import explanation
from loopback_auth.explain.report import read_paste
from loopback_auth.flows.diagnosis import diagnose, explain_by_pitfall, flags_of

from ..explain.pitfalls_table import FACTS, REDIRECT_URI


def raised(error: errors.LoopbackAuthError, **more: object) -> tuple[str, str, str]:
    explain_by_pitfall(error, pitfalls="salesforce", facts={**FACTS, **more})
    return error.code, error.cause, error.fix


def test_an_error_takes_cause_and_fix_of_its_pitfall_and_keeps_its_code() -> None:
    error = errors.AuthorizationError(
        "refused",
        error="redirect_uri_mismatch",
        known=False,
        error_description="redirect_uri must match configuration",
    )
    code, cause, fix = raised(error)
    assert code == "authorization-error"
    assert REDIRECT_URI in cause
    assert f"Callback URL: {REDIRECT_URI}" in fix


def test_the_failure_page_tells_the_same() -> None:
    """
    The browser's page shows the pitfall's own texts and the profile's values, and none of the
    server's words.
    """
    error = errors.AuthorizationError(
        "x",
        error="OAUTH_APP_BLOCKED",
        known=False,
        error_description="<b>this app is blocked by admin</b>",
    )
    explain_by_pitfall(error, pitfalls="salesforce", facts=FACTS)
    page = failed(error).body.decode()
    assert "An administrator blocked the app." in page
    assert "Setup &gt; Connected Apps OAuth Usage" in page
    assert "<span>loopback-auth</span> <span>login</span> <span>work</span>" in page
    assert "this app is blocked" not in page


def test_a_refresh_that_was_rejected_is_reported_by_the_servers_words_or_as_such() -> None:
    def rejected(said: str) -> errors.RefreshRejected:
        return errors.RefreshRejected(
            "not taken", profile="work", error="invalid_grant", error_description=said
        )

    assert "policy" in raised(rejected("token validity expired"))[1]
    assert "sixth sign-in" in raised(rejected(""))[1]
    assert "sixth sign-in" in raised(rejected("words of tomorrow"))[1]


def test_an_error_of_our_own_is_explained_better_too() -> None:
    assert "downloaded file called authorize" in raised(errors.LoginTimedOut("nobody came"))[1]
    assert "Lightning" in raised(errors.HTMLAnswer("a page"))[1]
    assert "proxy" in raised(errors.TLSFailed("no"))[1]
    assert "1718" in raised(errors.PortInUse("taken"))[2]
    assert "Allow" in raised(errors.AuthorizationDenied("denied"))[2]


def test_the_host_that_failed_is_named_and_not_the_profiles() -> None:
    cause = raised(errors.TLSFailed("no", host="api.acme.example"))[1]
    assert "api.acme.example" in cause
    assert "acme.my.salesforce.com" in raised(errors.TLSFailed("no"))[1]


def test_a_my_domain_that_nobody_knows_is_reported_as_such() -> None:
    code, cause, fix = raised(errors.HostNotFound("the name acme.my is not known", host="acme.my"))
    assert code == "host-not-found"
    assert "My Domain is mistyped" in cause
    assert "loopback-auth doctor work" in fix


def test_an_api_s_answer_tells_the_error_better() -> None:
    error = errors.ApiRefused("refused", host="acme", status=403)
    body = '[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]'
    explain_by_pitfall(error, pitfalls="salesforce", facts=FACTS, said=read_paste(body))
    assert "one daily number" in error.cause


def test_what_is_no_pitfall_keeps_its_own_words() -> None:
    error = errors.StoreBusy("held", path="/x")
    explain_by_pitfall(error, pitfalls="salesforce", facts=FACTS)
    assert error.cause == explanation("store-busy", path="/x").cause


def test_cl_11_what_a_sign_in_was_given_is_given_again_in_its_fix() -> None:
    """CL-11: a sign-in that failed remembers nothing, so without its flags the next would, too."""
    profile = from_settings(
        "my work",
        issuer="https://id.example",
        client_id="it's",
        client_secret="hidden",
        scope=["a", "b"],
        port=[17, 18],
        parameters={"audience": "x y", "prompt": "login", "api_key": "hidden"},
        strict_scope=True,
        api_base="https://api.example",
    )
    error = errors.LoginTimedOut("nobody came")
    diagnose(error, profile)
    given = (
        "loopback-auth login 'my work' --timeout 15m --client-id 'it'\"'\"'s'"
        " --client-secret-prompt --issuer https://id.example --param 'audience=x y'"
        " --port 17 --port 18 --prompt login --scope 'a b' --strict-scope"
    )
    found = error.fix.partition("for a slow sign-in: ")[2]
    assert sorted(shlex.split(found)) == sorted(shlex.split(given))
    assert "hidden" not in repr(vars(error))


def test_what_the_last_sign_in_remembers_is_not_given_again() -> None:
    profile = from_settings("work", issuer="https://id.example", client_id="c", scope=["a"])
    remembered = {"settings": profile.to_remember(), "client": {"client_id": "c"}}
    assert flags_of(profile)
    assert flags_of(replace(profile, remembered=remembered)) == ()
    changed = {**remembered, "settings": {**profile.to_remember(), "scope": ["b"]}}
    assert flags_of(replace(profile, remembered=changed)) == (("--scope", "a"),)


def test_a_time_is_given_again_as_people_write_it() -> None:
    flags = flags_of(from_settings("work", issuer="https://id.example", timeout="2.5m"))
    assert ("--timeout", "150s") in flags
