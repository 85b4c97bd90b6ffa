"""`lists` and `fields` as processes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from listrak_sync.cli.lookups import profile_fields_yaml
from listrak_sync.listrak.verdicts import ProfileField
from listrak_sync.mapping.field_types import DescribedField
from listrak_sync.mapping.file import parse
from listrak_sync.sandbox import Account, AccountField, AccountFieldGroup, MailingList
from listrak_sync.sandbox.account import ALL_AREAS
from tests.cli.terminal import on_terminal

if TYPE_CHECKING:
    from listrak_sync.sandbox.account import Area
    from tests.cli.conftest import Cli, Start

FIELDS = (
    AccountField(id=789, name="VIP", data_type="CheckBox"),
    AccountField(id=790, name="City", max_length=5),
)
SHOPPERS = MailingList(
    id=12345, name="Shoppers", groups=(AccountFieldGroup(id=7, name="Audiences", fields=FIELDS),)
)
NOWHERE = {
    "LISTRAK_API_URL": "http://127.0.0.1:9",
    "LISTRAK_AUTH_URL": "http://127.0.0.1:9",
    "LISTRAK_CLIENT_ID": "sandbox",
    "LISTRAK_CLIENT_SECRET": "sandbox",
}
ACCOUNT = Account(lists=(SHOPPERS, MailingList(id=2, name="Other")))


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table, row by row, its rules left out."""
    return [line.split() for line in text.splitlines() if line.strip(" ─")]


def test_lists(cli: Cli, start: Start) -> None:
    """Every list is shown with id and name, on standard output alone."""
    start(account=ACCOUNT)
    done = cli.run("lists")
    assert (done.status, done.err) == (0, "")
    assert rows(done.out) == [["list", "id", "name"], ["12345", "Shoppers"], ["2", "Other"]]


def test_lists_as_json(cli: Cli, start: Start) -> None:
    """Lists are one JSON object of the documented form."""
    start(account=ACCOUNT)
    done = cli.run("lists", "--json")
    assert done.json() == {"lists": [{"id": 12345, "name": "Shoppers"}, {"id": 2, "name": "Other"}]}


def test_fields(cli: Cli, start: Start) -> None:
    """Fields are shown with group, type and longest value, where there is one."""
    start(account=ACCOUNT)
    done = cli.run("fields", "12345")
    assert (done.status, done.err) == (0, "")
    assert rows(done.out)[1:] == [
        ["789", "VIP", "Audiences", "CheckBox"],
        ["790", "City", "Audiences", "Text", "5"],
    ]


def test_fields_as_yaml(cli: Cli, start: Start) -> None:
    """Fields are printed as a mapping file describes them; it can be read with them."""
    start(account=ACCOUNT)
    done = cli.run("fields", "12345", "--yaml")
    assert (done.status, done.err) == (0, "")
    assert done.out == (
        "# The profile fields of list 12345.\n"
        "profile_fields:\n"
        "  789:\n    name: VIP\n    type: CheckBox\n"
        "  790:\n    name: City\n    type: Text\n    max_length: 5\n"
    )
    mapping = "mappings: [{list_id: 12345, profile_field_values: {789: on}}]\n"
    (cli.folder / "m.yaml").write_text(done.out + mapping)
    assert cli.run("mapping", "check", "-m", "m.yaml").status == 0
    both = cli.run("fields", "12345", "--yaml", "--json")
    assert both.status == 2
    assert "--json and --yaml exclude each other" in both.err
    assert cli.run("fields", "2", "--yaml").out == ""


def test_unknown_type_as_yaml() -> None:
    """A type that is not known here is told in a comment, so that the file can be used."""
    fields = [ProfileField(1, "A: b", "Hologram", 5), ProfileField(2, None, None, None)]
    lines = profile_fields_yaml(7, fields)
    assert lines[:2] == [
        "# The profile fields of list 7.",
        "# Field 1 is of type Hologram, whose values are not checked.",
    ]
    mapping = "mappings: [{list_id: 7, profile_field_values: {1: abc}}]"
    (read,) = parse("m.yaml", "\n".join([*lines, mapping]))
    assert read.fields[0].described == DescribedField(1, "A: b", None, 5)


def test_fields_as_json(cli: Cli, start: Start) -> None:
    """Fields are one JSON object of the documented form."""
    start(account=ACCOUNT)
    done = cli.run("fields", "12345", "--json")
    record = done.json()
    assert record["list_id"] == 12345
    assert record["fields"][1] == {
        "id": 790,
        "name": "City",
        "group_id": 7,
        "group": "Audiences",
        "data_type": "Text",
        "max_length": 5,
    }


@pytest.mark.parametrize(
    ("command", "said", "record"),
    [
        (("lists",), "The account has no lists.\n", {"lists": []}),
        (("fields", "2"), "List 2 has no profile fields.\n", {"list_id": 2, "fields": []}),
    ],
)
def test_nothing(
    cli: Cli, start: Start, command: tuple[str, ...], said: str, record: object
) -> None:
    """An empty result is said to be empty, and is not a failure; as JSON it is an empty list."""
    lists = () if command == ("lists",) else ACCOUNT.lists
    start(account=Account(lists=lists))
    done = cli.run(*command)
    as_json = cli.run(*command, "--json")
    assert (done.status, done.out, done.err) == (0, "", said)
    assert (as_json.status, as_json.json(), as_json.err) == (0, record, "")


def test_names_are_only_text(cli: Cli, start: Start) -> None:
    """A name neither steers the terminal nor is read as markup."""
    name = "\x1b[31m[red]a[/b]\n:smile:\u202e"
    start(account=Account(lists=(MailingList(id=1, name=name),)))
    done = cli.run("lists")
    assert rows(done.out)[1] == ["1", "\\x1b[31m[red]a[/b]\\n:smile:\\u202e"]


@pytest.mark.parametrize(
    ("command", "lacking", "areas"),
    [
        (("lists",), "List", "List"),
        (("fields", "12345"), "List", "List and Segmentation"),
        (("fields", "12345"), "Segmentation", "List and Segmentation"),
    ],
)
def test_areas(cli: Cli, start: Start, command: tuple[str, ...], lacking: Area, areas: str) -> None:
    """What the integration may not read ends in status 4, with the areas that are needed."""
    account = Account(lists=ACCOUNT.lists, areas=ALL_AREAS - {lacking})
    start(account=account)
    done = cli.run(*command)
    assert (done.status, done.out) == (4, "")
    assert f"the integration lacks an area: {areas} needed" in done.err


def test_unknown_list(cli: Cli, start: Start) -> None:
    """A list that is not there ends in status 7, and the way to those that are is shown."""
    start(account=ACCOUNT)
    done = cli.run("fields", "99")
    assert (done.status, done.out) == (7, "")
    assert done.err.startswith("error: list 99: ")
    assert done.err.endswith("listrak-sync lists\n")


@pytest.mark.parametrize("list_id", ["0", "2147483648", "x"])
def test_no_id(cli: Cli, list_id: str) -> None:
    """An invalid id is an error of usage; Listrak is not asked."""
    assert cli.run("fields", list_id).status == 2


def test_unreachable(cli: Cli) -> None:
    """Where nothing answers, the status is 5."""
    assert cli.run("lists", changed=NOWHERE).status == 5


def test_many_lists(cli: Cli, start: Start) -> None:
    """A big account is shown whole."""
    lists = tuple(MailingList(id=number, name=f"List-{number}") for number in range(1, 5001))
    start(account=Account(lists=lists))
    done = cli.run("lists")
    assert rows(done.out)[1:] == [[str(each.id), each.name] for each in lists]


def test_long_names(cli: Cli, start: Start) -> None:
    """A long name is folded to a terminal's width, and stays on its line in a pipe."""
    name = "N" * 150
    start(account=Account(lists=(MailingList(id=12345, name=name),)))
    piped = cli.run("lists", changed={"COLUMNS": "40"}).out.splitlines()
    assert piped == ["list id  name", f"  12345  {name}"]
    _, shown = on_terminal(cli.launcher, cli.folder, cli.environment, "lists")
    lines = re.sub(r"\x1b\[\d+m", "", shown).splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(lines).count("N") == len(name)
    assert sum("N" in line for line in lines) > 1


@pytest.mark.parametrize("option", ["", "--json"])
def test_closed_pipe(cli: Cli, start: Start, option: str) -> None:
    """Somebody who stops reading gets no traceback."""
    lists = tuple(MailingList(id=number, name="A" * 50) for number in range(1, 5001))
    start(account=Account(lists=lists))
    done = cli.shell(f"$LS lists {option} | head -c 10; exit ${{PIPESTATUS[0]}}")
    assert (done.status, done.err, len(done.out)) == (0, "", 10)
