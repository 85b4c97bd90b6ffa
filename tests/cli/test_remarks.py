"""What is hardly meant is told by every command that reads a mapping, and by every run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Account, AccountField, AccountFieldGroup, MailingList
from tests.cli.conftest import event, events
from tests.mapping.test_mistakes import MISTAKES, text_of

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

PUSH = ("push", "e.ndjson", "-m", "m.yaml")
DRY = ("dry-run", "e.ndjson", "-m", "m.yaml")
SAID = (
    "m.yaml:6:12: mappings[0].profile_field_values.789: this writes the text 'On'; "
    "write on for a check box"
)


def remarked(cli: Cli) -> None:
    """Write a mapping file with one remark."""
    path = cli.folder / "m.yaml"
    path.write_text(path.read_text().replace("789: on", "789: On"))


def test_mistakes(cli: Cli) -> None:
    """A fault ends a check with 3; a remark with 0, with --strict with 3."""
    for mistake in MISTAKES:
        (cli.folder / "m.yaml").write_text(text_of(mistake), "utf-8")
        is_fault = mistake.says[0].startswith("fault")
        checked = cli.run("mapping", "check", "m.yaml", "--json")
        assert checked.status == (3 if is_fault else 0), mistake
        if not is_fault:
            strict = cli.run("mapping", "check", "m.yaml", "--strict")
            assert strict.status == 3, mistake
            assert len(checked.json()["remarks"]) == len(mistake.says), mistake


@pytest.mark.parametrize("command", [PUSH, DRY])
@pytest.mark.parametrize("more", [(), ("--quiet",)])
def test_warned(cli: Cli, start: Start, command: tuple[str, ...], more: tuple[str, ...]) -> None:
    """A run warns of each remark, also where it is quiet, and goes on."""
    start()
    remarked(cli)
    ran = cli.run(*command, *more)
    assert ran.status == 0
    assert ran.err.startswith(f"warning: {SAID}\n")
    assert bool(ran.err.removeprefix(f"warning: {SAID}\n")) is (more == () and command == PUSH)


@pytest.mark.parametrize("command", [PUSH, DRY])
def test_warned_as_json(cli: Cli, start: Start, command: tuple[str, ...]) -> None:
    """With --log-format json a warning is a line; the report holds the remarks."""
    start()
    remarked(cli)
    ran = cli.run(*command, "--log-format", "json", "--json")
    line = json.loads(ran.err.splitlines()[0])
    assert (line["level"], line["message"], line["kind"]) == ("warning", SAID, "text_value")
    (remark,) = ran.json()["remarks"]
    assert (remark["line"], remark["column"], remark["kind"]) == (6, 12, "text_value")


@pytest.mark.parametrize("command", [PUSH, DRY])
@pytest.mark.parametrize("by", ["--strict", "environment"])
def test_strict(cli: Cli, start: Start, command: tuple[str, ...], by: str) -> None:
    """--strict refuses a file with remarks before anything is read or sent."""
    sandbox = start()
    remarked(cli)
    if by == "environment":
        cli.environment["LISTRAK_SYNC_STRICT"] = "1"
    ran = cli.run(*command, *(("--strict",) if by == "--strict" else ()))
    assert (ran.status, ran.out) == (3, "")
    assert ran.err == (
        f"{SAID}\n1 remark on the mapping file, which --strict makes faults; "
        "nothing was read or sent.\n"
    )
    assert not sandbox.requests


def test_disabled_mappings_are_not_warned_of(cli: Cli) -> None:
    """What takes no event writes nothing wrong; `mapping check` tells of it all the same."""
    remarked(cli)
    path = cli.folder / "m.yaml"
    path.write_text(path.read_text() + "    enabled: false\n")
    assert "this writes" not in cli.run(*DRY).err
    assert "this writes" in cli.run("mapping", "check", "m.yaml").out


@pytest.mark.parametrize("command", [PUSH, DRY])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the input is empty: no line was read"),
        (
            '{"type": "page"}\n',
            "no mapping took the line: dry-run --explain tells why",
        ),
        (event("a@example.com"), "mapping that took no event: 'Gold': "),
    ],
)
def test_nothing_happened(
    cli: Cli, start: Start, command: tuple[str, ...], text: str, said: str
) -> None:
    """A run of which nothing, or a mapping, took anything warns of it; a quiet one is silent."""
    start()
    path = cli.folder / "m.yaml"
    gold = path.read_text().partition("\n")[2].replace("VIP", "Gold").replace("Entered", "Left")
    path.write_text(path.read_text() + gold)
    (cli.folder / "e.ndjson").write_text(text)
    ran = cli.run(*command, "--json")
    assert ran.status == 0
    (warning,) = ran.json()["warnings"]
    assert warning.startswith(said)
    assert f"warning: {warning}\n" in ran.err
    assert cli.run(*command, "--quiet").err == ""


@pytest.mark.parametrize("command", [PUSH, DRY])
@pytest.mark.parametrize(
    ("guard", "status"),
    [
        (("--min-contacts", "6"), 7),
        (("--min-contacts", "5"), 0),
        (("--max-contacts", "4"), 7),
        (("--max-contacts", "5"), 0),
        (("--max-off-ratio", "0"), 0),
    ],
)
def test_guards(
    cli: Cli, start: Start, command: tuple[str, ...], guard: tuple[str, ...], status: int
) -> None:
    """A guard of a push also stops a dry-run; nothing is sent."""
    sandbox = start()
    (cli.folder / "e.ndjson").write_text(events(5))
    ran = cli.run(*command, *guard)
    assert ran.status == status
    if status:
        assert guard[0] in ran.err
        assert sandbox.values()[12345] == {}


def test_too_few_in_two_windows(cli: Cli, start: Start) -> None:
    """The last window waits for the guard; a run that is resumed counts on."""
    sandbox = start()
    (cli.folder / "e.ndjson").write_text(events(5))
    options = ("--window", "2", "--journal", "j")
    ran = cli.run(*PUSH, *options, "--min-contacts", "6")
    assert (ran.status, len(sandbox.values()[12345])) == (7, 4)
    again = cli.run("push", "--resume", "--journal", "j")
    assert again.status == 7
    assert "contacts: 5, fewer than --min-contacts 6" in again.err
    assert cli.run("push", "--resume", "--journal", "j", "--min-contacts", "5").status == 0
    assert len(sandbox.values()[12345]) == 5


def test_rejects_count_on(cli: Cli, start: Start) -> None:
    """A run that is resumed has had the rejects that it had before."""
    start()
    lines = events(2) + "x\n" + events(4) + "x\nx\n"
    (cli.folder / "e.ndjson").write_text(lines)
    options = ("--window", "2", "--journal", "j", "--rejects", "r", "--jobs", "1")
    assert cli.run(*PUSH, *options, "--max-rejects", "2").status == 7
    again = cli.run("push", "--resume", "--journal", "j", "--rejects", "r")
    assert again.status == 7
    assert "more than --max-rejects 2" in again.err
    wider = ("push", "--resume", "--journal", "j", "--rejects", "r", "--max-rejects", "3")
    assert cli.run(*wider).status == 6


def test_a_mapping_file_by_its_name(cli: Cli) -> None:
    """`mapping check FILE` and `-m FILE` are the same; both at once are refused, none is too."""
    assert cli.run("mapping", "check", "m.yaml").status == 0
    both = cli.run("mapping", "check", "m.yaml", "-m", "m.yaml")
    assert (both.status, both.err.startswith("error: two mapping files: ")) == (2, True)
    none = cli.run("mapping", "check")
    assert (none.status, none.err.startswith("error: no mapping file\n")) == (2, True)


def test_reject_unknown(cli: Cli, start: Start) -> None:
    """--reject-unknown rejects who is not on the list, and needs the lists to be read."""
    held = AccountField(id=789, name="VIP", data_type="CheckBox")
    group = AccountFieldGroup(id=1, name="All", fields=(held,))
    shoppers = MailingList(id=12345, groups=(group,), contacts={"c0@example.com": {}})
    start(account=Account(lists=(shoppers,)))
    (cli.folder / "e.ndjson").write_text(events(2))
    alone = cli.run(*PUSH, "--reject-unknown")
    assert (alone.status, "needs --only-changes" in alone.err) == (2, True)
    ran = cli.run(*PUSH, "--only-changes", "--reject-unknown", "--rejects", "r.ndjson", "--json")
    assert (ran.status, ran.json()["refused"]) == (6, {"not_on_list": 1})
    (reject,) = cli.rejects()
    assert (reject["reason"], reject["update"]["email_address"]) == (
        "not_on_list",
        "c1@example.com",
    )
