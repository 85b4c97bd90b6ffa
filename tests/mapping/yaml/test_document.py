"""YAML read by the 1.2 core rules, every value with its place."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listrak_sync.mapping.conditions import Span
from listrak_sync.mapping.faults import MappingFileError
from listrak_sync.mapping.yaml.document import Document, Node
from listrak_sync.mapping.yaml.nodes import Scalar


def read(text: str) -> tuple[Document, Node]:
    """Read a text without a fault."""
    document = Document("m.yaml", text)
    root = document.root()
    assert [str(fault) for fault in document.faults] == []
    return document, root


def member(node: Node, name: str) -> Node:
    """Return the value of a key."""
    assert isinstance(node.value, dict)
    return node.value[name].value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *((word, word) for word in ("on", "off", "On", "OFF", "yes", "no", "y", "n", "tRUE")),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        *((word, None) for word in ("null", "Null", "NULL", "~", "")),
        ("nULL", "nULL"),
        ("None", "None"),
        ("0", 0),
        ("5", 5),
        ("-5", -5),
        ("+5", 5),
        ("0o17", 15),
        ("0x1F", 31),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        *((word, word) for word in ("0456", "-0456", "00", "4:56", "190:20:30", "1_000", "0b11")),
        *((word, word) for word in ("2024-01-01", "2024-01-01T00:00:00Z", "0o8", "0xG", "-0x1")),
        ("5.0", 5.0),
        ("5.", 5.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("+.Inf", math.inf),
        *((word, word) for word in (".", "e3", "1e", "05.5", "inf", "nan", "1.2.3", "--5")),
        ("two words", "two words"),
        ("a#b", "a#b"),
        ("a # b", "a"),
        ("=", "="),
        ("<<", "<<"),
        ("'on'", "on"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("'null'", "null"),
        ("''", ""),
        ("'it''s'", "it's"),
        (r'"a\tb\u00e9\x41\U0001F600"', "a\tbéA😀"),
        ("|-\n  5", "5"),
        (">-\n  a\n  b", "a b"),
        ("&anchor 5", 5),
    ],
)
def test_scalar(written: str, value: Scalar) -> None:
    """A bare scalar is what the core schema says, a quoted one a text, a tag decides first."""
    found = member(read(f"a: {written}\nb: c")[1], "a").value
    assert found == value
    assert type(found) is type(value)


def test_not_a_number() -> None:
    """`.nan` is a number that equals none."""
    found = member(read("a: .nan")[1], "a").value
    assert isinstance(found, float)
    assert math.isnan(found)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("a", "a text"),
        ("true", "a boolean"),
        ("5", "a number"),
        ("5.5", "a number"),
        ("~", "nothing"),
        ("[]", "a list"),
        ("{}", "a mapping"),
    ],
)
def test_kind(written: str, kind: str) -> None:
    """A message names the kind of a value in words."""
    assert read(written)[1].kind == kind


def test_tree() -> None:
    """Every value knows its path and where it stands."""
    text = "mappings:\n  - name: x\n    list: [1, {b: 2}]\n"
    document, root = read(text)
    first = member(root, "mappings").value
    assert isinstance(first, tuple)
    inner = member(first[0], "list").value
    assert isinstance(inner, tuple)
    deep = member(inner[1], "b")
    assert (deep.path, deep.value) == ("mappings[0].list[1].b", 2)
    assert document.source(deep) == "2"
    assert document.source(member(first[0], "name")) == "x"
    document.fault(deep, "no", "yes")
    fault = document.faults[0]
    assert (fault.line, fault.column, fault.source) == (3, 19, "    list: [1, {b: 2}]")


@pytest.mark.parametrize("text", ["", "# a comment\n", "---\n", "\n\n"])
def test_empty(text: str) -> None:
    """A file without a value is nothing, not an error."""
    assert read(text)[1].value is None


def test_alias() -> None:
    """An alias stands for the value of its anchor, under its own path."""
    _, root = read("a: &x {b: 5}\nc: *x\n")
    assert member(member(root, "c"), "b").value == 5
    assert member(member(root, "c"), "b").path == "c.b"


def test_carriage_returns() -> None:
    """Lines may end in CRLF: columns and the line shown leave it out."""
    document, root = read("a: 1\r\nb: 2\r\n")
    document.fault(member(root, "b"), "no", "yes")
    assert document.faults[0].shown() == "m.yaml:2:4: b: no; yes\n    b: 2\n       ^"


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a: [1", "1:6: [ in line 1 is not closed; write ] where it ends"),
        ("a: [1 {", "1:7: [ in line 1 cannot go on like this; write a comma, or ] where it ends"),
        ("a:\n  {b: 1", "2:8: { in line 2 is not closed; write } where it ends"),
        ("a: 'b", "1:6: ' in line 1 is not closed; write ' where it ends"),
        ('a: "b\t', '1:7: " in line 1 is not closed; write " where it ends'),
        ('a: "b', '1:6: " in line 1 is not closed; write " where it ends'),
        (r'a: "b\d"', "1:7: \\d is not an escape; write \\\\ for a backslash"),
        ("a:\n\tb: 1", "2:1: a tab cannot stand here; use spaces"),
        ("a: b\tc: 1", "1:6: a tab cannot stand here; use spaces"),
        ("a: b: c", ("1:5: a colon cannot stand here; put the text in quotes, or check the line "
         "above")),
        ("a: [b?]", "1:6: a question mark cannot stand here; put the text in quotes"),
        ("a: *b", "1:4: there is no anchor for *b; write the value out"),
        ("a: @path", "1:4: a word cannot begin with @; put it in quotes"),
        ("a: `b", "1:4: a word cannot begin with `; put it in quotes"),
        ("a: %b", "1:4: a word cannot begin with %; put it in quotes"),
        ("a\n---\nb", "2:1: a second document begins here; keep one of them"),
        ("a: b\n- c", "2:1: this line does not continue the ones above; check its indent"),
        (
            "a: 'b' c",
            (
                "1:4: the text ends at ', but more follows; "
                "put all of it in quotation marks: \"'b' c\""
            ),
        ),
        ("a: 1\nb: \x07c", "2:4: the character U+0007 is not allowed in YAML; take it out"),
        ("a: \ud800", "1:4: the character U+D800 is not allowed in YAML; take it out"),
        ('a: "\\UFFFFFFFF"', "1:1: an escape in a text names no character; fix the escape"),
        ("a: &x [*x]", "1:4: a[0]: an alias makes this endless; write the values out"),
        ("a: &x {b: *x}", "1:4: a.b: an alias makes this endless; write the values out"),
        ("[" * 30_000, "1:1: values nest deeper than 100; write it flatter"),
    ],
)  # fmt: skip
def test_unreadable(text: str, shown: str) -> None:
    """A text that is not YAML, or that never ends, is one fault at its place."""
    with pytest.raises(MappingFileError) as caught:
        Document("m.yaml", text).root()
    assert [str(fault) for fault in caught.value.faults] == [f"m.yaml:{shown}"]


def test_many_laughs() -> None:
    """Aliases that multiply without measure are a fault, found without writing them out."""
    with pytest.raises(MappingFileError, match="an alias makes this endless"):
        Document("m.yaml", LAUGHS).root()


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("[{a: ", "}]")])
def test_depth(opening: str, closing: str) -> None:
    """A hundred levels can be read, and every depth beyond is a fault."""
    levels = 2 if opening.startswith("[{") else 1
    count = 100 // levels
    assert read(opening * count + closing * count)[1].value
    for more in (count + 1, count + 100, 300, 1000):
        with pytest.raises(MappingFileError, match="values nest deeper than 100"):
            Document("m.yaml", opening * more + "x" + closing * more).root()


TAG = (
    "{}: YAML takes {} as a tag, not as a part of the {}; put the text in quotation marks, "
    "or write the value alone"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a: 1\nb: 2\na: 3", "3:1: a: the key a is given twice; keep one of them"),
        ("a: 1\n'a': 3", "2:1: a: the key a is given twice; keep one of them"),
        ("x:\n  a: 1\n  a: 3", "3:3: x.a: the key a is given twice; keep one of them"),
        ("? [a]\n: b", "1:3: a key must be a word or a number; write one"),
        ("x: {{a: b}: c}", "1:5: x: a key must be a word or a number; write one"),
        ("a: !b c", TAG.format("1:4: a", "!b", "value")),
        ("a: !!str c", TAG.format("1:4: a", "!!str", "value")),
        ("a: ! c", TAG.format("1:4: a", "!", "value")),
        ("a: &x !!int 5", TAG.format("1:4: a", "!!int", "value")),
        ("a: !!int &x 5", TAG.format("1:4: a", "!!int", "value")),
        ("a: !<tag:x> c", TAG.format("1:4: a", "!<tag:x>", "value")),
        ("a: !!str [b]", TAG.format("1:4: a", "!!str", "value")),
        ("a: {b: !c {d: e}}", TAG.format("1:8: a.b", "!c", "value")),
        (r'a: "\ud800"', "1:4: a: half of a surrogate pair is escaped; write the other half"),
    ],
)  # fmt: skip
def test_fault(text: str, shown: str) -> None:
    """A key given twice, a key that is not a scalar and a foreign tag are faults at their place."""
    document = Document("m.yaml", text)
    document.root()
    assert [str(fault) for fault in document.faults] == [f"m.yaml:{shown}"]


def test_all_faults_are_noted() -> None:
    """A fault does not hide the next one."""
    document = Document("m.yaml", "a: !x 1\na: 2\n? [b]\n: c\nd: !!int e\n")
    document.root()
    assert [fault.line for fault in document.faults] == [1, 2, 3, 5]


@given(st.text(max_size=40) | st.text("ab:-[]{}&*!|>'\"#%@`,? \n\t\\x0U", max_size=40))
@example('"\\U00110000"')
@example("%YAML 1.1\n--- a")
@example("!<> a")
@example("? ")
@example("- &a\n- *a")
def test_any_text_is_a_tree_or_an_error(text: str) -> None:
    """No text raises anything but MappingFileError, and every fault lies within the text."""
    document = Document("m.yaml", text)
    try:
        document.root()
    except MappingFileError as error:
        assert error.faults  # noqa: PT017 - the point is that nothing else is raised
    lines = text.split("\n")
    for fault in document.faults:
        assert 1 <= fault.line <= len(lines)
        assert 1 <= fault.column <= len(lines[fault.line - 1]) + 1


LETTERS = "abcXYZ059äß日😀=()<>.;/+$"
WORDS = st.text(LETTERS, min_size=1, max_size=6)


@st.composite
def plain(draw: st.DrawFn) -> tuple[str, str, list[int]]:
    """Draw a plain scalar over several lines: its YAML, its text, each character's offset."""
    words = ["x" + word for word in draw(st.lists(WORDS, min_size=1, max_size=5))]
    return laid_out(draw, "a: ", words, "")


@st.composite
def single_quoted(draw: st.DrawFn) -> tuple[str, str, list[int]]:
    """Draw a single-quoted scalar, its quotes doubled."""
    words = draw(st.lists(st.text(LETTERS + "':#\"\\", min_size=1, max_size=6), min_size=1))
    return laid_out(draw, draw(st.sampled_from(["a: '", "a: &x '"])), words, "'")


@st.composite
def double_quoted(draw: st.DrawFn) -> tuple[str, str, list[int]]:
    """Draw a double-quoted scalar with every kind of escape."""
    inner = st.text(LETTERS + "\"':#\\\t\n\x85\xa0")
    words = ["".join(pair) for pair in draw(st.lists(st.tuples(WORDS, inner), min_size=1))]
    return laid_out(draw, 'a: "', words, '"')


def escaped(draw: st.DrawFn, character: str, quote: str) -> str:
    """Write a character as a quoted scalar may hold it."""
    if quote == "'":
        return character.replace("'", "''")
    forms = [f"\\U{ord(character):08x}"]
    if ord(character) < 0x10000:
        forms.append(f"\\u{ord(character):04x}")
    if ord(character) < 0x100:
        forms.append(f"\\x{ord(character):02x}")
    named = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\x85": "\\N", "\xa0": "\\_"}
    return draw(st.sampled_from([*forms, named.get(character, character)]))


def laid_out(
    draw: st.DrawFn, opening: str, words: list[str], quote: str
) -> tuple[str, str, list[int]]:
    """Write words with spaces or folds between; offsets are of the words' characters."""
    written, text = opening, ""
    offsets: list[int] = []
    for number, word in enumerate(words):
        if number:
            folds = [" ", "\n  ", "\n \n    ", "\n\n\n  "] + (["\\\n   "] if quote == '"' else [])
            fold = draw(st.sampled_from(folds))
            written += fold
            text += {"\n \n    ": "\n", "\n\n\n  ": "\n\n", "\\\n   ": ""}.get(fold, " ")
            offsets += [-1] * (len(text) - len(offsets))
        for character in word:
            offsets.append(len(written))
            written += escaped(draw, character, quote) if quote else character
            text += character
    return written + quote + "\n", text, offsets


@st.composite
def block(draw: st.DrawFn) -> tuple[str, str, list[int]]:
    """Draw a literal or folded block."""
    header = draw(st.sampled_from(["|", "|-", ">", ">-", "|+", ">2", "| # note"]))
    lines = draw(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=4))
    written, text = f"a: {header}\n", ""
    offsets: list[int] = []
    for number, words in enumerate(lines):
        if number:
            gap = draw(st.sampled_from(["\n", "\n\n"]))
            written += gap
            folded = " " if gap == "\n" else "\n"
            text += folded if ">" in header else gap
            offsets += [-1] * (len(text) - len(offsets))
        written += "  "
        line = " ".join(words)
        offsets += range(len(written), len(written) + len(line))
        written += line
        text += line
    return written + "\n", text, offsets


@given(st.one_of(plain(), single_quoted(), double_quoted(), block()))
def test_place_in_a_text(drawn: tuple[str, str, list[int]]) -> None:
    """A fault at a character (no white space) of a text points at that one in the file."""
    written, text, offsets = drawn
    document, root = read(f"# first\n{written}b: c\n")
    node = member(root, "a")
    assert isinstance(node.value, str)
    assert node.value.rstrip("\n") == text.rstrip("\n")
    for index, offset in enumerate(offsets):
        if offset >= 0 and not text[index].isspace():
            document.fault(node, "no", "yes", Span(index, index + 1))
            place = document.faults.pop()
            before = f"# first\n{written}"[: offset + 8]
            line, column = before.count("\n") + 1, offset + 8 - (before.rfind("\n") + 1) + 1
            assert (place.line, place.column) == (line, column)


def test_width_of_a_place() -> None:
    """The carets cover what a span covers, as it is written."""
    document, root = read(r"""a: "x \x41\x42 = y" """)
    document.fault(member(root, "a"), "no", "yes", Span(2, 4))
    assert document.faults[0].shown().splitlines()[2] == "          ^^^^^^^^"


def test_place_beyond_the_end() -> None:
    """A fault after the last character points behind it."""
    document, root = read("a: b =\n")
    document.fault(member(root, "a"), "no", "yes", Span(3, 3))
    assert document.faults[0].shown().splitlines()[1:] == ["    a: b =", "          ^"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a:\tb", {"a": "b"}),
        ("a: b\t", {"a": "b"}),
        ("a: b\t# c\nd:\t[e,\tf\t]\t\n", {"a": "b", "d": ["e", "f"]}),
        ("a: {\n\tb: c\n\t}", {"a": {"b": "c"}}),
    ],
)
def test_tabs(text: str, value: object) -> None:
    """Tabs may stand behind a value, a colon and inside brackets: they indent nothing there."""
    assert plain_value(read(text)[1]) == value


def plain_value(node: Node) -> object:
    """Return a tree's value without its places."""
    match node.value:
        case tuple(items):
            return [plain_value(item) for item in items]
        case dict(entries):
            return {name: plain_value(entry.value) for name, entry in entries.items()}
        case scalar:
            return scalar


def test_escaped_pair() -> None:
    """The escaped halves of a surrogate pair, as JSON has them, are one character."""
    assert read(r'"\ud83d\ude00"')[1].value == "😀"
