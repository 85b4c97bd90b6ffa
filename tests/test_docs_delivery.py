"""docs/delivery.md says what the program does."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from listrak_sync import errors
from listrak_sync.batching.batches import DEFAULT_LIMITS
from listrak_sync.batching.list_files import MAX_FILE_BYTES
from listrak_sync.cli.startup import DEFAULT_WAIT
from listrak_sync.delivery.delivery import BARRIER_PATIENCE
from listrak_sync.delivery.isolation import FEW
from listrak_sync.delivery.journal import KEEP_DAYS, default_journal
from listrak_sync.delivery.outcomes import CONSEQUENCES, Consequence, Step
from listrak_sync.delivery.sending import PATIENT
from listrak_sync.listrak import bounds
from listrak_sync.listrak.connections import SLOWEST
from listrak_sync.listrak.replies import MAX_RETRY_AFTER, judge
from listrak_sync.listrak.verdicts import Accepted, Unexpected, Verdict
from listrak_sync.run_settings import DEFAULT_WINDOW
from listrak_sync.sandbox import Reply, Rule
from listrak_sync.sandbox.behaviour import Behaviour
from tests.cli.conftest import COMMAND, MAPPING, TIMEOUT, Cli, Start, cli, event, start

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cli", "start"]  # fixtures

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs" / "delivery.md"
TEXT = DOCS.read_text("utf-8")
DASH = "\u2013"
RANGE = re.compile(rf"\b(\d{{3}})(?:{DASH}(\d{{3}}))?\b")
WORDS = " ".join(TEXT.split())


def rows(after: str) -> list[list[str]]:
    """Return the cells of the table that follows some text, without its head."""
    lines = TEXT.split(after, 1)[1].lstrip().splitlines()
    table = [line for line in lines[: lines.index("") if "" in lines else None] if line[:1] == "|"]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


VERDICTS = {row[0].strip("*"): row[1:] for row in rows("<!-- verdicts -->")}
STATUSES = {
    int(status): row for row in rows("## Exit status") for status in re.findall(r"\d+", row[0])
}


def status_of(row: Consequence) -> str:
    """Return the exit status that a verdict leads to in the end."""
    match row.single:
        case Step.DONE:
            return "0"
        case Step.ASK:
            return DASH
        case Step.REFUSE_CONTACT | Step.REFUSE_LARGE:
            return "6"
        case Step.REFUSE_LIST:
            return "7"
        case _:
            return str(row.error.exit_status)


def test_the_table_of_verdicts_is_the_programs() -> None:
    """Each verdict stands in the table with the consequences that the program takes."""
    assert VERDICTS.keys() == {kind.__name__ for kind in CONSEQUENCES}
    for kind, row in CONSEQUENCES.items():
        _, *consequences = VERDICTS[kind.__name__]
        assert consequences == [row.several.value, row.single.value, status_of(row)]


def documented() -> Iterator[tuple[int, str]]:
    """Yield each HTTP status that the table names, with its verdict."""
    for name, (source, *_) in VERDICTS.items():
        for first, last in RANGE.findall(source.split(";")[0]):
            yield from ((status, name) for status in range(int(first), int(last or first) + 1))


def test_every_status_has_the_verdict_that_is_documented() -> None:
    """A reply of any status has the verdict of the row that names it, else Unexpected."""
    named = {status: name for status, name in documented() if status != 299 or name == "Accepted"}
    assert len(named) > 300
    for status in range(200, 600):
        verdict: Verdict = judge(httpx.Response(status))
        assert type(verdict).__name__ == named.get(status, Unexpected.__name__), status


@pytest.mark.parametrize("status", [300, 400, 401, 404, 418, 503])
def test_every_code_has_the_verdict_that_is_documented(status: int) -> None:
    """A code in the table decides whatever the status is, and never over a good one."""
    count = 0
    for name, (source, *_) in VERDICTS.items():
        for code in re.findall(r"`(ERROR_\w+)`", source):
            count += 1
            body = b'{"error": "%b"}' % code.encode()
            assert type(judge(httpx.Response(status, content=body))).__name__ == name
            assert not isinstance(judge(httpx.Response(200, content=body)), Accepted)
    assert count == 3


def test_exit_statuses_are_those_of_the_errors() -> None:
    """The table of statuses holds each that an error gives, and what the program adds."""
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    given = {each.exit_status for each in kinds if issubclass(each, errors.ListrakSyncError)}
    given |= {errors.InterruptedRunError(number).exit_status for number in (2, 15)}
    assert set(STATUSES) == given | {0, 6, 8}


@pytest.mark.parametrize(
    "fact",
    [
        "after a minute (`--retry-for`), stop",
        f"random part of {PATIENT.first} s, 1 s, 2 s … up to {PATIENT.longest:.0f} s",
        f"we wait only {MAX_RETRY_AFTER / 60:.0f} minutes",
        f"more than {bounds.LARGEST >> 20} MiB is broken off",
        f"takes longer than {bounds.LONGEST:.0f} s and a second more for each {SLOWEST:,} bytes",
        "at most 2·k·log2(n) + 10 requests",
        f"when {FEW} single contacts in a row",
        f"up to `--window` contacts ({DEFAULT_WINDOW:,})",
        f"If they have not after {BARRIER_PATIENCE / 60:.0f} minutes",
        f"forgotten after {KEEP_DAYS} days",
        f"`--wait {DEFAULT_WAIT}`",
        f"never more than {MAX_FILE_BYTES:,}",
        *(
            f"{limits.contacts:,} contacts, {limits.bytes:,} bytes"
            for limits in DEFAULT_LIMITS.values()
        ),
    ],
)
def test_numbers_are_the_programs(fact: str) -> None:
    """A number in the text is the one in the code."""
    assert fact in WORDS


def test_where_the_journal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal lies where it is said to lie."""
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert f"`~{str(default_journal()).removeprefix('/home/ann')}`" in WORDS


def test_links() -> None:
    """Every link within the page leads to one of its headings."""
    headings = {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", TEXT))
    assert links <= headings
    assert headings - links == set()


def test_options_exist(cli: Cli) -> None:
    """Every option that is named is one of push's, plan's or runs's, or another program's."""
    known = "".join(cli.run(name, "-h").out for name in ("push", "plan", "runs"))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT)) - {"--mapping"}
    assert {option for option in named if option not in known} == set()


def examples() -> list[tuple[str, str]]:
    """Return each command of the console examples with what it prints."""
    blocks = re.findall(r"^ *```console\n(.*?)^ *```", TEXT, re.MULTILINE | re.DOTALL)
    steps = []
    for block in blocks:
        for step in re.split(r"^ *\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            steps.append((command, "\n".join(line.strip() for line in shown.splitlines())))
    return steps


def test_examples(cli: Cli, start: Start) -> None:
    """The console examples, in order, print what they show; … stands for anything."""
    reply = Reply(status=503, headers={"Retry-After": "0"})
    faults = (Rule(action=reply, route="profile-fields", times=PATIENT.attempts),)
    sandbox = start(Behaviour(faults=faults))
    cli.hasten()
    (cli.folder / "mappings.yaml").write_text(MAPPING)
    (cli.folder / "events.ndjson").write_text("".join(event(f"c{n}@example.com") for n in range(3)))
    steps = examples()
    assert len(steps) == 7
    marks = "\n".join(f"{each}\nended=$?; echo '<end>'; (exit $ended)" for each, _ in steps)
    path = os.pathsep.join((str(Path(COMMAND).parent), cli.environment["PATH"]))
    ended = subprocess.run(
        ["bash", "-c", marks],
        cwd=cli.folder,
        env=cli.environment | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
        check=False,
    )
    printed = ended.stdout.decode().split("<end>\n")[:-1]
    for (command, shown), found in zip(steps, printed, strict=True):
        pattern = ".*?".join(map(re.escape, shown.split("…")))
        assert re.fullmatch(pattern, found.rstrip("\n")), command
    assert len(sandbox.values()[12345]) == 3


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("damaged, or another kind of file", 3),
        ("folder cannot be written", 3),
        ("mapping has changed", 3),
        ("input has changed", 2),
    ],
)
def test_trouble_with_the_journal(cli: Cli, start: Start, words: str, status: int) -> None:
    """What the table says of trouble with the journal or the input is what happens."""
    (row,) = (row for row in rows("| trouble |") if words in row[0])
    assert f"status {status}" in row[1]
    fault = Rule(action=Reply(status=405), route="profile-fields", times=1)
    start(Behaviour(faults=(fault,)))
    push = ("push", "e.ndjson", "-m", "m.yaml", "--journal")
    match words.split(maxsplit=1)[0]:
        case "damaged,":
            (cli.folder / "j").write_text("no journal " * 9)
            assert cli.run(*push, "j").status == status
        case "folder":
            assert cli.run(*push, "m.yaml/j").status == status
        case what:
            assert cli.run(*push, "j", "--window", "1").status == 1
            file = cli.folder / {"mapping": "m.yaml", "input": "e.ndjson"}[what]
            file.write_text(file.read_text().replace("track", "identify"))
            assert cli.run("push", "--resume", "--journal", "j").status == status


def test_compressed_pipe_that_is_cut_off(cli: Cli, start: Start) -> None:
    """A compressed pipe that is cut off is noticed: status 6, `unreadable_file`."""
    import gzip  # noqa: PLC0415 - only here

    start()
    lines = "".join(event(f"c{number}@example.com") for number in range(2000)).encode()
    whole = gzip.compress(lines)
    ran = cli.run("push", "-m", "m.yaml", "--rejects", "r.ndjson", stdin=whole[:-200])
    assert ran.status == 6
    assert cli.rejects()[-1]["reason"] == "unreadable_file"
    assert "`unreadable_file`" in TEXT
