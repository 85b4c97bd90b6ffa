"""Lists and fields of mappings, looked up in a sandbox."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from listrak_sync.account.ids import Checked, check, fields, lists
from listrak_sync.delivery import sending
from listrak_sync.delivery.sending import RetryPolicy
from listrak_sync.errors import (
    AccessRefusedError,
    SettingsError,
    StoppedError,
    UnreachableError,
)
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.mapping.file import parse
from listrak_sync.sandbox import (
    Account,
    AccountField,
    AccountFieldGroup,
    Behaviour,
    MailingList,
    Reply,
    Rule,
    Sandbox,
)
from listrak_sync.sandbox.account import ALL_AREAS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sync.sandbox.account import Area

GROUPS = (
    AccountFieldGroup(
        id=1,
        name="Audiences",
        fields=(AccountField(id=789, name="VIP", data_type="CheckBox", max_length=1),),
    ),
    AccountFieldGroup(id=2, name="Empty"),
    AccountFieldGroup(
        id=3,
        name="Person",
        fields=(
            AccountField(id=790, name="City", max_length=5),
            AccountField(id=791, name="Note"),
            AccountField(id=792, name="Plan", data_type="RadioButton"),
            AccountField(id=793, name="Total", data_type="Numeric"),
            AccountField(id=794, name="Birthday", data_type="Date"),
        ),
    ),
)
ACCOUNT = Account(
    lists=(MailingList(id=7, name="Shoppers", groups=GROUPS), MailingList(id=8, name="Bare"))
)


@dataclass(frozen=True)
class Pair:
    """A sandbox and the API that speaks to it."""

    sandbox: Sandbox
    api: Api

    def check(self, *given: tuple[object, dict[str, object]]) -> Checked:
        """Check mappings, each given by its list and its fields."""
        mappings = [
            {"list_id": list_id, "profile_field_values": values} for list_id, values in given
        ]
        return check(parse("m.yaml", json.dumps({"mappings": mappings})), self.api)

    def asked(self) -> list[str]:
        """Return what was asked of the API, in order."""
        paths = [exchange.path for exchange in self.sandbox.requests]
        return [path.removeprefix("/email/v1") for path in paths if path.startswith("/email")]


class Start(Protocol):
    """Starts a sandbox."""

    def __call__(
        self, account: Account = ..., behaviour: Behaviour | None = None, *, known: bool = True
    ) -> Pair:
        """Return it with an API."""
        ...


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Give a function that starts sandboxes, and wait for nothing."""
    monkeypatch.setattr(sending, "BRIEF", RetryPolicy(attempts=3, first=0.0))
    with ExitStack() as stack:

        def _start(
            account: Account = ACCOUNT, behaviour: Behaviour | None = None, *, known: bool = True
        ) -> Pair:
            sandbox = stack.enter_context(Sandbox(account, behaviour))
            addresses = Addresses(sandbox.api_url, sandbox.auth_url)
            api = stack.enter_context(
                Api(addresses, Credentials("sandbox", "sandbox" if known else "wrong"))
            )
            return Pair(sandbox, api)

        yield _start


def without(*areas: Area) -> Account:
    """Return an account whose integration lacks areas."""
    return Account(lists=ACCOUNT.lists, areas=ALL_AREAS - set(areas))


def failing(status: int, times: int | None = None, after: int = 0) -> Behaviour:
    """Return a behaviour whose look-ups fail."""
    rule = Rule(action=Reply(status=status), route="lookups", times=times, after=after)
    return Behaviour(faults=(rule,))


def test_lists(start: Start) -> None:
    """Every list of the account is returned."""
    assert [(each.list_id, each.list_name) for each in lists(start().api)] == [
        (7, "Shoppers"),
        (8, "Bare"),
    ]


def test_fields(start: Start) -> None:
    """The fields of every group are returned, each with its group."""
    found = fields(start().api, 7)
    assert [(group.name, field.id) for group, field in found] == [
        ("Audiences", 789),
        ("Person", 790),
        ("Person", 791),
        ("Person", 792),
        ("Person", 793),
        ("Person", 794),
    ]


def test_no_list_no_fields(start: Start) -> None:
    """Asking for the fields of a missing list is an error, not an empty result."""
    with pytest.raises(StoppedError, match=r"^list 99: .*There is no list 99"):
        fields(start().api, 99)


def test_areas_of_lists(start: Start) -> None:
    """Without the area List, lists are refused, and the area is named."""
    with pytest.raises(AccessRefusedError, match=r"^the lists of the account: ") as caught:
        lists(start(without("List")).api)
    assert "lacks an area: List needed" in caught.value.hint


@pytest.mark.parametrize("area", ["List", "Segmentation"])
def test_areas_of_fields(start: Start, area: Area) -> None:
    """Without either of their areas, fields are refused, and both areas are named."""
    with pytest.raises(AccessRefusedError, match=r"^the profile fields of list 7: ") as caught:
        fields(start(without(area)).api, 7)
    assert "lacks an area: List and Segmentation needed" in caught.value.hint


def test_all_there(start: Start) -> None:
    """Mappings whose lists and fields are there have no problems, and say how many were seen."""
    pair = start()
    checked = pair.check(
        (7, {"789": "on", "790": "Ulm", "791": "off course"}), (7, {"789": "useAudienceKey"})
    )
    assert checked == Checked(lists=1)
    assert checked.error("m.yaml") is None


def test_once_for_each_list(start: Start) -> None:
    """A list is looked up once, however many mappings name it and however they write it."""
    pair = start()
    pair.check((7, {"789": "on"}), ("7", {"790": "Ulm"}), (7, {"789": "off"}))
    assert pair.asked() == [
        "/List/7",
        "/List/7/SegmentationFieldGroup",
        "/List/7/SegmentationFieldGroup/1/SegmentationField",
        "/List/7/SegmentationFieldGroup/2/SegmentationField",
        "/List/7/SegmentationFieldGroup/3/SegmentationField",
    ]


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ({"5": "on"}, "missing_field", "list 7 has no profile field 5"),
        (
            {"791": "on"},
            "no_check_box",
            "field 791 (Note) of list 7 is set to on, but it is not a CheckBox: it is Text",
        ),
        (
            {"791": False},
            "no_check_box",
            "field 791 (Note) of list 7 is set to off, but it is not a CheckBox: it is Text",
        ),
        (
            {"791": "useAudienceKey"},
            "no_check_box",
            "field 791 (Note) of list 7 is set to on or off, but it is not a CheckBox: it is Text",
        ),
        (
            {"790": "Munich"},
            "too_long",
            "field 790 (City) of list 7 takes 5 characters, this has 6",
        ),
        (
            {"789": "yes"},
            "not_on_or_off",
            'field 789 (VIP) of list 7 is a CheckBox: "yes" is neither on nor off',
        ),
        (
            {"792": "gold"},
            "not_on_or_off",
            'field 792 (Plan) of list 7 is a RadioButton: "gold" is neither on nor off',
        ),
        (
            {"793": "many"},
            "not_a_number",
            'field 793 (Total) of list 7 is Numeric: "many" is not a number',
        ),
        (
            {"793": 1.234},
            "not_a_number",
            'field 793 (Total) of list 7 is Numeric: "1.234" has more than two decimals',
        ),
        (
            {"794": "2026-03-01"},
            "not_a_date",
            "field 794 (Birthday) of list 7 is a Date: 2026-03-01 is not written as MM/DD/YYYY",
        ),
    ],
)
def test_field_problems(start: Start, values: dict[str, object], kind: str, message: str) -> None:
    """A field that is missing, not a check box or too short is a problem at its place."""
    checked = start().check((7, {"789": "on"}), (7, values))
    (problem,) = checked.problems
    (field,) = values
    path = f"mappings[1].profile_field_values.{field}"
    assert (problem.kind, problem.place.path) == (kind, path)
    assert problem.message == f"'mappings[1]': {message}"
    error = checked.error("m.yaml")
    assert isinstance(error, SettingsError)
    assert error.message == f"m.yaml:1:{problem.place.column}: {path}: {problem.message}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("790", "Köln!"),
        ("789", "useAudienceKey"),
        ("792", "on"),
        ("792", "useAudienceKey"),
        ("792", "0"),
        ("793", 12.5),
        ("794", "03/01/2026"),
        ("789", {"@if": {"exists": {"@path": "$.a"}, "then": "on", "else": "off"}}),
    ],
)
def test_no_finding(start: Start, field: str, value: object) -> None:
    """A value that fits, counted in characters, is fine."""
    checked = start().check((7, {field: value}))
    assert (checked.problems, checked.remarks) == ((), ())


@pytest.mark.parametrize(
    ("field", "value", "kind", "message"),
    [
        (
            "790",
            {"@path": "$.properties.city"},
            "unchecked_values",
            "field 790 (City) of list 7 is of type Text, which takes 5 characters",
        ),
        (
            "794",
            {"@path": "$.a"},
            "unchecked_values",
            "field 794 (Birthday) of list 7 is of type Date, which takes MM/DD/YYYY",
        ),
        (
            "794",
            {"@if": {"exists": {"@path": "$.a"}, "then": "soon", "else": {"@path": "$.a"}}},
            "not_a_date",
            'field 794 (Birthday) of list 7 is a Date: "soon" is not a date',
        ),
        (
            "790",
            {"@if": {"exists": {"@path": "$.a"}, "then": "Munich", "else": "Ulm"}},
            "too_long",
            "field 790 (City) of list 7 takes 5 characters, this has 6",
        ),
    ],
)
def test_remarks(start: Start, field: str, value: object, kind: str, message: str) -> None:
    """What is wrong for some events only, or cannot be known, is remarked and no problem."""
    checked = start().check((7, {field: value}))
    (remark,) = checked.remarks
    said, _, how = remark.message.partition("; ")
    assert (remark.kind, said) == (kind, f"'mappings[0]': {message}")
    assert bool(how) == (kind == "unchecked_values")
    assert checked.problems == ()
    assert checked.error("m.yaml") is None


def test_described(start: Start) -> None:
    """A field that the file describes has its values checked; another type there is a problem."""
    text = json.dumps(
        {
            "profile_fields": {"793": {"type": "Numeric"}, "794": {"type": "Text"}},
            "mappings": [
                {
                    "list_id": 7,
                    "profile_field_values": {"793": {"@path": "$.a"}, "794": {"@path": "$.b"}},
                }
            ],
        }
    )
    checked = check(parse("m.yaml", text), start().api)
    assert checked.remarks == ()
    (problem,) = checked.problems
    assert problem.kind == "outdated_profile_field"
    assert problem.message == (
        "'mappings[0]': field 794 (Birthday) of list 7 is of type Date, profile_fields has Text; "
        "write it anew: listrak-sync fields 7 --yaml"
    )


def test_missing_list(start: Start) -> None:
    """A list that is missing is a fault of every mapping that names it, and the worst one."""
    checked = start().check((7, {"5": "on"}), (99, {"789": "on"}), (99, {"789": "off"}))
    assert [problem.kind for problem in checked.problems] == [
        "missing_field",
        "missing_list",
        "missing_list",
    ]
    assert checked.lists == 1
    assert isinstance(checked.error("m.yaml"), StoppedError)


def test_what_is_not_asked_for(start: Start) -> None:
    """Disabled mappings and lists that the event decides are not looked up."""
    pair = start()
    text = json.dumps(
        {
            "mappings": [
                {"enabled": False, "list_id": 99, "profile_field_values": {"1": "on"}},
                {"list_id": {"@path": "$.a"}, "profile_field_values": {"1": "on"}},
            ]
        }
    )
    assert check(parse("m.yaml", text), pair.api) == Checked()
    assert pair.asked() == []


def test_without_segmentation(start: Start) -> None:
    """Where fields may not be looked up, lists are still checked and the rest is said."""
    checked = start(without("Segmentation")).check((7, {"5": "on"}), (99, {"1": "on"}))
    assert [problem.kind for problem in checked.problems] == ["missing_list"]
    (said,) = checked.not_checked
    assert said.startswith("the fields of list 7 were not checked: ")
    assert said.endswith("the integration needs the areas List and Segmentation")


def test_without_lists(start: Start) -> None:
    """Where lists may not be looked up, each is said not to be checked; that is not a failure."""
    checked = start(without("List")).check((7, {"789": "on"}), (8, {"1": "on"}))
    assert (checked.problems, checked.lists) == ((), 0)
    for list_id, said in zip((7, 8), checked.not_checked, strict=True):
        assert said.startswith(f"list {list_id} was not checked: ")
        assert said.endswith("the integration needs the area List")


def test_wrong_secret(start: Start) -> None:
    """Without a token, every possible cause is listed."""
    with pytest.raises(AccessRefusedError) as caught:
        start(known=False).check((7, {"789": "on"}))
    assert "LISTRAK_CLIENT_ID or the client secret is wrong" in caught.value.hint


@pytest.mark.parametrize("after", [0, 1, 3])
def test_passing_failure(start: Start, after: int) -> None:
    """A look-up that fails in passing is asked again, by itself."""
    pair = start(ACCOUNT, failing(503, times=2, after=after))
    assert pair.check((7, {"789": "on"})) == Checked(lists=1)
    assert len(pair.asked()) == 5 + 2


@pytest.mark.parametrize("after", [0, 1, 3])
def test_lasting_failure(start: Start, after: int) -> None:
    """A look-up that keeps failing ends the check: what was not seen is not called good."""
    with pytest.raises(UnreachableError):
        start(ACCOUNT, failing(503, after=after)).check((7, {"789": "on"}))
