"""Explanations as lines: for people on a terminal, as JSON elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from listrak_sync.cli.output import one_line, write_line
from listrak_sync.evaluation.explain import Explanation
from listrak_sync.events.key_paths import Json

SHOWN_CONDITION: Final = 240
"""How many characters of a condition a terminal shows."""

SHOWN_VALUE: Final = 60
"""How many characters of a value a terminal shows; the JSON lines have all."""


def explainer() -> Callable[[Explanation], None]:
    """Return what prints an explanation."""
    if sys.stdout.isatty():
        return lambda explanation: write_line(_readable(explanation).encode())
    return lambda explanation: write_line(msgspec.json.encode(explanation))


def _readable(explanation: Explanation) -> str:
    """Return an explanation as a line, with what there is to say below it."""
    where = f"{explanation.file}:{explanation.line}"
    who = f" {explanation.mapping}:" if explanation.mapping else ""
    why = f": {explanation.reason}" if explanation.reason else ""
    lines = (
        f"{where}:{who} {explanation.outcome}{why}",
        *(f"    {line}" for line in _details(explanation)),
    )
    return "\n".join(map(one_line, lines))


def _details(explanation: Explanation) -> Iterator[str]:
    if explanation.detail:
        yield explanation.detail
    if explanation.fields is not None:
        values = _values(explanation.fields, " = ")
        yield f"list {explanation.list_id}, {explanation.email_address}: {values}"
    if explanation.condition is not None:
        yield f"{explanation.at}: {_cut(explanation.condition, SHOWN_CONDITION)}"
        expected = f"expected {_cut(explanation.expected or '', SHOWN_CONDITION)}, "
        found = f"found {_values(explanation.found or {}, ': ')}"
        yield found if explanation.expected == explanation.condition else expected + found


def _values(values: dict[str, str] | dict[str, Json], joiner: str) -> str:
    return ", ".join(f"{name}{joiner}{_value(value)}" for name, value in values.items())


def _value(value: Json) -> str:
    """Return a value as JSON, shortened; null where there is none is called nothing."""
    return "nothing" if value is None else _cut(msgspec.json.encode(value).decode(), SHOWN_VALUE)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
