"""`dry-run --explain` as a process: why each mapping took an event, or did not."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from listrak_sync.evaluation.block_evaluator import BlockEvaluator
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.input.units import Block
from listrak_sync.mapping.file import load
from listrak_sync.reasons import Reason
from tests.cli.terminal import on_terminal

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

MAPPING = r"""mappings:
  - name: VIP shoppers
    trigger: type = "track" and context.personas.computation_key = "vip_shoppers"
    list_id: 12345
    profile_field_values: {789: useAudienceKey}
  - name: "Plans [pro]"
    conditions:
      - type: [identify, page]
      - any:                                  # one is enough
          - traits.plan: {contains: pro}
          - properties.total: {">=": 100}
      - not: {properties.country: {starts_with: D}}
    list_id: {"@path": $.properties.list}
    email_address: {"@path": $.properties.email}
    profile_field_values:
      791: {"@path": $.traits.plan}
      792: {"@path": $.properties.items}
  - name: Groups
    trigger: >-
      (type = "group" or type = "alias")
      and !contains(name, "test")
      and traits.active and lowercase(userId) = "u1"
    list_id: 12345
    profile_field_values: {793: {"@path": {"@path": $.traits.where}}}
  - name: Off
    enabled: false
    list_id: 12345
    profile_field_values: {794: on}
"""


def vip(key: str = "vip_shoppers", **parts: Any) -> dict[str, Any]:
    """Return a track event about an audience."""
    return {"type": "track", "context": {"personas": {"computation_key": key}}, **parts}


def plan(properties: dict[str, Any] | None = None, **traits: Any) -> dict[str, Any]:
    """Return a page event with traits."""
    return {"type": "page", "traits": traits, "properties": properties or {}}


A = {"email": "a@example.com"}
LONG = "\x1b[31m\x07\x9b" + "z" * 100
INPUT: tuple[tuple[Any, list[str | None]], ...] = (
    # an event; and for each mapping what it says first: "", a reason, or a condition
    (vip(properties={**A, "vip_shoppers": True}), ["", "type: [identify, page]", "("]),
    (vip(properties=A), ["unknown_membership", "type", "("]),
    (vip(properties={"vip_shoppers": True}), ["missing_email", "type", "("]),
    (vip(properties={"email": "a"}), ["invalid_email", "type", "("]),
    (vip("buyers"), ['context.personas.computation_key = "vip_shoppers"', "type", "("]),
    (plan(plan=LONG), ['type = "track"', "contains(traits.plan", "("]),
    (plan({"total": 99}), ["type", "contains(traits.plan", "("]),
    (plan({"country": "DE"}, plan="pro"), ["type", "not: {properties.country", "("]),
    (plan({"list": "x"}, plan="pro"), ["type", "invalid_list_id", "("]),
    (plan({"list": 7, "email": 5}, plan="pro"), ["type", "invalid_email", "("]),
    (plan({"list": 7, "total": 100, **A}), ["type", "no_profile_fields", "("]),
    (plan({"list": 7, "items": [1], **A}, plan="pro"), ["type", "invalid_field_value", "("]),
    (plan({"list": 7, **A}, plan="pro"), ["type", "", "("]),
    ({"type": "identify"}, ["type", "contains(traits.plan", "("]),
    ({"type": "group"}, ["type", "type", "!contains(name"]),
    ({"type": "alias", "name": "n"}, ["type", "type", "traits.active"]),
    (
        {"type": "alias", "name": "n", "traits": {"active": True}, "userId": "U2"},
        ["type", "type", "lowercase(userId)"],
    ),
    (
        {"type": "group", "name": "n", "traits": {"active": True, **A}, "userId": "U1"},
        ["type", "type", "directive_failed"],
    ),
    ({"type": "screen"}, ["unsupported_event_type"]),
    ({"type": "track", "integrations": {"All": False}}, ["filtered_by_integrations_object"]),
    ("", ["blank_line"]),
    ("nope", ["not_json"]),
    ([1], ["not_an_object"]),
    # lines of a rejects file: of a disabled mapping, of an enabled one, and values themselves
    ({"mapping": "Off", "event": vip()}, ["unknown_mapping"]),
    ({"mapping": "Groups", "event": vip()}, ["("]),
    ({"update": {"list_id": 1, "email_address": "a@example.com", "fields": {"7": "on"}}}, [""]),
)


def line(event: Any) -> str:
    """Return an event as a line; what has no type is a line of a rejects file."""
    if isinstance(event, dict) and "type" not in event:
        event = {"reason": "r", "detail": "", "file": "f", "line": 1, **event}
    return event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)


def lines_of(cli: Cli) -> list[dict[str, Any]]:
    """Explain the mixed input off a terminal; return the JSON lines."""
    ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--explain", "--quiet")
    assert (ran.status, ran.err) == (6, "")
    return [json.loads(one) for one in ran.out.splitlines()]


@pytest.fixture
def mixed(cli: Cli) -> Cli:
    """Give the command with mappings of each kind, and lines that end in every way."""
    (cli.folder / "m.yaml").write_text(MAPPING)
    (cli.folder / "e.ndjson").write_text("".join(line(event) + "\n" for event, _ in INPUT))
    return cli


def test_every_pair(mixed: Cli) -> None:
    """Each event and mapping gets a line: matched, a reason, or the condition that failed."""
    told = lines_of(mixed)
    expected = [(number, says) for number, (_, all_) in enumerate(INPUT, 1) for says in all_]
    assert [each["line"] for each in told] == [number for number, _ in expected]
    for each, (_, says) in zip(told, expected, strict=True):
        found = each.get("reason") or each.get("condition") or ""
        assert found.startswith(says) if says else each["outcome"] == "matched", each
        assert each["file"] == "e.ndjson"
    skips = {each["reason"] for each in told if each["outcome"] == "skipped"}
    assert skips == {
        Reason.BLANK_LINE,
        Reason.UNSUPPORTED_EVENT_TYPE,
        Reason.FILTERED_BY_INTEGRATIONS_OBJECT,
    }


def test_an_unmatched_event(mixed: Cli) -> None:
    """The condition, its place in the file, what it expected and what it found are named."""
    text = MAPPING.splitlines()
    unmatched = [each for each in lines_of(mixed) if each["outcome"] == "unmatched"]
    assert len(unmatched) > 30
    for each in unmatched:
        file, row, column = each["at"].split(":")
        rest = text[int(row) - 1][int(column) - 1 :]
        assert file == "m.yaml"
        assert rest.startswith((each["condition"][:9], "- traits.plan")), each
        assert each["expected"]
        assert each["found"]
    by_condition = {each["condition"]: each for each in unmatched}
    some = by_condition["type: [identify, page]"]
    assert (some["expected"], some["found"]) == ('in ["identify", "page"]', {"type": "group"})
    some = by_condition["traits.active"]
    assert (some["expected"], some["found"]) == ("= true", {"traits.active": None})
    some = by_condition['contains(traits.plan, "pro") or properties.total >= 100']
    assert some["at"] == "m.yaml:10:11"
    assert [each["found"] for each in unmatched if each["at"] == some["at"]] == [
        {"traits.plan": LONG, "properties.total": None},
        {"traits.plan": None, "properties.total": 99},
        {"traits.plan": None, "properties.total": None},
    ]


def test_agrees_with_the_report(mixed: Cli) -> None:
    """What is told adds up to the report of a run that explains nothing."""
    told = lines_of(mixed)
    report = mixed.run("dry-run", "e.ndjson", "-m", "m.yaml", "--json").json()
    rejected = Counter(each["reason"] for each in told if each["outcome"] == "rejected")
    assert rejected == report["rejected"]
    taken = [each for each in told if each["outcome"] == "matched" or "mapping" in each]
    taken = [each for each in taken if each["outcome"] != "unmatched"]
    matched = Counter(each.get("mapping", "(given updates)") for each in taken)
    assert matched == {name: count for name, count in report["matched"].items() if count}
    skipped = Counter(each["reason"] for each in told if each["outcome"] == "skipped")
    untaken = {each["line"] for each in told if each["outcome"] == "unmatched"}
    skipped[Reason.NO_MAPPING_MATCHED] += len(untaken - {each["line"] for each in taken})
    assert skipped == report["skipped"]


def test_funnels(mixed: Cli) -> None:
    """The summary tells for each enabled mapping how many events passed each condition."""
    told = lines_of(mixed)
    ran = mixed.run("dry-run", "e.ndjson", "-m", "m.yaml", "--explain", changed={"COLUMNS": "200"})
    section = ran.err.partition("passed in turn: ")[2].partition("\n  updates ")[0]
    funnels = [each.strip().splitlines() for each in section.split("passed in turn: ")]
    assert [one[0].rsplit(maxsplit=1)[0] for one in funnels] == [
        "VIP shoppers",
        "Plans [pro]",
        "Groups",
    ]
    for head, *steps in funnels:
        name, left = head.rsplit(maxsplit=1)
        passed = int(left)
        assert passed == sum(each.get("mapping") == name for each in told)
        assert steps
        for step in steps:
            condition, count, place = step.rsplit(maxsplit=2)
            failed = [each for each in told if each.get("at") == place]
            assert {each["condition"] for each in failed} <= {condition.strip()}
            passed -= len(failed)
            assert int(count) == passed


def test_on_a_terminal(mixed: Cli) -> None:
    """On a terminal it is read easily: short, without a bar, no value steers the terminal."""
    command = ("dry-run", "e.ndjson", "-m", "m.yaml", "--explain")
    status, shown = on_terminal(mixed.launcher, mixed.folder, mixed.environment, *command)
    assert status == 6
    explained, _, summary = shown.partition("dry-run\n  lines read")
    assert summary
    assert all(character.isprintable() or character == "\n" for character in explained)
    for expected in (
        """\
e.ndjson:1: VIP shoppers: matched
    list 12345, a@example.com: 789 = "on"
e.ndjson:1: Plans [pro]: unmatched
    m.yaml:8:9: type: [identify, page]
    expected in ["identify", "page"], found type: "track"
""",
        """\
e.ndjson:2: VIP shoppers: rejected: unknown_membership
    neither properties nor traits say whether the contact is in vip_shoppers
""",
        """\
    m.yaml:10:11: contains(traits.plan, "pro") or properties.total >= 100
    found traits.plan: nothing, properties.total: 99
""",
        """\
    found traits.plan: "\\u001b[31m\\u0007\\x9bzzz""",
        """\
e.ndjson:21: skipped: blank_line
e.ndjson:22: rejected: not_json
    not JSON from character 1 on
""",
        """\
e.ndjson:26: matched
    an update that is given as input, taken as it is
    list 1, a@example.com: 7 = "on"
""",
    ):
        assert expected in explained
    assert "z" * 60 not in explained
    assert explained.count("e.ndjson:") == len(lines_of(mixed))


def test_no_mapping_looks(cli: Cli) -> None:
    """Where every mapping is disabled, each event is told all the same."""
    text = (cli.folder / "m.yaml").read_text() + "    enabled: false\n"
    (cli.folder / "m.yaml").write_text(text)
    ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--explain")
    assert [json.loads(each)["reason"] for each in ran.out.splitlines()] == [
        Reason.NO_MAPPING_MATCHED
    ] * 3


def test_field_names(cli: Cli) -> None:
    """Fields that the mapping file describes are named, on a terminal and in the report."""
    (cli.folder / "d.yaml").write_text(
        "profile_fields: {789: {name: VIP shoppers, type: CheckBox}}\n"
        "mappings: [{name: A, list_id: 12345, profile_field_values: {789: on, 790: on}}]\n"
    )
    event = {"type": "track", "context": {"traits": {"email": "a@example.com"}}}
    (cli.folder / "one.ndjson").write_text(json.dumps(event))
    command = ("dry-run", "one.ndjson", "-m", "d.yaml")
    _, shown = on_terminal(cli.launcher, cli.folder, cli.environment, *command, "--explain")
    assert 'list 12345, a@example.com: 789 (VIP shoppers) = "on", 790 = "on"' in shown
    record = cli.run(*command, "--json").json()
    assert record["field_names"] == {"789": "VIP shoppers"}
    assert "field_names" not in cli.run("dry-run", "one.ndjson", "-m", "m.yaml", "--json").json()


def test_names_cannot_steer_a_terminal(cli: Cli) -> None:
    """Control characters and line breaks in names of files and mappings are escapes."""
    name = "e\x1b[2J\n.ndjson"
    (cli.folder / name).write_text('{"type":"page"}\n')
    text = (cli.folder / "m.yaml").read_text().replace("VIP", r'"V\e[2J\n[red]P"')
    (cli.folder / "m.yaml").write_text(text)
    command = ("dry-run", name, "-m", "m.yaml", "--explain")
    _, shown = on_terminal(cli.launcher, cli.folder, cli.environment, *command)
    assert "\x1b[2J" not in shown
    assert shown.startswith("e\\x1b[2J\\n.ndjson:1: V\\x1b[2J\\n[red]P: unmatched\n")


def test_names_that_are_no_text(cli: Cli) -> None:
    """A mapping file whose name is no UTF-8 is named with its bytes escaped."""
    ran = cli.shell(
        "mv m.yaml $'m\\xff.yaml'; $LS dry-run -m m*.yaml --explain <<< '{\"type\":\"page\"}'"
    )
    assert json.loads(ran.out)["at"] == "m\\xff.yaml:3:14"


def test_stands_alone(cli: Cli) -> None:
    """Other data cannot go to the same output."""
    for other in (("--json",), ("--format", "updates")):
        ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--explain", *other)
        assert ran.status == 2
        assert "--explain exclude each other" in ran.err


@pytest.mark.parametrize("listener", [None, print])
def test_costs_nothing_when_off(cli: Cli, listener: Any) -> None:
    """Where nobody listens, blocks are evaluated as a whole; else line by line."""
    evaluator = Evaluator(load(cli.folder / "m.yaml"), on_explanation=listener)
    block = Block("f", 1, [b'{"type":"track"}\n'])
    with patch.object(BlockEvaluator, "evaluate") as evaluate:
        evaluator.evaluate(block)
    assert evaluate.called is (listener is None)
