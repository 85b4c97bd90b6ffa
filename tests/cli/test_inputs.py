"""Exported audiences and updates go through the commands to Listrak."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.conftest import LIST, event, events

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Cli, Start

VIP = """\
mappings:
  - name: VIP
    trigger: context.personas.computation_key = "vip"
    list_id: 12345
    profile_field_values: {789: useAudienceKey}
"""
ROWS = "email,name\n" + "".join(f"c{number}@example.com,N\n" for number in range(9))


def test_audience(cli: Cli, start: Start) -> None:
    """Members of an exported audience are switched on, those who left it off."""
    sandbox = start()
    (cli.folder / "v.yaml").write_text(VIP)
    (cli.folder / "v.csv").write_text(ROWS)
    (cli.folder / "left.csv").write_text("email\nc1@example.com\n")
    for arguments, expected in (
        (("v.csv", "--audience", "vip"), {"on"}),
        (("left.csv", "--audience", "vip=false"), {"on", "off"}),
    ):
        ran = cli.run("push", *arguments, "-m", "v.yaml", "--json")
        assert ran.status == 0, ran.err
        assert {fields[789] for fields in sandbox.values()[LIST].values()} == expected


def test_resumed_in_a_csv_file(cli: Cli, start: Start) -> None:
    """A run that ended within a CSV file reads on there, with the audience that it was given."""
    sandbox = start()
    (cli.folder / "v.yaml").write_text(VIP)
    (cli.folder / "v.csv").write_text(ROWS.replace("N", '"two\nlines"'))
    options = ("--audience", "vip", "--window", "2", "--max-contacts", "4")
    ran = cli.run("push", "v.csv", "-m", "v.yaml", *options)
    assert ran.status == 7
    assert len(sandbox.values()[LIST]) == 4
    refused = cli.run("push", "--resume", "--audience", "vip")
    assert (refused.status, "--audience" in refused.err) == (2, True)
    ran = cli.run("push", "--resume", "--json", "--max-contacts", "9")
    assert ran.status == 0, ran.err
    assert ran.json()["lines"] == 5
    assert len(sandbox.values()[LIST]) == 9


def test_contradictions(cli: Cli) -> None:
    """Options for CSV that contradict each other, or name nothing, are refused."""
    (cli.folder / "v.csv").write_text(ROWS)
    for given, message in (
        (("--audience", "vip", "--trait", "ltv"), "exclude each other"),
        (("--audience", "vip=no"), "'no' is not true or false"),
        (("--audience", "=false"), "--audience names nothing"),
        (("--trait", " "), "--trait names nothing"),
        (("--audience", "VIP Shoppers=false"), "Did you mean vip_shoppers?"),
        ((), "this is CSV: give --audience KEY"),
    ):
        ran = cli.run("dry-run", "v.csv", "-m", "m.yaml", *given)
        assert (ran.status, message in ran.err) == (2, True), ran.err


def test_bad_row_fed_back(cli: Cli) -> None:
    """A rejected row that is fed back as it is stays rejected, and says where to correct it."""
    (cli.folder / "v.csv").write_text("email,name\nc1@example.com\n")
    ran = cli.run("dry-run", "v.csv", "-m", "m.yaml", "--audience", "vip", "--rejects", "r")
    assert ran.status == 6
    ran = cli.run("dry-run", "r", "-m", "m.yaml", "--rejects", "r2")
    assert ran.status == 6
    reject = json.loads((cli.folder / "r2").read_text())
    assert reject["reason"] == "bad_row"
    assert "correct it in v.csv:2" in reject["detail"]
    assert reject["raw"] == "c1@example.com"


def test_dry_run_into_push(cli: Cli, start: Start) -> None:
    """Updates that dry-run prints and push reads leave what a push of the events leaves."""
    sandbox = start()
    (cli.folder / "e.ndjson").write_text(events(50) + event("C1@example.com"))
    assert cli.run("push", "e.ndjson", "-m", "m.yaml").status == 0
    expected = sandbox.values()
    lines = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--format", "updates").out.splitlines()

    def halves(lines: list[str]) -> list[list[str]]:
        return [lines[:25], lines[25:]]

    ways: list[Callable[[list[str]], list[list[str]]]] = [
        lambda lines: [lines],
        lambda lines: [sorted(lines)],
        lambda lines: [[json.dumps(json.loads(line)) for line in lines]],
        halves,
    ]
    for way in ways:
        other = start()
        for part in way(lines):
            ran = cli.run("push", stdin="\n".join(part).encode())
            assert ran.status == 0, ran.err
        assert other.values() == expected


def test_no_mapping_file(cli: Cli) -> None:
    """Events without a mapping file are refused, also where updates come first."""
    update = {"list_id": LIST, "email_address": "a@example.com", "fields": {"789": "on"}}
    (cli.folder / "u").write_text(json.dumps(update) + "\n" + event("a@example.com"))
    for given, message in (
        (("e.ndjson",), "e.ndjson: this does not begin with an update, and there is no mapping"),
        (("u",), "u:2: this is not an update, and there is no mapping file"),
    ):
        ran = cli.run("dry-run", *given)
        assert (ran.status, message in ran.err) == (2, True), ran.err
    ran = cli.run("push", "u", "--sandbox")
    assert (ran.status, "--sandbox needs a mapping file" in ran.err) == (2, True)


def test_several_mapping_files(cli: Cli, start: Start) -> None:
    """The mappings of several files count together; a name stands in one of them only."""
    sandbox = start()
    (cli.folder / "n.yaml").write_text(
        (cli.folder / "m.yaml").read_text().replace("VIP", "Other").replace("789", "790")
    )
    ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "-m", "n.yaml", "--json")
    assert ran.json()["matched"] == {"VIP": 3, "Other": 3}
    ran = cli.run(
        "dry-run", "e.ndjson", "--json", changed={"LISTRAK_SYNC_MAPPING": "m.yaml:n.yaml"}
    )
    assert ran.json()["matched"] == {"VIP": 3, "Other": 3}
    ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "-m", "m.yaml")
    assert ran.status == 3
    assert "'VIP' is already the name of a mapping in another file" in ran.err
    given = ("push", "e.ndjson", "-m", "m.yaml", "-m", "n.yaml", "--max-contacts", "2")
    assert cli.run(*given).status == 7
    assert not sandbox.values().get(LIST)
    (cli.folder / "n.yaml").write_text((cli.folder / "n.yaml").read_text() + "# changed\n")
    ran = cli.run("push", "--resume")
    assert (ran.status, "n.yaml: changed since run" in ran.err) == (3, True)


MORE = """\
  - name: Other
    list_id: 12345
    profile_field_values: {790: on}
  - name: Off
    enabled: false
    list_id: 12345
    profile_field_values: {791: on}
"""


def dated(email: str, time: str | None) -> str:
    """Return an event of a contact at a time, as a line."""
    made = json.loads(event(email)) | ({} if time is None else {"timestamp": time})
    return json.dumps(made) + "\n"


def test_only(cli: Cli) -> None:
    """Only the mappings that are named, or like a pattern, take events and are reported."""
    (cli.folder / "m.yaml").write_text((cli.folder / "m.yaml").read_text() + MORE)
    for given, matched in (
        (("Other",), {"Other": 3}),
        (("V*",), {"VIP": 3}),
        (("VIP", "O*"), {"VIP": 3, "Other": 3, "Off": 0}),
    ):
        options = (part for each in given for part in ("--only", each))
        ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--json", *options)
        assert ran.json()["matched"] == matched
    for name, message in (
        ("Othr", "Did you mean Other?"),
        ("vip", "Did you mean VIP?"),
        ("Off", "the mapping is not enabled"),
    ):
        ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--only", name)
        assert (ran.status, message in ran.err) == (2, True), ran.err


def test_only_leaves_rejects_of_others(cli: Cli) -> None:
    """A reject of a mapping that is left out is passed over, not rejected again."""
    (cli.folder / "m.yaml").write_text((cli.folder / "m.yaml").read_text() + MORE)
    (cli.folder / "e.ndjson").write_text(event("no address"))
    assert cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--rejects", "r").status == 6
    ran = cli.run("dry-run", "r", "-m", "m.yaml", "--only", "VIP", "--json")
    assert ran.json()["rejected"] == {"invalid_email": 1}
    assert ran.json()["skipped"] == {"no_mapping_matched": 1}


def test_time(cli: Cli) -> None:
    """Events of a period are taken; those without a time are kept and counted, unless told."""
    lines = [("a", "2026-01-01T00:00:00Z"), ("b", "2026-02-01"), ("c", None)]
    text = "".join(dated(f"{name}@example.com", time) for name, time in lines)
    (cli.folder / "e.ndjson").write_text(text)
    for given, taken, undated in (
        (("--since", "2026-01-15"), 2, 1),
        (("--since", "2026-01-15", "--undated", "skip"), 1, 0),
        (("--until", "2026-01-15T12:00:00+02:00"), 2, 1),
        (("--since", "36500d"), 3, 1),
        (("--since", "1h", "--undated", "skip"), 0, 0),
    ):
        report = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--json", *given).json()
        assert (report["matched_lines"], report["undated"]) == (taken, undated)
        assert report["skipped"].get("outside_time", 0) == 3 - taken
    for given, message in (
        (("--since", "tomorrow"), "'tomorrow' is not a valid time"),
        (("--since", "2026-02-01", "--until", "2026-01-01"), "--since is not before --until"),
    ):
        ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", *given)
        assert (ran.status, message in ran.err.replace("\n", " ")) == (2, True), ran.err


def test_ordered_by_line(cli: Cli) -> None:
    """Values that were ordered by line for want of a time are counted."""
    times = ("2026-01-01", None, "2026-01-02", "2026-01-01")
    text = "".join(dated("a@example.com", time) for time in times)
    (cli.folder / "e.ndjson").write_text(text)
    report = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--json").json()
    assert (report["superseded"], report["ordered_by_line"]) == (3, 2)
    ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--json", "--order", "input")
    assert ran.json()["ordered_by_line"] == 0


def test_files_of_a_folder(cli: Cli) -> None:
    """Of a folder, what is hardly an export is left out, and said; patterns choose otherwise."""
    folder = cli.folder / "in"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.json", "sub/b.json", "c.csv.tmp", "_SUCCESS", "README.md", "r.ndjson"):
        (folder / name).write_text(event(f"{name.replace('/', '.')}@example.com"))
    (folder / "m.yaml").write_text((cli.folder / "m.yaml").read_text())
    (folder / "r.ndjson").write_text("")
    command = ("dry-run", "in", "-m", "in/m.yaml", "--rejects", "in/r.ndjson", "--json")
    for given, lines, told in (
        ((), 2, "in: 5 files left out: README.md, _SUCCESS, c.csv.tmp, m.yaml, r.ndjson"),
        (("--include", "*.md"), 1, "in: 6 files left out: "),
        (("--include", "sub/*", "--include", "a*"), 2, "in: 5 files left out: "),
        (("--exclude", "sub/*"), 1, "sub/b.json"),
    ):
        ran = cli.run(*command, *given)
        assert ran.json()["lines"] == lines, ran.err
        assert told in ran.err or "and 1 more" in ran.err
    ran = cli.run(*command, "--include", "x")
    assert (ran.status, "no file to read in this folder" in ran.err) == (2, True)


def test_once(cli: Cli, start: Start) -> None:
    """A file that a finished run with --once has read is left out until it changes."""
    sandbox = start()
    folder = cli.folder / "in"
    folder.mkdir()
    (folder / "a").write_text(event("a@example.com"))
    push = ("push", "in", "-m", "m.yaml", "--once", "--json")

    def lines() -> tuple[int, int]:
        ran = cli.run(*push)
        assert ran.status == 0, ran.err
        return ran.json()["lines"], ran.json()["files_read_before"]

    assert lines() == (1, 0)
    assert lines() == (0, 1)
    (folder / "b").write_text(event("b@example.com"))
    assert lines() == (1, 1)
    with (folder / "a").open("a") as file:
        file.write(event("c@example.com"))
    assert lines() == (2, 1)
    assert lines() == (0, 2)
    assert set(sandbox.values()[LIST]) == {f"{name}@example.com" for name in "abc"}
    forgotten = cli.run("runs", "--forget-files")
    assert (forgotten.status, "2 files forgotten" in forgotten.err) == (0, True)
    assert lines() == (3, 0)
    ran = cli.run("push", "in", "-m", "m.yaml", "--once", "--no-journal")
    assert (ran.status, "--once needs a journal" in ran.err) == (2, True)


def test_once_only_where_finished(cli: Cli, start: Start) -> None:
    """What a run did not finish is read again, or by --resume, which then counts as read."""
    start()
    push = ("push", "e.ndjson", "-m", "m.yaml", "--once", "--json")
    assert cli.run(*push, "--max-contacts", "1").status == 7
    assert cli.run(*push, "--max-contacts", "1").json()["files_read_before"] == 0
    assert cli.run("push", "--resume", "--max-contacts", "3").status == 0
    assert cli.run(*push).json()["files_read_before"] == 1


def test_no_events(cli: Cli) -> None:
    """Objects that are not events are named once, with what to do, and counted as before."""
    batch = {"batch": [json.loads(event("a@example.com"))]}
    lines = [{"email": "a@example.com"}, batch, {"email": "b@example.com"}, batch]
    (cli.folder / "e.ndjson").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--json")
    assert ran.json()["skipped"] == {"unsupported_event_type": 4}
    assert ran.err.count('e.ndjson:1: this object has no "type"') == 1
    assert ran.err.count("e.ndjson:2: this is a body of Segment's /v1/batch") == 1
    assert ran.err.count("is not an event") == 1


def test_unusable_pipe(cli: Cli, start: Start) -> None:
    """A pipe that holds something else ends the run with status 2, and leaves none to resume."""
    start()
    ran = cli.run("push", "-m", "m.yaml", stdin=b'[{"type": "track"}]')
    assert (ran.status, "jq -c '.[]'" in ran.err) == (2, True)
    assert "resume" not in ran.err
    assert cli.run("runs", "--json").out == ""


def test_audience_of_a_pipe_of_events(cli: Cli) -> None:
    """That --audience did nothing is told, where only the pipe could show that it is not CSV."""
    command = ("dry-run", "-m", "m.yaml", "--audience", "vip", "--json")
    ran = cli.run(*command, stdin=events(3).encode())
    assert ran.json()["warnings"] == ["the input is not CSV: --audience or --trait did nothing"]
    assert cli.run(*command, stdin=b"email\na@example.com\n").json()["warnings"] == [
        "no mapping took any of the 1 lines: dry-run --explain tells why"
    ]
