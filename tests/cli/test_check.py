"""`mapping check` as a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Account, AccountField, AccountFieldGroup, MailingList, Reply, Rule
from listrak_sync.sandbox.account import ALL_AREAS
from listrak_sync.sandbox.behaviour import Behaviour

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

CHECK = ("mapping", "check", "-m", "m.yaml")
FIELDS = (AccountField(id=789, name="VIP", data_type="CheckBox"), AccountField(id=790, name="City"))
ACCOUNT = Account(
    lists=(MailingList(id=12345, groups=(AccountFieldGroup(id=1, name="All", fields=FIELDS),)),)
)
CLASH = 'type = "track" and type = "page"'
REMARK = (
    'm.yaml:3:33: mappings[0].trigger: never matches: type = "page" contradicts type = "track"\n'
)


def write(
    cli: Cli, trigger: str = 'type = "track"', list_id: int = 12345, field: str = "789: on"
) -> None:
    """Write a mapping file with one mapping."""
    (cli.folder / "m.yaml").write_text(
        f"""\
mappings:
  - name: VIP
    trigger: {trigger}
    list_id: {list_id}
    profile_field_values:
      {field}
"""
    )


def test_good(cli: Cli) -> None:
    """A file with nothing to say about is said to be so; data is empty."""
    done = cli.run(*CHECK)
    assert (done.status, done.out) == (0, "")
    assert done.err == "m.yaml: 1 mapping, no faults, 0 remarks\n"


def test_remarks(cli: Cli) -> None:
    """Remarks are data, and no failure."""
    write(cli, CLASH)
    done = cli.run(*CHECK)
    assert (done.status, done.out) == (0, REMARK)
    assert done.err == "m.yaml: 1 mapping, no faults, 1 remark\n"


def test_remarks_as_json(cli: Cli) -> None:
    """Remarks are one JSON object of the documented form."""
    write(cli, CLASH)
    done = cli.run(*CHECK, "--json")
    assert (done.status, done.err) == (0, "")
    assert done.json() == {
        "file": "m.yaml",
        "mappings": 1,
        "faults": [],
        "remarks": [
            {
                "line": 3,
                "column": 33,
                "path": "mappings[0].trigger",
                "kind": "never_matches",
                "message": 'never matches: type = "page" contradicts type = "track"',
            }
        ],
        "online": None,
    }


def test_faults(cli: Cli) -> None:
    """Faults are shown all at once with their carets, and the status is 3."""
    write(cli, "type =", 0)
    done = cli.run(*CHECK)
    assert (done.status, done.out) == (3, "")
    assert done.err.count("^") == 2
    assert "m.yaml:4:14: mappings[0].list_id: this is not a valid list id; write" in done.err


def test_faults_as_json(cli: Cli) -> None:
    """Faults are in the JSON object as well; the status stays 3."""
    write(cli, list_id=0)
    done = cli.run(*CHECK, "--json")
    assert done.status == 3
    record = done.json()
    assert (record["mappings"], record["remarks"], record["online"]) == (None, [], None)
    assert record["faults"] == [
        {
            "line": 4,
            "column": 14,
            "path": "mappings[0].list_id",
            "message": "this is not a valid list id",
            "instead": "write a number from 1 to 2147483647",
        }
    ]


def test_online_remarks(cli: Cli, start: Start) -> None:
    """What Listrak's fields leave open is a remark like the others, and no failure."""
    typed = (AccountField(id=789, name="Total", data_type="Numeric"),)
    groups = (AccountFieldGroup(id=1, name="All", fields=typed),)
    start(account=Account(lists=(MailingList(id=12345, groups=groups),)))
    write(cli, field='789: {"@path": $.properties.total}')
    done = cli.run(*CHECK, "--online")
    assert done.status == 0
    assert "is of type Numeric, which takes numbers of up to two decimals" in done.out
    assert done.err.endswith("1 remark, 1 list found at Listrak\n")
    (remark,) = cli.run(*CHECK, "--online", "--json").json()["remarks"]
    assert remark["kind"] == "unchecked_values"


def test_file_that_cannot_be_read(cli: Cli) -> None:
    """A missing file is an error, not a file without remarks."""
    assert cli.run("mapping", "check", "-m", "none.yaml").status == 3


def test_offline(cli: Cli) -> None:
    """Without --online, no credentials are asked for."""
    assert "LISTRAK_CLIENT_ID" not in cli.environment
    assert cli.run(*CHECK).status == 0
    assert cli.run(*CHECK, "--online").status == 3
    refused = cli.run(*CHECK, "--online", "--json")
    record = refused.json()
    assert (refused.status, record["exit_status"], record["online"]) == (3, 3, None)
    assert "LISTRAK_CLIENT_ID" in record["error"] + refused.err


def test_control_characters(cli: Cli) -> None:
    """A trigger cannot steer the terminal."""
    write(cli, '\'event = "\u202e" and event = "b"\'')
    assert '"\\u202e"' in cli.run(*CHECK).out


def test_online(cli: Cli, start: Start) -> None:
    """What Listrak knows is said to be there."""
    start(account=ACCOUNT)
    done = cli.run(*CHECK, "--online")
    assert (done.status, done.out) == (0, "")
    assert done.err == "m.yaml: 1 mapping, no faults, 0 remarks, 1 list found at Listrak\n"


@pytest.mark.parametrize(
    ("list_id", "field", "kind"),
    [
        (99, "789: on", "missing_list"),
        (12345, "5: on", "missing_field"),
        (12345, "790: on", "no_check_box"),
    ],
)
def test_problems(cli: Cli, start: Start, list_id: int, field: str, kind: str) -> None:
    """What is not as a mapping has it is an error at its place; remarks are made all the same."""
    start(account=ACCOUNT)
    write(cli, CLASH, list_id, field)
    status, line, column, path = 3, 6, 7, f"mappings[0].profile_field_values.{field[:-4]}"
    if kind == "missing_list":
        status, line, column, path = 7, 2, 5, "mappings[0]"
    done = cli.run(*CHECK, "--online")
    assert (done.status, done.out) == (status, REMARK)
    assert f"m.yaml:{line}:{column}: {path}: 'VIP': " in done.err
    assert done.err.endswith("listrak-sync lists\n" if status == 7 else "fields LIST_ID\n")
    as_json = cli.run(*CHECK, "--online", "--json")
    assert as_json.status == status
    record = as_json.json()
    (problem,) = record["online"]["problems"]
    assert (problem["kind"], problem["path"], problem["line"]) == (kind, path, line)
    assert len(record["remarks"]) == 1


def test_fields_not_checked(cli: Cli, start: Start) -> None:
    """Fields that may not be looked up are said not to be checked; that is not a fault."""
    start(account=Account(lists=ACCOUNT.lists, areas=ALL_AREAS - {"Segmentation"}))
    done = cli.run(*CHECK, "--online")
    assert done.status == 0
    assert done.err.startswith("the fields of list 12345 were not checked: ")
    (said,) = cli.run(*CHECK, "--online", "--json").json()["online"]["not_checked"]
    assert done.err.startswith(said)


def test_access_refused(cli: Cli, start: Start) -> None:
    """Where nothing may be looked up, the status is 4; what was found offline is shown."""
    start(account=Account(paused=True))
    write(cli, CLASH)
    done = cli.run(*CHECK, "--online")
    assert (done.status, done.out) == (4, REMARK)
    as_json = cli.run(*CHECK, "--online", "--json")
    assert (as_json.status, as_json.json()["online"]) == (4, None)


def test_unreachable(cli: Cli, start: Start) -> None:
    """Where Listrak keeps failing, the status is 5."""
    start(Behaviour(faults=(Rule(action=Reply(status=503), route="lookups"),)), ACCOUNT)
    assert cli.run(*CHECK, "--online").status == 5


def test_help(cli: Cli) -> None:
    """The help names the keys of the JSON object."""
    said = " ".join(cli.run("mapping", "check", "--help").out.replace("│", " ").split())
    for key in ("file", "mappings", "faults", "remarks", "online", "not_checked"):
        assert f'"{key}"' in said
