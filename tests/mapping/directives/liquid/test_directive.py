"""`@liquid`: templates as Segment allows them."""

from __future__ import annotations

import json
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.events.key_paths import Found, Json
from listrak_sync.mapping.directives.compiler import Compiler, DirectiveError, Value
from listrak_sync.mapping.directives.liquid import environment
from listrak_sync.mapping.directives.liquid.bounds import MAX_SIZE, RenderError
from listrak_sync.mapping.directives.liquid.directive import MAX_LENGTH
from listrak_sync.mapping.directives.liquid.filters import FILTERS, NO_FILTERS
from listrak_sync.mapping.directives.liquid.tags import NO_TAGS
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
        ("{% assign x = properties.total | times: 2 %}{{ x }}", "25"),
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


@pytest.mark.parametrize("tag", NO_TAGS)
def test_tags_switched_off(tag: str) -> None:
    """Tags that Segment does not allow are a fault when the file is loaded, at their name."""
    (fault,) = faults(f"ab {{% {tag} x in y %}}{{% end{tag} %}}")
    assert fault.startswith(f"1:19: @liquid: Segment does not allow the tag {tag}; ")


@pytest.mark.parametrize("name", sorted(NO_FILTERS))
def test_filters_switched_off(name: str) -> None:
    """Filters that Segment does not allow are a fault when the file is loaded, at their name."""
    assert faults(f"{{{{ a | {name}: 'a' }}}}") == [
        f"1:20: @liquid: Segment does not allow the filter {name}; write another one"
    ]


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{{ a", "13: the output is not closed; write }} behind it"),
        ("x{% if a", "14: the tag is not closed; write %} behind it"),
        ("{% if a %}", "16: if is not closed; write {% endif %}"),
        (
            "{% if a %}{% else %}{% elsif b %}{% endif %}",
            "36: elsif stands behind else; take it out",
        ),
        ("{% if a %}{% else b %}{% endif %}", "31: nothing may stand here; take it out"),
        ("{% capture a %}{% if b %}", "31: if is not closed; write {% endif %}"),
        ("{% capture %}{% endcapture %}", "23: the name is missing; write one"),
        ("{% comment %}", "16: comment is not closed; write {% endcomment %}"),
        ("{% raw %}{{ a }}", "13: raw is not closed; write {% endraw %}"),
        ("{% endif %}", "16: endif belongs to no tag here; take it out"),
        ("{% iff a %}", "16: there is no tag iff; did you mean if?"),
        ("{% %}", "13: the tag has no name; write one"),
        ("{% assign = 1 %}", "23: the name is missing; write one"),
        ("{% assign a 1 %}", "25: assign has no =; write = and a value behind the name"),
        ("{% assign a = %}", "26: a value is missing; write one"),
        ("{% for %}", "19: the name is missing; write one"),
        ("{% for a %}", "21: for has no in; write in and a list behind the name"),
        ("{% for a of b %}", "22: for has no in; write in and a list behind the name"),
        ("{% for a in %}", "24: the list is missing; write one behind in"),
        ("{% for a in | b %}", "25: the list is missing; write one behind in"),
        ("{% for a in (1..) %}", "25: this is not a range; write (first..last)"),
        ("{% for a in b %}", "16: for is not closed; write {% endfor %}"),
        ("{% for a in b %}{% else c %}{% endfor %}", "37: nothing may stand here; take it out"),
        ("{% for a in b %}{% endfor c %}", "39: nothing may stand here; take it out"),
        ("{% for a in b %}{% elsif c %}", "32: elsif belongs to no tag here; take it out"),
        ("{% endfor %}", "16: endfor belongs to no tag here; take it out"),
        ("{% liquid for a b\n endfor %}", "29: for has no in; write in and a list behind the name"),
        ("{% cycle %}", "16: cycle has no values; write some, with commas between"),
        ("{% # a\n b %}", "18: a line of the comment does not begin with #; write # before it"),
        ("{{ }}", "16: a value is missing; write one"),
        ("{{ a | | b }}", "20: the filter's name is missing; write one"),
        ("{{ a & b }}", "18: this is not understood; write | before a filter"),
        ("{{ a | append 'b' }}", "27: this is not understood; write : before a filter's arguments"),
        ("{{ a | append: b c }}", "30: this is not understood; write a comma before it"),
        ("{{ a[0 }}", "17: [ is not closed; write ] behind the index"),
        ("{{ (1..) }}", "16: this is not a range; write (first..last)"),
        ("{{ a | upcas }}", "20: there is no filter upcas; did you mean upcase?"),
        ("{{ a | append }}", "20: append is given 0 arguments; it takes 1"),
        ("{{ a | upcase: 1 }}", "20: upcase is given 1 argument; it takes none"),
        ("{{ a | replace: 1, 2, 3 }}", "20: replace is given 3 arguments; it takes 1 or 2"),
        ("{{ a | date: 1, 2, 3 }}", "20: date is given 3 arguments; it takes none to 2"),
        ("{{ a | upcase: to: 1 }}", "20: upcase has no argument named to; take it out"),
    ],
)
def test_unreadable(template: str, fault: str) -> None:
    """A template that cannot be read is a fault at its place, which says what to write."""
    column, words = fault.split(": ", 1)
    assert faults(template) == [f"1:{column}: @liquid: {words}"]


def test_place_in_a_block() -> None:
    """The fault of a template of several lines stands in the line that is wrong."""
    document = Document("m.yaml", '"@liquid": |\n  {{ a }}\n  {{ b | nope }}\n')
    Compiler(document, COMPILERS).value(document.root())
    assert [(fault.line, fault.column, fault.width) for fault in document.faults] == [(3, 10, 4)]


def test_longest() -> None:
    """A thousand characters are the most, counted as JavaScript counts them."""
    assert compiled({"@liquid": "a" * MAX_LENGTH}).resolve(EVENT) == "a" * MAX_LENGTH
    long = "1:12: @liquid: the template is over 1000 characters; write a shorter one"
    assert faults("a" * (MAX_LENGTH + 1)) == [long]
    assert faults("😀" * (MAX_LENGTH // 2 + 1)) == [long]


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library, the fault says how to install it; an empty template needs none."""
    monkeypatch.delitem(sys.modules, environment.__name__)
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
        "{{ '%z' | append: properties.name | url_decode }}",
        "{{ '%ff' | append: properties.name | url_decode }}",
        "{{ 'ab' | append: properties.name | base64_decode }}",
        "{{ properties.total | date: '%Y', 'Nowhere/Else' }}",
        "{{ properties.tags | where: '[' }}",
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
        "{% assign a = 'x' %}" + "{% assign a = a | replace: 'x', 'xxxx' %}" * 23,
        "{% assign a = 'xx' %}" + "{% assign a = a | replace: '', a %}" * 10,
        "{% assign a = (1..9) %}" + "{% assign a = a | push: a %}" * 31 + "{{ a | json }}",
        "{% assign a = (1..9) %}"
        + "{% assign a = a | push: a %}" * 31
        + "{% if a == a %}{% endif %}",
        "{% capture a %}xx{% endcapture %}" + "{% capture a %}{{a}}{{a}}{% endcapture %}" * 22,
        "{{ properties.long }}" * 40,
        "{{ (1..properties.many) | size }}",
        "{{ (1..100000) | join: properties.long }}",
        "{% if (1..1e9) == (1..1e9) %}{% endif %}{{ (1..1000000000) | size }}",
        "{{ 0 | date: '%999999999Y' }}",
        "{{ (9007199254740992..9007199254740994) | size }}",
        "{{ (1..900000) | size }}" * 40,
        "{% assign a = 'x' %}"
        + "{% assign a = a | append: a %}" * 19
        + "{{ a | upcase | size }}" * 16,
        "{{ 0 | date: '%999999N%999999N' }}",
    ],
)
def test_no_end(template: str) -> None:
    """A template whose texts and lists grow without measure is stopped, as the event's failure."""
    value = compiled({"@liquid": template})
    with pytest.raises(DirectiveError, match=r"^@liquid: .* larger than ") as caught:
        value.resolve({"properties": {"long": "x" * 32_000, "many": 10**18}})
    assert isinstance(caught.value.__cause__, RenderError)


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{{ a }}{{ '%zz' | url_decode }}", "23: this fails for every event: url_decode is given"),
        ("{% assign a = '-' %}{{ a | base64_decode }}", "36: this fails for every event: base64"),
        ("{% if true %}{{ 'a' | base64_decode }}{% endif %}", "16: this fails for every event: "),
    ],
)
def test_fails_for_every_event(template: str, fault: str) -> None:
    """What fails whatever the event is a fault when the file is loaded."""
    (found,) = faults(template)
    column, words = fault.split(": ", 1)
    assert found.startswith(f"1:{column}: @liquid: {words}")


@pytest.mark.parametrize(
    "template",
    [
        "{% if a %}{{ '%zz' | url_decode }}{% endif %}",
        "{% if false %}{{ '%zz' | url_decode }}{% endif %}",
        "{% assign b = a %}{% assign b = '-' | append: b %}{{ b | base64_decode }}",
        "{% break %}{{ '%zz' | url_decode }}",
        "{% increment a %}{{ '%zz' | url_decode }}",
    ],
)
def test_may_fail_for_some_events(template: str) -> None:
    """What fails for some events only, or is never come to, is no fault."""
    assert faults(template) == []


@pytest.mark.parametrize(
    "template",
    [
        "{% for b in (1..100000) %}{% for a in (1..100000) %}{{ a }}{% endfor %}{% endfor %}",
        "{% for b in (1..100000) %}{% for a in (1..100000) %}{% endfor %}{% endfor %}",
        "{% for b in (1..100000) %}{% for a in (1..1) %}{% continue %}{% endfor %}{% endfor %}",
        "{% for a in (1..100000) %}{% liquid for b in (1..9)\n endfor %}{% endfor %}",
        "{% for a in (1..1000000) reversed %}{% endfor %}",
        "{% assign a = 'x' %}{% for b in (1..99) %}{% assign a = a | append: a %}{% endfor %}",
        "{% assign a = nil %}{% for b in (1..99) %}{% assign a = a | push: a %}{% endfor %}",
        "{% for b in (1..99) %}{% capture a %}{{ a }}{{ a }}x{% endcapture %}{% endfor %}",
        "{% for a in (1..10000) %}{{ properties.long | sha256 | slice: 0 }}{% endfor %}",
        "{% for a in (1..9999) %}{% if properties.deep == 1 %}{% endif %}{% endfor %}",
        "{% for a in (1..10000) %}{{ properties.long.size }}{% endfor %}",
        "{% for a in (1..10000) %}{{ properties.long }}{% endfor %}",
    ],
)
def test_loops_have_a_bound(template: str) -> None:
    """A template that loops or grows in a loop without end is stopped as the event's failure."""
    value = compiled({"@liquid": template})
    start = time.process_time()
    with pytest.raises(DirectiveError, match=r"^@liquid: .* larger than "):
        value.resolve({"properties": {"long": "é" * 32_000, "deep": [[["a"] * 500] * 5]}})
    assert time.process_time() - start < 5


def test_long_loop() -> None:
    """A loop of tens of thousands of passes is carried out."""
    value = compiled({"@liquid": "{% for i in (1..50000) %}{{ i }},{% endfor %}"})
    assert value.resolve({}) == "".join(f"{i}," for i in range(1, 50_001))


def test_every_event_has_its_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a template assigns or counts for one event is unknown to the next, and to the event."""
    value = compiled({"@liquid": "{{ x }}{% assign x = 1 %}{% increment n %}{% cycle 'a', 'b' %}"})
    event: Decoded = {"n": 5}
    assert [value.resolve(event) for _ in range(2)] == ["5a", "5a"]
    assert event == {"n": 5}
    assert MAX_SIZE >= 32_000


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
    st.sampled_from(sorted(FILTERS)),
    st.lists(ARGUMENTS, max_size=2),
)
TEMPLATES = (
    st.builds(
        lambda start, pipes, end: f"{{{{ {start}{''.join(pipes)} }}}}{end}",
        ARGUMENTS,
        st.lists(PIPES, max_size=3),
        st.sampled_from(
            ("", "{% if type > a %}x{% endif %}", "{% if type contains a %}x{% endif %}")
        ),
    )
    | st.builds(
        lambda items, limit, pipes: (
            f"{{% for i in {items} limit: {limit} reversed offset: continue %}}"
            f"{{{{ i{''.join(pipes)} }}}}"
            "{{ forloop.index }}{{ forloop }}{% cycle i, 1 %}{% else %}none{% endfor %}"
        ),
        ARGUMENTS | st.sampled_from(("(1..9)", "properties.a", "context")),
        ARGUMENTS,
        st.lists(PIPES, max_size=1),
    )
    | st.text("{}%| a.'\"[]0:-", max_size=20)
)


@given(TEMPLATES, st.lists(reference.events, max_size=3))
def test_any_template(template: str, events: list[Decoded]) -> None:
    """Whatever a template says, it is a fault, or each event has a text or is told its failure."""
    document = Document("m.yaml", f'"@liquid": {json.dumps(template)}')
    value: Value = Compiler(document, COMPILERS).value(document.root())
    if document.faults:
        assert len(document.faults) == 1
        return
    for event in events:
        text: Found | Json
        try:
            text = value.resolve(event)
        except DirectiveError as error:
            text = str(error)
            assert text.startswith("@liquid: ")
        assert isinstance(text, str)
