"""Values of options."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.cli.options.output import Progress
from listrak_sync.cli.options.values import choice, count, parse_id, parse_ratio, shown_count
from listrak_sync.cli.usage import BadValueError
from listrak_sync.mapping.values import MAX_ID


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("5000", 5000),
        ("10k", 10_000),
        ("10K", 10_000),
        (" 1M ", 1_000_000),
        ("1.5M", 1_500_000),
        ("2G", 2_000_000_000),
        ("0.001k", 1),
        ("007", 7),
    ],
)
def test_count(text: str, value: int) -> None:
    """A count may be written with k, M or G."""
    assert count()(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "x", "-1", "1.5", "1e3", "1m", "10 k", "1.0001k", "\u0661", "1_0", "1,0", "9" * 40],
)
def test_no_count(text: str) -> None:
    """What is not a whole number is refused, with how it is written."""
    with pytest.raises(BadValueError, match="not a whole number; write 5000, 10k or 1M"):
        count()(text)


@pytest.mark.parametrize(("text", "words"), [("0", "1 to 256"), ("1k", "1 to 256")])
def test_out_of_bounds(text: str, words: str) -> None:
    """A count out of its bounds is refused, with the bounds."""
    with pytest.raises(BadValueError, match=f"out of bounds; it takes {words}"):
        count(1, 256)(text)


@given(st.integers(0, 10**15))
def test_shown_count(value: int) -> None:
    """A count that is shown can be given."""
    assert count()(shown_count(value)) == value


@given(st.text(max_size=20))
def test_any_text(text: str) -> None:
    """Whatever is given, the value is in bounds or refused in our words."""
    for parse, most in ((count(1, 9), 9), (parse_ratio, 1), (parse_id, MAX_ID)):
        with suppress(BadValueError):
            assert 0 <= parse(text) <= most


@pytest.mark.parametrize(
    ("text", "ratio"),
    [("0", 0), ("1", 1), ("0.5", 0.5), (".5", 0.5), ("50%", 0.5), ("2.5%", 0.025)],
)
def test_ratio(text: str, ratio: float) -> None:
    """A ratio may be written in percent."""
    assert parse_ratio(text) == ratio


@pytest.mark.parametrize("text", ["", "x", "-1", "1.1", "101%", "nan", "inf", "1e-3", "50 %"])
def test_no_ratio(text: str) -> None:
    """What is not from 0 to 1 is refused, with how it is written."""
    with pytest.raises(BadValueError, match=r"not a share from 0 to 1; write 0\.5 or 50%"):
        parse_ratio(text)


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "2147483648", "9" * 5000, "²", "1.0"])
def test_no_id(text: str) -> None:
    """What is not an id of Listrak's is refused, with where ids are shown."""
    with pytest.raises(BadValueError, match="is not a valid id; see: listrak-sync lists"):
        parse_id(text)


def test_choice() -> None:
    """A choice is one of its words, which are named where it is not."""
    parse = choice(Progress)["parser"]
    assert parse("bar") is parse(Progress.bar) is Progress.bar
    with pytest.raises(BadValueError, match="'Bar' is not one of: auto, bar, text, none"):
        parse("Bar")
