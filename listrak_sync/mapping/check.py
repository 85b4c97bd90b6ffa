"""Remarks on valid mappings that probably do not do what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from listrak_sync.errors import SettingsError
from listrak_sync.events.acceptance import ACCEPTED_TYPES
from listrak_sync.mapping.audiences import several_audiences
from listrak_sync.mapping.clashes import contradictory_values, duplicates
from listrak_sync.mapping.comparisons import not_a_key, unlikely_comparisons
from listrak_sync.mapping.conditions import (
    Call,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    PathOf,
    parts_of,
    paths_of,
)
from listrak_sync.mapping.contradictions import (
    Contradiction,
    contradiction,
    dead_branches,
    missing_equals,
)
from listrak_sync.mapping.event_paths import unknown_paths
from listrak_sync.mapping.faults import Finding
from listrak_sync.mapping.model import Mapping, list_id_of
from listrak_sync.mapping.values import USE_AUDIENCE_KEY

MOST_MAPPINGS: Final = 50
"""How many mappings a destination of Segment can have."""

SHOWN: Final = 80
"""How many characters of a condition a remark quotes."""

_TYPE: Final = PathOf(("type",))
_TAKEN: Final = In(_TYPE, ListOf(tuple(map(Literal, sorted(ACCEPTED_TYPES)))))
_AUDIENCE_TYPE: Final = In(_TYPE, ListOf((Literal("identify"), Literal("track"))))
_AUDIENCE_NAMED: Final = Compare(
    "!=", PathOf(("context", "personas", "computation_key")), Literal(None)
)


NOTES: Final = frozenset({"disabled", "list_from_event", "many_mappings", "unchecked_values"})
"""Kinds of remarks that tell what a check leaves out; what they are about is hardly a mistake."""


class RemarkedMappingError(SettingsError):
    """A mapping file with remarks, where none is let pass."""

    label = ""

    def __init__(self, file: str, found: Sequence[Finding]) -> None:
        count = len(found)
        super().__init__(
            "\n".join(finding.shown(file) for finding in found),
            f"{count} remark{'s' * (count > 1)} on the mapping file, which --strict makes faults; "
            "nothing was read or sent.",
        )


def likely_mistakes(
    file: str, mappings: Sequence[Mapping], *, strict: bool = False
) -> tuple[Finding, ...]:
    """Return the remarks on mappings that take events, as far as they are likely mistakes.

    Raises RemarkedMappingError where there are any and `strict` makes them faults.
    """
    enabled = [mapping for mapping in mappings if mapping.enabled]
    found = tuple(finding for finding in remarks(enabled) if finding.kind not in NOTES)
    if strict and found:
        raise RemarkedMappingError(file, found)
    return found


def remarks(mappings: Sequence[Mapping]) -> tuple[Finding, ...]:
    """Return every remark on the mappings of a file, in the order of the file.

    A remark that something never matches is always right, but not every such case is found.
    """
    found: list[Finding] = []
    enabled: list[Mapping] = []
    for mapping in mappings:
        never = _never(mapping)
        found += mapping.noted
        found += _on_one(mapping, never)
        if mapping.enabled and never is None:
            enabled.append(mapping)
    found += contradictory_values(enabled)
    found += duplicates(enabled)
    if len(mappings) > MOST_MAPPINGS:
        message = f"{len(mappings)} mappings: Segment's destination takes at most {MOST_MAPPINGS}"
        found.append(Finding(mappings[MOST_MAPPINGS].place, "many_mappings", message))
    return tuple(sorted(found, key=lambda finding: (finding.place.line, finding.place.column)))


def _on_one(mapping: Mapping, never: Finding | None) -> Iterator[Finding]:
    if not mapping.enabled:
        message = "the mapping is disabled: it takes no events, and --online does not check it"
        yield Finding(mapping.place, "disabled", message)
    if list_id_of(mapping) is None:
        message = "the event decides the list, so --online cannot check that it exists"
        yield Finding(mapping.place, "list_from_event", message)
    if mapping.email_address is not None and mapping.email_address.is_constant:
        message = f"every event is for {mapping.email_address.constant}; write a directive"
        yield Finding(mapping.place, "one_contact", message)
    key = None if mapping.audience_key is None else mapping.audience_key.constant
    if isinstance(key, str) and (message := not_a_key(key) or ""):
        yield Finding(mapping.place, "audience_name", f"audience_key: {message}")
    yield from unknown_paths(mapping)
    if never is not None:
        yield never
        return
    for found in dead_branches(_conditions(mapping)):
        yield _finding(mapping, found, "unreachable", "this part never matches")
    yield from _comparisons(mapping)
    yield from unlikely_comparisons(mapping)
    yield from several_audiences(mapping)
    if any(field.may_use_audience for field in mapping.fields):
        yield from _without_audience(mapping)


def _conditions(mapping: Mapping) -> tuple[Condition, ...]:
    """Return the conditions under which a mapping takes an event."""
    return (_TAKEN,) if mapping.trigger is None else (mapping.trigger, _TAKEN)


def _never(mapping: Mapping) -> Finding | None:
    """Return a remark that a mapping takes no event at all, None where it may take one."""
    found = contradiction(_conditions(mapping))
    return None if found is None else _finding(mapping, found, "never_matches", "never matches")


def _comparisons(mapping: Mapping) -> Iterator[Finding]:
    """Remark on comparisons that hold where nothing is there, or whatever is there."""
    if mapping.trigger is None or mapping.source is None:
        return
    for compare in missing_equals(_conditions(mapping)):
        left = mapping.source.text(compare.left.span)
        message = (
            f"{_quoted(mapping, compare)} also holds where both are missing; "
            f"add {left} != null if that is not meant"
        )
        yield Finding(mapping.source.place(compare.span), "missing_values_equal", message)
    for part in parts_of(mapping.trigger):
        if isinstance(part, Compare | In) and next(paths_of(part), None) is None:
            message = f"{_quoted(mapping, part)} compares no field of the event; take quotes away"
            yield Finding(mapping.source.place(part.span), "always_the_same", message)
        match part:
            case Call("contains", (Literal(str()) as text, PathOf() | Call() as looked_for)):
                other = mapping.source.text(looked_for.span)
                written = mapping.source.text(text.span)
                message = (
                    f"contains looks for {other} in the text {written}; "
                    f"did you mean contains({other}, {written})?"
                )
                yield Finding(mapping.source.place(part.span), "turned_arguments", message)


def _without_audience(mapping: Mapping) -> Iterator[Finding]:
    """Remark on a trigger that excludes every event in which Engage sends an audience."""
    conditions = _conditions(mapping)
    if contradiction((*conditions, _AUDIENCE_TYPE, _AUDIENCE_NAMED)) is None:
        return
    found = contradiction((*conditions, _AUDIENCE_TYPE))
    if found is not None:
        head = f"{USE_AUDIENCE_KEY} finds no audience: Engage sends them as identify or track"
        yield _finding(mapping, found, "no_audience", head)
    elif mapping.audience_key is None:
        found = contradiction((*conditions, _AUDIENCE_NAMED))
        if found is not None:
            head = (
                f"{USE_AUDIENCE_KEY} finds no audience: Engage names it in "
                "context.personas.computation_key; write audience_key or change the trigger"
            )
            yield _finding(mapping, found, "no_audience", head)


def _finding(mapping: Mapping, found: Contradiction, kind: str, head: str) -> Finding:
    """Return a finding at the part of the trigger or conditions that cannot hold."""
    parts = (found.condition, found.other)
    written = [part for part in parts if part is not None and part.span.end]
    if mapping.source is None or not written:
        return Finding(mapping.place, kind, head)
    message = f"{head}: {_quoted(mapping, written[0])}"
    if len(written) > 1:
        message += f" contradicts {_quoted(mapping, written[1])}"
    elif any(part is _TAKEN for part in parts):
        message += f"; types taken are {', '.join(sorted(ACCEPTED_TYPES))}"
    return Finding(mapping.source.place(written[0].span), kind, message)


def _quoted(mapping: Mapping, part: Condition) -> str:
    text = mapping.source.text(part.span) if mapping.source else ""
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
