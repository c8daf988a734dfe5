"""`relay` on a terminal: by hand, and with another machine that a stand-in for ssh reaches."""

from __future__ import annotations

import json
import re
import shlex
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopback_auth.errors import UsageError
from loopback_auth.flows.relay.box import Box, read_box
from loopback_auth.testing import AuthorizationServer, Browser, Client

from ...support.command import COMMAND, environment, no_token_file, run_here, token_file
from ...support.relaying import Scene, agree_and_visit, ended
from ...support.sockets import is_released

if TYPE_CHECKING:
    from collections.abc import Iterator

pexpect = pytest.importorskip("pexpect", reason="there are no pseudo-terminals on Windows")


@pytest.mark.parametrize(
    ("text", "host", "port", "user", "profile"),
    [
        ("ssh://box/work", "box", None, "", "work"),
        ("ssh://box", "box", None, "", "default"),
        ("ssh://ada@Box.example.com:2222/work", "Box.example.com", 2222, "ada", "work"),
        ("ssh://[::1]:22/work", "::1", 22, "", "work"),
        ("ssh://192.0.2.7/work", "192.0.2.7", None, "", "work"),
        ("ssh://my_alias-1/work", "my_alias-1", None, "", "work"),
    ],
)
def test_a_machine_and_a_profile(
    text: str, host: str, port: int | None, user: str, profile: str
) -> None:
    box = read_box(text)
    assert box == Box(host=host, port=port, user=user, profile=profile)
    argv = box.argv("/usr/bin/ssh", "login", profile, "--manual")
    assert argv[-3:] == ["--", host, f"loopback-auth login {profile} --manual"]
    assert ("-p" in argv, "-l" in argv) == (port is not None, bool(user))


@pytest.mark.parametrize(
    "text",
    [
        *("box", "ssh:", "ssh:///work", "ssh://-oProxyCommand=id/work", "ssh://-x@box/work"),
        *("ssh://box;id/work", "ssh://$(id)/work", "ssh://box/$(id)", "ssh://box/a/b"),
        *("ssh://box:0/w", "ssh://box:99999/w", "ssh://box:-p1/w", "ssh://u:secret@box/w"),
        *(
            "ssh://box/work?x=1",
            "ssh://box/work#x",
            "ssh://box /w",
            "ssh://bo\nx/w",
            "ssh://@box/w",
        ),
        *(
            "http://box/work",
            "ssh://[::1%25a b]/w",
            "ssh://box/-oX",
            "ssh://böx/w",
            "ssh://a b@c/w",
        ),
    ],
)
def test_a_name_that_ssh_or_a_shell_would_take_for_more_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_box(text)
    assert "secret" not in str(refused.value)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clients = (Client(client_id="my-cli"),)
    with AuthorizationServer.running(clients=clients) as server:
        yield Scene(server=server, folder=tmp_path)


def test_by_hand_the_address_goes_there_and_its_answer_back(scene: Scene) -> None:
    """The code travels; the verifier and the tokens do not."""
    begun = scene.begin()
    assert begun["next_step"] == "loopback-auth exchange work"
    terminal = scene.relay()
    terminal.expect(r"not shown\): ")
    terminal.sendline(begun["url"])
    asked = agree_and_visit(terminal)
    assert begun["url"] not in asked
    for word in ("127.0.0.1", "Client:        my-cli", "only if you started this sign-in yourself"):
        assert word in asked
    terminal.expect(rf"({re.escape(begun['redirect_uri'])}\?\S+)")
    answer = terminal.match[1]
    ended(terminal)
    assert terminal.exitstatus == 0
    assert no_token_file(scene.laptop)
    assert run_here("exchange", "work", home=scene.box, stdin=answer).exit_code == 0
    assert token_file(scene.box, "work")["access_token"]


@pytest.mark.slow
def test_the_usual_answer_is_no(scene: Scene) -> None:
    url = scene.begin()["url"]
    for answer in ("", "n", "\x03"):
        terminal = scene.relay()
        terminal.expect(r"not shown\): ")
        terminal.sendline(url)
        terminal.expect(r"Did you\? \[y/N\] ")
        terminal.send(answer if answer == "\x03" else f"{answer}\r")
        assert "error[cancelled]" in ended(terminal)
        assert terminal.exitstatus == 3


@pytest.mark.slow
@pytest.mark.parametrize("parts", [("{url}\r", "y\r"), ("{url}\ry\r",), ("{url}\r\ny\r\ny\r",)])
def test_a_paste_does_not_answer_the_question_that_follows_it(
    scene: Scene, parts: tuple[str, ...]
) -> None:
    """Whoever has somebody copy an address can have them copy a `y` behind it."""
    url = scene.begin()["url"]
    terminal = scene.relay()
    terminal.expect(r"not shown\): ")
    for part in parts:
        terminal.send(part.format(url=url))
    terminal.expect(r"Did you\? \[y/N\] ")
    with pytest.raises(pexpect.TIMEOUT):
        terminal.expect("open this address", timeout=1)
    terminal.sendline("n")
    assert "error[cancelled]" in ended(terminal)


@pytest.mark.slow
def test_the_address_may_come_through_a_pipe_and_the_answer_from_the_terminal(
    scene: Scene,
) -> None:
    """`pbpaste | loopback-auth relay`."""
    (scene.folder / "url").write_text(scene.begin()["url"])
    line = f"{shlex.join(COMMAND)} relay < {scene.folder / 'url'}"
    terminal = pexpect.spawn(
        "/bin/sh",
        ["-c", line],
        env={**environment(scene.laptop), "TERM": "xterm", "BROWSER": ""},
        timeout=20,
        encoding="utf-8",
        dimensions=(40, 600),
    )
    agree_and_visit(terminal)
    assert "code=" in ended(terminal)
    assert terminal.exitstatus == 0


def test_by_ssh_both_ends_are_done_and_no_code_is_printed(scene: Scene) -> None:
    """CL-06: no state and no code in a command line, on the terminal or on this machine."""
    terminal = scene.relay("ssh://ada@box:2222/work")
    asked = agree_and_visit(terminal)
    assert "box, profile work" in asked
    said = ended(terminal)
    assert terminal.exitstatus == 0, said
    assert "box is signed in, to its profile work; no token came here" in said
    tokens = token_file(scene.box, "work")
    assert no_token_file(scene.laptop)
    assert tokens["access_token"] not in asked + said
    assert "code=" not in asked + said
    argv = (scene.folder / "argv").read_text()
    assert argv.split("\n==\n")[:2] == [
        f"-T\n-p\n2222\n-l\nada\n--\nbox\nloopback-auth {words}"
        for words in ("login work --manual --json", "exchange work --json")
    ]
    assert "state" not in argv
    assert not list((scene.box / "pending").glob("*"))


HOSTILE = {
    "no loopback-auth": ("exit 127", "has no loopback-auth that ssh finds", 7),
    "no connection": (
        "echo 'Permission denied (publickey).' >&2; exit 255",
        r"denied \(publick",
        7,
    ),
    "noise": ("echo '\x1b[2J\x1b]0;owned\x07hello'; exit 0", "something else than a sign-in", 7),
    "a colour in its error": (
        r"""printf '{"error": {"message": "\\u001b[31mred\\u202e", "exit_code": 4}}'; exit 4""",
        r"box says: \[31mred",
        4,
    ),
    "a status of its own": (
        """printf '{"error": {"message": "m", "exit_code": 0}}'; exit 0""",
        "box says: m",
        7,
    ),
    "another's address": (
        """printf '{"url": "https://evil.example/?client_id=x"}'; exit 0""",
        "that address is not relayed",
        2,
    ),
    "no address": ("""printf '{"url": 7}'; exit 0""", "that address is not relayed", 2),
    "endless": ("yes | head -c 3000000; exit 0", "something else than a sign-in", 7),
    "silent": ("exec sleep 60", "did not answer within 1 s", 7),
}


@pytest.mark.parametrize(
    "case",
    ["noise", *(pytest.param(each, marks=pytest.mark.slow) for each in HOSTILE if each != "noise")],
)
def test_cl_03_what_the_other_machine_prints_is_a_strangers(scene: Scene, case: str) -> None:
    """CL-03: one clean line of it, and never a terminal's command."""
    before, words, status = HOSTILE[case]
    scene.ssh(before=before)
    terminal = scene.relay("ssh://box/work", "--timeout", "1s" if case == "silent" else "20s")
    terminal.expect(words)
    said = terminal.before + terminal.after + ended(terminal)
    assert terminal.exitstatus == status
    assert "owned\x07" not in said
    assert "\x1b[2J" not in said
    assert "\x1b[31m" not in said
    if case == "no loopback-auth":
        fix = "loopback-auth relay ssh://box/work --remote-command .local/bin/loopback-auth"
        assert fix in said


@pytest.mark.slow
def test_a_shell_that_greets_is_no_obstacle(scene: Scene) -> None:
    scene.ssh(before="echo Welcome; echo")
    terminal = scene.relay("ssh://box/work")
    agree_and_visit(terminal)
    ended(terminal)
    assert terminal.exitstatus == 0


@pytest.mark.slow
def test_the_remote_command_may_be_another(scene: Scene) -> None:
    (scene.bin / "loopback-auth").rename(scene.box / "la here")
    terminal = scene.relay("ssh://box/work", "--remote-command", "'./la here'")
    agree_and_visit(terminal)
    ended(terminal)
    assert terminal.exitstatus == 0
    assert token_file(scene.box, "work")


def test_what_the_box_refuses_has_its_words_and_its_exit_status(scene: Scene) -> None:
    (scene.box / "config.toml").write_text("")
    terminal = scene.relay("ssh://box/work")
    said = ended(terminal)
    assert terminal.exitstatus == 2
    assert "box says: nothing says where to sign in to the profile work" in said
    assert "On box: " in said


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_cl_06_no_process_of_either_end_has_the_state_or_the_code_in_its_command_line(
    scene: Scene,
) -> None:
    """CL-06: polled while both halves run; environments, too."""
    seen: set[str] = set()
    over = threading.Event()

    def poll() -> None:
        while not over.wait(0.002):
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        text = (process / name).read_bytes().decode("latin-1")
                    except OSError:
                        continue
                    if "authorize?" in text or "code=" in text or "state=" in text:
                        seen.add(text)

    poller = threading.Thread(target=poll)
    poller.start()
    try:
        terminal = scene.relay("ssh://box/work")
        agree_and_visit(terminal)
        ended(terminal)
    finally:
        over.set()
        poller.join()
    assert terminal.exitstatus == 0
    assert scene.server.seen("authorize")
    assert not {text for text in seen if str(scene.server.issuer) in text or "cb?" in text}
    assert not any(
        file.is_file() and "code=" in file.read_text() for file in scene.laptop.rglob("*")
    )


@pytest.mark.slow
@pytest.mark.parametrize("step", ["at the question", "while the browser is out", "at the exchange"])
def test_cl_07_the_laptop_may_go_at_any_step(scene: Scene, step: str) -> None:
    """CL-07: no port, no process and no token is left; the box's half waits for its 15 minutes."""
    if step == "at the exchange":
        scene.ssh(before='case "$line" in *exchange*) exec sleep 60;; esac')
    terminal = scene.relay("ssh://box/work")
    terminal.expect(r"Did you\? \[y/N\] ")
    if step != "at the question":
        terminal.sendline("y")
        terminal.expect(r"(http://127\.0\.0\.1:\d+/authorize\?\S+)")
    if step == "at the exchange":
        threading.Thread(target=Browser().visit, args=(terminal.match[1],), daemon=True).start()
        with (scene.folder / "argv").open() as log:
            while "exchange" not in log.read():
                assert terminal.isalive()
    terminal.kill(15)
    ended(terminal)
    assert terminal.exitstatus in (3, 143)
    [pending] = (scene.box / "pending").glob("*.json")
    uri = json.loads(pending.read_text())["redirect_uri"]
    assert is_released(int(re.findall(r":(\d+)/", uri)[0]))
    assert no_token_file(scene.box)
    assert no_token_file(scene.laptop)
