"""`contact`, `fields create` and `mapping new --create` as processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listrak_sync.sandbox import Account, AccountField, AccountFieldGroup, MailingList
from tests.cli.test_lookups import rows

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

FIELDS = (
    AccountField(id=789, name="VIP", data_type="CheckBox"),
    AccountField(id=790, name="City", max_length=5),
)
ACCOUNT = Account(
    lists=(
        MailingList(
            id=12345,
            groups=(AccountFieldGroup(id=7, name="Audiences", fields=FIELDS),),
            contacts={"ann@example.com": {789: "on"}},
        ),
        MailingList(id=2, contacts={"ann@example.com": {}}),
    )
)
CONTACT = ("contact", "ann@example.com", "--list")


def test_contact(cli: Cli, start: Start) -> None:
    """Its state and each field are printed, an empty cell where there is no value."""
    start(account=ACCOUNT)
    done = cli.run(*CONTACT, "12345")
    assert (done.status, done.err) == (0, "")
    state, heads, *fields = done.out.splitlines()
    assert state == "ann@example.com on list 12345: subscribed"
    assert heads.split() == ["field", "id", "name", "group", "value"]
    assert [line.split() for line in fields] == [
        ["789", "VIP", "Audiences", "on"],
        ["790", "City", "Audiences"],
    ]
    bare = cli.run(*CONTACT, "2")
    assert bare.out == "ann@example.com on list 2: subscribed\n"
    assert bare.err == "List 2 has no profile fields.\n"


def test_contact_as_json(cli: Cli, start: Start) -> None:
    """It is one JSON object of the documented form, also where the contact is not there."""
    start(account=ACCOUNT)
    done = cli.run(*CONTACT, "12345", "--json").json()
    assert (done["list_id"], done["email_address"], done["state"]) == (
        12345,
        "ann@example.com",
        "subscribed",
    )
    assert done["fields"][0] == {
        "id": 789,
        "name": "VIP",
        "group_id": 7,
        "group": "Audiences",
        "data_type": "CheckBox",
        "value": "on",
    }
    assert done["fields"][1]["value"] is None
    nobody = cli.run("contact", "bob@example.com", "--list", "12345", "--json")
    assert nobody.status == 6
    assert nobody.json() == {
        "list_id": 12345,
        "email_address": "bob@example.com",
        "state": "not_on_list",
        "fields": [],
    }


def test_contact_of_a_mapping(cli: Cli, start: Start) -> None:
    """With a mapping file, only its fields of the list are shown; others are told."""
    start(account=ACCOUNT)
    done = cli.run(*CONTACT, "12345", "-m", "m.yaml")
    assert [line.split()[0] for line in done.out.splitlines()[2:]] == ["789"]
    text = (cli.folder / "m.yaml").read_text()
    (cli.folder / "m.yaml").write_text(text.replace("789", "99"))
    done = cli.run(*CONTACT, "12345", "-m", "m.yaml")
    assert (done.status, "list 12345 has no profile field 99" in done.err) == (0, True)
    other = cli.run(*CONTACT, "2", "-m", "m.yaml")
    assert (other.status, other.out) == (2, "")
    assert "m.yaml: no mapping sets fields of list 2" in other.err
    ignored = cli.run(*CONTACT, "2", changed={"LISTRAK_SYNC_MAPPING": "m.yaml"})
    assert ignored.status == 0


def test_contact_refused(cli: Cli, start: Start) -> None:
    """What is not an address is an error of usage; a list that is not there ends in status 7."""
    start(account=ACCOUNT)
    assert cli.run("contact", "ann", "--list", "12345").status == 2
    assert cli.run(*CONTACT, "0").status == 2
    assert cli.run(*CONTACT, "99").status == 7
    assert cli.run("contact", "bob@example.com", "--list", "12345").err == (
        "bob@example.com is not on list 12345.\n"
    )


def test_create(cli: Cli, start: Start) -> None:
    """Fields are made once, and their ids printed."""
    start(account=ACCOUNT)
    command = ("fields", "create", "12345", "VIP", "Two words", "--group", "Audiences")
    done = cli.run(*command)
    assert (done.status, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == ["789", "791"]
    assert [line.rpartition("  ")[2] for line in done.out.splitlines()[1:]] == ["is there", "made"]
    again = cli.run(*command, "--json").json()
    assert [each["created"] for each in again["fields"]] == [False, False]
    assert again["fields"][1] == {
        "id": 791,
        "name": "Two words",
        "group_id": 7,
        "group": "Audiences",
        "data_type": "CheckBox",
        "max_length": 0,
        "created": False,
    }
    assert rows(cli.run("fields", "12345").out)[-1][0] == "791"


def test_create_with_type(cli: Cli, start: Start) -> None:
    """Type and length are those that are given; names that are none are refused."""
    start(account=ACCOUNT)
    options = ("--group", "Person", "--type", "Text", "--max-length", "9", "--json")
    (made,) = cli.run("fields", "create", "12345", " Plan ", "plan", *options).json()["fields"]
    assert (made["name"], made["data_type"], made["max_length"]) == ("Plan", "Text", 9)
    elsewhere = cli.run("fields", "create", "12345", "VIP", "--group", "Person")
    assert elsewhere.err == "VIP was there already, in the group Audiences\n"
    for names in ((" ",), ("a\nb",), ()):
        assert cli.run("fields", "create", "12345", *names, "--group", "Person").status == 2
    other = cli.run("fields", "create", "12345", "City", "--group", "Person")
    assert (other.status, other.out) == (7, "")


def test_new_mapping_file(cli: Cli, start: Start) -> None:
    """Sent to a new file and appended to it, mappings are a file that can be used."""
    start(account=ACCOUNT)
    made = "--create 'Win back' --group Engage"
    done = cli.shell(
        "$LS mapping new vip --list 12345 --field 789 > n.yaml && "
        f"$LS mapping new back --list 12345 {made} --separate >> n.yaml && "
        'printf %s "$(cat n.yaml)" > n.yaml && '  # its last line has no end then
        "$LS mapping new more --list 12345 --field 790 >> n.yaml && "
        "$LS mapping new piped --list 12345 --field 790 | head -1 && "
        "$LS mapping check n.yaml --json"
    )
    assert done.status == 0
    assert done.err == "field 791, Win back, in Engage: made\n"
    piped, record = done.out.splitlines()
    assert piped.startswith("  # The audience piped")
    assert '"mappings": 4, "faults": [], "remarks": []' in record
