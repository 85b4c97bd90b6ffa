"""Rows of exported audiences become identify events, each with the line where its row begins."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.errors import UsageError
from listrak_sync.input import row_blocks
from listrak_sync.input.blocks import read
from listrak_sync.input.columns import read_columns
from listrak_sync.input.row_events import NOT_UTF8, RowEvents, row_events
from listrak_sync.input.row_writer import RowWriter
from listrak_sync.input.rows import UNCLOSED
from listrak_sync.input.sources import InputFormat, RowOptions, Source
from listrak_sync.input.units import Block, UnreadableLine

VIP = RowOptions(audience="vip")
EMAIL_IDS = [{"id": "a@example.com", "type": "email", "collection": "users"}]


def events_of(
    data: str | bytes, options: RowOptions = VIP, block_bytes: int = 1 << 19
) -> RowEvents:
    """Return what the rows of a file come to."""
    content = data.encode() if isinstance(data, str) else data
    path = Path(f"/proc/self/fd/{_memory(content)}")
    found = RowEvents()
    for unit in read([Source(str(path), rows=options)], block_bytes):
        if isinstance(unit, UnreadableLine):
            found.rejected.append(unit)
            continue
        assert unit.columns is not None
        part = row_events(unit, unit.columns)
        found.numbers += part.numbers
        found.lines += part.lines
        found.rejected += part.rejected
    return found


def _memory(content: bytes) -> int:
    import os  # noqa: PLC0415

    descriptor = os.memfd_create("rows")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def decoded(found: RowEvents) -> list[tuple[int, Any]]:
    """Return the numbers and events, None for a blank line."""
    lines = [json.loads(line) if line.strip() else None for line in found.lines]
    return list(zip(found.numbers, lines, strict=True))


def contacts(found: RowEvents) -> list[tuple[int, str | None]]:
    """Return the numbers and addresses of events."""
    return [(number, event and event["traits"].get("email")) for number, event in decoded(found)]


def written(rows: list[list[str]], **form: Any) -> str:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text, **form).writerows(rows)
    return text.getvalue()


def test_event() -> None:
    """A row is one identify event: its columns are traits, the audience is named in personas."""
    rows = [
        ["Key", "External IDs", "anonymous_id", "email", "email_1", "plan", "city"],
        ["use_1", json.dumps(EMAIL_IDS), "an-1", "a@example.com", "", 'gold "1"', ""],
    ]
    assert decoded(events_of(written(rows))) == [
        (
            2,
            {
                "type": "identify",
                "userId": "use_1",
                "anonymousId": "an-1",
                "traits": {"email": "a@example.com", "plan": 'gold "1"', "vip": True},
                "context": {
                    "personas": {"computation_class": "audience", "computation_key": "vip"},
                    "externalIds": EMAIL_IDS,
                },
            },
        )
    ]


FORMS = [
    "email\na@example.com\n",
    "email\na@example.com",
    "\ufeffemail\r\na@example.com\r\n",
    "\nE-Mail\n\na@example.com\n".replace("\n\na", "\na"),
    "email, name\na@example.com, Ann\n",
    'name;"email"\n"Ann; of x";a@example.com\n',
    "name\temail\nAnn\ta@example.com\n",
    "name|Email Address|x\nAnn|a@example.com|\n",
    "sep=;\nemail;name\na@example.com;Ann\n",
    "id,email,\n1,a@example.com,x\n",
    written([["key", "external_ids"], ["u", json.dumps(EMAIL_IDS)]]),
    written(
        [["user_key", "externalids", "traits"], ["u", "", json.dumps({"email": "a@example.com"})]]
    ),
    written([["key", "external_ids"], ["u", json.dumps({"email": ["a@example.com"]})]]),
    written([["key", "external_ids"], ["u", "[{“id”: “a@example.com”, “type”: “email”}]"]]),
    written([["key", "external_ids"], ["u", json.dumps(EMAIL_IDS, indent=1)]]),
    written([["email", "email_1"], ["a@example.com", "A@example.com"]]),
    written([["email", "email"], ["", "a@example.com"]]),
]


@pytest.mark.parametrize("text", FORMS)
def test_forms(text: str) -> None:
    """Delimiters, ends of lines, marks, quotes and names of columns may be any that occur."""
    ((_, address),) = contacts(events_of(text))
    assert address == "a@example.com"
    if "utf" not in text:
        assert events_of(gzip.compress(text.encode())).lines == events_of(text).lines


def test_several_addresses() -> None:
    """A row with several addresses has an event for each, once, whatever their case."""
    ids = [*EMAIL_IDS, {"id": "c@example.com", "type": "email"}, {"id": "u", "type": "user_id"}]
    rows = [
        ["email", "email_1", "external_ids"],
        ["a@example.com", "b@example.com", json.dumps(ids)],
        ["d@example.com", "", "[]"],
    ]
    assert contacts(events_of(written(rows))) == [
        (2, "a@example.com"),
        (2, "b@example.com"),
        (2, "c@example.com"),
        (3, "d@example.com"),
    ]


def test_left() -> None:
    """Rows of those who left an audience say false."""
    found = events_of("email\na@example.com\n", RowOptions(audience="vip", is_member=False))
    assert decoded(found)[0][1]["traits"]["vip"] is False


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12.5", 12.5),
        ("-3", -3),
        ("true", True),
        ("0123", "0123"),
        ("gold", "gold"),
        ("", None),
        ("[1]", [1]),
        ("[x", "[x"),
        ("1e400", "1e400"),
    ],
)
def test_computed_trait(cell: str, value: object) -> None:
    """The value of a computed trait is the JSON scalar that it looks like, else a text."""
    rows = [["key", "value", "external_ids"], ["u", cell, json.dumps(EMAIL_IDS)]]
    ((_, event),) = decoded(events_of(written(rows), RowOptions(trait="ltv")))
    assert event["traits"]["ltv"] == value
    assert event["context"]["personas"]["computation_class"] == "trait"


def test_email_column() -> None:
    """The column that is named holds the address, and no other does."""
    rows = [["email", "work mail"], ["a@example.com", "b@example.com"]]
    found = events_of(written(rows), RowOptions(audience="vip", email_column="work mail"))
    assert contacts(found) == [(2, "b@example.com")]


BAD = "email,name\na@example.com,Ann\nb@example.com\n\nc@example.com,C,x\n,\nd@example.com,D\n"


def test_bad_rows() -> None:
    """A row of another width is rejected with its text and line; a blank one is a blank line."""
    found = events_of(BAD)
    assert contacts(found) == [(2, "a@example.com"), (4, None), (6, None), (7, "d@example.com")]
    assert [(each.line, each.beginning, each.reason) for each in found.rejected] == [
        (3, b"b@example.com", "bad_row"),
        (5, b"c@example.com,C,x", "bad_row"),
    ]
    assert found.rejected[0].detail == "the row has 1 cell, the header 2 cells"


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        (b'"open,Ann', "bad_row", "a cell begins with a quote, and does not end with one"),
        (b"a@example.com,A\rB", "bad_row", "a carriage return stands in a cell without quotes"),
        (b"a@example.com,Zo\xeb", "not_utf8", NOT_UTF8),
    ],
)
def test_broken_rows(row: bytes, reason: str, detail: str) -> None:
    """A row that cannot be read is rejected alone: those around it are read."""
    found = events_of(b"email,name\nx@example.com,X\n" + row + b"\ny@example.com,Y\n")
    assert contacts(found) == [(2, "x@example.com"), (4, "y@example.com")]
    ((each),) = found.rejected
    assert (each.line, each.reason, each.detail, each.beginning) == (3, reason, detail, row)


def test_wrong_json() -> None:
    """A cell that must hold JSON and does not rejects its row."""
    rows = [["email", "external_ids", "traits"], ["a@example.com", "{x", ""], ["b", "", "[1]"]]
    found = events_of(written(rows))
    assert [each.detail for each in found.rejected] == [
        "the column external_ids does not hold JSON",
        "the column traits does not hold an object of traits",
    ]


def test_put_together() -> None:
    """The header of a file that was put behind another one is passed over."""
    text = "email,name\na@example.com,A\n\ufeffemail,name\r\nb@example.com,B\nemail,name\n"
    assert contacts(events_of(text)) == [(2, "a@example.com"), (4, "b@example.com")]


def test_endless_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """One quote too many costs its own line, not the rest of the file."""
    monkeypatch.setattr(row_blocks, "MAX_ROW_BYTES", 1000)
    rows = "".join(f"c{number}@example.com,C\n" for number in range(1000))
    found = events_of(f'email,name\n"oops,X\n{rows}', block_bytes=300)
    assert len(found.lines) == 1000
    assert [each.line for each in found.rejected] == [2]


def test_two_quotes_too_many() -> None:
    """Two cells whose quotes are not closed cost their own lines, not those between them."""
    rows = 'a@example.com,"A\nb@example.com,B\nc@example.com,"C\nd@example.com,D\n'
    found = events_of(f"email,name\n{rows}")
    assert contacts(found) == [(3, "b@example.com"), (5, "d@example.com")]
    assert [(each.line, each.detail) for each in found.rejected] == [
        (2, UNCLOSED),
        (4, UNCLOSED),
    ]


@pytest.mark.parametrize("block_bytes", range(40, 120))
def test_inches(block_bytes: int) -> None:
    """A quote within a cell does not cut rows that go over several lines, wherever a block ends."""
    row = 'c@example.com,s,"one\nw@example.com,s,two"\n'
    found = events_of(f'email,size,note\nz@example.com,5" disk,x\n{row * 4}', VIP, block_bytes)
    assert contacts(found) == [
        (2, "z@example.com"),
        *((number, "c@example.com") for number in (3, 5, 7, 9)),
    ]
    assert not found.rejected


CELLS = st.one_of(
    st.sampled_from(["", "a", "b\nc", '"', "x\r\ny", "Zoë", "\\", "-", "1", " ", "{}", ",;|\t"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=4),
)
ADDRESSES = st.sampled_from(["a@example.com", "B@example.com", "", "no", "c@example.com "])
IDS = st.lists(
    st.fixed_dictionaries({"id": ADDRESSES, "type": st.sampled_from(["email", "user_id"])}),
    max_size=2,
)


@given(
    rows=st.lists(st.tuples(ADDRESSES, ADDRESSES, IDS, CELLS, CELLS, st.booleans()), max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    block_bytes=st.sampled_from([1, 7, 40, 1 << 19]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_as_csv_reads(
    rows: list[tuple[str, str, list[Any], str, str, bool]],
    delimiter: str,
    end: str,
    block_bytes: int,
    quoting: Any,
) -> None:
    """However a file is read in blocks, its rows come to what each comes to by itself."""
    names = ["email", "email_1", "external_ids", "plan", "traits"]
    cells = [
        [
            one,
            two,
            json.dumps(ids, ensure_ascii=False),
            plan,
            json.dumps({"t": trait} if some else {}),
        ]
        for one, two, ids, plan, trait, some in rows
    ]
    text = written([names, *cells], delimiter=delimiter, lineterminator=end, quoting=quoting)
    columns = read_columns("f", text.encode(), VIP)
    assert columns.delimiter == delimiter
    found = events_of(text, block_bytes=block_bytes)
    expected: list[tuple[int, Any]] = []
    number = 2
    for row in csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True
    ):
        if row == names:
            continue
        lines = RowWriter(columns).lines(row if any(map(str.strip, row)) else [])
        expected += [(number, json.loads(line) if line.strip() else None) for line in lines]
        number += 1 + sum(cell.count("\n") for cell in row)
    assert decoded(found) == expected
    assert not found.rejected


HEADERS = [
    ("id,name\n1,Ann\n", "no column holds e-mail addresses", "--email-column NAME"),
    ("email,plan,plan\n", "columns with the same name: plan", "Rename"),
    ("a@example.com,Ann\nb@example.com,Bob\n", "its first row holds an address", "on top"),
    (f"email\n{'a' * 64}\n{'b1' * 32}\n", "the column email holds hashes", "Download it unhashed"),
    ("key,value,external_ids\nu,5,[]\n", "value of a computed trait", "--trait KEY"),
]


@pytest.mark.parametrize(("text", "message", "hint"), HEADERS)
def test_headers(text: str, message: str, hint: str) -> None:
    """A header from which no events can be made is refused, with what to do."""
    with pytest.raises(UsageError) as caught:
        events_of(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_hashes_that_are_cut_off() -> None:
    """A column of hashes is recognised though the beginning that is looked at ends in one."""
    head = "email\n" + "".join(f"{number:064x}\n" for number in range(300))
    with pytest.raises(UsageError, match="holds hashes"):
        events_of(head)


def test_unknown_email_column() -> None:
    """A column that is not there is refused, with the nearest and with all that are."""
    options = RowOptions(audience="vip", email_column="e_mail")
    with pytest.raises(UsageError, match="no column 'e_mail'") as caught:
        events_of("email,name\n", options)
    assert caught.value.hint == 'did you mean "email"? Its columns: email, name'


def test_no_value() -> None:
    """A computed trait takes its value from the column value."""
    with pytest.raises(UsageError, match="no column named value"):
        events_of("email\na@example.com\n", RowOptions(trait="ltv"))


def test_only_a_header() -> None:
    """A file that holds a header alone has no lines."""
    assert events_of("email,name") == RowEvents()
    assert events_of("email,name\n") == RowEvents()


def test_forced_format() -> None:
    """With the format given, even a header that begins with a brace is one."""
    options = RowOptions(audience="vip", format=InputFormat.csv)
    assert contacts(events_of("{x},email\n1,a@example.com\n", options)) == [(2, "a@example.com")]


def test_blocks_hold_whole_rows() -> None:
    """No block ends within a row, and blocks follow one another."""
    rows = [["email", "note"], *([f"c{n}@example.com", "x\ny" * (n % 3)] for n in range(200))]
    path = Path(f"/proc/self/fd/{_memory(written(rows).encode())}")
    following = 2
    for unit in read([Source(str(path), rows=VIP)], 50):
        assert isinstance(unit, Block)
        assert unit.first_line == following
        assert b"".join(unit.lines).count(b'"') % 2 == 0
        following = unit.last_line + 1
