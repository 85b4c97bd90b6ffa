"""Data on standard output, everything else on the other, and nobody disturbed."""

from __future__ import annotations

import bz2
import gzip
import json
import re
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync import __version__
from listrak_sync.cli import main, program
from listrak_sync.cli.startup import LazyCommand
from listrak_sync.sandbox import Behaviour
from listrak_sync.text import counted, one_line, printable, printable_json
from tests.cli.conftest import LIST, MAPPING, ROOT, TIMEOUT, event, events
from tests.cli.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Cli, Start


PUSH = ("push", "e.ndjson", "-m", "m.yaml")
DRY = ("dry-run", "e.ndjson", "-m", "m.yaml")


def commands(command: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the names that lead to every command, those of groups included."""
    yield names
    if isinstance(command, LazyCommand):
        command = command.load()
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*names, name))


def test_version(cli: Cli) -> None:
    """The version is the package's."""
    ran = cli.run_fresh("--version")
    assert (ran.status, ran.out, ran.err) == (0, f"listrak-sync {__version__}\n", "")


@pytest.mark.parametrize("names", tuple(commands(program)), ids=" ".join)
def test_help(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command has help, which needs nothing and is not an error."""
    monkeypatch.setattr(sys, "argv", ["listrak-sync", *names, "-h"])
    with pytest.raises(SystemExit) as caught:
        main()
    out, err = capsys.readouterr()
    assert (caught.value.code, err) == (0, "")
    assert " ".join(("Usage: listrak-sync", *names)) in out


def test_summaries() -> None:
    """The help's line on a command is the first of the command's own help."""
    lazy = [each for each in program.commands.values() if isinstance(each, LazyCommand)]
    assert lazy
    for command in lazy:
        assert command.load().help.splitlines()[0] == command.short_help, command.name


@pytest.mark.parametrize("group", ["auth", "mapping"])
def test_summaries_in_groups(cli: Cli, group: str) -> None:
    """The help of a group shows the summaries of its commands whole."""
    out = " ".join(cli.run(group, "--help").out.split())
    below = program.commands[group].load().commands.values()  # type: ignore[attr-defined]  # lazy
    assert below
    for command in below:
        assert " ".join(command.help.partition("\n\n")[0].split()) in out


SLOW = {"httpx", "msgspec", "obstore", "pydantic", "rich", "sqlite3", "ssl", "yaml"}
"""Modules that take longer to import than all that --help and --version need."""


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (("--version",), SLOW),
        (("--help",), SLOW),
        (("push", "-h"), {"httpx", "obstore", "ssl"}),
        ((*DRY, "--format", "updates", "-q"), {"httpx", "obstore", "ssl", "rich.progress"}),
    ],
)
def test_what_is_loaded(cli: Cli, arguments: tuple[str, ...], unwanted: set[str]) -> None:
    """What is slow to import is loaded only by the commands that need it."""
    code = (
        "import sys, listrak_sync.cli as c\n"
        "sys.argv[0] = 'listrak-sync'\n"
        "try:\n    c.main()\n"
        "except SystemExit as end:\n    assert not end.code, end\n"
        "print('loaded', *sys.modules)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cli.folder,
        env=cli.environment,
        capture_output=True,
        timeout=TIMEOUT,
        check=True,
    )
    loaded, *modules = ended.stdout.decode().splitlines()[-1].split()
    assert loaded == "loaded"
    assert unwanted & set(modules) == set()


def check_sums(record: dict[str, Any]) -> None:
    """Check that the sums of a JSON report agree."""
    skipped, rejected = sum(record["skipped"].values()), sum(record["rejected"].values())
    assert record["lines"] == skipped + record["unreadable"] + record["matched_lines"]
    matched = sum(record["matched"].values())
    assert matched == record["updates"] + rejected - record["unreadable"]
    assert record["values"] == record["superseded"] + record["values_to_send"]
    mappings, lists = record["mappings"], record["lists"]
    assert {each["name"]: each["matched"] for each in mappings} == record["matched"]
    of_mappings = sum(sum(each["rejected"].values()) for each in mappings)
    assert of_mappings == rejected - record["unreadable"]
    fields = [field for each in lists for field in each["fields"]]
    for kind in ("on", "off", "other"):
        assert sum(each[kind] for each in mappings) == sum(each[kind] for each in fields)


@pytest.mark.parametrize("command", ["push", "dry-run"])
def test_json(cli: Cli, start: Start, command: str) -> None:
    """--json is one JSON object on standard output, and the sums in it agree."""
    start(Behaviour(resource_ids="one"))
    extra = event("c1@example.com") + event("nobody") + "x\n" + '{"type": "screen"}\n\n'
    (cli.folder / "e.ndjson").write_text(events(4) + extra)
    ran = cli.run(command, "e.ndjson", "-m", "m.yaml", "--json")
    record = ran.json()
    check_sums(record)
    assert (record["command"], record["exit_status"], record["error"]) == (command, 6, None)
    assert ran.status == 6
    assert record["lines"] == 9
    assert record["contacts"] == 4
    (entry,) = record["lists"]
    assert entry["contacts"] == 4
    assert entry["to_send"] == (0 if command == "push" else 4)
    if command == "push":
        assert entry["accepted"] == entry["contacts"] == 4
        assert len(entry["imports"]) == entry["requests"] == 1


def test_standard_output_is_for_data(cli: Cli, start: Start) -> None:
    """A push prints nothing on standard output; its summary goes to the other."""
    start()
    ran = cli.run(*PUSH)
    assert (ran.status, ran.out) == (0, "")
    assert "accepted" in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("command", [PUSH, (*DRY, "--format", "updates"), ("auth", "test")])
def test_quiet(cli: Cli, start: Start, command: tuple[str, ...]) -> None:
    """--quiet prints nothing on success, data apart."""
    start()
    ran = cli.run(*command, "--quiet")
    assert (ran.status, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == (3 if "updates" in command else 0)


@pytest.mark.parametrize("command", [PUSH, (*PUSH, "--verbose")])
@pytest.mark.parametrize("progress", ["auto", "text", "none"])
def test_log_format_json(cli: Cli, start: Start, command: tuple[str, ...], progress: str) -> None:
    """With --log-format json every line of standard error is a JSON object."""
    start()
    ran = cli.run(*command, "--log-format", "json", "--progress", progress)
    assert ran.status == 0
    records = [json.loads(line) for line in ran.err.splitlines()]
    assert all({"time", "level", "message"} <= set(record) for record in records)
    *told, ended = records
    assert bool(told) is ("--verbose" in command)
    assert {record["level"] for record in told} <= {"debug"}
    assert (ended["level"], ended["message"], ended["command"]) == ("info", "ended", "push")
    assert (ended["exit_status"], ended["error"], ended["contacts"]) == (0, None, 3)
    assert ended["lists"][0]["accepted"] == 3


def test_log_format_json_and_a_report(cli: Cli, start: Start) -> None:
    """The report is logged unless it is printed or nothing is wanted; with all that it may hold."""
    start(Behaviour(resource_ids="one"))
    json_log = ("--log-format", "json")
    for option in ("--json", "--quiet"):
        ran = cli.run(*PUSH, *json_log, option)
        assert (ran.status, ran.err) == (0, "")
    (waited,) = cli.run(*PUSH, *json_log, "--wait", "9s").err.splitlines()
    assert json.loads(waited)["lists"][0]["applied"]["running"] == 0
    (explained,) = cli.run(*DRY, *json_log, "--explain").err.splitlines()
    assert json.loads(explained)["funnels"]


@pytest.mark.parametrize("command", [PUSH, DRY])
def test_verbose(cli: Cli, start: Start, command: tuple[str, ...]) -> None:
    """--verbose tells which files are read, and of a push how each request ended."""
    start()
    (cli.folder / "below").mkdir()
    (cli.folder / "below" / "f.ndjson").write_text(events(1))
    told = cli.run(*command, "below", "--verbose").err.splitlines()
    assert [line for line in told if line.startswith("to be read: ")] == [
        "to be read: 'e.ndjson'",
        "to be read: 'below/f.ndjson'",
    ]
    ended = [line for line in told if line.startswith("list 12345, batch ")]
    assert len(ended) == (command is PUSH)
    assert all("3 contacts: accepted, imports" in line for line in ended)


def test_log_format_json_of_an_error(cli: Cli, start: Start) -> None:
    """An error that ends a run is a JSON line as well, with its exit status."""
    start()
    (cli.folder / "e.ndjson").write_text("x\n")
    ran = cli.run(*PUSH, "--log-format", "json", "--max-rejects", "0")
    records = [json.loads(line) for line in ran.err.splitlines()]
    (error,) = (record for record in records if record["level"] == "error")
    assert ran.status == error["exit_status"] == 7


def test_log_format_json_of_a_settings_error(cli: Cli) -> None:
    """An error before a run is a JSON line as well."""
    ran = cli.run("push", "e.ndjson", "-m", "absent.yaml", "--log-format", "json")
    assert json.loads(ran.err)["exit_status"] == ran.status == 3


@pytest.mark.parametrize("progress", ["auto", "text", "none"])
def test_progress_off_a_terminal(cli: Cli, start: Start, progress: str) -> None:
    """Off a terminal there is no bar, and a short run prints only its summary."""
    start()
    ran = cli.run(*PUSH, "--progress", progress)
    assert ran.status == 0
    assert "\x1b" not in ran.err
    assert "lines read" in ran.err.splitlines()[1]


def test_closed_pipe(cli: Cli) -> None:
    """A reader that has enough, as head, ends a dry run quietly."""
    (cli.folder / "many.ndjson").write_text(events(20_000))
    ran = cli.shell(
        "$LS dry-run many.ndjson -m m.yaml --format updates --rejects r.ndjson | head -1;"
        ' echo "${PIPESTATUS[0]}"'
    )
    first, status = ran.out.splitlines()
    assert json.loads(first)["email_address"] == "c0@example.com"
    assert status == "0"
    assert ran.err == ""


@pytest.mark.parametrize("options", ["", "--json", "--format requests"])
def test_closed_standard_output(cli: Cli, options: str) -> None:
    """A pipe that was closed from the start does no harm either."""
    ran = cli.shell(f"$LS dry-run e.ndjson -m m.yaml {options} | true; echo ${{PIPESTATUS[0]}}")
    assert ran.out == "0\n"
    assert "Broken" not in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("closed", "options"),
    [
        ("2>&-", "--verbose"),
        ("2>&-", "--progress bar"),
        ("2> >(true)", ""),
        ("2> >(true)", "--log-format json -v"),
        ("2> >(true)", "--progress bar"),
        (">&- 2>&-", "--json"),
    ],
)
def test_closed_standard_error(cli: Cli, start: Start, closed: str, options: str) -> None:
    """Where nobody reads messages, everything is sent all the same."""
    sandbox = start()
    (cli.folder / "e.ndjson").write_text(events(200))
    ran = cli.shell(f"$LS push e.ndjson -m m.yaml --batch-contacts 5 {options} {closed}")
    assert ran.status == 0
    assert len(sandbox.values()[12345]) == 200


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, bytes])
@pytest.mark.parametrize("argument", [(), ("-",)])
def test_standard_input(cli: Cli, compress: Any, argument: tuple[str, ...]) -> None:
    """Standard input is read where no file is named, compressed or not."""
    ran = cli.run(
        "dry-run", *argument, "-m", "m.yaml", "--json", stdin=compress(events(5).encode())
    )
    assert (ran.status, ran.json()["contacts"]) == (0, 5)


@pytest.mark.parametrize("before", [None, 0o644])
def test_rejects_file(cli: Cli, start: Start, before: int | None) -> None:
    """Rejects are readable by their owner alone, and can be fixed and fed back."""
    sandbox = start()
    path = cli.folder / "r.ndjson"
    (cli.folder / "e.ndjson").write_text(event("nobody") + event("c9@example.com"))
    if before is not None:
        path.write_text('{"reason": "old"}\n')
        path.chmod(before)
        refused = cli.run(*PUSH, "--rejects", "r.ndjson")
        assert refused.status == 2
        assert refused.err.startswith("error: r.ndjson: holds rejects already\n")
        assert path.read_text() == '{"reason": "old"}\n'
    assert cli.run(*PUSH, "--rejects", "r.ndjson", "--force").status == 6
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one["line"] for one in cli.rejects()] == [1]
    path.write_text(path.read_text().replace("nobody", "somebody@example.com"))
    again = cli.run("push", "r.ndjson", "-m", "m.yaml", "--json")
    assert (again.status, again.json()["contacts"]) == (0, 1)
    assert set(sandbox.values()[12345]) == {"c9@example.com", "somebody@example.com"}


def test_rejects_are_added(cli: Cli, start: Start) -> None:
    """--append adds to the rejects of earlier runs; with --force beside it, it is refused."""
    start()
    (cli.folder / "e.ndjson").write_text(event("nobody"))
    for _ in range(2):
        assert cli.run(*PUSH, "--rejects", "r.ndjson", "--append").status == 6
    assert [one["line"] for one in cli.rejects()] == [1, 1]
    both = cli.run(*PUSH, "--rejects", "r.ndjson", "--append", "--force")
    assert (both.status, both.err.partition("\n")[0]) == (
        2,
        "error: --append and --force exclude each other",
    )


@pytest.mark.parametrize("command", [PUSH, DRY])
def test_rejects_on_standard_output(cli: Cli, start: Start, command: tuple[str, ...]) -> None:
    """With - the rejects are the data on standard output, and nothing else is."""
    start()
    (cli.folder / "e.ndjson").write_text(event("nobody") + event("c9@example.com"))
    ran = cli.run(*command, "--rejects", "-")
    assert (ran.status, ran.json()["reason"]) == (6, "invalid_email")
    both = cli.run(*command, "--rejects", "-", "--json")
    assert both.status == 2
    assert "exclude each other" in both.err


def test_unsent_is_fed_back(cli: Cli, start: Start) -> None:
    """What a refused list left in the rejects is sent by feeding them back."""
    sandbox = start()
    wrong = (cli.folder / "m.yaml").read_text().replace("12345", "9")
    (cli.folder / "wrong.yaml").write_text(wrong)
    assert cli.run("push", "e.ndjson", "-m", "wrong.yaml", "--rejects", "r.ndjson").status == 7
    text = (cli.folder / "r.ndjson").read_text().replace('"list_id": 9', '"list_id": 12345')
    (cli.folder / "r.ndjson").write_text(text)
    assert cli.run("push", "r.ndjson", "-m", "m.yaml").status == 0
    assert len(sandbox.values()[12345]) == 3


def test_name_cannot_steer_a_terminal(cli: Cli) -> None:
    """Control characters of a file's name are shown as escapes."""
    ran = cli.run("dry-run", "a\x1b[31m", "-m", "m.yaml")
    assert ran.status == 2
    assert "\x1b" not in ran.err
    assert "a\\x1b[31m: No such file" in ran.err


def test_json_and_format(cli: Cli) -> None:
    """Two kinds of data cannot go to one standard output."""
    assert cli.run(*DRY, "--json", "--format", "updates").status == 2


def test_readme_example(cli: Cli) -> None:
    """The shipped example goes to the built-in sandbox without credentials or settings."""
    files = str(ROOT / "examples" / "events.ndjson"), str(ROOT / "mappings.example.yaml")
    ran = cli.run("push", "--sandbox", files[0], "-m", files[1], "--json")
    assert (ran.status, ran.err) == (0, "")
    record = ran.json()
    check_sums(record)
    assert sum(entry["accepted"] for entry in record["lists"]) == record["contacts"] > 0


EMOJI = (
    "👩\u200d👩\u200d👧",
    "🏳\ufe0f\u200d🌈",
    "👍🏽",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "🇫🇷",
    "👩🏽\u200d🚀",
    "❤\ufe0f\u200d🔥",
    "1\ufe0f⃣",
)


@pytest.mark.parametrize("text", EMOJI)
def test_emoji(text: str) -> None:
    """Emoji of several characters are shown as themselves, also in JSON."""
    assert printable(f"VIP {text}!") == f"VIP {text}!"
    assert printable_json(f'{{"a":"{text}"}}') == f'{{"a":"{text}"}}'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("VIP\u200dX", "VIP\\u200dX"),
        ("👩\u200d", "👩\\u200d"),
        ("\u200d👩", "\\u200d👩"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("\x1b[31m\x9b", "\\x1b[31m\\x9b"),
        ("\U000e0067\U000e007f", "\\U000e0067\\U000e007f"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
    ],
)
def test_what_cannot_be_seen(text: str, shown: str) -> None:
    """What controls a terminal, turns the direction of a text, or is invisible is escaped."""
    assert printable(text) == shown


@given(st.text() | st.text("\u200d\ufe0f\U0001f3f4\U000e0067\U000e007f👩🏽a\n"))
def test_printable(text: str) -> None:
    """Nothing that is shown can steer a terminal; what is printable stays as it is."""
    shown = printable(text)
    invisible = {each for each in shown if not each.isprintable()} - {"\n"}
    assert all(each == "\u200d" or "\U000e0020" <= each <= "\U000e007f" for each in invisible)
    assert printable(shown) == shown
    if text.replace("\n", "").isprintable():
        assert shown == text


@given(st.text())
def test_printable_json(text: str) -> None:
    """JSON that is made printable says the same."""
    shown = printable_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(shown) == text
    assert printable(shown) == shown


@given(st.text())
def test_one_line(text: str) -> None:
    """A text that has to stay on its line does, and is else shown as it always is."""
    assert "\n" not in one_line(text)
    assert one_line(text) == printable(text).replace("\n", "\\n")


def test_json_is_written_one_way(cli: Cli, start: Start) -> None:
    """Every command writes JSON with a blank after , and :, and what is not ASCII as itself."""
    start(Behaviour(resource_ids="one"))
    (cli.folder / "m.yaml").write_text(MAPPING.replace("VIP", "Größe 東京 👩\u200d🚀"))
    made = event("é@example.com") + event("ann@example.com")
    (cli.folder / "e.ndjson").write_text(made.replace("\\u00e9", "é"))
    written = [
        cli.run(*PUSH, "--json").out,
        cli.run(*PUSH, "--rejects", "-").out,
        cli.run(*PUSH, "--log-format", "json", "-v").err,
        cli.run(*DRY, "--json").out,
        *(cli.run(*DRY, "--format", each).out for each in ("requests", "updates")),
        cli.run(*DRY, "--explain").out,
        cli.run("runs", "--json").out,
        cli.run("lists", "--json").out,
        cli.run("fields", str(LIST), "--json").out,
        cli.run("mapping", "check", "m.yaml", "--json").out,
        cli.run("auth", "test", "--json").out,
    ]
    for each in "".join(written).splitlines():
        line = re.sub('"body": .*', '"body": 0}', each)  # that of a request is as it is sent
        usual = json.dumps(json.loads(line), ensure_ascii=False)
        # a number may be written in several ways, and is another matter
        assert re.sub(r"[\d.e-]+", "0", line) == re.sub(r"[\d.e-]+", "0", usual)
    assert written[2].count("Größe 東京 👩\u200d🚀") > 0


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_json_in_any_encoding(cli: Cli, encoding: str) -> None:
    """A log of JSON lines can be read, whatever standard error can encode."""
    ran = cli.run(
        *("dry-run", "a\u202e東\x9b.ndjson", "-m", "m.yaml", "--log-format", "json"),
        changed={"PYTHONIOENCODING": encoding},
    )
    assert json.loads(ran.err)["message"].startswith("a\u202e東\x9b.ndjson: ")


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colours_of_messages(cli: Cli, no_color: str) -> None:
    """Errors, warnings and hints are coloured on a terminal that takes colours, and only there."""
    changed = {"NO_COLOR": no_color} if no_color else {}
    with Screen(
        cli, "$LS dry-run absent -m m.yaml; : >n; $LS dry-run n -m m.yaml", changed=changed
    ) as screen:
        _, last = screen.end()
    assert "error: absent: No such file or directory" in last
    assert "warning: the input is empty: no line was read" in last
    coloured = b"\x1b[1;31merror: \x1b[0mabsent" in screen.raw
    assert coloured is not bool(no_color)
    assert (b"\x1b[1;33mwarning: \x1b[0mthe input" in screen.raw) is coloured
    assert (b"\x1b[36mName files" in screen.raw) is coloured
    assert (b"\x1b" in screen.raw) is coloured


@pytest.mark.parametrize("command", [PUSH, DRY, ("runs",), ("lists",), ("fields", str(LIST))])
def test_no_blanks_at_the_ends_of_lines(cli: Cli, start: Start, command: tuple[str, ...]) -> None:
    """What goes into a pipe or a file has no blanks at the ends of its lines, and no colours."""
    start(Behaviour(resource_ids="one"))
    ran = cli.run(*command)
    assert ran.status == 0
    lines = (ran.out + ran.err).splitlines()
    assert lines == [line.rstrip() for line in lines if line]
    assert "\x1b" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 lists"), (1, "1 list"), (2, "2 lists"), (1234, "1,234 lists")]
)
def test_counted(count: int, words: str) -> None:
    """What there is one of stands in the singular, everything else in the plural."""
    assert counted(count, "list") == words
