"""Parses YAML text into PyYAML's nodes, and reads scalars by the core schema of YAML 1.2."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

import yaml

from listrak_sync.mapping.yaml.mistakes import mistake_near

Scalar: TypeAlias = str | int | float | bool | None

FORMS: Final = {
    "null": re.compile(r"~|null|Null|NULL|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})|0o[0-7]{1,999}|0x[0-9a-fA-F]{1,999}"),
    "float": re.compile(
        r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
}
"""Scalars without quotes that are not text, by YAML 1.2. Leading zeros make a text of a number."""


def bare(text: str) -> Scalar:
    """Return the value of a scalar without quotes."""
    kind = next((kind for kind, form in FORMS.items() if form.fullmatch(text)), None)
    match kind:
        case None:
            return text
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
        case _:
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


MAX_DEPTH: Final = 100
"""How deep lists and mappings may nest."""

TOO_DEEP: Final = (f"values nest deeper than {MAX_DEPTH}", "write it flatter")
"""The fault of values that nest deeper, and what to write instead."""

_NO_RESOLVERS: Final[dict[str, list[object]]] = {}
"""Every plain scalar stays text: `bare` says what it is, by YAML 1.2."""


class _Loader(yaml.SafeLoader):
    """PyYAML's own parser, which counts places in characters whatever the text holds.

    libyaml would save a tenth of the time of `mapping check` with fifty mappings, but it counts
    places otherwise behind a byte order mark, refuses escapes that JSON has, and is not in every
    build of PyYAML.
    """

    yaml_implicit_resolvers = _NO_RESOLVERS

    def scan_to_next_token(self) -> None:
        """Also pass over tabs where they cannot be taken for an indent, as YAML has it."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            self.forward()
            super().scan_to_next_token()


class UnreadableYamlError(Exception):
    """Why a text is not YAML: the offset of the place, what is wrong, what to write instead."""

    def __init__(self, offset: int, problem: str, instead: str) -> None:
        super().__init__(offset, problem, instead)
        self.offset = offset
        self.problem = problem
        self.instead = instead


def compose(text: str) -> yaml.Node | None:
    """Return the root node of a text, None where it is empty. Raises UnreadableYamlError."""
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _explained(text, error) from None
    except yaml.reader.ReaderError as error:
        problem = f"the character U+{error.character:04X} is not allowed in YAML"
        raise UnreadableYamlError(int(error.position), problem, "take it out") from None
    except RecursionError:
        raise UnreadableYamlError(0, *TOO_DEEP) from None
    except (ValueError, OverflowError):  # from chr(): the parser does not look at the number
        problem = "an escape in a text names no character"
        raise UnreadableYamlError(0, problem, "fix the escape") from None


_MISPLACED: Final = {
    ":": ("a colon cannot stand here", "put the text in quotes, or check the line above"),
    "?": ("a question mark cannot stand here", "put the text in quotes"),
    "@": ("a word cannot begin with @", "put it in quotes"),
    "`": ("a word cannot begin with `", "put it in quotes"),
    "%": ("a word cannot begin with %", "put it in quotes"),
}
"""Faults of signs that cannot be read where they stand: what is wrong, what to write instead."""

_ALIAS: Final = re.compile(r"\*[\w-]+")
_QUOTED: Final = re.compile(r"""'(?:''|[^'])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_CLOSING: Final = {"[": "]", "{": "}"}


def _explained(text: str, error: yaml.MarkedYAMLError) -> UnreadableYamlError:
    """Say what is wrong, in words of our own.

    What stands at the place decides, and the class of the exception: PyYAML's own words may
    change with every version.
    """
    mark = error.problem_mark or error.context_mark
    at = mark.index if mark else 0
    near = mistake_near(text, at, *([error.context_mark.index] if error.context_mark else []))
    if near is not None:
        return UnreadableYamlError(*near)
    line_before = text[text.rfind("\n", 0, at) + 1 : at]
    if at < len(text) and "\t" in text[max(at - 1, 0) : at + 1]:
        fault = "a tab cannot stand here", "use spaces"
    elif isinstance(error, yaml.composer.ComposerError) and text.startswith("---", at):
        fault = "a second document begins here", "keep one of them"
    elif isinstance(error, yaml.composer.ComposerError) and (alias := _ALIAS.match(text, at)):
        fault = f"there is no anchor for {alias[0]}", "write the value out"
    elif text[at : at + 1] == "{" and text.lstrip().startswith("{"):
        fault = "these are JSON lines, as events are", "name a mapping file, YAML, with -m"
    elif text[at : at + 1] in _MISPLACED:
        fault = _MISPLACED[text[at]]
    elif error.context_mark and (unclosed := _unclosed(text, error, error.context_mark, at)):
        fault = unclosed
    elif error.context_mark and at < len(text) and not line_before.strip(" -"):
        fault = "this line does not continue the ones above", "check its indent"
    else:
        fault = "this is not valid YAML", "fix the syntax"
    return UnreadableYamlError(at, *fault)


def _unclosed(
    text: str, error: yaml.MarkedYAMLError, opened: yaml.Mark, at: int
) -> tuple[str, str] | None:
    """Say what is wrong inside a bracket or a quote, None where none is open at the place."""
    sign = text[opened.index : opened.index + 1]
    if sign == '"' and text[at - 1] == "\\" and at < len(text):
        return f"\\{text[at]} is not an escape", "write \\\\ for a backslash"
    if sign in {"'", '"'} and _QUOTED.match(text, opened.index) is None:
        return f"{sign} in line {opened.line + 1} is not closed", f"write {sign} where it ends"
    if sign in {"[", "{"} and isinstance(error, yaml.parser.ParserError):
        if at == len(text):
            problem = f"{sign} in line {opened.line + 1} is not closed"
            return problem, f"write {_CLOSING[sign]} where it ends"
        problem = f"{sign} in line {opened.line + 1} cannot go on like this"
        return problem, f"write a comma, or {_CLOSING[sign]} where it ends"
    return None
