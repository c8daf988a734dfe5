"""`relay`: the browser's half of a sign-in on another machine."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from loopback_auth.errors import (
    CallbackCertificateMissing,
    Cancelled,
    LoginTimedOut,
    LoopbackAuthError,
    PortInUse,
)
from loopback_auth.flows.relay.relay import relay
from loopback_auth.flows.relay.relay_session import Finished
from loopback_auth.notices import StrayVisit
from loopback_auth.oauth.authorize.relayed import read_authorize_url

from ...support.callback.client import Callback
from ...support.callback.secure import install
from ...support.command import run
from ...support.samples import request
from ...support.sockets import free_port, is_free, is_released
from ...support.stand_in_browser import stand_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback_auth.notices import Notice
    from loopback_auth.oauth.authorize.relayed import RelayedAnswer


@dataclass(kw_only=True)
class Relaying:
    """A relay that listens, with what it was to ask and to show."""

    host: str = "localhost"
    answer: bool = True
    timeout_s: float = 10
    opens: bool = False
    environ: dict[str, str] = field(default_factory=dict)
    scheme: str = "http"
    finished: Finished | LoopbackAuthError | None = None
    notices: list[Notice] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.redirect_uri = f"{self.scheme}://{self.host}:{free_port()}/cb?app=1"
        self.url = request(redirect_uri=self.redirect_uri).url
        self.callback = Callback({"url": self.url, "redirect_uri": self.redirect_uri})

    def start(self) -> asyncio.Task[RelayedAnswer]:
        async def finish(_: RelayedAnswer) -> Finished | None:
            if isinstance(self.finished, LoopbackAuthError):
                raise self.finished
            return self.finished

        return asyncio.create_task(
            relay(
                read_authorize_url(self.url),
                may_go_on=self._asked,
                show=lambda _: None,
                opens=self.opens,
                notify=self.notices.append,
                timeout_s=self.timeout_s,
                finish=finish,
                environ=self.environ,
            )
        )

    def _asked(self) -> bool:
        assert not is_free(self.callback.port, self.callback.host)
        self.asked.set()
        return self.answer


@pytest.fixture
def relaying() -> Iterator[Relaying]:
    relaying = Relaying()
    yield relaying
    assert is_released(relaying.callback.port), "the port is still held"


async def test_the_answer_is_caught_on_the_very_port_and_the_tab_is_honest(
    relaying: Relaying,
) -> None:
    task = relaying.start()
    await relaying.asked.wait()
    page = await relaying.callback.arrive(iss="https://id.example.com")
    assert "Go back to the other machine" in page.text
    assert "You are not signed in yet" in page.text
    assert "signed in as" not in page.text
    answer = await task
    assert answer.url.reveal().startswith(relaying.redirect_uri + "&code=the-code&state=")
    said = dict(parse_qsl(urlsplit(answer.url.reveal()).query))
    assert said["iss"] == "https://id.example.com"


async def test_cb_05_08_the_gate_is_that_of_a_sign_in(relaying: Relaying) -> None:
    """CB-05, CB-06, CB-07, CB-08: strays end nothing; the state is the URL's own."""
    callback = relaying.callback
    task = relaying.start()
    await relaying.asked.wait()
    assert (await callback.get(callback.answer(state="other"))).status == 400
    assert (await callback.get(callback.answer(), host="evil.example")).status == 421
    assert (await callback.get(callback.answer(), "Sec-Purpose: prefetch")).status == 403
    assert (await callback.get("/favicon.ico")).status == 404
    assert (await callback.get(callback.answer(), method="HEAD")).status == 405
    assert (await callback.get(callback.answer() + "&code=other")).status == 400
    await callback.arrive()
    assert (await task).error == ""
    assert len([each for each in relaying.notices if isinstance(each, StrayVisit)]) == 6


async def test_a_refusal_of_the_server_travels_too(relaying: Relaying) -> None:
    task = relaying.start()
    await relaying.asked.wait()
    page = await relaying.callback.refuse("access_denied", error_description="<b>no")
    assert "access_denied" in page.text
    assert "<b>no" not in page.text
    assert (await task).error == "access_denied"


async def test_no_is_no(relaying: Relaying) -> None:
    relaying.answer = False
    relaying.opens = True
    with pytest.raises(Cancelled, match="nothing was opened"):
        await relaying.start()


async def test_a_port_that_is_taken_is_reported_before_anything_is_asked(tmp_path: Path) -> None:
    import socket

    relaying = Relaying(host="127.0.0.1")
    with closing(socket.create_server(("127.0.0.1", relaying.callback.port))):
        with pytest.raises(PortInUse) as refused:
            await relaying.start()
        assert not relaying.asked.is_set()
    assert "login --manual --port N" in refused.value.fix
    assert relaying.redirect_uri in refused.value.cause


async def test_rb_07_nobody_comes(relaying: Relaying) -> None:
    """RB-07."""
    relaying.timeout_s = 0.2
    with pytest.raises(LoginTimedOut) as timed_out:
        await relaying.start()
    assert "loopback-auth relay --timeout 15m" in timed_out.value.fix


async def test_cb_16_the_browser_is_started_on_a_one_time_address(tmp_path: Path) -> None:
    """CB-16, AQ-06: neither the URL nor its state is in an argument."""
    async with stand_in(tmp_path) as (started, environ):
        relaying = Relaying(opens=True, environ=environ)
        task = relaying.start()
        address = await started.address()
        assert relaying.callback.state not in address
        launched = await relaying.callback.get(urlsplit(address).path)
        assert launched.header("location") == relaying.url
        assert (await relaying.callback.get(urlsplit(address).path)).status == 400
        with pytest.raises(LoopbackAuthError, match="a second time"):
            await task


async def test_an_https_answer_is_caught_with_the_certificate_of_this_machine(
    tmp_path: Path,
) -> None:
    context = install(tmp_path)
    async with stand_in(tmp_path) as (started, environ):
        own = {**environ, "LOOPBACK_AUTH_HOME": str(tmp_path)}
        relaying = Relaying(opens=True, environ=own, scheme="https")
        task = relaying.start()
        launch = urlsplit(await started.address())
        there = Callback({"url": relaying.url, "redirect_uri": launch.geturl()})
        assert (await there.get(launch.path)).header("location") == relaying.url
        relaying.callback.context = context
        page = await relaying.callback.get(relaying.callback.answer())
        answer = await task

    assert (launch.scheme, page.status) == ("http", 303)
    assert answer.url.reveal().startswith("https://localhost:")
    assert is_released(relaying.callback.port)


async def test_an_https_answer_without_a_certificate_is_refused_before_anybody_is_asked(
    tmp_path: Path,
) -> None:
    relaying = Relaying(environ={"LOOPBACK_AUTH_HOME": str(tmp_path)}, scheme="https")
    with pytest.raises(CallbackCertificateMissing):
        await relaying.start()
    assert not relaying.asked.is_set()


@pytest.mark.parametrize("failed", [False, True])
async def test_cb_13_the_tab_waits_for_what_the_other_machine_says(
    relaying: Relaying,
    failed: bool,  # noqa: FBT001 - of pytest
) -> None:
    """CB-13: it says "signed in" once the other machine has said so."""
    done = Finished(machine="box", profile="work", name="Ada <b>")
    relaying.finished = LoopbackAuthError("it failed", cause="C", fix="F") if failed else done
    task = relaying.start()
    await relaying.asked.wait()
    page = await relaying.callback.arrive()
    if failed:
        assert page.status == 400
        with pytest.raises(LoopbackAuthError, match="it failed"):
            await task
        return
    await task
    assert "box</strong> is signed in to <strong>id.example.com" in page.text
    assert "Ada &lt;b&gt;" in page.text


async def test_rb_10_a_relay_that_is_cancelled_leaves_nothing(relaying: Relaying) -> None:
    """RB-10: the fixture looks for the port."""
    task = relaying.start()
    await relaying.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("words", [[], ["--json"], ["--no-input"], ["-q"], ["ssh://box/work"]])
async def test_without_anybody_to_ask_nothing_is_opened(tmp_path: Path, words: list[str]) -> None:
    url = request().url
    outcome = await run("relay", *words, home=tmp_path, stdin=url)
    assert outcome.exit_code == 2
    assert "no terminal to ask on" in outcome.stderr + outcome.stdout
    assert url not in outcome.stderr + outcome.stdout


async def test_cl_06_the_url_is_no_argument(tmp_path: Path) -> None:
    """CL-06: it has the state in it; it is not repeated."""
    outcome = await run("relay", "https://id.example.com/a?state=SECRET", home=tmp_path)
    assert outcome.exit_code == 2
    assert "cannot be given on the command line" in outcome.stderr
    assert "SECRET" not in outcome.stderr
