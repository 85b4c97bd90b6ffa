"""docs/mapping.md says what the program does: its examples are run.

A comment before a fenced block names it: `event: NAME` is an event that tables look at, `file:
NAME` a file that the commands of the page find, `faulty file: NAME` one that cannot be used.
Tables are known by their headings. In a command's output `…` stands for anything.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import textwrap
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator
from msgspec import UNSET

from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.result import EvaluationResult
from listrak_sync.evaluation.updates import field_values
from listrak_sync.input.units import Block
from listrak_sync.mapping.check import remarks
from listrak_sync.mapping.directives.compiler import Compiler
from listrak_sync.mapping.directives.liquid.environment import compile_template
from listrak_sync.mapping.directives.liquid.filters import FILTERS, NO_FILTERS, Filter
from listrak_sync.mapping.directives.liquid.tags import NO_TAGS, TAGS
from listrak_sync.mapping.directives.texts import COMPILERS
from listrak_sync.mapping.faults import MappingFileError
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.fql import functions
from listrak_sync.mapping.keys import KEYS
from listrak_sync.mapping.predicates import compile_condition
from listrak_sync.mapping.yaml.conditions import OPERATORS
from listrak_sync.mapping.yaml.document import Document
from listrak_sync.reasons import Reason
from listrak_sync.sandbox import Account, AccountField, AccountFieldGroup, MailingList, Sandbox
from tests.cli.conftest import COMMAND
from tests.cli.terminal import on_terminal
from tests.lines import lines_of
from tests.mapping.test_schema import tree
from tests.processes import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sync.mapping.conditions import Condition
    from tests.processes import Launcher

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "mapping.md").read_text("utf-8")
EXAMPLE = ROOT / "mappings.example.yaml"
FENCED = re.compile(
    r"(?:^ *<!-- (?P<kind>[a-z ]+): (?P<name>\S+) -->\n)?"
    r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
FIELD = AccountField(id=789, name="VIP shoppers", data_type="CheckBox")
GROUP = AccountFieldGroup(id=7, name="Engage Audiences", fields=(FIELD,))
CONTACTS: dict[str, dict[int, str]] = {"bob@example.com": {}}
SHOPPERS = MailingList(id=12345, name="Shoppers", groups=(GROUP,), contacts=CONTACTS)


class Example(NamedTuple):
    """A fenced block: what the comment before it calls it, its language and its text."""

    kind: str
    name: str
    language: str
    text: str


EXAMPLES = [
    Example(
        found["kind"] or "", found["name"] or "", found["language"], textwrap.dedent(found["text"])
    )
    for found in FENCED.finditer(PAGE)
]
EVENTS: dict[str, Any] = {
    each.name: json.loads(each.text) for each in EXAMPLES if each.kind == "event"
}
YAML = [each for each in EXAMPLES if each.language == "yaml" and each.kind != "faulty file"]
COMMANDS = [
    command.partition("\n")[::2]
    for each in EXAMPLES
    if each.language == "console"
    for command in each.text.removeprefix("$ ").split("\n$ ")
]


def rows(*headings: str) -> list[tuple[str, ...]]:
    """Return the cells below these headings of every table that has them all."""
    found: list[tuple[str, ...]] = []
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        names, _, *others = (cells(line) for line in table.splitlines())
        if set(headings) <= set(names):
            columns = [names.index(heading) for heading in headings]
            found += (tuple(row[column] for column in columns) for row in others)
    return found


def cells(line: str) -> list[str]:
    """Return the cells of a table's line, code without its backticks."""
    texts = (text.strip() for text in re.split(r"(?<!\\)\|", line)[1:-1])
    return [
        (text[1:-1] if re.fullmatch("`[^`]*`", text) else text).replace("\\|", "|")
        for text in texts
    ]


def mapping(keys: str) -> str:
    """Return a file with one mapping of these keys, with a list and a field where they lack."""
    lines = keys.splitlines()
    for key, value in (("list_id", "12345"), ("profile_field_values", "{789: on}")):
        if not keys.startswith(key) and f"\n{key}" not in keys:
            lines.append(f"{key}: {value}")
    return "mappings:\n  -\n" + "".join(f"    {line}\n" for line in lines)


def condition(keys: str) -> Condition:
    """Return the condition that a mapping's keys state."""
    (only,) = parse("m.yaml", mapping(keys))
    assert only.trigger is not None
    return only.trigger


def evaluated(text: str, line: str) -> EvaluationResult:
    """Return what a mapping file makes of a line."""
    return Evaluator(parse("m.yaml", text)).evaluate(Block("f", 1, lines_of(line.encode())))


@pytest.mark.parametrize(("trigger", "order", "entered"), rows("trigger", "order", "entered"))
def test_triggers(trigger: str, order: str, entered: str) -> None:
    """Each trigger holds for the events for which the page says so."""
    holds = compile_condition(condition(f"trigger: >-\n  {trigger}"))
    assert [holds(event) for event in EVENTS.values()] == [order == "yes", entered == "yes"]
    assert {order, entered} <= {"yes", "no"}


@pytest.mark.parametrize(("trigger", "conditions"), rows("trigger", "conditions"))
def test_conditions(trigger: str, conditions: str) -> None:
    """What stands beside a trigger as conditions is the same."""
    written = condition(f"conditions:\n  - {conditions}")
    assert written == condition(f"trigger: >-\n  {trigger}")


@pytest.mark.parametrize(("trigger", "refusal"), rows("trigger", "is refused"))
def test_refused_triggers(trigger: str, refusal: str) -> None:
    """Each trigger that is refused is so with the words of the page."""
    with pytest.raises(MappingFileError) as caught:
        condition(f"trigger: >-\n  {trigger}")
    (fault,) = caught.value.faults
    assert f"{fault.message}; {fault.instead}" == refusal


@pytest.mark.parametrize(("value", "gives"), rows("value", "gives"))
def test_directives(value: str, gives: str) -> None:
    """Each directive gives what the page says, as JSON without what is missing."""
    document = Document("m.yaml", f'{{"@json": {{mode: encode, value: {value}}}}}')
    found = Compiler(document, COMPILERS).value(document.root()).resolve(EVENTS["order"])
    assert not document.faults
    if gives == "nothing":
        assert found is UNSET
    else:
        assert json.loads(str(found)) == json.loads(gives)


@pytest.mark.parametrize(("template", "prints"), rows("template", "prints"))
def test_liquid(template: str, prints: str) -> None:
    """Each template prints what the page says."""
    assert compile_template(template)(EVENTS["order"]) == prints


@pytest.mark.parametrize(("value", "sent"), rows("value", "is sent as"))
def test_values(value: str, sent: str) -> None:
    """Each value of a profile field is sent as the page says."""
    text = mapping(f"profile_field_values:\n  1: on\n  789: {value}")
    ((_, _, changes, _),) = evaluated(text, json.dumps(EVENTS["order"])).updates
    assert dict(field_values(changes)).get(789, "nothing") == sent


@pytest.mark.parametrize(
    ("reason", "line"), [row for row in rows("reason", "a line such as") if row[1]]
)
def test_reasons_for_lines(reason: str, line: str) -> None:
    """Each line is skipped or rejected for the reason beside it."""
    found = evaluated(mapping("trigger: type = 'track'"), line)
    assert [*found.skipped, *(reject.reason for reject in found.rejects)] == [reason]


@pytest.mark.parametrize(("reason", "keys"), rows("reason", "a mapping such as, with *order*"))
def test_reasons_for_updates(reason: str, keys: str) -> None:
    """Each mapping rejects the event for the reason beside it."""
    (reject,) = evaluated(mapping(keys), json.dumps(EVENTS["order"])).rejects
    assert reject.reason == reason


@pytest.mark.parametrize("example", YAML, ids=lambda example: example.text.splitlines()[1].strip())
def test_yaml(example: Example) -> None:
    """Each mapping file, or part of one, can be used and leaves nothing to remark on."""
    alone = 'trigger: event = "Order Completed"\n' if "trigger:" not in example.text else ""
    text = example.text if "mappings:" in example.text else mapping(alone + example.text)
    found = remarks(parse("m.yaml", text))
    assert bool(found) is (example.name == "remarks.yaml"), found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """Give a folder with the files of the page, and an environment with a sandbox to speak to."""
    folder = tmp_path_factory.mktemp("page")
    for each in EXAMPLES:
        if each.kind.endswith("file"):
            (folder / each.name).write_text(each.text, "utf-8")
    events = "".join(json.dumps(event) + "\n" for event in EVENTS.values())
    (folder / "events.ndjson").write_text(events, "utf-8")
    path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    with Sandbox(Account(lists=(SHOPPERS,))) as sandbox:
        yield (
            folder,
            clean_environment()
            | {"PATH": path, "HOME": str(folder)}
            | {"LISTRAK_API_URL": sandbox.api_url, "LISTRAK_AUTH_URL": sandbox.auth_url}
            | {"LISTRAK_CLIENT_ID": "sandbox", "LISTRAK_CLIENT_SECRET": "sandbox"},
        )


@pytest.mark.parametrize(("command", "expected"), COMMANDS, ids=[each[0] for each in COMMANDS])
def test_commands(
    place: tuple[Path, dict[str, str]], launcher: Launcher, command: str, expected: str
) -> None:
    """Each command shows on a terminal what stands below it."""
    program, *arguments = shlex.split(command)
    if program == "listrak-sync" and not re.search("[|<>&;$*]", command):
        _, shown = on_terminal(launcher, *place, *arguments)
    else:
        _, shown = on_terminal(None, *place, "bash", "-c", command)
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown)
    lines = [line.rstrip() for line in plain.splitlines() if line.strip()]
    wanted = [
        r"(.*\n)*" if line == "…" else re.escape(line.rstrip()).replace("…", ".*") + r"\n"
        for line in expected.splitlines()
        if line.strip()
    ]
    assert re.fullmatch("".join(wanted), "".join(f"{line}\n" for line in lines)), plain


def test_everything_is_named() -> None:
    """Every key, operator, function and directive has its place in the tables, and no other."""
    assert [key for (key,) in rows("key")] == list(KEYS)
    assert {name for (name,) in rows("directive")} == set(COMPILERS)
    given = " ".join(value for value, _ in rows("value", "gives"))
    assert all(f'"{name}"' in given for name in COMPILERS)
    triggers = " ".join(trigger for (trigger,) in rows("trigger"))
    assert all(f"{name}(" in triggers for name in functions.BY_NAME)
    conditions = " ".join(conditions for (conditions,) in rows("conditions"))
    assert all(re.search(rf'[{{"]{re.escape(name)}"?: ', conditions) for name in OPERATORS)


def test_every_filter_and_tag_is_named() -> None:
    """Every filter has a row with its arguments and an example; tags and what is off are listed."""
    assert rows("filter", "arguments") == [
        (name, _count(each)) for name, each in sorted(FILTERS.items())
    ]
    examples = rows("filter", "template")
    assert all(re.search(rf"\| {name}\b", template) for name, template in examples)
    section = PAGE.split("### Liquid templates")[1].split("\n## ")[0]
    named = {tag.name for tag in TAGS} - {"content", "output", "illegal"}
    assert all(f"`{name}`" in section for name in (*named, *NO_TAGS, *NO_FILTERS))


def _count(each: Filter) -> str:
    return str(each.least) if each.least == each.most else f"{each.least} to {each.most}"


def test_every_reason_is_named() -> None:
    """Every reason for a skip or a reject is in the tables or below them."""
    reasons = set(Reason) - {Reason.UNSENT}
    listed = {reason for (reason,) in rows("reason")}
    assert listed <= reasons
    assert not {reason for reason in reasons - listed if f"`{reason}`" not in PAGE}


def test_links() -> None:
    """Every link within the page, and from the README to it, has a heading."""
    headings = re.findall(r"^#+ (.+)$", re.sub(FENCED, "", PAGE), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}
    readme = (ROOT / "README.md").read_text("utf-8")
    linked = {*re.findall(r"\]\(#(.+?)\)", PAGE), *re.findall(r"mapping\.md#(.+?)\)", readme)}
    assert linked <= anchors
    assert "](docs/mapping.md" in readme


def test_the_example_names_its_schema(place: tuple[Path, dict[str, str]]) -> None:
    """The shipped mapping file names a schema, and the command that makes it beside the file."""
    text = EXAMPLE.read_text("utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    command = re.search(r"^#\s+(listrak-sync mapping schema > (\S+))$", text, re.MULTILINE)
    assert named
    assert command
    assert named[1] == command[2]
    folder, environment = place
    with suppress(FileNotFoundError):
        (folder / named[1]).unlink()
    assert on_terminal(None, folder, environment, "bash", "-c", command[1]) == (0, "")
    schema = json.loads((folder / named[1]).read_bytes())
    assert Draft202012Validator(schema).is_valid(tree(text))
    assert not Draft202012Validator(schema).is_valid({})
