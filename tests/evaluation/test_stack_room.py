"""Whether a line nests too deep does not depend on who asks."""

from __future__ import annotations

import sys

from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.stack_room import ROOM
from listrak_sync.input.units import Block
from listrak_sync.mapping.file import parse
from tests.lines import lines_of

MAPPINGS = """\
mappings:
  - {trigger: 'type = "track"', list_id: 5, profile_field_values: {1: on}}
"""


def outcome(evaluator: Evaluator, data: bytes, below: int) -> tuple[tuple[int, str], ...]:
    """Return the lines that are rejected, and their details, found so many calls further down."""
    if below:
        return outcome(evaluator, data, below - 1)
    lines = lines_of(data)
    block = Block("e.ndjson", 1, lines)
    return tuple((one.line, str(one)) for one in evaluator.evaluate(block).rejects)


def test_any_depth_of_the_stack() -> None:
    """Lines that nest about as deep as can be read end alike wherever they are evaluated."""
    evaluator = Evaluator(parse("m.yaml", MAPPINGS))
    head = b'{"type": "track", "context": {"traits": {"email": "a@b.io"}}, "deep": '
    data = b"".join(
        head + b"[" * depth + fault + b"]" * depth + b"}\n"
        for depth in range(ROOM - 60, ROOM + 20)
        for fault in (b"", b"x")
    )
    before = sys.getrecursionlimit()
    near, far = (outcome(evaluator, data, below) for below in (0, 40))
    assert near == far
    assert 0 < len(near) < 2 * 80
    assert sys.getrecursionlimit() == before
