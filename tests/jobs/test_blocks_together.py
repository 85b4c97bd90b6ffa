"""Blocks that go together are all of the input in its order, a message's worth at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.input.ranges import CompressedFile, InputUnit
from listrak_sync.input.ticks import Tick
from listrak_sync.input.units import Block, UnreadableLine
from listrak_sync.jobs import workers
from listrak_sync.jobs.workers import TOGETHER_BYTES, blocks_together
from listrak_sync.reasons import Reason

_SIZES = (1, TOGETHER_BYTES // 4, TOGETHER_BYTES // 2, TOGETHER_BYTES, 3 * TOGETHER_BYTES)
_BLOCKS = st.sampled_from(_SIZES).map(lambda size: Block("f", 1, [b"x" * size]))
_OTHERS: list[InputUnit | Tick] = [
    UnreadableLine("f", 1, b"x", Reason.LINE_TOO_LONG, "99 bytes"),
    UnreadableLine("f", 1, b"x", Reason.UNREADABLE_FILE, "cut off"),
    CompressedFile("f", "f", (1, 2)),
    Tick(),
]


@given(st.lists(_BLOCKS | st.sampled_from(_OTHERS), max_size=20))
def test_order_and_size(units: list[InputUnit | Tick]) -> None:
    """Only blocks go together, up to a message's size; a tick follows all that came before it."""
    found = list(blocks_together(iter(units)))
    flat = [unit for each in found for unit in ([each] if isinstance(each, Tick) else each)]
    assert flat == units
    for together in found:
        if not isinstance(together, Tick) and len(together) > 1:
            assert sum(unit.size for unit in together if isinstance(unit, Block)) <= TOGETHER_BYTES
            assert {type(unit) for unit in together} == {Block}


def test_together() -> None:
    """Small blocks that come at once go together, until they are enough for a message."""
    quarter = Block("f", 1, [b"x" * (TOGETHER_BYTES // 4)])
    assert [len(each) for each in _lists([quarter] * 9)] == [4, 4, 1]


def test_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where blocks come slowly, none waits for the next."""
    monkeypatch.setattr(workers, "TOGETHER_SECONDS", -1)
    assert [len(each) for each in _lists([Block("f", 1, [b"x"])] * 3)] == [1, 1, 1]


def _lists(units: list[InputUnit]) -> list[list[InputUnit]]:
    return [each for each in blocks_together(iter(units)) if not isinstance(each, Tick)]
