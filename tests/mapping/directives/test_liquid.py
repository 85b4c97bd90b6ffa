"""`@liquid`: templates as Segment allows them."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid.exceptions import ResourceLimitError

from listrak_sync.events.key_paths import Found, Json
from listrak_sync.mapping.directives.compiler import Compiler, DirectiveError, Value
from listrak_sync.mapping.directives.liquid import MAX_LENGTH, _environment
from listrak_sync.mapping.directives.texts import COMPILERS
from listrak_sync.mapping.yaml.document import Document
from tests.mapping import reference
from tests.mapping.directives.test_texts import compiled
from tests.mapping.reference import Decoded
from tests.segment_import.test_yaml_writer import Plain

EVENT: Decoded = {
    "properties": {"name": "ann", "total": 12.5, "tags": ["a", "b"], "vip": True},
    "null": None,
}


def faults(template: Plain) -> list[str]:
    """Return what is wrong with a template, as line:column: path: message."""
    document = Document("m.yaml", f'"@liquid": {json.dumps(template)}')
    Compiler(document, COMPILERS).value(document.root())
    return [str(fault).removeprefix("m.yaml:") for fault in document.faults]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{{ properties.name | capitalize }}", "Ann"),
        ("{{ properties.name | upcase }} {{ properties.total }}", "ANN 12.5"),
        ("{% if properties.vip %}yes{% else %}no{% endif %}", "yes"),
        ("{% unless properties.vip %}yes{% endunless %}", ""),
        ("{% assign x = properties.total | times: 2 %}{{ x }}", "25.0"),
        ("{{ properties.tags[0] }}{{ properties.tags | join: '-' }}", "aa-b"),
        ("{{ properties.tags | size }}", "2"),
        ("{{ missing.more }}{{ null }}", ""),
        ("{{ missing | default: 'none' }}", "none"),
        ("{% raw %}{{ a }}{% endraw %}", "{{ a }}"),
    ],
)
def test_template(template: str, text: str) -> None:
    """A template resolves to a text; what is missing is left empty."""
    assert compiled({"@liquid": template}).resolve(EVENT) == text


def test_reads_the_whole_event() -> None:
    """A template may read anything, so that all of the event is kept; a constant reads nothing."""
    assert compiled({"@liquid": "{{ a }}"}).paths == {()}
    empty = compiled({"@liquid": ""})
    assert (empty.is_constant, empty.paths) == (True, frozenset())


@pytest.mark.parametrize(
    "tag",
    [
        "{% for a in b %}{% endfor %}",
        "{% tablerow a in b %}{% endtablerow %}",
        "{% case a %}{% when 1 %}{% endcase %}",
        "{% include 'a' %}",
        "{% render 'a' %}",
        "{% layout 'a' %}",
    ],
)
def test_tags_switched_off(tag: str) -> None:
    """Tags that Segment does not allow are a fault when the file is loaded."""
    (fault,) = faults(tag)
    assert fault.startswith("1:12: @liquid: the template cannot be read: ")
    assert fault.endswith("; fix the template")


@pytest.mark.parametrize(
    "name",
    [
        *("concat", "find", "find_index", "has", "map", "newline_to_br", "reject", "reverse"),
        *("sort", "sort_natural", "uniq"),
    ],
)
def test_filters_switched_off(name: str) -> None:
    """Filters that Segment does not allow cannot be carried out, whether told early or late."""
    template = f"{{{{ properties.tags | {name}: 'a' }}}}"
    if not faults(template):
        with pytest.raises(DirectiveError, match=r"^@liquid: "):
            compiled({"@liquid": template}).resolve(EVENT)


@pytest.mark.parametrize("template", ["{{ a", "{% if a %}", "{% nothing %}", "{{ a | }}"])
def test_unreadable(template: str) -> None:
    """A template that cannot be read is a fault at its place."""
    (fault,) = faults(template)
    assert fault.startswith("1:12: @liquid: the template cannot be read: ")


def test_longest() -> None:
    """A thousand characters are the most, counted as JavaScript counts them."""
    assert compiled({"@liquid": "a" * MAX_LENGTH}).resolve(EVENT) == "a" * MAX_LENGTH
    long = "1:12: @liquid: the template is over 1000 characters; write a shorter one"
    assert faults("a" * (MAX_LENGTH + 1)) == [long]
    assert faults("😀" * (MAX_LENGTH // 2 + 1)) == [long]


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library, the fault says how to install it; an empty template needs none."""
    _environment.cache_clear()
    monkeypatch.setitem(sys.modules, "liquid", None)
    (fault,) = faults("{{ a }}")
    assert fault == (
        "1:12: @liquid: @liquid needs the package python-liquid; "
        "install it with: pip install 'listrak-sync[liquid]'"
    )
    assert compiled({"@liquid": ""}).resolve(EVENT) == ""


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' | divided_by: 0 }}",
        "{{ 5 | divided_by: 0 }}",
        "{{ '0w==' | base64_decode }}",
        "{% if properties contains properties.tags %}x{% endif %}",
    ],
)
def test_failure(template: str) -> None:
    """A template that fails for an event fails for that event alone, and says why."""
    value = compiled({"@liquid": template})
    with pytest.raises(DirectiveError, match=r"^@liquid: \S"):
        value.resolve(EVENT)


@pytest.mark.parametrize(
    "template",
    [
        "{% assign a = 'x' %}" + "{% assign a = a | append: a %}" * 32,
        "{% capture a %}xx{% endcapture %}" + "{% capture a %}{{a}}{{a}}{% endcapture %}" * 22,
        "{{ properties.long }}" * 40,
    ],
)
def test_text_without_end(template: str) -> None:
    """A template whose texts grow without measure is stopped, as that event's failure."""
    value = compiled({"@liquid": template})
    with pytest.raises(DirectiveError, match=r"^@liquid: \S") as caught:
        value.resolve({"properties": {"long": "x" * 32_000}})
    assert isinstance(caught.value.__cause__, ResourceLimitError)


FILTERS = (
    *("abs", "append", "at_least", "capitalize", "ceil", "compact", "date", "default", "downcase"),
    *(
        "divided_by",
        "escape",
        "first",
        "floor",
        "join",
        "json",
        "last",
        "lstrip",
        "minus",
        "modulo",
    ),
    *("plus", "prepend", "remove", "replace", "replace_first", "round", "size", "slice", "split"),
    *("strip", "strip_html", "sum", "times", "truncate", "truncatewords", "upcase", "url_decode"),
    *("url_encode", "where", "base64_decode", "base64_encode"),
)
ARGUMENTS = st.sampled_from(
    (
        "0",
        "-1",
        "1.5",
        "'a'",
        "''",
        "type",
        "properties",
        "a.b",
        "nil",
        "true",
        "'%'",
        "1e400",
        "99",
    )
)
PIPES = st.builds(
    lambda name, given_: f" | {name}" + (f": {', '.join(given_)}" if given_ else ""),
    st.sampled_from(FILTERS),
    st.lists(ARGUMENTS, max_size=2),
)
TEMPLATES = st.builds(
    lambda start, pipes, end: f"{{{{ {start}{''.join(pipes)} }}}}{end}",
    ARGUMENTS,
    st.lists(PIPES, max_size=3),
    st.sampled_from(("", "{% if type > a %}x{% endif %}", "{% if type contains a %}x{% endif %}")),
) | st.text("{}%| a.'\"[]0:-", max_size=20)


@given(TEMPLATES, st.lists(reference.events, max_size=3))
def test_any_template(template: str, events: list[Decoded]) -> None:
    """Whatever a template says, it is a fault, or each event has a text or is told its failure."""
    document = Document("m.yaml", f'"@liquid": {json.dumps(template)}')
    value: Value = Compiler(document, COMPILERS).value(document.root())
    if document.faults:
        assert document.faults[0].message.startswith("the template cannot be read: ")
        return
    for event in events:
        text: Found | Json
        try:
            text = value.resolve(event)
        except DirectiveError as error:
            text = str(error)
            assert text.startswith("@liquid: ")
        assert isinstance(text, str)
