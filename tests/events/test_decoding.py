"""A line is decoded to what is read of it, or the reason it cannot be is written down."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.events import decoding
from listrak_sync.events.decoding import Decoder
from listrak_sync.events.key_paths import (
    Event,
    Json,
    KeyPath,
    Projection,
    column_finder,
    find,
    find_in_objects,
    finder,
    slots_reader,
)
from listrak_sync.input.units import Block, ReadUnit, UnreadableLine
from listrak_sync.mapping.file import parse
from listrak_sync.reasons import Reason, RejectedError
from tests.events.strategies import EVENTS, PATHS
from tests.lines import lines_of

READ: tuple[KeyPath, ...] = (("type",), ("n",), ("traits", "email"))

GOOD = b'{"type":"track","event":"Audience Entered","n":1}'


@cache
def _decoder() -> Decoder:
    return Decoder(READ)


@cache
def _evaluator() -> Evaluator:
    text = """
mappings:
  - name: A
    list_id: 1
    email_address: ann@example.com
    profile_field_values: {7: {'@path': $.n}, 8: {'@path': $.traits.email}}
"""
    return Evaluator(parse("m.yaml", text))


MALFORMED = [
    pytest.param(b"no JSON", "not_json", id="text"),
    pytest.param(b'{"type":"track","n":1', "not_json", id="cut off"),
    pytest.param(b'{"type":"track","n":1}{}', "not_json", id="two values"),
    pytest.param(b'{"type":"track","n":NaN}', "not_json", id="NaN"),
    pytest.param(b'{"type":"track","x":NaN}', "not_json", id="NaN passed over"),
    pytest.param(b'{"type":"track","n":Infinity}', "not_json", id="Infinity"),
    pytest.param(b'{"type":"track","x":-Infinity}', "not_json", id="-Infinity passed over"),
    pytest.param(b'{"type":"track","n":01}', "not_json", id="leading zero"),
    pytest.param(b"{'type':'track'}", "not_json", id="single quotes"),
    pytest.param(b'{"type":"track","n":"\\ud800"}', "not_json", id="lone surrogate"),
    pytest.param(b'{"type":"track","x":"\\ud800"}', "not_json", id="lone surrogate passed over"),
    pytest.param(b'{"type":"track","x":"a\tb"}', "not_json", id="control character"),
    pytest.param(b"[1, 2", "not_json", id="broken list"),
    pytest.param(b"12:30 INFO started", "not_json", id="log line"),
    pytest.param(b'{"n":1e999} oops', "not_json", id="huge number, then broken"),
    pytest.param(b"{}\xef\xbb\xbf", "not_json", id="byte-order mark behind an object"),
    pytest.param(b"[1, 2]", "not_an_object", id="list"),
    pytest.param(b'"track"', "not_an_object", id="string"),
    pytest.param(b"5", "not_an_object", id="number"),
    pytest.param(b"null", "not_an_object", id="null"),
    pytest.param(b'{"type":"track","n":1e999}', "number_out_of_range", id="1e999"),
    pytest.param(b'{"type":"track","n":-1e999}', "number_out_of_range", id="-1e999"),
    pytest.param(
        b'{"type":"track","n":%b}' % (b"9" * 5000), "number_out_of_range", id="5000 digits"
    ),
    pytest.param(b'{"n":%b}' % (b"[" * 100_000), "nested_too_deep", id="nested"),
    pytest.param(
        b'{"x":%b%b}' % (b"[" * 100_000, b"]" * 100_000), "nested_too_deep", id="nested over"
    ),
    pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested_too_deep", id="nested object"),
]
UNDECODABLE = [
    pytest.param(b'{"type":"track","n":"\xff"}', "not_utf8", id="not UTF-8"),
    pytest.param(b'{"type":"track","x":"\xff"}', "not_utf8", id="not UTF-8 passed over"),
    pytest.param(b'{"type":"track","\xfe":1}', "not_utf8", id="not UTF-8 in a key"),
    pytest.param(b'{"type":"track","x":"\xed\xa0\x80"}', "not_utf8", id="surrogate in UTF-8"),
    pytest.param("{}".encode("utf-16"), "not_utf8", id="UTF-16"),
]


@pytest.mark.parametrize(("line", "reason"), MALFORMED)
def test_unreadable(line: bytes, reason: str) -> None:
    """A line that is not an event is rejected with the reason, and a detail in words."""
    with pytest.raises(RejectedError) as caught:
        _decoder().decode(line)
    assert caught.value.reason == reason
    assert caught.value.detail


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (rb'{"type":"\ud800"}', "half of a surrogate pair (byte 15)"),
        (rb'{"type":"track","x":"\uD9aBc"}', "half of a surrogate pair (byte 27)"),
        (rb'{"type":"track","x":"\\\ud800"}', "half of a surrogate pair (byte 29)"),
        (rb'{"type":"track","x":"\ud800\ud800"}', "surrogate pair"),
        (rb'{"type":"track","x":"\udc00"}', "surrogate pair"),
        (rb'{"type":"track","x":"\ud83d\ude00', "the line ends before its JSON does"),
        (rb'{"type":"track","x":"\\ud800', "the line ends before its JSON does"),
        (rb'{"type":"track","x":"\ud8', "the line ends before its JSON does"),
    ],
)
def test_half_of_a_pair(line: bytes, words: str) -> None:
    """Half of a surrogate pair is told as that, not as a line that is cut off."""
    with pytest.raises(RejectedError) as caught:
        _decoder().decode(line)
    assert caught.value.reason == "not_json"
    assert words in caught.value.detail


@pytest.mark.parametrize("line", [b'{"n":"\xff"}', b'{"n":"\xff"', b'["\xff"]', b"\xff"])
def test_not_utf8(line: bytes) -> None:
    """A line that is not UTF-8 is told as that, whatever else the parser finds in it."""
    with pytest.raises(RejectedError) as caught:
        _decoder().decode(line)
    assert caught.value.reason == "not_utf8"


@pytest.mark.parametrize(("line", "reason"), MALFORMED + UNDECODABLE)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_run_goes_on(line: bytes, reason: str, ending: bytes) -> None:
    """The line is rejected with reason, file and line, and those around it are read."""
    data = ending.join([GOOD, line, GOOD, b""])
    result = _evaluator().evaluate(Block("events.json", 40, lines_of(data)))
    (reject,) = result.rejects
    assert (reject.reason, reject.file, reject.line) == (reason, "events.json", 41)
    assert reject.mapping is None
    assert reject.content.rstrip(b"\r") == line
    assert [number for number, *_ in result.updates] == [40, 42]
    assert result.lines == 3


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b"{}", {}),
        (b' \t{"n" : 2 } \r', {"n": 2}),
        (b'{"n":1,"n":2}', {"n": 2}),
        (b'{"traits":{"email":"a"},"traits":5}', {"traits": 5}),
        (b'{"traits":5,"traits":{"x":1,"email":"a"}}', {"traits": {"email": "a"}}),
        (b'{"traits":[{"x":1}]}', {"traits": [{"x": 1}]}),
        (b'{"x":1e999,"n":0}', {"n": 0}),
        (b'{"n":%b}' % (b"9" * 30), {"n": int("9" * 30)}),
        (b'{"n":18446744073709551616}', {"n": 2**64}),
        (b'{"n":5e-400}', {"n": 0.0}),
        (b'{"n":"\\ud83d\\ude00\\u0000"}', {"n": "😀\0"}),
        (b'{"n":{"deep":[true,null]},"x":{"n":1}}', {"n": {"deep": [True, None]}}),
    ],
)
def test_decoded(line: bytes, event: Event) -> None:
    """What lies on a path is kept, the last of a repeated key; the rest is left out."""
    decoded = _decoder().decode(line)
    for path in READ:
        assert find(decoded, path) == find(event, path)


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        (
            UnreadableLine("f", 7, b'{"type":', Reason.LINE_TOO_LONG, "20000000 bytes"),
            "line_too_long",
        ),
        (Block("f", 7, lines_of(b'{"x":"%b"}\n' % (b"a" * 20_000_000))), None),
    ],
)
def test_twenty_megabytes(unit: ReadUnit, reason: str | None) -> None:
    """A line that was passed over is rejected with its length; one that was read is an event."""
    result = _evaluator().evaluate(unit)
    assert [reject.reason for reject in result.rejects] == ([reason] if reason else [])
    assert [("20000000 bytes" in reject.detail, reject.line) for reject in result.rejects] == (
        [(True, 7)] if reason else []
    )
    assert result.lines == 1


def _with_finder(event: Event, path: KeyPath) -> Any:
    return finder(path)(event)


def _by_column(event: Event, path: KeyPath) -> Any:
    (found,) = column_finder(path)([event])
    return found


@given(event=EVENTS, paths=PATHS, more=st.lists(EVENTS, max_size=2))
def test_projection(event: Event, paths: set[KeyPath], more: list[Event]) -> None:
    """On every path, the projected event has what the whole event has."""
    decoder = Decoder(paths)
    for one in (event, *more):
        line = json.dumps(one).encode()
        projected, whole = decoder.decode(line), msgspec.json.decode(line)
        for path in paths:
            for way in (find, find_in_objects, _with_finder, *([_by_column] if path else [])):
                expected, found = way(whole, path), way(projected, path)
                assert found == expected
                assert type(found) is type(expected)


@given(event=EVENTS, paths=PATHS, rare=PATHS)
def test_left_as_text(event: Event, paths: set[KeyPath], rare: set[KeyPath]) -> None:
    """What is left as its text has on every path what the whole event has."""
    with patch.object(decoding, "_MANY", 0):
        decoder = Decoder(paths, rare)
    line = json.dumps(event).encode()
    for path in paths | rare:
        for way in (find, find_in_objects, _with_finder, *([_by_column] if path else [])):
            expected, found = way(event, path), way(decoder.decode(line), path)
            assert found == expected
            assert type(found) is type(expected)


def test_much_that_is_rare_read() -> None:
    """Of many names that few events are asked for, none is decoded; any other is beside them."""
    rare = [("traits", f"audience_{number}") for number in range(20)]
    line = b'{"type":"track","traits":{"audience_7":true,"total":1e999}}'
    left: Any = Decoder([("type",)], rare).decode(line)
    assert left.traits_ == msgspec.Raw(b'{"audience_7":true,"total":1e999}')
    few: Any = Decoder([("type",)], rare[:8]).decode(line)
    assert few.traits_.audience_7_ is True
    for always in ([("traits",)], [("traits", "email")]):
        with pytest.raises(RejectedError, match="number_out_of_range"):
            Decoder(always, rare).decode(line)


@given(data=st.binary(max_size=30), paths=PATHS)
def test_any_bytes(data: bytes, paths: set[KeyPath]) -> None:
    """Whatever a line is, it is an object or unreadable; what whole JSON is, is never not_json."""
    try:
        decoded = Decoder(paths).decode(data)
    except RejectedError as error:
        if error.reason == "not_json":
            with pytest.raises(msgspec.DecodeError):
                msgspec.json.decode(data, type=msgspec.Raw)
    else:
        assert isinstance(decoded, dict | Projection)


def test_odd_names() -> None:
    """A path may hold any character."""
    paths = [("a\0b", "c d", "$"), ("class", "def"), ("__init__", "x")]
    line = b'{"a\\u0000b":{"c d":{"$":1}},"class":{"def":2},"__init__":{"x":3}}'
    event = Decoder(paths).decode(line)
    assert [find(event, path) for path in paths] == [1, 2, 3]


METHODS = sorted({name for kind in (dict, list, str, int, Projection) for name in dir(kind)})


@given(
    st.lists(st.sampled_from(METHODS), min_size=1, max_size=3, unique=True),
    st.sampled_from([{"a": 1}, [1, 2], "ab", 5, 1.5, True, None]),
    st.booleans(),
)
def test_names_of_methods(names: list[str], value: Json, whole: bool) -> None:  # noqa: FBT001
    """A name that Python has a method for is a name like any other, wherever it leads."""
    paths: set[KeyPath] = {("p", name) for name in names} | ({("p",)} if whole else set())
    line = msgspec.json.encode({"p": value})
    for event in (Decoder(paths).decode(line), msgspec.json.decode(line)):
        for name in names:
            expected = find({"p": value}, ("p", name))
            assert finder(("p", name))(event) == find(event, ("p", name)) == expected


@pytest.mark.parametrize("length", [1, 99, 100, 101, 102, 500])
def test_deep_path(length: int) -> None:
    """A path of any length leads to what stands there."""
    path = ("a",) * length
    event = Decoder([path]).decode(b'{"a":' * length + b"7" + b"}" * length)
    assert finder(path)(event) == 7
    assert column_finder(path)([event, event]) == [7, 7]


def test_endless_path() -> None:
    """A path longer than any event is deep can be asked for all the same."""
    path = ("a",) * 5000
    event = Decoder([path]).decode(b'{"a":{"a":1}}')
    assert column_finder(path)([event]) == [UNSET]
    with pytest.raises(AttributeError):
        slots_reader(path)([event])


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b"x", "not JSON from character 1 on"),
        (b'{"a":1', "the line ends before its JSON does"),
        (b'{"a":1}}', "not JSON from character 8 on"),
        ('{"é":"東"x}'.encode(), "not JSON from character 9 on"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
    ],
)
def test_why_not_json(line: bytes, detail: str) -> None:
    """Where a line stops being JSON is told in our own words, without what the line holds."""
    reason = decoding.rejection(line, ValueError())
    assert (reason.reason, reason.detail) == (Reason.NOT_JSON, detail)
