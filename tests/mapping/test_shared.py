"""What several mappings share: defaults, merged anchors, variables, consent, several files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from listrak_sync.errors import SettingsError
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.explain import Explanation
from listrak_sync.input.units import Block
from listrak_sync.mapping.faults import MappingFileError
from listrak_sync.mapping.file import load, parse
from listrak_sync.mapping.files import digest, load_all
from tests.lines import lines_of

SHARED = Path(__file__).parent / "valid" / "shared.yaml"
MAPPING = "mappings:\n  - list_id: {}\n    profile_field_values: {{{}: on}}\n"


def test_defaults() -> None:
    """A default holds for each mapping that does not say it itself."""
    vip, other, third = load(SHARED)
    assert [each.list_id.constant for each in (vip, other, third)] == [12345, 12346, 12345]
    assert [each.enable_batching for each in (vip, other, third)] == [False, False, True]
    assert [each.consent for each in (vip, other, third)] == [("Advertising",)] * 2 + [()]


def test_merge() -> None:
    """Keys that << merges are those of the anchor; what is written out counts more."""
    vip, other, _ = load(SHARED)
    assert other.name == "Another list"
    assert other.trigger == vip.trigger
    assert {field.id: field.value.constant for field in other.fields} == {
        789: "useAudienceKey",
        790: "on",
        791: "on",
    }


def test_quoted_merge_key() -> None:
    """In quotes, << is a key like any other."""
    with pytest.raises(MappingFileError, match="the key << is unknown"):
        parse(
            "m.yaml", 'mappings:\n  - "<<": {}\n    list_id: 1\n    profile_field_values: {7: on}'
        )


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list's id and a field's id may stand in the environment; nothing else is replaced."""
    monkeypatch.setenv("VIP_LIST", " 12345 ")
    monkeypatch.setenv("VIP_FIELD", "789")
    text = MAPPING.format("${VIP_LIST}", '"${VIP_FIELD}"').replace("on}", '"${VIP_FIELD}"}')
    (mapping,) = parse("m.yaml", text)
    assert mapping.list_id.constant == "12345"
    assert [(field.id, field.value.constant) for field in mapping.fields] == [(789, "${VIP_FIELD}")]


@pytest.mark.parametrize("value", ["", "abc", "0"])
def test_wrong_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A variable that is empty or not an id is a fault at its place."""
    monkeypatch.setenv("VIP_LIST", value)
    with pytest.raises(MappingFileError, match=r"m.yaml:2:14: mappings\[0\].list_id: "):
        parse("m.yaml", MAPPING.format("${VIP_LIST}", "7"))


def test_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a mapping has changed depends on its variables as well."""
    contents = [MAPPING.format("${VIP_LIST}", "7").encode()]
    monkeypatch.setenv("VIP_LIST", "1")
    before = digest(contents)
    assert digest(contents) == before
    monkeypatch.setenv("VIP_LIST", "2")
    assert digest(contents) != before


def test_several_files(tmp_path: Path) -> None:
    """Mappings without a name are called by their file; the faults of all files are told."""
    for name, list_id in (("a.yaml", "1"), ("b.yaml", "2")):
        (tmp_path / name).write_text(MAPPING.format(list_id, "7"))
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    assert [mapping.name for mapping in load_all(files)] == [
        f"{file}: mappings[0]" for file in files
    ]
    assert [mapping.name for mapping in load_all(files[:1])] == ["mappings[0]"]
    for file in files:
        file.write_text(MAPPING.format("x", "7"))
    with pytest.raises(MappingFileError) as caught:
        load_all(files)
    assert [fault.file for fault in caught.value.faults] == list(map(str, files))
    with pytest.raises(SettingsError, match="gone"):
        load_all([*files, tmp_path / "gone"])


def test_one_name_in_two_files(tmp_path: Path) -> None:
    """A name stands in one of the files only."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(
            MAPPING.format("1", "7").replace("- list", "- name: A\n    list")
        )
    with pytest.raises(MappingFileError) as caught:
        load_all([tmp_path / "a.yaml", tmp_path / "b.yaml"])
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == (str(tmp_path / "b.yaml"), 2)
    assert "'A' is already the name of a mapping in another file" in str(fault)


CONSENT = """
mappings:
  - {name: A, list_id: 1, consent: [Advertising, Email], profile_field_values: {7: on}}
  - {name: B, trigger: userId = "u", list_id: 1, profile_field_values: {8: on}}
"""

PREFERENCES: list[tuple[Any, bool]] = [
    ('{"categoryPreferences": {"Advertising": true, "Email": true, "X": false}}', True),
    ('{"categoryPreferences": {"Advertising": true, "Email": false}}', False),
    ('{"categoryPreferences": {"Advertising": true}}', False),
    ('{"categoryPreferences": {"Advertising": "true", "Email": true}}', False),
    ('{"categoryPreferences": {}}', False),
    ('{"categoryPreferences": null}', False),
    ("{}", False),
    ("null", True),
]


@pytest.mark.parametrize(("consent", "passes"), PREFERENCES)
def test_consent(consent: str, *, passes: bool) -> None:
    """Every category must be true where there is a consent object; without one, all passes."""
    mappings = parse("m.yaml", CONSENT)
    line = (
        f'{{"type":"track","traits":{{"email":"a@example.com"}},"context":{{"consent":{consent}}}}}'
    )
    other = '{"type":"track","traits":{"email":"a@example.com"}}'
    both = line.replace('"type"', '"userId":"u","type"', 1)
    told: list[Explanation] = []
    block = Block("f", 1, lines_of(f"{line}\n{other}\n{both}\n".encode()))
    by_block = Evaluator(mappings).evaluate(block)
    by_line = Evaluator(mappings, on_explanation=told.append).evaluate(block)
    for result in (by_block, by_line):
        assert result.lines == 3 == result.matched_lines + sum(result.skipped.values())
        assert result.skipped == ({} if passes else {"filtered_by_consent": 1})
        assert result.matched == ({0: 3, 1: 1} if passes else {0: 1, 1: 1})
    lacking = [each for each in told if each.reason == "filtered_by_consent"]
    assert [(each.line, each.mapping) for each in lacking] == (
        [] if passes else [(1, "A"), (3, "A")]
    )
    assert all("context.consent.categoryPreferences." in (each.detail or "") for each in lacking)
