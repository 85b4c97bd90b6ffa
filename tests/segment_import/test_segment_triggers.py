"""Triggers of Segment's: what its screen writes means the same here, all else is remarked."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.mapping.check import remarks
from listrak_sync.mapping.conditions import Compare, Literal, PathOf
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.fql.parser import parse as parse_trigger
from listrak_sync.segment_import.mapping_file import import_subscriptions
from listrak_sync.segment_import.segment_triggers import read_segment_trigger
from listrak_sync.segment_import.subscriptions import Subscription, read
from tests.segment_import.screen import escaped, screen_triggers


def joined(trigger: str) -> str:
    """Return a trigger of the screen as it is read from JSON."""
    (found,) = read("s.json", json.dumps({"trigger": trigger, "settings": {}}).encode())
    assert isinstance(found, Subscription)
    return found.trigger


ESCAPED = "Segment takes * ? [ and \\ in a pattern literally: a backslash stands before them"
NO_EVENT = "needs a look: Segment takes no event by it"


def test_screen() -> None:
    """Every trigger that Segment's screen writes can be read, and only patterns are rewritten."""
    triggers = [joined(trigger) for trigger in screen_triggers()]
    assert len(triggers) > 5000
    for trigger in triggers:
        found = read_segment_trigger(trigger)
        parse_trigger(found.text)
        assert found.remarks in {(), (ESCAPED,)}, trigger
        assert found.text == trigger or "match(" in trigger


def test_screen_file() -> None:
    """An import of what the screen writes loads, and no remark is made on it."""
    settings = {"listId": 1, "profileFieldValues": {"7": {"@path": "$.properties.plan"}}}
    subscriptions = [
        {"name": f"{number}", "trigger": trigger, "settings": settings}
        for number, trigger in enumerate(list(screen_triggers())[::150])
    ]
    text = import_subscriptions([("s.json", json.dumps(subscriptions).encode())]).text
    mappings = parse("m.yaml", text)
    assert len(mappings) == len(subscriptions)
    assert {each.message for each in remarks(mappings) if each.kind != "many_mappings"} == set()
    assert "needs a look" not in text


def test_emoji() -> None:
    """A name with an emoji, of which the screen escapes both halves, is the name it was."""
    trigger = f'properties.{escaped("🎉 vip")} = "x"'
    settings = {"listId": 1, "profileFieldValues": {"7": "on"}}
    answer = json.dumps({"name": "A", "trigger": trigger, "settings": settings}).encode()
    (mapping,) = parse("m.yaml", import_subscriptions([("s.json", answer)]).text)
    assert mapping.trigger == Compare("=", PathOf(("properties", "🎉 vip")), Literal("x"))


@pytest.mark.parametrize(
    ("trigger", "written"),
    [
        ('match(event, "x[1-3]*")', r'match(event, "x\[1-3]*")'),
        ('!match(event, "*a*b?")', r'!match(event, "*a\*b\?")'),
        (r'match(event, "a\b*")', r'match(event, "a\\b*")'),
    ],
)
def test_patterns(trigger: str, written: str) -> None:
    """What the screen takes for a text stays one: signs of a pattern in it are escaped."""
    found = read_segment_trigger(trigger)
    assert (found.text, found.remarks) == (written, (ESCAPED,))


@pytest.mark.parametrize(
    "trigger", ['match(event, "Order*")', 'match(event, "*")', 'match(event, "")']
)
def test_plain_patterns(trigger: str) -> None:
    """A pattern without such signs stays as it is."""
    assert read_segment_trigger(trigger).text == trigger


def test_star_at_both_ends() -> None:
    """A pattern with a star at both ends, which hardly means what Segment makes of it, is told."""
    found = read_segment_trigger('match(event, "*x*")')
    assert found.text == r'match(event, "\*x*")'
    meant = 'a text that begins with "*x"; a text with "x" anywhere is contains(…)'
    assert found.remarks == (ESCAPED, f'needs a look: for Segment, "*x*" is {meant}')


def test_joiners() -> None:
    """AND and OR, which Segment takes as well, become lower case; in a text they stay."""
    trigger = 'type = "track" AND (event = "A AND B" OR event = "c")'
    found = read_segment_trigger(trigger)
    assert found.text == 'type = "track" and (event = "A AND B" or event = "c")'
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("trigger", "written", "words"),
    [
        ("type = track", 'type = "track"', ["track"]),
        ("properties.plan != free", 'properties.plan != "free"', ["free"]),
        ("contains(event, order)", 'contains(event, "order")', ["order"]),
        ("properties.vip = True", 'properties.vip = "True"', ["True"]),
    ],
)
def test_bare_words(trigger: str, written: str, words: list[str]) -> None:
    """A word without quotes is a text for Segment: it is put in quotes, and told."""
    found = read_segment_trigger(trigger)
    assert found.text == written
    assert found.remarks == tuple(
        f"{each} is a text for Segment, so it is in quotes" for each in words
    )


@pytest.mark.parametrize(
    ("trigger", "evaluated"),
    [
        (
            'type = "track" and (contains(event, "x") or event = "y")',
            'type = "track" or contains(event, "x") or event = "y"',
        ),
        (
            'type = "track" and event = "A" or event = "B"',
            'type = "track" or event = "A" or event = "B"',
        ),
        ('!(type = "track")', 'type = "track"'),
        ("properties.a = properties.b", 'properties.a = "properties.b"'),
        ('match(event, "abc")', 'match(event, "*bc")'),
        ('anonymousId != null and type = "track"', 'type = "track"'),
        ('contains(type, "x") and event = "a"', 'event = "a"'),
        ("properties.x != true", 'properties.x != "true"'),
        ("userId = 5", 'userId = "5"'),
        ("event = null", 'event = "null"'),
        ("name = 5", 'name = "5"'),
        ('event.name = "a"', 'event = "a"'),
        ('! contains(event, "a")', '!contains(event, "a")'),
        ("type = 'track'", "type = \"'track'\""),
        ('event in ["A"] or type = "track"', 'false or type = "track"'),
    ],
)
def test_evaluated(trigger: str, evaluated: str) -> None:
    """Where Segment evaluates something else, a remark says what."""
    assert (
        read_segment_trigger(trigger).remarks[-1] == f"needs a look: Segment evaluates: {evaluated}"
    )


@pytest.mark.parametrize(
    ("trigger", "reason"),
    [
        ('lowercase(event) = "x"', "Segment cannot read lowercase(…)"),
        ('"x" = event', "Segment cannot read event without a value to compare with"),
        ('event in ["A"]', "for Segment, event in [ is never so"),
        (
            "properties.enabled",
            "Segment cannot read properties.enabled without a value to compare with",
        ),
        (
            'type = "page" and (event = "a" or (name = "b" and userId = "c"))',
            "Segment cannot read parentheses inside parentheses",
        ),
        ('(type = "a" and (event = "b")', "Segment cannot read parentheses inside parentheses"),
        ('(type = "a"', "Segment cannot read parentheses that are not closed"),
        ('properties.or = "a"', 'for Segment, properties.or = "a" is never so'),
        ('type = ["a"]', "Segment cannot read [ as a value"),
        ("contains(event)", "Segment cannot read the arguments of contains(…)"),
        ("", "Segment cannot read a condition in it"),
    ],
)
def test_no_event(trigger: str, reason: str) -> None:
    """Where Segment takes no event by a trigger, a remark says so, and another why."""
    assert read_segment_trigger(trigger).remarks == (reason, NO_EVENT)


@pytest.mark.parametrize(
    "trigger",
    [
        'type = "track" and (event = "y" or contains(event, "x"))',
        '(contains(event, "a") and event = "b") and type = "track"',
        "name = null and userId != null",
        "properties.items.0.sku = 'a' or properties.2fa = true".replace("'", '"'),
        '(type = "track" and event = "b") or (type = "page" and match(name, "a*"))',
    ],
)
def test_same(trigger: str) -> None:
    """Where groups come to the same all the same, nothing is remarked."""
    found = read_segment_trigger(trigger)
    assert (found.text, found.remarks) == (trigger, ())
    parse_trigger(found.text)


def test_unreadable() -> None:
    """A text that is no trigger is left to the check of the file."""
    found = read_segment_trigger('event = "open')
    assert (found.text, found.remarks) == ('event = "open', ())


def test_lost_character() -> None:
    """A name whose characters were lost on the way is remarked."""
    (remark,) = read_segment_trigger('properties.\\�\\� = "x"').remarks
    assert remark == "needs a look: a character of a name was lost before it came here: �"


PIECES = (
    *("type", "event", "properties.a", "anonymousId", "free", "or", "and", "AND", "in", "true"),
    *(
        "contains",
        "match",
        "lowercase",
        "(",
        ")",
        "[",
        "]",
        ",",
        "=",
        "!=",
        "<",
        "!",
        '"x"',
        '"a*"',
    ),
    *("'y'", "5", "null", "1e-7", "properties.2fa", r"properties.b\ c", "NaN"),
)


@given(st.lists(st.sampled_from(PIECES)), st.sampled_from(["", " "]))
def test_any_text(pieces: list[str], joiner: str) -> None:
    """Any words and signs are imported, and what is written anew is final, patterns aside."""
    trigger = joiner.join(pieces)
    found = read_segment_trigger(trigger)
    assert read_segment_trigger(found.text).text == found.text or "match" in trigger


@given(st.text())
def test_any_text_at_all(trigger: str) -> None:
    """No text makes an import fail."""
    read_segment_trigger(trigger)
