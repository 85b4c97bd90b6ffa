"""The sums of a report agree, whatever is counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.batching.batches import PROFILE_FIELDS, Batch
from listrak_sync.batching.window import Contact, Window
from listrak_sync.delivery.imports import Applied
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt, RefusedBatch, UnsentBatch
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.result import RESENT
from listrak_sync.input.units import Block
from listrak_sync.mapping.file import parse
from listrak_sync.reasons import Reason
from listrak_sync.report.counts import Report
from listrak_sync.report.list_report import MOST_REFUSALS, OTHER_WORDS
from listrak_sync.report.record import FieldRecord, MappingRecord, RunRecord
from tests.evaluation.reference import Plain
from tests.evaluation.strategies import EVENTS, MAPPINGS

BROKEN = st.sampled_from([b"", b"no JSON", b"5", b'{"type":"screen"}'])
LINES = st.lists(st.one_of(EVENTS.map(msgspec.json.encode), BROKEN), max_size=6)


@given(blocks=st.lists(LINES, max_size=3), mappings=st.lists(MAPPINGS, min_size=1, max_size=3))
def test_lines(blocks: list[list[bytes]], mappings: list[Plain]) -> None:
    """Every line, match and value of any input is counted once, over several blocks."""
    entries = [mapping.as_json(str(index)) for index, mapping in enumerate(mappings)]
    loaded = parse("m.yaml", json.dumps({"mappings": entries}))
    report, evaluator = Report([mapping.name for mapping in loaded]), Evaluator(loaded)
    window = Window([False] * len(loaded))
    matched_lines = 0
    for lines in blocks:
        evaluated = evaluator.evaluate(Block("f", 1, [line + b"\n" for line in lines]))
        report.count_evaluated(evaluated)
        of_mappings = {reject.line for reject in evaluated.rejects if reject.mapping is not None}
        matched_lines += len(of_mappings | {line for line, *_ in evaluated.updates})
        window.add_all(evaluated.updates, 0)
    report.count_window(window)
    assert report.lines == sum(map(len, blocks))
    assert report.matched_lines == matched_lines
    assert report.lines == report.skipped.total() + report.unreadable + report.matched_lines
    matched = report.matched.total()
    assert matched == report.updates + report.rejected.total() - report.unreadable
    assert report.values == report.superseded + report.values_to_send
    assert sum(report.named_matches().values()) == matched
    assert list(report.named_matches()) == [mapping.name for mapping in loaded]
    by_mapping = report.mappings()
    assert {each.name: each.matched for each in by_mapping} == report.named_matches()
    rejected = sum(sum(each.rejected.values()) for each in by_mapping)
    assert rejected == report.rejected.total() - report.unreadable
    final: Counter[tuple[str, str]] = Counter()
    for contact in window.final():
        final.update((f"field {field}", kind(value)) for field, value in contact.fields)
        final.update(("all", kind(value)) for _, value in contact.fields)
    assert counted(by_mapping) == of(final, "all")
    fields = [field for each in report.record("dry-run", 0, None).lists for field in each.fields]
    for field_id in {field.field_id for field in fields}:
        its = [field for field in fields if field.field_id == field_id]
        assert counted(its) == of(final, f"field {field_id}")
    assert sum(field.values for field in fields) == report.values - report.superseded


def kind(value: str) -> str:
    """Return what a value is counted as."""
    return value if value in {"on", "off"} else "other"


def of(final: Counter[tuple[str, str]], what: str) -> list[int]:
    """Return how many values of something are on, off and another one."""
    return [final[what, each] for each in ("on", "off", "other")]


def counted(values: Sequence[MappingRecord | FieldRecord]) -> list[int]:
    """Return how many values are on, off and another one in all."""
    return [sum(column) for column in zip(*((v.on, v.off, v.other) for v in values), strict=True)]


def _batch(list_id: int, count: int) -> Batch:
    contact = Contact(list_id, "ann@example.com", ((7, "on"),), (0,), 0, 1)
    return Batch(list_id, PROFILE_FIELDS, b"[]", (contact,) * count)


BATCHES = st.builds(_batch, st.integers(1, 3), st.integers(1, 5))
RECEIPTS: st.SearchStrategy[Receipt] = st.one_of(
    st.builds(AcceptedBatch, BATCHES, st.sampled_from([(), ("1",), ("1", "2")])),
    st.builds(RefusedBatch, BATCHES, st.sampled_from(["http_400", "http_404"]), st.just("why")),
    st.builds(UnsentBatch, BATCHES, st.just("why")),
)


@given(receipts=st.lists(RECEIPTS, max_size=10))
def test_receipts(receipts: list[Receipt]) -> None:
    """Contacts are accepted, refused or unsent, and each list's add up to all of them."""
    report = Report(["A"])
    for receipt in receipts:
        report.count_receipt(receipt)
    by_kind: Counter[type] = Counter()
    reasons: Counter[str] = Counter()
    for receipt in receipts:
        count = len(receipt.batch.contacts)
        by_kind[type(receipt)] += count
        if isinstance(receipt, RefusedBatch):
            reasons[receipt.reason] += count
    lists = report.lists.values()
    assert report.contacts == by_kind.total()
    assert sum(entry.accepted for entry in lists) == report.accepted == by_kind[AcceptedBatch]
    assert sum(entry.refused for entry in lists) == by_kind[RefusedBatch]
    assert sum(entry.unsent for entry in lists) == report.unsent == by_kind[UnsentBatch]
    assert report.refused == reasons
    assert report.reject_count == reasons.total()
    assert sum(entry.requests for entry in lists) == len(receipts)
    assert set(report.lists) == {receipt.batch.list_id for receipt in receipts}
    records = report.record("push", 0, None).lists
    assert sum(entry.contacts for entry in records) == report.contacts
    assert sum(sum(entry.refusals.values()) for entry in records) == reasons.total()
    imports = [
        one for receipt in receipts if isinstance(receipt, AcceptedBatch) for one in receipt.imports
    ]
    assert sorted(one for entry in records for one in entry.imports) == sorted(imports)


def test_without_import_id() -> None:
    """A request that was accepted without an import's id is counted as not to be verified."""
    report = Report(["A"])
    report.count_receipt(AcceptedBatch(_batch(1, 2), ()))
    report.count_receipt(AcceptedBatch(_batch(1, 2), ("5",)))
    assert report.lists[1].unverified_requests == 1


def test_sent_again() -> None:
    """Given updates belong to no mapping, and are named apart only where there are any."""
    report = Report(["A", "B"])
    report.matched[1] = 4
    assert report.named_matches() == {"A": 0, "B": 4}
    report.matched[RESENT] = 2
    assert report.named_matches() == {"A": 0, "B": 4, "(given updates)": 2}


def test_rate() -> None:
    """The report as JSON has whole lines for each second, none where no time has passed."""
    report = Report([], lines=10)
    assert report.record("push", 0, None).lines_per_second is None
    report.seconds = 4.0
    assert report.record("push", 0, None).lines_per_second == 2


def test_words_of_refusals() -> None:
    """Refusals are counted by Listrak's words, without addresses, and not by endless words."""
    report = Report(["A"])
    for number in range(MOST_REFUSALS + 5):
        for words in ("ann@example.com is not valid", f"error {number}"):
            report.count_receipt(RefusedBatch(_batch(1, 1), Reason.REFUSED_BY_LISTRAK, words))
    (entry,) = report.record("push", 6, None).lists
    assert entry.refusals["… is not valid"] == MOST_REFUSALS + 5
    assert entry.refusals[OTHER_WORDS] == 6
    assert len(entry.refusals) == MOST_REFUSALS + 1


def test_read_back() -> None:
    """A record is read back as it was written."""
    report = Report(["A"], warnings=("odd",))
    report.count_receipt(AcceptedBatch(_batch(1, 2), ("5",)))
    report.applied[1] = Applied(ended=1, applied=2)
    written = msgspec.json.encode(report.record("push", 5, "why"))
    read = msgspec.json.decode(written, type=RunRecord)
    assert msgspec.json.encode(read) == written
