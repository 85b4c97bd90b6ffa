"""A list import's file says exactly what was meant, whatever the text, and keeps its limit."""

from __future__ import annotations

import base64
import csv
import io
import json
import tracemalloc
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.batching import batches as batches_module
from listrak_sync.batching.batches import LIST_IMPORT, Batch, Limits, batches, content_id
from listrak_sync.batching.list_files import MAX_FILE_BYTES, body, columns, content, row
from listrak_sync.batching.window import Contact
from listrak_sync.sandbox.account import AccountField
from listrak_sync.sandbox.bodies import read_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TEXT = st.text(st.characters(codec="utf-8")) | st.text(
    "\",;\r\n\t '=+-@\ufeff\u2028é𝄞\0", max_size=9
)
FIELDS = st.dictionaries(st.integers(1, 3), TEXT, min_size=1, max_size=3)
CONTACTS = st.lists(
    st.builds(
        lambda list_id, email, fields: Contact(
            list_id, email, tuple(sorted(fields.items())), (0,), 0, 1
        ),
        st.sampled_from([7, 8]),
        TEXT,
        FIELDS,
    ),
    max_size=12,
)


def file_of(batch: Batch) -> bytes:
    """Return the file in a batch."""
    return base64.b64decode(json.loads(batch.body)["fileStream"], validate=True)


def made_of(contacts: Sequence[Contact], limits: Limits) -> list[Batch]:
    """Return contacts as batches of list imports."""
    return list(batches(lambda: contacts, LIST_IMPORT, limits))


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2)))
def test_read_back(cells: list[list[str]]) -> None:
    """A reader of delimited files gives back what was written, whatever text it is."""
    file = content((5,), map(row, cells))
    read = list(csv.reader(io.StringIO(file.decode(), newline=""), strict=True))
    assert read == [["Email", "5"], *cells]


@given(CONTACTS)
def test_as_listrak_reads_it(contacts: list[Contact]) -> None:
    """What the request says of its columns sets the values that were meant, and nothing else."""
    fields = {number: AccountField(id=number) for number in (1, 2, 3)}
    read = []
    for batch in made_of(contacts, Limits(5, 10_000)):
        name, kind, rows = read_file(fields, batch.body)
        assert (kind.type, kind.strategy) == ("UpdateSubscribers", "Update")
        assert name == f"listrak-sync-{content_id(batch.list_id, file_of(batch))}.csv"
        read += [(batch.list_id, one.email, one.values) for one in rows]
    meant = [
        (one.list_id, one.email_address, {field: value for field, value in one.fields if value})
        for one in contacts
    ]
    assert sorted(read, key=repr) == sorted(meant, key=repr)


@given(CONTACTS)
def test_one_set_of_fields(contacts: list[Contact]) -> None:
    """The rows of a file all fill the same columns: a file for each list and set of fields."""
    made = made_of(contacts, Limits(100, 1_000_000))
    kinds = [{(one.list_id, columns(one)) for one in batch.contacts} for batch in made]
    assert all(len(kind) == 1 for kind in kinds)
    assert len(made) == len({(one.list_id, columns(one)) for one in contacts})


@given(CONTACTS, st.integers(20, 200))
def test_byte_limit(contacts: list[Contact], limit: int) -> None:
    """A file is as large as the limit lets it be, to the byte, its names and line ends included."""
    made = made_of(contacts, Limits(100, limit))
    for batch in made:
        assert len(file_of(batch)) <= limit or len(batch.contacts) == 1
    for batch, following in pairwise(made):
        first, second = batch.contacts[0], following.contacts[0]
        if (first.list_id, columns(first)) == (second.list_id, columns(second)):
            cells = (second.email_address, *(value for _, value in second.fields))
            assert len(file_of(batch)) + len(row(cells)) + 2 > limit


def test_a_limit_met_exactly() -> None:
    """A file of exactly the limit is not cut in two, one of a byte more is."""
    contacts = [
        Contact(7, f"c{number}@example.com", ((1, "on"),), (0,), 0, 1) for number in range(9)
    ]
    (whole,) = made_of(contacts, Limits(100, 10_000))
    size = len(file_of(whole))
    assert [len(one.contacts) for one in made_of(contacts, Limits(100, size))] == [9]
    assert [len(one.contacts) for one in made_of(contacts, Limits(100, size - 1))] == [8, 1]


def test_largest_request() -> None:
    """The largest file that may be asked for makes a request within 250 MB of 1,048,576 bytes."""
    without_file = len(body("x" * 100, tuple(range(2**31 - 1001, 2**31 - 1)), b""))
    assert without_file + 4 * -(-MAX_FILE_BYTES // 3) < 250 << 20


def test_request() -> None:
    """The request names its columns by place and field, and starts nothing but an update."""
    request = json.loads(body("a.csv", (5, 9), content((5, 9), [row(("c@example.com", "x", "y"))])))
    file = base64.b64decode(request.pop("fileStream"))
    assert file == b'"Email","5","9"\r\n"c@example.com","x","y"\r\n'
    assert request == {
        "fileName": "a.csv",
        "fileMappings": [
            {"fileColumn": 0, "fileColumnType": "Email"},
            {"fileColumn": 1, "fileColumnType": "SegmentationField", "segmentationFieldId": 5},
            {"fileColumn": 2, "fileColumnType": "SegmentationField", "segmentationFieldId": 9},
        ],
        "fileDelimiter": ",",
        "textQualifier": '"',
        "hasColumnNames": True,
        "importType": "UpdateSubscribers",
        "segmentationImportType": "Update",
        "suppressEmailNotifications": True,
        "triggerJourney": False,
        "includeUnsubscribed": False,
    }


def test_one_file_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files there are, memory is that of one, and of so many contacts at a time."""
    monkeypatch.setattr(batches_module, "_HELD_CONTACTS", 600)

    def contacts(files: int) -> Iterator[Contact]:
        for number in range(files * 500):
            fields = ((1 + number // 500, "x" * 800),)
            yield Contact(7, f"c{number}@example.com", fields, (0,), 0, 1)

    def peak(files: int) -> int:
        tracemalloc.start()
        made = batches(lambda: contacts(files), LIST_IMPORT, Limits(10_000, 10_000_000))
        assert sum(1 for _ in made) == files
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(6) < 1.1 * peak(2)
