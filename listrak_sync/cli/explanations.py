"""Explanations as lines: for people on a terminal, as JSON elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable

import msgspec

from listrak_sync.cli.console import Output, printable
from listrak_sync.updates.explain import Explanation


def explainer(output: Output) -> Callable[[Explanation], None]:
    """Return what prints an explanation."""
    if sys.stdout.isatty():
        return lambda explanation: output.line(_readable(explanation).encode())
    return lambda explanation: output.line(msgspec.json.encode(explanation))


def _readable(explanation: Explanation) -> str:
    """Return an explanation in one or three lines."""
    where = f"{explanation.file}:{explanation.line}"
    who = f" {explanation.mapping}:" if explanation.mapping else ""
    match explanation.outcome:
        case "matched":
            fields = explanation.fields or {}
            values = ", ".join(f"{field}={value}" for field, value in fields.items())
            to = f"list {explanation.list_id}, {explanation.email_address}: {values}"
            text = f"{where}{who} matched → {to}"
        case "unmatched":
            found = ", ".join(
                f"{path} is {'missing' if value is None else msgspec.json.encode(value).decode()}"
                for path, value in (explanation.found or {}).items()
            )
            text = (
                f"{where}{who} not matched by {explanation.condition}\n"
                f"    {explanation.at}: expected {explanation.expected}; {found}"
            )
        case outcome:
            detail = f": {explanation.detail}" if explanation.detail else ""
            text = f"{where}{who} {outcome}, {explanation.reason}{detail}"
    return printable(text)
