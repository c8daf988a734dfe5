"""What a person sees at 40, 80 and 120 columns: no word is broken, and nothing is cut."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from loopback_auth import explain
from loopback_auth.cli.console import Console
from loopback_auth.cli.main import COMMANDS, run
from loopback_auth.cli.progress import ProgressReporter
from loopback_auth.cli.terminal import screen
from loopback_auth.cli.terminal.sheet import Sheet
from loopback_auth.cli.terminal.wrap import COMFORTABLE
from loopback_auth.errors import LoopbackAuthError
from loopback_auth.explain.fix import rendered
from loopback_auth.explain.pitfalls import entries, pitfall_files
from loopback_auth.notices import (
    Answered,
    BrowserNotOpened,
    JoinedSignIn,
    NothingYet,
    OpenThisPage,
    ShowAddress,
    Waiting,
)
from loopback_auth.resources import names, read

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTHS = (40, 80, 120)
TOPICS = tuple(names("help", ".md"))
FACTS = {"profile": "work", "issuer": "https://id.example.com", "host": "id.example.com"}
PAGE = OpenThisPage(
    url="https://id.example.com/authorize?" + "x" * 300,
    redirect_uri="http://127.0.0.1:9/callback",
    host="id.example.com",
    client_id="my-cli",
    scope="openid",
    issuer="https://id.example.com",
    timeout_s=300.0,
)
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(params=WIDTHS)
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    width: int = request.param
    monkeypatch.setattr(
        screen, "columns_of", lambda stream, _: width if stream and stream.isatty() else 0
    )
    return width


def texts() -> Iterator[tuple[str, dict[str, str]]]:
    for code in explain.codes():
        yield code, explain._catalogue()[code]  # noqa: SLF001 - the texts, not yet filled
    for file in pitfall_files():
        for code, entry in entries(file).items():
            yield f"{file}/{code}", entry


@pytest.mark.parametrize("width", WIDTHS)
def test_every_error_is_whole_at_any_width(width: int) -> None:
    sheet = Sheet(width, color=True)
    for code, entry in texts():
        title, cause = str(entry["title"]), str(entry.get("cause", "")).strip()
        fix = rendered(str(entry["fix"]).strip(), FACTS)
        shown = _CONTROL.sub("", sheet.error(code, title, cause, fix))
        for word in f"{title} {cause}".split():
            assert word in shown.split(), code
        for line in shown.splitlines():
            # What is wider is a command, or one word.
            is_command = any(command in line for command in fix.commands)
            assert len(line) <= width or is_command or len(line.split()) <= 2, (code, line)
        for command in fix.commands:
            assert command in shown, code


def with_remarks_above(text: str, width: int) -> str:
    """Return *text* with what is said of commands above them, where one is too wide."""
    remark = re.compile(r"^( +)(.*?) *  # *(.*)$", re.MULTILINE)

    def block(match: re.Match[str]) -> str:
        rows = remark.findall(match[0])
        column = max((len(command) for _, command, _ in rows), default=0)
        # Code is indented by two on a terminal, by four in Markdown.
        is_wide = any(len(indent) - 2 + column + 4 + len(said) > width for indent, _, said in rows)
        return remark.sub(r"\1# \3\n\1\2" if is_wide else r"\1\2  # \3", match[0])

    return re.sub(r"(?:^    .*\n)+", block, text, flags=re.MULTILINE)


def without_heads(text: str) -> str:
    """Return *text* with the head of a table before each cell, where there are several."""

    def table(match: re.Match[str]) -> str:
        (_, *names), *rows = (line.strip("| ").split(" | ") for line in match[0].splitlines())
        labels = [f"{name}: " if len(names) > 1 else "" for name in names]
        return "".join(
            f"{row[0]}\n" + "".join(f"    {a}{b}\n" for a, b in zip(labels, row[1:], strict=True))
            for row in rows[1:]
        )

    return re.sub(r"(?:^\|.*\n)+", table, text, flags=re.MULTILINE)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_is_whole_at_any_width(topic: str, width: int) -> None:
    text = read(f"help/{topic}.md").decode()
    shown = _CONTROL.sub("", Sheet(width, color=True).page(text))
    text = with_remarks_above(text, min(width, COMFORTABLE))
    # The marks of Markdown are not drawn.
    source = without_heads(text)
    assert re.sub(r"\W|_", "", shown) == re.sub(r"\W|_", "", source)
    code = [line for line in text.splitlines() if line.startswith("    ")]
    commands = {line.strip() for line in code if not line.lstrip().startswith("# ")}
    lines = {re.sub(r"  +# ", "  # ", line.strip()) for line in shown.splitlines()}
    assert commands <= lines
    for line in shown.splitlines():
        assert len(line) <= width or line.startswith("  ") or len(line.split()) == 1, line
        # A command of an example breaks in no word on a usual terminal.
        assert len(line) <= width or width < 80, line
    assert "`" not in shown.replace("```", "")
    assert set(re.findall(r"\w{3,}", source)) <= set(re.findall(r"\w{3,}", shown))


def test_the_third_column_of_a_table_is_named_and_short_terms_have_no_line() -> None:
    sheet = Sheet(80, color=False)
    topic = "| code | meaning |\n|---|---|\n| 0 | done |\n| 126 | no |\n"
    assert sheet.page(topic).strip().split("\n") == ["0    done", "126  no"]
    topic = "| at | register | use |\n|---|---|---|\n| any | a | b |\n"
    assert sheet.page(topic).strip().split("\n") == ["any", "    register: a", "    use: b"]


def through_a_pager(*words: str, stderr: io.StringIO | None) -> str:
    stdout = io.StringIO()
    assert run(words, None, stdout, stderr, {}) == 0
    return stdout.getvalue()


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_in_a_pipe_is_text_without_the_marks_of_markdown(topic: str) -> None:
    shown = through_a_pager("help", topic, stderr=None)
    for line in shown.splitlines():
        # What is indented may be code, which is as it is typed.
        assert line.startswith("  ") or not re.search(r"`|\*\*|\x1b|^[#|]", line), line
        assert line.startswith("  ") or len(line) <= COMFORTABLE, line


@pytest.mark.parametrize(
    "words", [("help", "ci"), ("help", "login"), ("login", "--help"), ("--help",)]
)
def test_what_goes_through_a_pager_is_as_wide_as_its_terminal(
    words: tuple[str, ...], columns: int
) -> None:
    on_terminal = Terminal()
    run(words, None, on_terminal, None, {})
    shown = through_a_pager(*words, stderr=Terminal())
    drawn = _CONTROL.sub("", on_terminal.getvalue())
    assert shown.splitlines() == [line.rstrip() for line in drawn.splitlines()]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_help_of_a_command_is_as_wide_as_the_terminal(command: str, columns: int) -> None:
    stdout = Terminal()
    words = [command, "--help"] if command else ["--help"]
    assert run(words, None, stdout, None, {}) == 0
    plain = io.StringIO()
    run(words, None, plain, None, {})
    shown = stdout.getvalue()
    assert re.findall(r"\S+", shown.split("\n\n", 1)[1]) == re.findall(
        r"\S+", plain.getvalue().split("\n\n", 1)[1]
    )
    for line in shown.splitlines():
        # An example, or an option with its values, is left whole.
        is_example = "loopback-auth " in line and not line.startswith("usage:")
        is_whole = is_example or line.strip().startswith(("-", "[", "{"))
        assert len(line) <= columns or is_whole, line


def spoken(*notices: object, width: int | None = None, options: tuple[str, ...] = ()) -> str:
    stream = Terminal() if width else io.StringIO()
    stdin = Terminal() if width else io.StringIO()
    report = ProgressReporter(Console(options, stdin=stdin, stdout=stream, stderr=stream))
    for notice in notices:
        report(notice)  # type: ignore[arg-type]  # each is one
    return _CONTROL.sub("", stream.getvalue())


def test_the_list_of_exports_is_as_wide_as_the_terminal(columns: int) -> None:
    stdout = Terminal()
    assert run(["export", "--list"], None, stdout, None, {}) == 0
    shown = _CONTROL.sub("", stdout.getvalue())
    assert "tap-salesforce" in shown
    assert max(map(len, shown.splitlines())) <= columns


def test_a_client_id_longer_than_a_line_is_said_by_its_beginning() -> None:
    """A Salesforce consumer key has 85 characters."""
    page = replace(PAGE, client_id=f"3MVG9{'x' * 80}")
    [shown, *_] = spoken(page, width=120).splitlines()
    assert shown == f"Signing in to id.example.com (client 3MVG9{'x' * 28}..., scopes openid)"


def test_a_comma_stays_with_a_client_id_that_was_cut(columns: int) -> None:
    page = replace(PAGE, client_id=f"3MVG9{'x' * 80}")
    assert max(map(len, spoken(page, width=columns).splitlines())) <= columns
    assert "...," in spoken(page, width=columns)


def test_a_sign_in_whose_browser_opened_is_four_lines(columns: int) -> None:
    """The address is not in the way; Enter shows it."""
    waiting = Waiting(timeout_s=300, left_s=299)
    shown = spoken(PAGE, waiting, Answered(), width=columns)
    assert PAGE.url not in shown
    assert shown.replace("\n", " ").startswith(
        "Signing in to id.example.com (client my-cli, scopes openid)"
        " Opening your browser. Press Enter to see the address. "
    )
    shown = spoken(PAGE, waiting, ShowAddress(), ShowAddress(), width=columns)
    assert shown.splitlines().count(PAGE.url) == 1


def test_who_joins_a_sign_in_sees_its_address_and_is_offered_no_key(columns: int) -> None:
    """The other process reads the keys, and opened the browser."""
    joined = JoinedSignIn(page=PAGE, pid=7, terminal="pts/1")
    shown = spoken(joined, Waiting(timeout_s=300, left_s=299), width=columns)
    assert PAGE.url in shown.splitlines()
    assert "Press Enter" not in shown
    assert "only here" not in " ".join(shown.split())


def test_what_is_said_takes_the_place_of_the_countdown() -> None:
    """Of what a wait has drawn nothing is left above a note, a result or an error."""
    stream = Terminal()
    console = Console(stdout=stream, stderr=stream, environ={"TERM": "xterm"})
    for speak in (
        lambda: console.say("Note: no."),
        lambda: console.raw("token"),
        lambda: console.error(LoopbackAuthError("it ended")),
    ):
        console.redraw("Waiting for your browser... 4:59 left (Ctrl-C cancels)")
        speak()
    lines = _CONTROL.sub("", re.sub(r"[^\n]*\r\x1b\[2K", "", stream.getvalue())).splitlines()
    assert lines[:3] == ["Note: no.", "token", "error[error]: it ended"]
    assert "Waiting" not in "".join(lines)


def test_an_address_that_nobody_opens_stands_alone_before_the_wait(columns: int) -> None:
    not_opened = BrowserNotOpened(reason="none was found here", deliver_to="work")
    shown = spoken(PAGE, not_opened, Waiting(timeout_s=300, left_s=299), width=columns)
    lines = shown.replace("\r", "").splitlines()
    assert lines[lines.index(PAGE.url) + 1].startswith("Waiting for your browser")
    assert "    loopback-auth deliver work" in lines


def test_without_a_terminal_the_wait_is_said_right_after_the_address_cl_09() -> None:
    """CL-09: plain lines, as long as they are; the wait once."""
    not_opened = BrowserNotOpened(reason="none was found here", deliver_to="work")
    waiting = Waiting(timeout_s=300, left_s=299)
    lines = spoken(PAGE, not_opened, waiting, waiting).splitlines()
    assert lines[lines.index(PAGE.url) + 1].startswith("Waiting for your browser")
    assert sum(line.startswith("Waiting") for line in lines) == 1


def test_silence_shows_the_address_that_was_not_shown(columns: int) -> None:
    silent = NothingYet(waited_s=20, hint="", takes_paste=True)
    shown = spoken(PAGE, Waiting(timeout_s=300, left_s=280), silent, width=columns)
    assert PAGE.url in shown.splitlines()


PLAIN = [{"TERM": "dumb"}, {"TERM": "xterm", "TERM_PROGRAM": "vscode"}]


@pytest.mark.parametrize("environ", PLAIN, ids=["dumb", "vscode"])
def test_lines_that_programs_read_are_plain(environ: dict[str, str]) -> None:
    stderr = Terminal()
    console = Console(stderr=stderr, environ=environ)
    console.error(LoopbackAuthError("it " * 60, cause="because", fix="`loopback-auth doctor`"))
    assert "\x1b" not in stderr.getvalue()
    assert stderr.getvalue().count("\n") == 3


@pytest.mark.parametrize(
    ("environ", "at_terminal", "in_pipe"),
    [({}, True, False), ({"NO_COLOR": "1"}, False, False), ({"FORCE_COLOR": "1"}, True, True)],
    ids=["", "NO_COLOR", "FORCE_COLOR"],
)
def test_colours_are_a_matter_of_two_variables(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, at_terminal: bool, in_pipe: bool
) -> None:
    """NO_COLOR wraps all the same; FORCE_COLOR in a pipe wraps nothing."""
    error = LoopbackAuthError("it " * 60, cause="because", fix="`loopback-auth doctor`")
    for stderr, width, has_colour in ((Terminal(), 40, at_terminal), (io.StringIO(), 0, in_pipe)):
        monkeypatch.setattr(screen, "columns_of", lambda *_, width=width: width)
        Console(stderr=stderr, environ=environ).error(error)
        shown = stderr.getvalue()
        assert ("\x1b[" in shown) == has_colour
        assert max(map(len, _CONTROL.sub("", shown).splitlines())) > 100 or width


def test_a_recipe_keeps_its_lines_and_a_command_in_brackets_its_sentence() -> None:
    fix = rendered("publish it:\n    docker run X\n    loopback-auth login --bind Y", {})
    shown = Sheet(80, color=False).error("c", "m", "", fix)
    assert shown.splitlines() == [
        "error[c]: m",
        "  fix: Publish it:",
        "      docker run X",
        "      loopback-auth login --bind Y",
    ]
    inline = rendered("type `loopback-auth login` (names: `loopback-auth providers`), or not", {})
    assert Sheet(40, color=False).error("c", "m", "", inline).splitlines() == [
        "error[c]: m",
        "  fix: Type",
        "      loopback-auth login",
        "    (names: loopback-auth providers), or",
        "    not.",
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_tables_stand_one_under_the_other_where_they_do_not_fit(width: int) -> None:
    rows = [("PROFILE", "SIGNED IN AS", "AT"), ("work*", "ada@example.com", "id.example.com")]
    shown = Sheet(width, color=False).table(rows)
    assert len(shown.splitlines()) == (2 if width > 60 else 3)
    for cell in rows[1]:
        assert cell in shown
    assert max(map(len, shown.splitlines())) <= width


def test_a_name_and_its_value_share_a_line_where_that_fits() -> None:
    """On a narrow terminal, too: a list of profiles is three lines each, not six."""
    sheet = Sheet(40, color=False)
    assert sheet.facts([("At", "id.example.com")]) == "At  id.example.com"
    wide = sheet.facts([("At", "id.example.com"), ("Stored in", "/a/folder/" + "x" * 24)])
    assert wide.splitlines()[:2] == ["At", "  id.example.com"]


FIXES = [
    ("name the flow: `loopback-auth login`", "fix: Name the flow:"),
    ("HTTPS_PROXY is wrong", "fix: HTTPS_PROXY is wrong"),
    ("config.toml has it: set HTTPS_PROXY", "fix: config.toml has it: set HTTPS_PROXY"),
    ("`loopback-auth login`; or ask whoever runs it", "Or ask whoever runs it."),
    ("`loopback-auth login` (or --key-file FILE)", "(or --key-file FILE)"),
]


@pytest.mark.parametrize(("fix", "line"), FIXES)
def test_a_fix_is_in_sentences(fix: str, line: str) -> None:
    shown = Sheet(80, color=False).error("usage", "no", "Why.", rendered(fix, {}))
    assert line in [each.strip() for each in shown.split("\n")]
