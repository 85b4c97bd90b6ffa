"""What people plausibly write and hardly mean: each is refused, or remarked on."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import yaml

from listrak_sync.mapping.check import NOTES, remarks
from listrak_sync.mapping.faults import MappingFileError
from listrak_sync.mapping.file import parse

DOCS: Final = Path(__file__).parents[2] / "docs" / "mapping.md"
TABLE: Final = "<!-- mistakes -->\n{}<!-- end -->"
USUAL: Final = {
    "name": "VIP",
    "trigger": 'context.personas.computation_key = "vip"',
    "list_id": "12345",
    "profile_field_values": "\n  789: on",
}


@dataclass(frozen=True)
class Mistake:
    """Lines of a mapping, or of a whole file, and what is said of them: fault or remark first."""

    written: str
    says: list[str]
    file: bool = False


MISTAKES: Final = [
    Mistake(**each)
    for each in yaml.safe_load(Path(__file__).with_name("mistakes.yaml").read_text("utf-8"))
]


def text_of(mistake: Mistake) -> str:
    """Return the mapping file in which a mistake is the only one."""
    if mistake.file:
        return f"{mistake.written}\n"
    lines = dict(USUAL)
    if "conditions" in mistake.written:
        del lines["trigger"]
    first = next((key for key in lines if re.match(rf"\s*{key}\b", mistake.written)), None)
    if first is not None:
        del lines[first]
    usual = "".join(f"{key}: {value}\n" for key, value in lines.items())
    body = "".join(f"    {line}\n" for line in f"{mistake.written}\n{usual}".splitlines())
    return f"mappings:\n  -{body[3:]}"


def told(mistake: Mistake) -> list[str]:
    """Return what is said of a mistake, without its place in the file."""
    try:
        found = remarks(parse("m.yaml", text_of(mistake)))
    except MappingFileError as error:
        return [f"fault: {each.message}; {each.instead}" for each in error.faults]
    return [f"remark: {each.message}" for each in found if each.kind not in NOTES]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.written.split("\n")[-1])
def test_said(mistake: Mistake) -> None:
    """A mistake is a fault or a remark, with what to write instead, and no other is seen."""
    assert told(mistake) == mistake.says
    assert mistake.says


@pytest.mark.parametrize("text", ["$50", "$.50", "$", ".5", "...", ".net", "#FFF", "3.5.1"])
def test_texts(text: str) -> None:
    """A price, a number or dots are a text: nothing is said of them."""
    assert told(Mistake(f"profile_field_values:\n  789: '{text}'", [])) == []


def test_dollar_before_a_path() -> None:
    """What is written with a dollar alone is offered with the dot that a path has."""
    (said,) = told(Mistake("profile_field_values:\n  789: $traits.plan", []))
    assert said.endswith('write {"@path": "$.traits.plan"}')


def test_the_page_has_all() -> None:
    """The table of docs/mapping.md holds every mistake; LISTRAK_SYNC_WRITE=1 writes it anew."""
    rows = ["| written | | what is said |", "| --- | --- | --- |"]
    for mistake in MISTAKES:
        written = mistake.written.replace("\t", "⇥").replace("\u00a0", "⍽").replace("\n", " ⏎ ")
        kinds, said = zip(*(each.split(": ", 1) for each in mistake.says), strict=True)
        cells = (f"`` {written} ``", kinds[0], " · ".join(said))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    block, text = TABLE.format("\n".join((*rows, ""))), DOCS.read_text("utf-8")
    if os.environ.get("LISTRAK_SYNC_WRITE"):
        DOCS.write_text(re.sub(TABLE.format("(?s:.*?)"), lambda _: block, text), "utf-8")
    assert block in DOCS.read_text("utf-8")
