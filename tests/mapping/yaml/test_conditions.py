"""Conditions in YAML become the tree that the same trigger becomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.events.key_paths import Json
from listrak_sync.mapping.conditions import All, AnyOf, Compare, Condition, In, Span
from listrak_sync.mapping.fql.parser import parse
from listrak_sync.mapping.predicates import compile_condition
from listrak_sync.mapping.yaml.conditions import OPERATORS, read_conditions
from listrak_sync.mapping.yaml.document import Document, Node
from listrak_sync.segment_import.yaml_writer import entry
from tests.mapping import reference
from tests.mapping.reference import Decoded
from tests.segment_import.test_yaml_writer import Plain


def tree(text: str) -> tuple[Document, Node]:
    """Return the list in a text, without a fault."""
    document = Document("m.yaml", text)
    return document, document.root()


def read(text: str) -> Condition:
    """Read conditions without a fault."""
    document, root = tree(text)
    condition = read_conditions(document, root)
    assert [str(fault) for fault in document.faults] == []
    assert condition is not None
    return condition


@pytest.mark.parametrize(
    ("written", "trigger"),
    [
        ("[type: track]", 'type = "track"'),
        ("[type: track, event: A]", 'type = "track" and event = "A"'),
        ("[{type: track, event: A}]", 'type = "track" and event = "A"'),
        ("[{type: track, event: A}, event: 1]", '(type = "track" and event = "A") and event = 1'),
        ("[event: 5]", "event = 5"),
        ("[event: 1.5]", "event = 1.5"),
        ("[event: '5']", 'event = "5"'),
        ("[event: true]", "event = true"),
        ("[event: on]", 'event = "on"'),
        ("[event: [x, 5, true]]", 'event in ["x", 5, true]'),
        ("[event: [x]]", 'event = "x"'),
        ("[event: {is: x}]", 'event = "x"'),
        ("[event: {is: [x, y]}]", 'event in ["x", "y"]'),
        ("[event: {is_not: x}]", 'event != "x"'),
        ("[event: {is_not: [x, 5]}]", 'event != "x" and event != 5'),
        ("[event: {contains: x}]", 'contains(event, "x")'),
        ("[event: {contains: [x, y]}]", 'contains(event, "x") or contains(event, "y")'),
        ("[event: {does_not_contain: x}]", '!contains(event, "x")'),
        ("[event: {does_not_contain: [x, y]}]", '!contains(event, "x") and !contains(event, "y")'),
        ("[event: {starts_with: x}]", 'match(event, "x*")'),
        ("[event: {starts_with: ['*', '[']}]", 'match(event, "\\**") or match(event, "\\[*")'),
        ("[event: {does_not_start_with: x}]", '!match(event, "x*")'),
        ("[event: {ends_with: 'x?'}]", 'match(event, "*x\\?")'),
        ("[event: {does_not_end_with: [x, y]}]", '!match(event, "*x") and !match(event, "*y")'),
        ("[event: {exists: true}]", "event != null"),
        ("[event: {exists: false}]", "event = null"),
        ("[event: {'<': 5}]", "event < 5"),
        ("[event: {'<=': 5.5}]", "event <= 5.5"),
        ("[event: {'>': 0, '<': 5}]", "event > 0 and event < 5"),
        ("[event: {'>=': -1}]", "event >= -1"),
        ("[event: {is_not: x, exists: true}]", 'event != "x" and event != null'),
        ("[any: [event: 1, name: 2]]", "event = 1 or name = 2"),
        ("[any: [{event: 1, name: 2}, version: 3]]", "(event = 1 and name = 2) or version = 3"),
        ("[any: [event: 1]]", "event = 1"),
        ("[all: [event: 1, name: 2]]", "event = 1 and name = 2"),
        ("[{event: 1, any: [name: 2, version: 3]}]", "event = 1 and (name = 2 or version = 3)"),
        ("[not: {event: 1}]", "!(event = 1)"),
        ("[not: {event: 1, name: 2}]", "!(event = 1 and name = 2)"),
        ("[not: [event: 1, name: 2]]", "!(event = 1 and name = 2)"),
        ("[not: [any: [event: 1, name: 2]]]", "!(event = 1 or name = 2)"),
        ("[not: {not: {event: 1}}]", "!(!(event = 1))"),
        ("[a.b.0: 1]", "a.b.0 = 1"),
        ("[properties.a\\ b: 1]", "properties.a\\ b = 1"),
        ("[\\any: 1]", "\\any = 1"),
        ("[\\5: 1]", "\\5 = 1"),
        ("- a\\[0\\]: 1", "a.0 = 1"),
    ],
)
def test_tree(written: str, trigger: str) -> None:
    """Every form has its counterpart in the trigger language."""
    assert read(written) == parse(trigger)


def test_spans() -> None:
    """Every part knows where it stands in the file: groups, operators, values."""
    text = "[a: {is: [x, y], '<': 5}, not: {b: 1}]"
    document, root = tree(text)
    condition = read_conditions(document, root)
    assert isinstance(condition, All)
    first, second = condition.conditions
    assert isinstance(first, All)
    is_in, less = first.conditions
    assert isinstance(is_in, In)
    assert isinstance(less, Compare)

    def written(span: Span) -> str:
        return text[span.start : span.end]

    assert written(condition.span) == text
    assert written(first.span) == "a: {is: [x, y], '<': 5}"
    assert written(is_in.span) == "is: [x, y]"
    assert written(is_in.container.span) == "[x, y]"
    assert written(less.span) == "'<': 5"
    assert written(less.left.span) == "a"
    assert written(second.span) == "not: {b: 1}"


def test_depth() -> None:
    """Groups nest without limit of their own up to what the file may nest, beyond is a fault."""
    document, root = tree("[" + "not: {" * 90 + "a: 1" + "}" * 90 + "]")
    assert read_conditions(document, root) is not None
    assert document.faults == []


SCALARS: st.SearchStrategy[Plain] = st.sampled_from(
    (*reference.TEXTS, *reference.NUMBERS, True, False)
)
TEXTS: st.SearchStrategy[Plain] = st.sampled_from((*reference.TEXTS, "?", "[", "*"))
PATHS = st.sampled_from(("a", "b", "a.b", "properties.0", "type", "traits.length"))


def _several(values: st.SearchStrategy[Plain]) -> st.SearchStrategy[Plain]:
    return values | st.lists(values, min_size=1, max_size=3)


OPERANDS: dict[str, st.SearchStrategy[Plain]] = {
    **dict.fromkeys(("is", "is_not"), _several(SCALARS)),
    **dict.fromkeys(("contains", "does_not_contain"), _several(TEXTS)),
    **dict.fromkeys(("starts_with", "does_not_start_with"), _several(TEXTS)),
    **dict.fromkeys(("ends_with", "does_not_end_with"), _several(TEXTS)),
    **dict.fromkeys(("<", "<=", ">", ">="), st.sampled_from(reference.NUMBERS)),
    "exists": st.booleans(),
}
MATCHERS = OPERANDS["is"] | st.fixed_dictionaries({}, optional=OPERANDS).filter(bool)
ITEMS: st.SearchStrategy[dict[str, Plain]] = st.recursive(
    st.dictionaries(PATHS, MATCHERS, min_size=1, max_size=2),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"not": inner | st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3), "a": MATCHERS}),
    ),
    max_leaves=4,
)


def every(items: Plain, event: Decoded) -> bool:
    """Say whether all items of a list hold, by reading them as they are written."""
    assert isinstance(items, list)
    return all(holds(item, event) for item in items)


def holds(item: Plain, event: Decoded) -> bool:
    """Say whether all that an item says holds."""
    assert isinstance(item, dict)
    for name, said in item.items():
        if name == "any":
            assert isinstance(said, list)
            passes = any(holds(each, event) for each in said)
        elif name == "all":
            passes = every(said, event)
        elif name == "not":
            passes = not (every(said, event) if isinstance(said, list) else holds(said, event))
        else:
            found = reference.look_up(event, tuple(name.split(".")))
            operators = said if isinstance(said, dict) else {"is": said}
            passes = all(applies(found, *operator) for operator in operators.items())
        if not passes:
            return False
    return True


def applies(found: object, operator: str, operand: Plain) -> bool:
    """Say whether an operator holds for what was found."""
    operands = operand if isinstance(operand, list) else [operand]
    number = isinstance(found, int | float) and not isinstance(found, bool)
    if operator == "exists":
        return reference.key(found) is not None if operand else reference.key(found) is None  # type: ignore[arg-type]  # JSON or nothing
    if operator in {"<", "<=", ">", ">="}:
        assert isinstance(operand, int | float)
        tests = {"<": lambda a: a < operand, "<=": lambda a: a <= operand}
        tests |= {">": lambda a: a > operand, ">=": lambda a: a >= operand}
        return number and tests[operator](found)
    if operator in {"is", "is_not"}:
        keys = [reference.key(each) for each in operands]
        same = [reference.key(found) == each for each in keys]  # type: ignore[arg-type]  # as above
        if operator == "is":
            return any(same)
        of_numbers = [isinstance(each, tuple) and each[0] == "number" for each in keys]
        return all(
            not equal and (number or not of_number)
            for equal, of_number in zip(same, of_numbers, strict=True)
        )
    if not isinstance(found, str):
        return False
    verb = operator.removeprefix("does_not_").split("_", maxsplit=1)[0].removesuffix("s")
    test = {"contain": str.__contains__, "start": str.startswith, "end": str.endswith}[verb]
    results = [bool(test(found, str(each))) for each in operands]
    return not any(results) if operator.startswith("does_not") else any(results)


def test_every_operator() -> None:
    """The property below knows every operator."""
    assert set(OPERANDS) == set(OPERATORS)


@given(st.lists(ITEMS, min_size=1, max_size=3), st.lists(reference.events, min_size=1, max_size=5))
def test_meaning(items: list[Plain], events: list[Decoded]) -> None:
    """Conditions take the events that they say, as they are read aloud."""
    text = "\n".join(entry("conditions", items))
    document, root = tree(text)
    assert isinstance(root.value, dict)
    condition = read_conditions(document, root.value["conditions"].value)
    assert condition is not None
    assert document.faults == []
    verdict = compile_condition(condition)
    assert [verdict(event) for event in events] == [every(items, event) for event in events]


JSON_TREES: st.SearchStrategy[Json] = st.recursive(
    SCALARS | st.none() | st.just(float("inf")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("any", "all", "not", "a", "a b", "5", "", *OPERATORS)), inner
        )
    ),
    max_leaves=8,
)


@given(JSON_TREES)
def test_anything(value: Plain) -> None:
    """Whatever stands there, it is a condition or has faults; both, where a part is good."""
    document, root = tree("\n".join(entry("conditions", value)))
    assert isinstance(root.value, dict)
    condition = read_conditions(document, root.value["conditions"].value)
    assert condition is not None or document.faults
    if not document.faults:
        assert isinstance(condition, Condition | AnyOf)
