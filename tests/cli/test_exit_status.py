"""The exit status tells a script how it went, and the message tells a person."""

from __future__ import annotations

import json
import socket
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Account, Reply
from tests.cli.conftest import ACCOUNT, event, faulty, imports

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

CAUSES = ("secret", "inactive", "paused", "IP address", "area")
SET = {"LISTRAK_CLIENT_ID": "ann", "LISTRAK_CLIENT_SECRET": "s3cret"}
RUNS = ("dry-run", "push")
NEEDED = "overwrite what the run needs"


def test_done(cli: Cli, start: Start) -> None:
    """0: everything is sent."""
    sandbox = start()
    assert cli.run("push", "e.ndjson", "-m", "m.yaml").status == 0
    assert len(sandbox.values()[12345]) == 3


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("dry-run", ("--nonsense", "-m", "m.yaml"), "--nonsense"),
        ("push", ("e.ndjson",), "apping"),
        ("dry-run", ("absent.ndjson", "-m", "m.yaml"), "absent.ndjson: No such file"),
        (
            "push",
            ("e.ndjson", "-m", "m.yaml", "--rejects", "e.ndjson"),
            NEEDED,
        ),
        (
            "dry-run",
            ("e.ndjson", "-m", "m.yaml", "--rejects", "./e.ndjson"),
            NEEDED,
        ),
        (
            "push",
            ("e.ndjson", "-m", "m.yaml", "--rejects", "m.yaml"),
            NEEDED,
        ),
        *(
            (
                "push",
                ("e.ndjson", "-m", "m.yaml", "--journal", "j", "--rejects", f"j{each}"),
                NEEDED,
            )
            for each in ("", "-wal", "-shm", ".lock")
        ),
        ("push", ("e.ndjson", "-m", "m.yaml", "--wait", "9999999h"), "at most 8760h"),
        ("push", ("e.ndjson", "-m", "m.yaml", "--wait", "5x"), "'5x' is not a valid duration"),
        (
            "push",
            ("-m", "m.yaml", "--wait", "1h30m", "e.ndjson"),
            "'1h30m' is not a valid duration",
        ),
        ("push", ("e.ndjson", "-m", "m.yaml", "--flush-every", f"{'9' * 400}h"), "at most 8760h"),
        ("push", ("e.ndjson", "-m", "m.yaml", "--batch-bytes", "195000001"), "too much"),
        ("push", ("--resume", "--sandbox"), "Leave out --sandbox."),
        ("push", ("--resume", "--no-journal"), "Leave out --no-journal."),
        ("push", ("--resume", "run", "x", "-m", "m.yaml"), "from the journal: --mapping, x Leave"),
        ("push", ("--resume", "--window", "1000000", "--order", "input"), ": --order, --window"),
        ("push", ("e.ndjson", "-m", "m.yaml", "--rejects", "absent/r.ndjson"), "absent/r.ndjson"),
        ("dry-run", ("e.ndjson", "-m", "m.yaml", "--window", "0"), "--window"),
        ("push", ("e.ndjson", "-m", "m.yaml", "--progress", "loud"), "--progress"),
    ],
)
def test_usage(
    cli: Cli, start: Start, command: str, arguments: tuple[str, ...], words: str
) -> None:
    """2: an option or an input cannot be used; nothing is read, sent or overwritten."""
    sandbox = start()
    before = (cli.folder / "e.ndjson").read_bytes()
    ran = cli.run(command, *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert words in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert imports(sandbox) == 0
    assert (cli.folder / "e.ndjson").read_bytes() == before


@pytest.mark.parametrize("command", RUNS)
def test_mapping_file(cli: Cli, start: Start, command: str) -> None:
    """3: every fault of the mapping file is told with its place, its line and a caret."""
    sandbox = start()
    text = (cli.folder / "m.yaml").read_text()
    bad = text.replace('"Entered"', '"Entered').replace("789: on", "0: on")
    (cli.folder / "bad.yaml").write_text(bad)
    ran = cli.run(command, "e.ndjson", "-m", "bad.yaml")
    assert (ran.status, ran.out) == (3, "")
    assert "bad.yaml:3:" in ran.err
    assert "bad.yaml:6:" in ran.err
    assert "2 faults in the mapping file; nothing was read or sent." in ran.err
    lines = ran.err.splitlines()
    carets = [number for number, line in enumerate(lines) if set(line.strip()) == {"^"}]
    assert len(carets) == 2
    trigger, caret = lines[carets[0] - 1], lines[carets[0]]
    assert trigger[caret.index("^")] == '"'
    assert sandbox.requests == ()


@pytest.mark.parametrize(
    ("environment", "arguments", "words"),
    [
        ({}, (), "LISTRAK_CLIENT_ID and LISTRAK_CLIENT_SECRET: not set"),
        ({"LISTRAK_CLIENT_ID": "ann"}, (), "LISTRAK_CLIENT_SECRET: not set"),
        ({}, ("--client-secret-file", "absent"), "absent: No such file"),
        (SET, ("--api-url", "http://api.example.com"), "http is for loopback addresses only"),
        (SET | {"LISTRAK_AUTH_URL": "http://api.example.com"}, (), "loopback"),
        (
            SET | {"LISTRAK_API_URL": "nowhere"},
            (),
            "LISTRAK_API_URL: nowhere is not a valid address",
        ),
        (SET | {"SSL_CERT_FILE": "/absent.pem"}, (), "certificates"),
    ],
)
def test_settings(
    cli: Cli,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    """3: credentials or addresses cannot be used, and it is told what to set."""
    ran = cli.run("auth", "test", *arguments, changed=environment)
    assert (ran.status, ran.out) == (3, "")
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert len(ran.err.splitlines()) >= 2


def test_input_as_rejects(cli: Cli) -> None:
    """2: what standard input is read from is not overwritten, either."""
    before = (cli.folder / "e.ndjson").read_bytes()
    ran = cli.shell("$LS dry-run -m m.yaml --rejects e.ndjson < e.ndjson")
    assert ran.status == 2
    assert NEEDED in ran.err
    assert (cli.folder / "e.ndjson").read_bytes() == before


def test_credentials_before_reading(cli: Cli) -> None:
    """3: a push without credentials ends before anything is read, earlier rejects are kept."""
    (cli.folder / "r.ndjson").write_text("as it was\n")
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson")
    assert (cli.folder / "r.ndjson").read_text() == "as it was\n"
    assert (ran.status, ran.out) == (3, "")
    assert "LISTRAK_CLIENT_ID and LISTRAK_CLIENT_SECRET: not set" in ran.err


@pytest.mark.parametrize("command", [("push", "e.ndjson", "-m", "m.yaml"), ("auth", "test")])
def test_wrong_secret(cli: Cli, start: Start, command: tuple[str, ...]) -> None:
    """4: access is refused before anything is read, and every possible cause is listed."""
    sandbox = start()
    ran = cli.run(*command, changed={"LISTRAK_CLIENT_SECRET": "wr0ng"})
    assert (ran.status, ran.out) == (4, "")
    assert "ERROR_INVALID_CREDENTIALS" in ran.err
    for cause in CAUSES:
        assert cause in ran.err
    assert "wr0ng" not in ran.err
    assert {one.path for one in sandbox.requests} == {"/OAuth2/Token"}


def test_route_refused(cli: Cli, start: Start) -> None:
    """4: an integration that may not use the route is told of it; what is unsent is kept."""
    start(account=Account(lists=ACCOUNT.lists, open_lists=True, beta_route=False))
    ran = cli.run(
        "push", "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson", "--route", "profile-fields"
    )
    assert ran.status == 4
    assert "profile-fields route" in ran.err
    assert [one["reason"] for one in cli.rejects()] == ["unsent"] * 3


@pytest.mark.parametrize("command", [("push", "e.ndjson", "-m", "m.yaml"), ("auth", "test")])
def test_nothing_listens(cli: Cli, command: tuple[str, ...]) -> None:
    """5: where nobody listens, it gives up and says so."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
    ran = cli.run(
        *command,
        changed={
            "LISTRAK_API_URL": address,
            "LISTRAK_AUTH_URL": address,
            "LISTRAK_CLIENT_ID": "ann",
            "LISTRAK_CLIENT_SECRET": "s3cret",
        },
    )
    assert (ran.status, ran.out) == (5, "")
    assert "Listrak cannot be reached: no connection to 127.0.0.1: " in ran.err


def test_keeps_failing(cli: Cli, start: Start) -> None:
    """5: what is unsent after every retry is kept in the rejects."""
    sandbox = start(faulty(Reply(status=503, headers={"Retry-After": "0"})))
    cli.hasten()
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson", "--json")
    assert ran.status == 5
    assert imports(sandbox) == 3
    assert [one["reason"] for one in cli.rejects()] == ["unsent"] * 3
    record = ran.json()
    assert record["exit_status"] == 5
    assert "503" in record["error"]


@pytest.mark.parametrize("command", RUNS)
def test_some_rejected(cli: Cli, start: Start, command: str) -> None:
    """6: the rest is done, what is rejected is counted and kept."""
    start()
    with (cli.folder / "e.ndjson").open("a") as stream:
        stream.write("no json\n" + event("nobody"))
    ran = cli.run(command, "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson")
    assert ran.status == 6
    assert [one["reason"] for one in cli.rejects()] == ["not_json", "invalid_email"]
    assert cli.rejects()[0]["raw"] == "no json"


def test_refused_content(cli: Cli, start: Start) -> None:
    """6: what Listrak refuses is kept in its words."""
    start(faulty(Reply(status=400, error="ERROR_INVALID_PARAMETER", message="Not this.")))
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson")
    assert ran.status == 6
    assert {one["detail"] for one in cli.rejects()} == {"ERROR_INVALID_PARAMETER: Not this."}


def test_unknown_list(cli: Cli, start: Start) -> None:
    """7: a list that Listrak does not know is refused, and its contacts are kept."""
    start(account=Account.of_fields({1: {789: None}}))
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson")
    assert ran.status == 7
    assert [one["reason"] for one in cli.rejects()] == ["list_refused"] * 3
    assert "list_refused" in ran.err


@pytest.mark.parametrize(("most", "status"), [("1", 7), ("2", 6), ("0", 7)])
def test_max_rejects(cli: Cli, start: Start, most: str, status: int) -> None:
    """7: over the limit of rejects nothing is sent; at the limit everything is."""
    sandbox = start()
    lines = (cli.folder / "e.ndjson").read_text()
    (cli.folder / "e.ndjson").write_text("a\n" + lines + "b\n")
    ran = cli.run(
        "push", "e.ndjson", "-m", "m.yaml", "--max-rejects", most, "--rejects", "r.ndjson"
    )
    assert ran.status == status
    if status == 7:
        assert imports(sandbox) == 0
        assert f"more than --max-rejects {most}" in ran.err
    else:
        assert len(sandbox.values()[12345]) == 3
    if most == "1":
        reasons = sorted(one["reason"] for one in cli.rejects())
        assert reasons == ["not_json"] * 2 + ["unsent"] * 3


@pytest.mark.parametrize(
    ("option", "most", "status"),
    [
        ("--max-contacts", "2", 7),
        ("--max-contacts", "3", 0),
        ("--max-off-ratio", "0.9", 7),
        ("--max-off-ratio", "1", 0),
    ],
)
def test_guards_of_a_window(cli: Cli, start: Start, option: str, most: str, status: int) -> None:
    """7: over the limit of contacts, or of values that are off, nothing of a window is sent."""
    sandbox = start()
    mapping = cli.folder / "m.yaml"
    mapping.write_text(mapping.read_text().replace("789: on", "789: off"))
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", option, most)
    assert ran.status == status
    assert imports(sandbox) == (status == 0)
    assert (f"more than {option} {most}" in ran.err) == (status == 7)


@pytest.mark.parametrize("command", RUNS)
def test_ignored_integrations(cli: Cli, start: Start, command: str) -> None:
    """An event that Segment would keep from Listrak is taken with --ignore-integrations."""
    start()
    kept = json.loads(event("ann@example.com")) | {"integrations": {"All": False}}
    (cli.folder / "e.ndjson").write_text(json.dumps(kept) + "\n")
    for options, contacts in (((), 0), (("--ignore-integrations",), 1)):
        ran = cli.run(command, "e.ndjson", "-m", "m.yaml", "--json", *options)
        assert ran.json()["contacts"] == contacts


def test_our_bug(cli: Cli, start: Start) -> None:
    """1: a reply that our own fault must have caused stops the run, without a traceback."""
    start(faulty(Reply(status=415)))
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml")
    assert ran.status == 1
    assert "HTTP 415" in ran.err
    assert "Traceback" not in ran.err


def test_one_answer_for_json(cli: Cli, start: Start) -> None:
    """--json prints one object also where a run cannot begin: the status and why, and no counts."""
    start()
    for arguments, changed, status, words in (
        (("e.ndjson", "-m", "absent.yaml"), {}, 3, "absent.yaml"),
        (("absent", "-m", "m.yaml"), {}, 2, "absent: No such file"),
        (("e.ndjson",), {}, 2, "no mapping file"),
        (("e.ndjson", "-m", "m.yaml"), {"LISTRAK_CLIENT_SECRET": ""}, 3, "not set"),
        (("e.ndjson", "-m", "m.yaml"), {"LISTRAK_CLIENT_SECRET": "wrong"}, 4, "access refused"),
        (("e.ndjson", "-m", "m.yaml", "--rejects", "e.ndjson"), {}, 2, "overwrite"),
        (("--resume",), {}, 2, "no unfinished run"),
    ):
        ran = cli.run("push", *arguments, "--json", changed=changed)
        record = ran.json()
        assert ran.status == record["exit_status"] == status
        assert words in record["error"]
        assert words in ran.err
        assert (record["command"], record["lines"], record["contacts"]) == ("push", 0, 0)


def test_refused_list_is_told(cli: Cli, start: Start) -> None:
    """Where Listrak refuses a list, its words are told, and what to do."""
    start(account=Account.of_fields({1: {789: None}}))
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--json")
    record = ran.json()
    (entry,) = record["lists"]
    assert (ran.status, record["exit_status"], entry["refused"]) == (7, 7, 3)
    assert record["error"].startswith("list 12345: ERROR_UNABLE_TO_LOCATE_RESOURCE")
    assert "error: list 12345: ERROR_UNABLE_TO_LOCATE_RESOURCE" in ran.err
    assert "mapping check --online" in ran.err
    assert "rejects are not kept: --rejects FILE" in ran.err


@pytest.mark.parametrize("name", ["", ".", "/", "x" * 300, "nowhere/.."])
def test_names_that_no_journal_can_have(cli: Cli, name: str) -> None:
    """A journal that cannot have its name is a setting that cannot be used, in every command."""
    for command in (("push", "e.ndjson", "-m", "m.yaml", "--sandbox"), ("runs",)):
        ran = cli.run(*command, "--journal", name)
        assert (ran.status, ran.out) == (3, "")
        assert "name another journal with --journal PATH" in ran.err
        assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE runs SET started = 'soon'",
        "UPDATE runs SET started = 1e300",
        "UPDATE runs SET settings = 7",
        "UPDATE runs SET settings = '[]'",
        "UPDATE runs SET files = 7",
        "UPDATE runs SET position = x'00'",
        """UPDATE runs SET position = '{"source": 9, "line": 1}'""",
        """UPDATE runs SET position = '{"source": -1, "line": 1}'""",
        "UPDATE batches SET list = 'seven'",
        "UPDATE batches SET size = 'three'",
        "UPDATE batches SET state = x'00', answered = 'soon'",
        "UPDATE bodies SET body = 'text'",
        "UPDATE bodies SET contacts = 7",
    ],
)
def test_rows_of_the_wrong_type(cli: Cli, start: Start, change: str) -> None:
    """A journal in which somebody else changed a row is damaged: no command ends as a bug."""
    start(faulty(Reply(status=403)))
    assert cli.run("push", "e.ndjson", "-m", "m.yaml", "--journal", "j").status == 4
    with closing(sqlite3.connect(cli.folder / "j")) as db, db:
        db.execute(change)
    for command in (("runs",), ("runs", "--json"), ("push", "--resume")):
        ran = cli.run(*command, "--journal", "j")
        assert "Traceback" not in ran.err
        assert ran.status in {0, 2, 3, 4}


@pytest.mark.parametrize("arguments", ["--help", "push --help", "--version", "mapping check -h"])
def test_help_that_nobody_reads(cli: Cli, arguments: str) -> None:
    """Help into a closed pipe ends well, as data does."""
    ran = cli.shell(f"{{ $LS {arguments}; echo $? >&2; }} | true")
    assert ran.err == "0\n"


def test_a_machine_without_threads(cli: Cli, start: Start) -> None:
    """An exchange that cannot have its deadline fails like one without a connection."""
    start()
    (cli.folder / "sitecustomize.py").write_text(
        "import threading\ndef fails(_): raise RuntimeError\nthreading.Thread.start = fails\n"
    )
    ran = cli.run(
        *("push", "e.ndjson", "-m", "m.yaml", "--json", "--jobs", "1"),
        changed={"PYTHONPATH": str(cli.folder)},
    )
    assert (ran.status, ran.json()["exit_status"]) == (5, 5), ran.err
    assert "no more threads" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("MemoryError()", "no memory"),
        ('OSError(24, "Too many open files", "e.ndjson")', "e.ndjson: Too many open files"),
        ('BlockingIOError(11, "Resource temporarily unavailable")', "temporarily unavailable"),
    ],
)
@pytest.mark.parametrize("place", ["push as m; m.new_task", "run as m; m.Run._gather"])
def test_a_machine_that_has_no_more(
    cli: Cli, start: Start, error: str, words: str, place: str
) -> None:
    """Where the machine has no more of something, that is told, with status 3."""
    start()
    (cli.folder / "sitecustomize.py").write_text(
        f"def fails(*_, **__): raise {error}\nimport listrak_sync.{place} = fails\n"
    )
    ran = cli.run(
        *("push", "e.ndjson", "-m", "m.yaml", "--json", "--jobs", "1"),
        changed={"PYTHONPATH": str(cli.folder)},
    )
    assert (ran.status, ran.json()["exit_status"]) == (3, 3)
    assert words in ran.err
    assert words in ran.json()["error"]
    assert "Traceback" not in ran.err
