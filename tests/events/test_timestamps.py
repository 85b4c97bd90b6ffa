"""Timestamps of any spelling compare as instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.events.key_paths import Json
from listrak_sync.events.timestamps import NEVER, instant, instants, of_one_day

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
    ],
)
def test_same_instant(text: str) -> None:
    """Zone, separator and fraction may be spelled in any way; without a zone it is UTC."""
    assert instant(text) == NOON


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
        1767268800,
        1767268800.5,
        [],
        {},
        "",
        "now",
        "2026",
        "2026-01-01",
        "2026-01-01T12:00Z",
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
        "20260101T120000Z",
        "\u0662\u0660\u0662\u0666-01-01T12:00:00Z",
        "1677-01-01T00:00:00Z",
        "2263-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_never(value: Json) -> None:
    """What is no instant, or is out of range, cannot be compared."""
    assert instant(value) == NEVER


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


ALIKE = st.builds(
    "2026-01-{:02}T{:02}:{:02}:{:02}.{:03}Z".format,
    st.integers(1, 2),
    st.integers(0, 24),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 999),
)


@given(
    st.lists(ALIKE, min_size=11, max_size=80),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 23), st.characters()), max_size=1),
    st.booleans(),
)
def test_many(texts: list[str], spoiled: list[tuple[int, int, str]], other: bool) -> None:  # noqa: FBT001
    """Many at once are what each is alone: all of one day, with one that is odd, or no text."""
    for index, place, odd in spoiled:
        text = texts[index % len(texts)]
        texts[index % len(texts)] = text[:place] + odd + text[place + 1 :]
    others: list[Json] = [5, None, "2026-01-01T00:00:00+01:00"] if other else []
    assert list(instants([*texts, *others])) == list(map(instant, [*texts, *others]))


@pytest.mark.parametrize("day", ["1678-01-01T", "1969-12-31 ", "2026-02-28t", "2261-12-31T"])
@pytest.mark.parametrize("count", [1, 10, 11, 31, 32, 33, 1024, 1025, 3000])
def test_many_of_one_day(day: str, count: int) -> None:
    """Every minute and millisecond of a day is read as well among many."""
    times = [(71 * index % 1440, 59_999 - 59 * index % 60_000) for index in range(count)]
    texts = [
        f"{day}{minute // 60:02}:{minute % 60:02}:{rest // 1000:02}.{rest % 1000:03}Z"
        for minute, rest in times
    ]
    first = instant(f"{day}00:00:00Z")
    assert list(instants(texts)) == [
        first + (minute * 60_000 + rest) * 1_000_000 for minute, rest in times
    ]


MANY = ["2026-01-31T12:34:56.789Z"] * 20


@pytest.mark.parametrize(
    "odd",
    ["0", "1", "3", "6", "/", ";", "e", "E", ".", ":", "Z", ",", "-", " ", "", "00", "\u0663"],
)
@pytest.mark.parametrize("place", range(25))
def test_one_of_many_is_odd(place: int, odd: str) -> None:
    """A character in the wrong place of one text is noticed among others that are alike."""
    (text, *_) = MANY
    spoiled = text[:place] + odd + text[place + 1 :]
    for texts in ([*MANY, spoiled, *MANY], [spoiled, *MANY], [spoiled] * 20):
        assert list(instants(texts)) == list(map(instant, texts))


@pytest.mark.parametrize(
    "odd",
    [
        ["2026-01-31T2026-01-31T:34:56.789Z", "-:12:34:56.789Z"],
        ["2026-01-31T2026-01-31T-:12:34:56.789Z", "12:34:56.789Z"],
        ["-:12:34:56.789Z", "2026-01-31T2026-01-31T12:34:56.789Z"],
        ["2026-01-31T2026-01-31T:34:56.789Z", "0012:34:56.789Z"],
        ["-:12:34:56.789Z"],
        ["2026-01-31T12:34:56.789Z,2026-01-31T12:34:56.789", "Z", ""],
        ["2026-01-31T12:34:56.789Z,2026-01-31T12:34:56.789Z", ""],
        ["2026-01-31T24:00:00.000Z"],
        ["2026-01-31T29:59:59.999Z"],
        ["2026-01-31T23:60:00.000Z"],
    ],
)
def test_some_of_many_fit_together_only(odd: list[str]) -> None:
    """Texts of the right length and characters altogether are read one by one all the same."""
    for texts in ([*MANY, *odd], [*odd, *MANY], [*MANY, *odd, *MANY]):
        assert list(instants(texts)) == list(map(instant, texts))


def test_rows_of_many_fit_by_chance() -> None:
    """As many characters as that many timestamps have may be more rows, most without a date."""
    rows = ["2026-01-31T12:34:56.789Z"] * 4 + ["-:12:34:56.789Z"] * 25
    texts = [*rows[:19], ",".join(rows[19:])]
    assert list(instants(texts)) == list(map(instant, texts))


MIDNIGHT = 1_769_817_600_000_000_000
"""2026-01-31T00:00:00Z."""


@pytest.mark.parametrize("midnight", [MIDNIGHT, 0, -MIDNIGHT])
def test_together(midnight: int) -> None:
    """Each is so many milliseconds after midnight, whenever that is."""
    text = "2026-01-31T00:00:00.000Z,2026-01-31T12:34:56.789Z,2026-01-31T23:59:59.999Z,"
    found = of_one_day(text, "2026-01-31T", midnight, 3)
    milliseconds = [0, 45_296_789, 86_399_999]
    assert list(found) == [midnight + each * 1_000_000 for each in milliseconds]


@pytest.mark.parametrize(
    "odd",
    [
        "2026-02-01T12:34:56.789Z",
        "2026-01-31T12:34:56.78Z",
        "2026-01-31T12:34:56.7890",
        "2026-01-31T12:34:56,789Z",
        "2026-01-31T12:34:66.789Z",
        "2026-01-31T12:60:56.789Z",
        "2026-01-31T24:00:00.000Z",
        "2026-01-31T29:59:59.999Z",
        "2026-01-31T47:00:00.000Z",
        "2026-01-31T99:59:59.999Z",
        "2026-01-31T1:234:56.789Z",
        "2026-01-31T12:34:5\u0666.789Z",
        "",
    ],
)
@pytest.mark.parametrize("place", range(3))
def test_one_is_odd(odd: str, place: int) -> None:
    """One that is of another day, or spelled otherwise, keeps all from being read together."""
    texts = ["2026-01-31T12:34:56.789Z"] * 3
    texts[place] = odd
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        of_one_day(",".join((*texts, "")), "2026-01-31T", MIDNIGHT, 3)
