"""Fields and groups that are made in a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.account.making import WantedFields, make_fields
from listrak_sync.errors import AccessRefusedError, StoppedError, UnreachableError
from listrak_sync.sandbox import Account, Behaviour, Drop, Reply, Rule
from listrak_sync.sandbox.account import ALL_AREAS
from tests.account.test_ids import ACCOUNT, Start, start

__all__ = ["start"]  # fixtures

if TYPE_CHECKING:
    from listrak_sync.sandbox.behaviour import Action
    from tests.account.test_ids import Pair


def wanted(*names: str, group: str = "Engage", data_type: str = "CheckBox") -> WantedFields:
    """Return what is wanted of the list with the groups Audiences, Empty and Person."""
    return WantedFields(7, group, names, data_type)


def posts(pair: Pair) -> int:
    """Return how many groups and fields were asked to be made."""
    return sum(one.method == "POST" and "/List/" in one.path for one in pair.sandbox.requests)


def there(pair: Pair) -> list[tuple[str | None, str | None]]:
    """Return the groups and fields that the list has."""
    groups = pair.api.field_groups(7)
    assert isinstance(groups, tuple)
    found: list[tuple[str | None, str | None]] = []
    for group in groups:
        inside = pair.api.fields(7, group.id)
        assert isinstance(inside, tuple)
        found += [(group.name, None), *((group.name, field.name) for field in inside)]
    return found


def test_made_once(start: Start) -> None:
    """Fields and their group are made; asked for again, nothing more is sent."""
    pair = start(ACCOUNT)
    made = make_fields(pair.api, wanted("One", "Two"))
    assert [(each.field.id, each.field.name, each.group.name, each.is_new) for each in made] == [
        (795, "One", "Engage", True),
        (796, "Two", "Engage", True),
    ]
    assert posts(pair) == 3
    again = make_fields(pair.api, wanted("one", "TWO", group="engage"))
    assert [(each.field.id, each.field.name, each.is_new) for each in again] == [
        (795, "One", False),
        (796, "Two", False),
    ]
    assert posts(pair) == 3


def test_what_is_there(start: Start) -> None:
    """A group that is there is used, and a field of another group is not made again."""
    pair = start(ACCOUNT)
    made = make_fields(pair.api, wanted("VIP", "New", group="Empty"))
    assert [(each.group.name, each.is_new) for each in made] == [
        ("Audiences", False),
        ("Empty", True),
    ]
    only = make_fields(pair.api, wanted("VIP", group="Nowhere"))
    assert [each.is_new for each in only] == [False]
    assert posts(pair) == 1


@pytest.mark.parametrize(
    "action",
    [
        Drop(when="after"),
        Reply(status=503, when="after"),
        Reply(status=201, body='{"status": 201, "resourceId": ""}', when="after"),
        Reply(status=503),
    ],
)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_lost_answers(start: Start, action: Action, after: int) -> None:
    """Whatever becomes of an answer, group and fields are there once, and told as made."""
    fault = Rule(action=action, route="making", after=after, times=1)
    pair = start(ACCOUNT, Behaviour(faults=(fault,)))
    made = make_fields(pair.api, wanted("One", "Two"))
    assert [each.is_new for each in made] == [True, True]
    names = there(pair)
    assert [names.count(("Engage", name)) for name in (None, "One", "Two")] == [1, 1, 1]


def test_refused(start: Start) -> None:
    """Another type, the limit of groups and a missing list are told, and nothing is made."""
    pair = start(ACCOUNT, Behaviour(group_limit=3))
    with pytest.raises(StoppedError, match="field 790, City, is of type Text, not CheckBox"):
        make_fields(pair.api, wanted("New", "city", group="Empty"))
    with pytest.raises(StoppedError, match="cannot have another group"):
        make_fields(pair.api, wanted("New"))
    with pytest.raises(StoppedError, match="list 99"):
        make_fields(pair.api, WantedFields(99, "A", ("B",), "CheckBox"))
    assert ("Empty", "New") not in there(pair)
    fault = Rule(action=Reply(status=400, error="ERROR_INVALID_PARAMETER"), route="making")
    with pytest.raises(StoppedError, match="the group 'Engage' is refused"):
        make_fields(start(ACCOUNT, Behaviour(faults=(fault,))).api, wanted("New"))


def test_access(start: Start) -> None:
    """Without the area, and without an answer, the status says so."""
    closed = Account(lists=ACCOUNT.lists, areas=ALL_AREAS - {"Segmentation"})
    with pytest.raises(AccessRefusedError):
        make_fields(start(closed).api, wanted("New"))
    down = Behaviour(faults=(Rule(action=Reply(status=503), route="making"),))
    with pytest.raises(UnreachableError):
        make_fields(start(ACCOUNT, down).api, wanted("New"))
