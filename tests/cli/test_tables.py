"""Rows in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from listrak_sync.cli.output import one_line
from listrak_sync.cli.tables import in_columns

if TYPE_CHECKING:
    from listrak_sync.cli.tables import Cell

CELLS = st.text() | st.integers(0, 10**9) | st.none()


def test_in_columns() -> None:
    """Columns are as wide as they have to be; those of numbers alone stand to the right."""
    rows: list[tuple[Cell, ...]] = [(7, "Shoppers", None), (12345, "東京", 80), (None, "a\nb", 9)]
    assert list(in_columns(("id", "name", "longest"), rows)) == [
        "   id  name      longest",
        "    7  Shoppers",
        "12345  東京           80",
        "       a\\nb            9",
    ]


def test_no_rows() -> None:
    """Where there is nothing, the names are there."""
    assert list(in_columns(("run", "state"), [])) == ["run  state"]


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS)))
def test_nothing_is_cut(rows: list[tuple[Cell, ...]]) -> None:
    """Every row is one line with each of its cells in full, and none can steer a terminal."""
    lines = list(in_columns(("a", "b", "c"), rows))
    assert len(lines) == len(rows) + 1
    for row, line in zip(rows, lines[1:], strict=True):
        assert line.isprintable()
        shown = [one_line(str(cell)) for cell in row if cell is not None]
        assert all(cell.rstrip() in line for cell in shown)
        assert cell_len(line) <= max(cell_len(each) for each in lines)
