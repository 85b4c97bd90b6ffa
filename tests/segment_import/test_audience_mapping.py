"""Mappings that are written for an audience."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.updates import field_values
from listrak_sync.input.units import Block
from listrak_sync.mapping.check import remarks
from listrak_sync.mapping.file import parse
from listrak_sync.segment_import.audience_mapping import (
    AudienceField,
    audience_mapping,
    separate_mappings,
)
from tests.lines import lines_of

FIELD = AudienceField(12345, 789, "VIP: #1")
KEYS = st.text(
    st.characters(exclude_categories=("C", "Zl", "Zp", "Zs"), include_characters=" "), min_size=1
).filter(lambda key: key == key.strip() and key != "audience_key")


def event(key: str, *, entered: bool, audience: str | None = None) -> dict[str, object]:
    """Return the track event with which Engage sends an audience."""
    name = "Audience Entered" if entered else "Audience Exited"
    return {
        "type": "track",
        "event": name,
        "context": {
            "personas": {"computation_class": "audience", "computation_key": key},
            "traits": {"email": "a@example.com"},
        },
        "properties": {"audience_key": key, key: entered},
    }


def values(text: str, made: object) -> list[tuple[int, str]]:
    """Return the values that a file's mappings set for an event."""
    found = Evaluator(parse("m.yaml", text)).evaluate(
        Block("f", 1, lines_of(json.dumps(made).encode()))
    )
    return [pair for _, _, changes, _ in found.updates for pair in field_values(changes)]


def check_file(lines: list[str], key: str) -> None:
    """Check that a file of these lines does what an audience's mapping has to."""
    text = "\n".join(["mappings:", *lines, ""])
    assert values(text, event(key, entered=True)) == [(789, "on")]
    assert values(text, event(key, entered=False)) == [(789, "off")]
    assert values(text, event(f"{key}x", entered=True)) == []


@given(KEYS)
def test_any_key(key: str) -> None:
    """Whatever the key, one mapping or two switch the field by this audience alone."""
    check_file(audience_mapping(key, FIELD), key)
    check_file(separate_mappings(key, FIELD), key)


@pytest.mark.parametrize("key", ["email", "on", "0456", "a'b\"c", "\\", "x" * 300])
def test_odd_keys(key: str) -> None:
    """Keys that mean something elsewhere are still the audience's."""
    check_file(separate_mappings(key, FIELD), key)


def test_what_is_written() -> None:
    """A comment says what the mapping does, and to which field."""
    assert audience_mapping("vips", AudienceField(5, 9)) == [
        "  # The audience vips switches field 9 of list 5: on for who is in it, off for who has",
        "  #   left it. Its events may be track or identify.",
        "  - name: vips",
        '    trigger: context.personas.computation_key = "vips"',
        "    list_id: 5",
        "    profile_field_values:",
        "      9: useAudienceKey",
    ]


def test_nothing_to_remark() -> None:
    """For a key as Segment makes them, nothing is remarked on."""
    for write in (audience_mapping, separate_mappings):
        text = "\n".join(["mappings:", *write("vip_shoppers", FIELD)])
        assert not remarks(parse("m.yaml", text))


def test_identify() -> None:
    """One mapping takes identify events as well."""
    text = "\n".join(["mappings:", *audience_mapping("vip", FIELD)])
    made = {
        "type": "identify",
        "context": {"personas": {"computation_class": "audience", "computation_key": "vip"}},
        "traits": {"email": "a@example.com", "vip": False},
    }
    assert values(text, made) == [(789, "off")]
