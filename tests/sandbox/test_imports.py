"""Imports that are applied when they come due."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.sandbox import Behaviour
from listrak_sync.sandbox.contacts import ImportKind, Row
from listrak_sync.sandbox.imports import Imports
from tests.sandbox.conftest import ACCOUNT

BEN = "ben@example.com"


class Clock:
    """Seconds that pass only when someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds gone by."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let seconds go by."""
        self.now += seconds


def test_at_once() -> None:
    """Without delay an import is applied when it is accepted."""
    imports = Imports(ACCOUNT, Behaviour(resource_ids="one"), Clock())
    import_id = int(imports.start(12345, "a", ImportKind(), [Row(BEN, {790: "Rom"})]))
    found = imports.find(12345, import_id)
    assert found is not None
    assert found[1]
    assert found[0].results == [(BEN, "Updated")]


def test_delay() -> None:
    """A delayed import changes nothing until it is due."""
    clock = Clock()
    imports = Imports(ACCOUNT, Behaviour(resource_ids="one", import_delay=10), clock)
    import_id = int(imports.start(12345, "a", ImportKind(), [Row(BEN, {790: "Rom"})]))
    assert imports.contact(12345, BEN) == (BEN, True, {})
    clock.sleep(10)
    assert imports.contact(12345, BEN) == (BEN, True, {790: "Rom"})
    found = imports.find(12345, import_id)
    assert found is not None
    assert (found[0].due - found[0].started).total_seconds() == 10


def test_settle_gives_up() -> None:
    """Settling waits no longer than its timeout, and says what came of it."""
    clock = Clock()
    imports = Imports(ACCOUNT, Behaviour(resource_ids="one", import_delay=10), clock)
    imports.start(12345, "a", ImportKind(), [Row(BEN, {790: "Rom"})])
    assert not imports.settle(4, clock.sleep)
    assert clock.now == 4
    assert imports.settle(60, clock.sleep)
    assert clock.now == 10


def test_several_ids() -> None:
    """Where several ids are asked for, each import holds its share of the rows."""
    imports = Imports(ACCOUNT, Behaviour(resource_ids="several"), Clock())
    rows = [Row(BEN, {790: "Rom"}), Row("ann@example.com", {}), Row("x@example.com", {})]
    first, second = imports.start(12345, "a", ImportKind(), rows).split(",")
    sizes = [
        found[0].counts().total() for i in (first, second) if (found := imports.find(12345, int(i)))
    ]
    assert sizes == [2, 1]


def test_empty_id() -> None:
    """An empty id is answered though the import is there."""
    imports = Imports(ACCOUNT, Behaviour(resource_ids="empty"), Clock())
    assert imports.start(12345, "a", ImportKind(), [Row(BEN, {})]) == ""
    assert len(imports.of_list(12345)) == 1


def test_other_list() -> None:
    """An import is found on its own list only."""
    imports = Imports(ACCOUNT, Behaviour(resource_ids="one"), Clock())
    import_id = int(imports.start(12345, "a", ImportKind(), [Row(BEN, {})]))
    assert imports.find(2, import_id) is None
    assert imports.find(12345, import_id + 1) is None
    assert imports.of_list(2) == []


def test_out_of_order() -> None:
    """With a jitter some later import is applied before an earlier one."""
    clock = Clock()
    imports = Imports(
        ACCOUNT, Behaviour(resource_ids="one", import_delay=1, import_jitter=10, seed=1), clock
    )
    ids = [int(imports.start(12345, "a", ImportKind(), [])) for _ in range(20)]
    dues = [found[0].due for import_id in ids if (found := imports.find(12345, import_id))]
    assert dues != sorted(dues)


@given(seed=st.integers(), values=st.lists(st.text(max_size=3), min_size=1, max_size=8))
def test_every_import_is_applied(seed: int, values: list[str]) -> None:
    """Whatever the jitter, once settled the value is that of the import that was due last."""
    clock = Clock()
    imports = Imports(ACCOUNT, Behaviour(resource_ids="one", import_jitter=1000, seed=seed), clock)
    ids = [
        int(imports.start(12345, "a", ImportKind(), [Row(BEN, {791: value})])) for value in values
    ]
    assert imports.settle(1000, clock.sleep)
    found = [imports.find(12345, import_id) for import_id in ids]
    assert all(one is not None and one[1] for one in found)
    dues = [one[0].due for one in found if one is not None]
    last = max(range(len(dues)), key=lambda place: (dues[place], place))
    assert imports.values()[12345][BEN] == {791: values[last]}
