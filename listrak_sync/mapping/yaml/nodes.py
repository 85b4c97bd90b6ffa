"""YAML text as PyYAML's nodes, by the quickest parser that takes it."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final, TypeAlias

import yaml

Scalar: TypeAlias = str | int | float | bool | None

_FORMS: Final = {
    "null": re.compile(r"~|null|Null|NULL|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})|0o[0-7]{1,999}|0x[0-9a-fA-F]{1,999}"),
    "float": re.compile(
        r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
}
"""What is no text where it stands bare; leading zeros stay text."""

KINDS: Final = ("str", *_FORMS)
"""The scalars' names, as tags have them."""


def bare(text: str) -> Scalar:
    """Return what a scalar without quotes or tag is."""
    return next((read(kind, text) for kind in _FORMS if matches(kind, text)), text)


def matches(kind: str, text: str) -> bool:
    """Say whether a text can be read as a kind of scalar."""
    return kind == "str" or _FORMS[kind].fullmatch(text) is not None


def read(kind: str, text: str) -> Scalar:
    """Return a text as the kind of scalar that it matches."""
    match kind:
        case "str":
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
"""How deep values may nest."""

TOO_DEEP: Final = (f"values nest deeper than {MAX_DEPTH}", "write it flatter")
"""What is wrong with values that nest deeper, and what to do."""

_NO_RESOLVERS: Final[dict[str, list[object]]] = {}
"""Every plain scalar stays a text: it is read by YAML 1.2's core schema elsewhere."""


class _OwnLoader(yaml.SafeLoader):
    """PyYAML's own parser."""

    yaml_implicit_resolvers = _NO_RESOLVERS


if yaml.__with_libyaml__:

    class _QuickLoader(yaml.CSafeLoader):
        """Libyaml: twenty times as fast, and nearer to YAML where a tab or `?` is in a word."""

        yaml_implicit_resolvers = _NO_RESOLVERS


class UnreadableYamlError(Exception):
    """Why a text is no YAML, where in it, and what to do."""

    def __init__(self, offset: int, problem: str, instead: str) -> None:
        super().__init__(offset, problem, instead)
        self.offset = offset
        self.problem = problem
        self.instead = instead


def compose(text: str) -> yaml.Node | None:
    """Return the nodes of a text, None where nothing is in it. Raises UnreadableYamlError.

    Where libyaml refuses it, PyYAML's own parser is asked: it takes escaped halves of surrogate
    pairs, as JSON has them, and its faults say more.
    """
    if yaml.__with_libyaml__ and "\ufeff" not in text:  # whose places it does not count in
        with suppress(yaml.YAMLError, ValueError):  # the latter for halves of surrogate pairs
            return yaml.compose(text, Loader=_QuickLoader)
    try:
        return yaml.compose(text, Loader=_OwnLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        context = f"{error.context}, " if error.context else ""
        problem = f"this is no YAML: {context}{error.problem}"
        raise UnreadableYamlError(mark.index if mark else 0, problem, "mend the syntax") from None
    except yaml.reader.ReaderError as error:
        problem = f"the character U+{error.character:04X} may not stand in YAML"
        raise UnreadableYamlError(int(error.position), problem, "take it out") from None
    except RecursionError:
        raise UnreadableYamlError(0, *TOO_DEEP) from None
    except (ValueError, OverflowError):
        problem = "an escape in a text names no character"
        raise UnreadableYamlError(0, problem, "mend it") from None
