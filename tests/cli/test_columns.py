"""Rows in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.cli.columns import Table
from listrak_sync.cli.folding import width_of
from listrak_sync.text import one_line

if TYPE_CHECKING:
    from listrak_sync.cli.columns import Cell

CELLS = st.text() | st.integers(0, 10**9) | st.none()


def test_in_columns() -> None:
    """Columns are as wide as they have to be; those of numbers alone stand to the right."""
    rows: list[tuple[Cell, ...]] = [(7, "Shoppers", None), (12345, "東京", 80), (None, "a\nb", 9)]
    assert list(Table(rows, ("id", "name", "longest")).lines(None)) == [
        "   id  name      longest",
        "    7  Shoppers",
        "12345  東京           80",
        "       a\\nb            9",
    ]


def test_no_rows() -> None:
    """Where there is nothing, the names are there."""
    assert list(Table([], ("run", "state")).lines(80)) == ["run  state"]


def test_folded() -> None:
    """What is too wide is folded between words, in the widest column first."""
    rows = [(1, "Shoppers of the north", "People"), (22, "VIP", "Audiences and segments")]
    assert list(Table(rows, ("id", "name", "group")).lines(30)) == [
        "id  name          group",
        " 1  Shoppers of   People",
        "      the north",
        "22  VIP           Audiences",
        "                    and",
        "                    segments",
    ]


SUMMARY = Table(
    [
        ("  skipped", "12", ""),
        ("    filtered_by_consent", "12", ""),
        ("    list 12345", "1,234", "imports 100200300, 100200301"),
    ],
    title="push",
    numbers=(False, True, False),
    notes=True,
)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            80,
            [
                "push",
                "  skipped                   12",
                "    filtered_by_consent     12",
                "    list 12345           1,234  imports 100200300, 100200301",
            ],
        ),
        (
            50,
            [
                "push",
                "  skipped                   12",
                "    filtered_by_consent     12",
                "    list 12345           1,234  imports 100200300,",
                "                                  100200301",
            ],
        ),
        (
            36,
            [
                "push",
                "  skipped                   12",
                "    filtered_by_consent     12",
                "    list 12345           1,234",
                "        imports 100200300, 100200301",
            ],
        ),
        (
            22,
            [
                "push",
                "  skipped           12",
                "    filtered_       12",
                "      by_",
                "      consent",
                "    list 12345   1,234",
                "        imports",
                "          100200300,",
                "          100200301",
            ],
        ),
    ],
)
def test_summary(width: int, lines: list[str]) -> None:
    """Notes that have no room beside their row go below it; a word too wide is broken."""
    assert list(SUMMARY.lines(width)) == lines


def test_bold() -> None:
    """Title and names may be shown bold."""
    assert list(Table([(1,)], ("id",), title="lists").lines(80, ("<", ">"))) == [
        "<lists>",
        "<id>",
        " 1",
    ]


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS)))
def test_nothing_is_cut(rows: list[tuple[Cell, ...]]) -> None:
    """Every row is one line with each of its cells in full, and none can steer a terminal."""
    lines = list(Table(rows, ("a", "b", "c")).lines(None))
    assert len(lines) == len(rows) + 1
    for row, line in zip(rows, lines[1:], strict=True):
        assert one_line(line) == line
        shown = [one_line(str(cell)) for cell in row if cell is not None]
        assert all(cell.rstrip() in line for cell in shown)
        assert width_of(line) <= max(width_of(each) for each in lines)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1),
    width=st.integers(45, 120),
    notes=st.booleans(),
)
def test_nothing_is_too_wide(rows: list[tuple[Cell, ...]], width: int, *, notes: bool) -> None:
    """Folded, no line is wider than the terminal, none ends in blanks, and nothing is lost."""
    lines = list(Table(rows, numbers=(False, False, False), notes=notes).lines(width))
    assert all(width_of(line) <= width and line == line.rstrip() for line in lines)
    characters = sorted(
        "".join(one_line(str(cell)) for row in rows for cell in row if cell is not None)
    )
    assert sorted("".join(lines).replace(" ", "")) == [each for each in characters if each != " "]
