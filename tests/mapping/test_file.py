"""Mapping files, whole: those that load, and those that are refused."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.errors import SettingsError
from listrak_sync.mapping.conditions import All, Compare, Literal, PathOf
from listrak_sync.mapping.faults import MappingFileError, Place
from listrak_sync.mapping.file import load, parse
from listrak_sync.mapping.model import Mapping

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "mappings.example.yaml"
INVALID = sorted(HERE.glob("invalid/*.yaml"))
VALID = sorted(HERE.glob("valid/*.yaml"))


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_refused(file: Path) -> None:
    """A file that must be refused is refused with exactly the message beside it."""
    with pytest.raises(MappingFileError) as caught:
        parse(file.name, file.read_text(encoding="utf-8"))
    expected = file.with_suffix(".txt").read_text(encoding="utf-8")
    assert caught.value.message + "\n" == expected


def test_every_message_has_its_file() -> None:
    """No message lies beside a file that is gone."""
    assert {file.stem for file in HERE.glob("invalid/*.txt")} == {file.stem for file in INVALID}
    assert len(INVALID) > 100


def test_all_faults_at_once() -> None:
    """A file with ten faults reports ten, from top to bottom."""
    text = (HERE / "invalid" / "ten_faults.yaml").read_text(encoding="utf-8")
    with pytest.raises(MappingFileError) as caught:
        parse("ten_faults.yaml", text)
    lines = [fault.line for fault in caught.value.faults]
    assert len(lines) == 10
    assert lines == sorted(lines)
    assert caught.value.hint == "10 faults in the mapping file; nothing was read or sent."


@pytest.mark.parametrize("file", [*VALID, SHIPPED], ids=lambda file: file.stem)
def test_loads(file: Path) -> None:
    """A file that must load does, the shipped example among them, each field resolvable."""
    mappings = load(file)
    assert mappings
    for mapping in mappings:
        assert mapping.fields
        assert mapping.name


def only(text: str) -> Mapping:
    """Return the one mapping of a text."""
    (mapping,) = parse("m.yaml", text)
    return mapping


SHORT = "mappings:\n  - list_id: 12345\n    profile_field_values: {789: on}\n"


def test_defaults() -> None:
    """A key that is left out has its default: enabled, batched, every event, named by its path."""
    mapping = only(SHORT)
    assert (mapping.name, mapping.enabled, mapping.enable_batching) == ("mappings[0]", True, True)
    assert (mapping.trigger, mapping.email_address, mapping.audience_key) == (None, None, None)
    assert mapping.list_id.constant == 12345
    (field,) = mapping.fields
    assert (field.id, field.value.constant, field.may_use_audience) == (789, "on", False)


def test_everything_given() -> None:
    """Every key is read as it is written."""
    (mapping,) = load(HERE / "valid" / "every_key.yaml")
    assert (mapping.name, mapping.enabled, mapping.enable_batching) == ("007", False, False)
    event = PathOf(("event",))
    assert mapping.trigger == All(
        (
            Compare("=", PathOf(("type",)), Literal("track")),
            Compare("=", event, Literal("Order Completed")),
        )
    )
    assert mapping.list_id.constant == "12345"
    assert mapping.email_address is not None
    assert mapping.email_address.resolve({"traits": {"email": "ann@example.com"}}) == (
        "ann@example.com"
    )
    assert mapping.audience_key is not None
    assert mapping.audience_key.constant == "vip_shoppers"
    values = {field.id: field.value.constant for field in mapping.fields}
    assert values == {1: "useAudienceKey", 2: 5, 3: True, 4: "text", 2147483647: 1.5}


@pytest.mark.parametrize(
    ("value", "may"),
    [
        ("useAudienceKey", True),
        ("'useAudienceKey'", True),
        ("audience", False),
        ("on", False),
        ("{'@if': {exists: {'@path': a}, then: useAudienceKey, else: off}}", True),
        ("{'@path': a}", False),
    ],
)
def test_audience(value: str, *, may: bool) -> None:
    """A field may follow the audience where useAudienceKey stands in its value, however deep."""
    mapping = only(SHORT.replace("on}", f"{value}}}"))
    assert mapping.fields[0].may_use_audience is may


def test_places() -> None:
    """A mapping and each of its fields know where they stand."""
    text = SHORT.replace(" {789: on}", "\n      789: on\n      '0790': off")
    mapping = only(text)
    assert mapping.place == Place(2, 5, "mappings[0]")
    assert [field.place for field in mapping.fields] == [
        Place(4, 7, "mappings[0].profile_field_values.789"),
        Place(5, 7, "mappings[0].profile_field_values.0790"),
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("VIP", "VIP"), ("5", "5"), ("5.0", "5.0"), ("true", "true"), ("'5'", "5"), ("off", "off")],
)
def test_name(name: str, shown: str) -> None:
    """A name is kept as it is written, also where it looks like a number."""
    assert only(SHORT.replace("- list_id", f"- name: {name}\n    list_id")).name == shown


def test_byte_order_mark(tmp_path: Path) -> None:
    """A byte order mark before the file is not part of it."""
    file = tmp_path / "m.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + SHORT.encode())
    assert load(file)[0].list_id.constant == 12345


def test_no_file(tmp_path: Path) -> None:
    """A file that does not exist is named, with how to name another."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "missing.yaml")
    assert caught.value.message == f"{tmp_path / 'missing.yaml'}: {os.strerror(errno.ENOENT)}"
    assert "-m FILE" in caught.value.hint


def test_no_utf8(tmp_path: Path) -> None:
    """A file in another encoding is refused at the line of its first such byte."""
    file = tmp_path / "m.yaml"
    file.write_bytes(b"mappings:\n  - name: Gr\xfc\xdfe\n")
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert not isinstance(caught.value, MappingFileError)
    assert caught.value.message == f"{file}:2: this is not UTF-8"
    assert caught.value.hint == "Save the file as UTF-8."


def test_directory(tmp_path: Path) -> None:
    """A directory is not a mapping file."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert caught.value.message == f"{tmp_path}: {os.strerror(errno.EISDIR)}"


keys = st.sampled_from(
    ["mappings", "name", "trigger", "list_id", "profile_field_values", "789", "'@path'", "'@if'"]
)
trees = st.recursive(
    st.sampled_from(["on", "5", "''", "~", "true", "a and b", "$.a", "*x", "!t 5", "'{{a}}'"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(keys, inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        )
    ),
    max_leaves=12,
)


@given(tree=trees | st.text(max_size=30), inside=st.booleans())
def test_any_text_is_mappings_or_an_error(tree: str, *, inside: bool) -> None:
    """No text raises anything but MappingFileError, with its faults from top to bottom."""
    text = f"mappings: [{tree}]" if inside else tree
    places: list[tuple[int, int]] = [(0, 0)]
    try:
        assert parse("m.yaml", text)
    except MappingFileError as error:
        places = [(fault.line, fault.column) for fault in error.faults]
    assert places
    assert places == sorted(places)
