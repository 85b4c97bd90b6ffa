"""Filters whose results vectors cannot hold: by chance, by the clock, by any value."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.liquid import arithmetic, dates, lists, texts, values
from listrak_sync.mapping.directives.liquid.environment import TemplateError, compile_template
from tests.mapping import reference
from tests.mapping.reference import Decoded

if TYPE_CHECKING:
    from listrak_sync.events.key_paths import Json

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9)


def test_sample() -> None:
    """A sample is one item, one character, or so many of them."""
    assert lists.sample(["a"]) == "a"
    assert lists.sample("é") == "é"
    assert lists.sample(["a", "b", "c"], 1) in {"a", "b", "c"}
    chosen = lists.sample(["a", "b", "c"], 2)
    assert isinstance(chosen, list)
    assert len(chosen) == 2
    assert {*chosen} < {"a", "b", "c"}
    assert lists.sample(None) == []
    assert compile_template("{{ a | sample }}")({"a": []}) == ""


@pytest.mark.parametrize("word", ["now", "today"])
def test_now(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words now and today are the present time."""
    monkeypatch.setattr(time, "time_ns", lambda: 1_772_359_200_123_456_789)
    assert dates.date(word, "%Y-%m-%dT%H:%M:%S.%L%z") == "2026-03-01T10:00:00.123+0000"


@given(NUMBERS, NUMBERS)
def test_arithmetic(left: float, right: float) -> None:
    """Numbers are computed in 64 bits, also where they are given as texts."""
    a, b = javascript.text(left), javascript.text(right)
    assert arithmetic.plus(a, b) == left + right
    assert arithmetic.minus(a, b) == left - right
    assert arithmetic.times(a, b) == left * right
    if right:
        assert arithmetic.divided_by(a, b) == left / right
        assert 0 <= arithmetic.modulo(a, b) / right <= 1
    assert arithmetic.at_least(a, b) >= arithmetic.at_most(a, b)


@given(st.integers(-(10**9), 10**9), st.integers(0, 4))
def test_round(hundredths: int, digits: int) -> None:
    """A number is rounded as it is written, half away from zero."""
    rounded = arithmetic.round_half_up(hundredths / 100, digits)
    written = javascript.text(rounded)
    assert len(written.partition(".")[2]) <= digits
    assert abs(rounded - hundredths / 100) <= 0.5 * 10.0**-digits + 1e-6
    if digits >= 2:
        assert rounded == hundredths / 100


@given(st.text())
def test_texts_come_back(text: str) -> None:
    """What is encoded is decoded to the same text, and what is split is joined to it."""
    for there_and_back in ("base64_encode | base64_decode", "url_encode | url_decode"):
        assert compile_template(f"{{{{ a | {there_and_back} }}}}")({"a": text}) == text
    assert "".join(map(str, texts.split(text, ""))) == values.code_units(text)


@given(reference.events, st.sampled_from((0, 1, 20, "\t")))
def test_json(event: Decoded, indent: int | str) -> None:
    """JSON of an event is read as the event, whatever the indent; numbers are of 64 bits."""
    doubles = json.loads(javascript.json_text(cast("Json", values.rounded(event))))
    assert json.loads(str(lists.json(event, indent))) == doubles


def test_nesting() -> None:
    """A template may nest as deep as a thousand characters allow; a longer one is refused."""
    nested = "{{ " + "a[" * 300 + "0" + "]" * 300 + " }}"
    assert compile_template(nested)({"a": 1}) == ""
    with pytest.raises(TemplateError, match=r"^the template nests too deep$"):
        compile_template(nested.replace("a[", "a[" * 4).replace("]", "]" * 4))
    blocks = "{% if a %}" * 45 + "b" + "{% endif %}" * 45
    assert compile_template(blocks)({"a": 1}) == "b"


def test_no_number_is_not_printed_as_python_does() -> None:
    """Numbers that are none or without end are printed as JavaScript does."""
    assert values.stringify(math.nan) == "NaN"
    assert values.stringify(-math.inf) == "-Infinity"
