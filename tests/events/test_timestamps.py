"""Timestamps of any spelling compare as instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.events.key_paths import Json
from listrak_sync.events.timestamps import NEVER, instant, instants

NOON = 1_767_268_800_000_000_000
"""2026-01-01T12:00:00Z."""


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T12:00:00Z",
        "2026-01-01t12:00:00z",
        "2026-01-01 12:00:00 UTC",
        "2026-01-01 12:00:00",
        "2026-01-01T12:00:00",
        "2026-01-01T12:00:00.0Z",
        "2026-01-01T12:00:00,000000000Z",
        "2026-01-01T14:00:00+02:00",
        "2026-01-01T14:00:00+0200",
        "2026-01-01T14:00:00+02",
        "2026-01-01T06:30:00-05:30",
        "2026-01-01T06:30:00-0530",
        "2026-01-01T11:30:00-00:30",
        "2025-12-31T23:00:00 -13:00",
        "2026-01-01T12:00:00.000Z",
        "2026-01-01T12:00:00.00 Z",
        "2026-01-02T02:00:00+14:00",
        "2026-01-02T11:59:00+23:59",
        "2026-01-01T12:00Z",
        "2026-01-01T12",
        "2026-01-01T14:00+02:00",
        "20260101T120000Z",
        "20260101T1200",
        "20260101T140000.000+0200",
        "2026-W01-4T12:00:00Z",
        "2026-W01-4T12:00:00.000Z",
        "2026W014T12:00:00Z",
    ],
)
def test_same_instant(text: str) -> None:
    """Zone, separator and fraction may be spelled in any way; without a zone it is UTC."""
    assert instant(text) == NOON


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02",
        "20260102",
        "2026-W01-5",
        "2026-01-02T00:00:00.000Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T24:00",
        "2026-01-01T24+00:00",
        "20260101T240000Z",
    ],
)
def test_midnight(text: str) -> None:
    """A date is its midnight, and 24 o'clock is the midnight after."""
    assert instant(text) == NOON + 12 * 3600 * 10**9


@pytest.mark.parametrize("digits", range(10))
def test_fraction(digits: int) -> None:
    """None to nine fractional digits count, and what follows them is cut."""
    fraction = "123456789"[:digits]
    expected = NOON + int(fraction.ljust(9, "0"))
    dot = "." if digits else ""
    assert instant(f"2026-01-01T12:00:00{dot}{fraction}Z") == expected
    if digits == 9:
        assert instant(f"2026-01-01T12:00:00.{fraction}999Z") == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        20260101,
        999_999_999,
        10**11,
        10**15,
        "999999999",
        "176726880012345",
        9.3e9,
        [],
        {},
        "",
        "now",
        "2026",
        "2026-01",
        "2026-031",
        "2026-01-01Z",
        "2026-01-01T",
        "2026-01-01T12:34+010000Z",
        "2026-01-01x12:00:00Z",
        "2026-01-01T24:00:01Z",
        "2026-01-01T24:00:00.5Z",
        "2026-W54-1",
        "2026-02-30T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2025-02-29T12:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T12:60:00Z",
        "2026-01-01T12:00:60Z",
        "0000-01-01T12:00:00Z",
        "2026-01-01T12:00:00.Z",
        "2026-01-01T12:00:00Z ",
        "2026-01-01T12:00:00Z\n",
        " 2026-01-01T12:00:00Z",
        "2026-01-01T12:00:00 CET",
        "2026-01-01T12:00:00-01:60",
        "2026-01-01T12:00:00+0160",
        "2026-01-01T12:00:00+1",
        "2026-01-01T12:00:00+24:00",
        "2026-01-01T12:00:00+99:99",
        "2026-01-01T12:00:00-13:60",
        "\u0662\u0660\u0662\u0666-01-01T12:00:00Z",
        "1677-01-01T00:00:00Z",
        "2263-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_never(value: Json) -> None:
    """A text that is not an instant, or out of range, cannot be compared."""
    assert instant(value) == NEVER


@pytest.mark.parametrize(
    "value",
    [1767268800, 1767268800.0, 1767268800000, "1767268800", "1767268800000", 1767268800000.0],
)
def test_since_1970(value: Json) -> None:
    """Seconds and milliseconds since 1970 are instants, as numbers and as texts of digits."""
    assert instant(value) == 1767268800 * 10**9
    assert instant(1767268800.5) == 1767268800 * 10**9 + 5 * 10**8


@pytest.mark.parametrize("year", [1678, 1969, 1970, 2000, 2261])
def test_range(year: int) -> None:
    """The years 1678 to 2261 compare, those before 1970 as negative instants."""
    expected = (datetime(year, 3, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days * 86400
    assert instant(f"{year}-03-01T00:00:00Z") == expected * 1_000_000_000


MOMENTS = st.datetimes(
    min_value=datetime(1700, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2250, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


@given(one=MOMENTS, other=MOMENTS, close=st.booleans())
def test_order(one: datetime, other: datetime, close: bool) -> None:  # noqa: FBT001
    """Instants are ordered as the moments are, whatever their zones."""
    if close:
        other = one.astimezone(other.tzinfo) + timedelta(microseconds=1)
    first, second = instant(one.isoformat()), instant(other.isoformat(" "))
    assert (first < second, first == second) == (one < other, one == other)


@given(one=st.integers(0, 10**9 - 1), other=st.integers(0, 10**9 - 1))
def test_nanoseconds(one: int, other: int) -> None:
    """A nanosecond tells two instants apart."""
    first = instant(f"2026-01-01T12:00:00.{one:09}Z")
    second = instant(f"2026-01-01T14:00:00.{other:09}+02:00")
    assert first - second == one - other


@given(
    st.datetimes(datetime(1600, 1, 1), datetime(2300, 1, 1)),  # noqa: DTZ001 - written without one
    st.integers(0, 23),
    st.sampled_from("0WTtZz.,-: +٣"),
)
def test_most_common_spelling(moment: datetime, place: int, odd: str) -> None:
    """The most common spelling is read as any other, also with a wrong character in it."""
    text = moment.isoformat(timespec="milliseconds")
    assert instant(f"{text}Z") == instant(f"{text}+00:00")
    spoiled = f"{text}Z"[:place] + odd + f"{text}Z"[place + 1 :]
    if "Z" in spoiled[23:]:
        assert instant(spoiled) == instant(f"{spoiled[:23]}+00:00")


USUAL = st.datetimes(datetime(1600, 1, 1), datetime(2400, 1, 1)).map(  # noqa: DTZ001 - UTC
    lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z"
)
SPOILED = st.builds(
    lambda text, at, odd: f"{text[:at]}{odd}{text[at + 1 :]}",
    USUAL,
    st.integers(0, 24),
    st.text("0123456789TZ:.,+-W ٣", max_size=2),
)


@given(st.lists(st.one_of(USUAL, SPOILED, st.none(), MOMENTS.map(str)), max_size=12))
def test_many(texts: list[str | None]) -> None:
    """Many at once are what each is alone."""
    assert list(instants(texts)) == list(map(instant, texts))


@given(SPOILED)
def test_the_usual_form(text: str) -> None:
    """The shortcut for the usual form reads no text in another way than the rule does."""
    assert list(instants([text])) == [instant(text)]


@given(st.lists(USUAL, min_size=1, max_size=4), SPOILED, st.integers(0, 4))
def test_one_of_many_is_odd(texts: list[str], odd: str, at: int) -> None:
    """One odd text among those of one form is read, and so are the others."""
    texts.insert(at, odd)
    assert list(instants(texts)) == list(map(instant, texts))


@given(st.lists(USUAL, min_size=1, max_size=3), st.lists(st.integers(0, 72), max_size=4))
def test_many_fit_together_only(texts: list[str], cuts: list[int]) -> None:
    """Texts that give usual ones only when joined are no timestamps."""
    joined, places = "".join(texts), sorted(cuts)
    split = [joined[start:end] for start, end in zip([0, *places], [*places, None], strict=True)]
    assert list(instants(split)) == list(map(instant, split))
