"""Each receipt is counted once in the report, by how its batch ended."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.batching.batches import Batch
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt, RefusedBatch, UnsentBatch
from listrak_sync.reasons import Reason
from listrak_sync.report.counts import Report
from tests.delivery.conftest import some

BATCHES = st.builds(
    lambda list_id, count: some(count, list_id, each=count)[0],
    st.sampled_from([7, 8]),
    st.integers(1, 4),
)
RECEIPTS: st.SearchStrategy[Receipt] = st.one_of(
    st.builds(AcceptedBatch, BATCHES, st.lists(st.sampled_from(["1", "2"]), max_size=2).map(tuple)),
    st.builds(
        RefusedBatch,
        BATCHES,
        st.sampled_from([Reason.REFUSED_BY_LISTRAK, Reason.LIST_REFUSED]),
        st.just("No."),
    ),
    st.builds(UnsentBatch, BATCHES, st.just("interrupted")),
)


def size(batch: Batch) -> int:
    """Return how many contacts a batch holds."""
    return len(batch.contacts)


@given(st.lists(RECEIPTS))
def test_sums(receipts: list[Receipt]) -> None:
    """Accepted, refused and unsent contacts of all lists are all contacts."""
    report = Report([])
    for receipt in receipts:
        report.count_receipt(receipt)
    delivered = [one for one in receipts if isinstance(one, AcceptedBatch)]
    refused = [one for one in receipts if isinstance(one, RefusedBatch)]
    unsent = [one for one in receipts if isinstance(one, UnsentBatch)]
    lists = report.lists.values()
    assert report.contacts == sum(size(one.batch) for one in receipts)
    assert sum(one.accepted for one in lists) == sum(size(one.batch) for one in delivered)
    assert sum(one.refused for one in lists) == sum(size(one.batch) for one in refused)
    assert report.refused.total() == sum(size(one.batch) for one in refused)
    assert report.unsent == sum(size(one.batch) for one in unsent)
    assert sum(one.requests for one in lists) == len(receipts)
    assert len(report.imports()) == sum(len(one.imports) for one in delivered)
    assert sum(one.unverified_requests for one in lists) == sum(
        not one.imports for one in delivered
    )
