"""The fields that a mapping file describes: read, written, and used for values of events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.updates import field_values
from listrak_sync.input.units import Block
from listrak_sync.mapping.check import remarks
from listrak_sync.mapping.field_types import DescribedField
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.model import field_names
from listrak_sync.mapping.profile_fields import profile_fields_entry
from listrak_sync.segment_import.yaml_writer import entry

DESCRIBED = (
    DescribedField(789, "VIP: shoppers #1", "CheckBox"),
    DescribedField(790, "Birthday", "Date"),
    DescribedField(791, "Total", "Numeric"),
    DescribedField(792, None, "Text", 5),
    DescribedField(793, "On", None),
)
BLOCK = "\n".join(entry("profile_fields", profile_fields_entry(DESCRIBED)))


def mapping(fields: str, block: str = BLOCK) -> str:
    """Return a mapping file with these fields."""
    return f"{block}\nmappings: [{{list_id: 1, profile_field_values: {fields}}}]\n"


def evaluated(text: str, **properties: Any) -> dict[int, str] | str:
    """Return the fields that an event sets, or why it is rejected."""
    event = {"type": "track", "properties": properties, "traits": {"email": "a@example.com"}}
    lines = [json.dumps(event).encode()]
    result = Evaluator(parse("m.yaml", text)).evaluate(Block("f", 1, lines))
    for reject in result.rejects:
        return f"{reject.reason}: {reject.detail}"
    ((_, _, changes, _),) = result.updates
    return dict(field_values(changes))


def test_reads_back() -> None:
    """What is written of fields is read back, whatever their names."""
    (read,) = parse("m.yaml", mapping("{789: on, 790: '', 791: 5, 792: a, 793: b, 794: c}"))
    assert [field.described for field in read.fields] == [*DESCRIBED, None]
    names = {789: "VIP: shoppers #1", 790: "Birthday", 791: "Total", 793: "On"}
    assert field_names([read]) == names


@pytest.mark.parametrize(
    ("field", "value", "sent"),
    [
        (790, "2026-03-01T23:00:00-05:00", "03/01/2026"),
        (790, "3/1/2026", "03/01/2026"),
        (791, 12.5, "12.5"),
        (791, "12.50", "12.50"),
        (789, True, "on"),
        (789, "1", "1"),
        (792, "äöüßx", "äöüßx"),
        (793, "any", "any"),
    ],
)
def test_values(field: int, value: object, sent: str) -> None:
    """A value of an event is sent as the field's type needs it."""
    text = mapping(f'{{{field}: {{"@path": $.properties.x}}}}')
    assert evaluated(text, x=value) == {field: sent}


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        (789, "yes", 'field 789 (VIP: shoppers #1) is a CheckBox: "yes" is neither on nor off'),
        (790, "soon", 'field 790 (Birthday) is a Date: "soon" is not a date'),
        (790, 1767225600, 'field 790 (Birthday) is a Date: "1767225600" is not a date'),
        (791, "many", 'field 791 (Total) is Numeric: "many" is not a number'),
        (791, 1.234, 'field 791 (Total) is Numeric: "1.234" has more than two decimals'),
        (792, "abcdef", "field 792 takes 5 characters, this has 6"),
        (791, [1], "field 791 (Total): [1] is not a text, a number or a boolean"),
    ],
)
def test_misfits(field: int, value: object, detail: str) -> None:
    """A value of an event that the field cannot hold rejects the update, and names the field."""
    text = mapping(f'{{{field}: {{"@path": $.properties.x}}}}')
    assert evaluated(text, x=value) == f"invalid_field_value: {detail}"


@pytest.mark.parametrize("value", ["yes", "2026-03-01", 1.234, "abcdef"])
@pytest.mark.parametrize("block", ["", "profile_fields: {1: {type: Date}}"])
def test_without_a_description(value: object, block: str) -> None:
    """Without a description of the field, its values are sent as they are."""
    text = mapping('{790: {"@path": $.properties.x}}', block)
    assert evaluated(text, x=value) == {790: str(value)}


def test_missing_value() -> None:
    """A missing value leaves the field out, described or not."""
    text = mapping('{790: {"@path": $.properties.x}, 789: on}')
    assert evaluated(text) == {789: "on"}


def test_audience_in_a_branch() -> None:
    """UseAudienceKey in a branch fits a check box, whichever way it goes."""
    branch = '{"@if": {exists: {"@path": $.properties.x}, then: useAudienceKey, else: off}}'
    text = mapping(f"{{789: {branch}}}").replace("list_id: 1,", "list_id: 1, audience_key: vip,")
    assert evaluated(text, x=1, vip=True) == {789: "on"}
    assert evaluated(text) == {789: "off"}


@pytest.mark.parametrize("fields", ['{800: {"@path": $.properties.a}}', "{800: a}"])
def test_undescribed(fields: str) -> None:
    """Fields that are not described in a file that describes others earn a remark."""
    (remark,) = remarks(parse("m.yaml", mapping(fields)))
    assert remark.kind == "undescribed_field"
    assert remark.message == "profile_fields has no field 800, so its values are not checked"
    assert remarks(parse("m.yaml", mapping(fields, ""))) == ()
