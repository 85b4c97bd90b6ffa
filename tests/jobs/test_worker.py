"""What a process answers is what it found."""

from __future__ import annotations

from array import array
from collections import Counter

from listrak_sync.evaluation.result import RESENT, EvaluationResult, Updates
from listrak_sync.evaluation.updates import shared
from listrak_sync.events.rejects import Reject
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.jobs.worker import decode_result, encode_result
from listrak_sync.reasons import Reason


def test_answer() -> None:
    """Every field arrives as it was, and changes that were shared are shared."""
    on, off = shared(1, 2, ((3, "on"),)), shared(4, 5, ((6, "off"), (7, "é")))
    found = EvaluationResult(
        file="a.json",
        end=Checkpoint(1, 2, 3),
        position=4,
        begins=[Checkpoint(5), Checkpoint(6, checked=7)],
        lines=8,
        matched_lines=9,
        skipped={Reason.BLANK_LINE: 10},
        rejects=[Reject(Reason.NOT_UTF8, "detail", "b.json", 11, "m", b"\xff", is_json=False)],
        matched=Counter({RESENT: 12, 13: 14}),
        updates=Updates(
            array("q", [15, 2**40, 16]),
            ["a@example.com", "B@example.com", "c@example.com"],
            [on, off, on],
            array("q", [-(2**63), 17, 2**62]),
        ),
    )
    read = decode_result(encode_result(found))
    assert list(read.updates) == list(found.updates)
    assert isinstance(read.matched, Counter)
    read.updates = found.updates
    assert read == found


def test_nothing() -> None:
    """Where nothing was found, nothing arrives."""
    read = decode_result(encode_result(EvaluationResult("a.json")))
    assert not read.updates.addresses
    read.updates = Updates()
    assert read == EvaluationResult("a.json")
