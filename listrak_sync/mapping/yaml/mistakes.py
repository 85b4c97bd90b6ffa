"""Says what to write instead of YAML that cannot be read, or that YAML reads otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from listrak_sync.mapping.conditions import Span
from listrak_sync.mapping.keys import KEYS, TOP

Mistake: TypeAlias = tuple[int, str, str]
"""The offset of a mistake, what is wrong, and what to write instead."""

_KEY: Final = rf"(?:{'|'.join((*TOP, *KEYS))}|[0-9]+)"
_FOREIGN_BLANK: Final = re.compile("[\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]")
FOREIGN_BLANK: Final = ("a no-break space stands here", "write a blank in its place")
"""The fault of a blank that is none to YAML: what is wrong, what to write instead."""

_BEGINNING: Final = re.compile(r"(?P<indent>[ \t]*(?:- +)*)")
_NO_COLON: Final = re.compile(rf"(?P<key>{_KEY})[ \t]*=[ \t]*(?P<value>[^=\s].*)")
_NO_BLANK: Final = re.compile(rf"(?P<key>{_KEY}):(?P<value>[^\s:].*)")
_VALUE: Final = re.compile(r"""(?:[^:#'"\s][^:#]*?|"[^"]*"|'[^']*')[ \t]*:[ \t]+(?P<value>\S.*)""")
_TEXT: Final = re.compile(r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:''|[^'])*')(?P<more>[ \t]+[^\s#].*)""")
_LINES_ABOVE: Final = 2
"""How many lines above the place of an error are looked at."""


def tag_mistake(path: str, tag: str) -> tuple[str, str]:
    """Say what is wrong with a tag, and what to write instead of it."""
    key = path.rpartition(".")[2]
    if key == "trigger":
        wrong = f"YAML takes {tag} as a tag, not as a part of the trigger"
        return wrong, "put the trigger in quotation marks"
    if ".conditions" in path:
        instead = "put the text in quotation marks, or write is_not under the path, or not:"
        return f"YAML takes {tag} as a tag, not as a part of the condition", instead
    instead = "put the text in quotation marks, or write the value alone"
    return f"YAML takes {tag} as a tag, not as a part of the value", instead


def foreign_blank(text: str) -> Span | None:
    """Return the place of a blank that is none to YAML, such as a no-break space, or None."""
    found = _FOREIGN_BLANK.search(text)
    return None if found is None else Span(*found.span())


def template_mistake(written: str) -> tuple[str, str] | None:
    """Say what is wrong with a template that is not in quotation marks, None if it is not one."""
    if re.match(r"\{\{[^{}:]*\}\}", written) is None:
        return None
    instead = f'write {{"@template": "{written}"}}'
    return "YAML takes the braces as a mapping, not as a template", instead


def mistake_near(text: str, *places: int) -> Mistake | None:
    """Return the mistake on a line of these places, or above them, that explains an error."""
    for start in dict.fromkeys(at for place in places for at in _line_starts(text, place)):
        line = re.split("[\r\n]", text[start:], maxsplit=1)[0]
        found = _on_line(line)
        if found is not None:
            at, wrong, instead = found
            return start + at, wrong, instead
    return None


def _line_starts(text: str, place: int) -> Iterator[int]:
    """Yield where the line of a place begins, and the lines with text above it."""
    start = text.rfind("\n", 0, place) + 1
    yield start
    found = 0
    while start and found < _LINES_ABOVE:
        end, start = start - 1, text.rfind("\n", 0, start - 1) + 1
        if text[start:end].strip():
            found += 1
            yield start


def _on_line(line: str) -> Mistake | None:
    foreign = _FOREIGN_BLANK.search(line.partition("#")[0].partition(" ")[0] or line[:1])
    foreign = foreign or _FOREIGN_BLANK.search(re.split(r"""["'#]""", line, maxsplit=1)[0])
    if foreign is not None:
        return foreign.start(), *FOREIGN_BLANK
    beginning = _BEGINNING.match(line)
    begin = beginning.end() if beginning else 0
    if found := _NO_COLON.match(line, begin):
        wrong = f"= stands behind {found['key']} in place of a colon"
        return begin, wrong, f"write {found['key']}: {found['value'].strip()}"
    if found := _NO_BLANK.match(line, begin):
        wrong = f"a blank is missing after {found['key']}:"
        return begin, wrong, f"write {found['key']}: {found['value'].strip()}"
    if found := _VALUE.match(line, begin):
        return _in_value(line, found.start("value"))
    return None


def _in_value(line: str, start: int) -> Mistake | None:
    value = line[start:]
    if value.startswith("!"):
        tag = re.match(r"!\S*", value)
        key = line[:start].rstrip(": \t").rpartition(" ")[2]
        return start, *tag_mistake(key, tag[0] if tag else "!")
    if value.startswith("{{"):
        mistake = template_mistake(value.rstrip())
        return mistake and (start, *mistake)
    if found := _TEXT.match(value):
        quote = "'" if '"' in value and "'" not in value else '"'
        whole = f"{quote}{value.rstrip()}{quote}" if quote not in value else "'…'"
        wrong = f"the text ends at {found['text'][-1]}, but more follows"
        return start, wrong, f"put all of it in quotation marks: {whole}"
    return None
