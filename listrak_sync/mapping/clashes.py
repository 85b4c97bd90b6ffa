"""Remarks on mappings that set one field to two values, or that do the same twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from listrak_sync.mapping.contradictions import conjuncts
from listrak_sync.mapping.directives.compiler import Value
from listrak_sync.mapping.faults import Finding
from listrak_sync.mapping.model import MappedField, Mapping, list_id_of
from listrak_sync.mapping.values import USE_AUDIENCE_KEY, field_text


def contradictory_values(mappings: Sequence[Mapping]) -> Iterator[Finding]:
    """Remark on mappings that set a contact's field to another value for the same events."""
    by_field: dict[tuple[int | None, int], list[_Setter]] = {}
    # Conjuncts are deep tuples: numbered once, they are compared quickly for every pair.
    numbers: dict[Hashable, int] = {}
    for mapping in mappings:
        conditions = frozenset(
            numbers.setdefault(key, len(numbers)) for key in conjuncts(mapping.trigger)
        )
        for field in mapping.fields:
            text = field_text(field.value.constant)
            if text is not None and text != USE_AUDIENCE_KEY and list_id_of(mapping):
                setter = _Setter(mapping, field, text, conditions)
                by_field.setdefault((list_id_of(mapping), field.id), []).append(setter)
    for (list_id, field_id), setters in by_field.items():
        for first, second in _clashing(setters):
            message = (
                f"field {field_id} of list {list_id} is set to {second.text!r} here and to "
                f"{first.text!r} by {first.mapping.name!r} (line {first.field.place.line}) for "
                "the same events; the later one wins"
            )
            yield Finding(second.field.place, "contradictory_values", message)


@dataclass(frozen=True, slots=True)
class _Setter:
    """A mapping that sets a field to a constant, with the numbers of its conjuncts."""

    mapping: Mapping
    field: MappedField
    text: str
    conditions: frozenset[int]

    def clashes(self, other: _Setter) -> bool:
        """Say whether both set the same contacts' field for the same events, to other values.

        Sets of conjuncts say enough: where one set holds the other, each event of the narrower
        mapping also matches the wider one. Two sets that only overlap prove nothing, because
        their events may differ.
        """
        if self.text == other.text:
            return False
        if not (self.conditions <= other.conditions or other.conditions <= self.conditions):
            return False
        ours, theirs = self.mapping.email_address, other.mapping.email_address
        return _comparable(ours) == _comparable(theirs)


def _clashing(setters: Sequence[_Setter]) -> Iterator[tuple[_Setter, _Setter]]:
    """Yield each setter of a field that clashes with an earlier one, with the first such.

    Of two sets, one can hold the other only where the rarest conjunct of one is in the other.
    """
    counts = Counter(each for setter in setters for each in setter.conditions)
    having: defaultdict[int | None, list[int]] = defaultdict(list)
    with_rarest: defaultdict[int | None, list[int]] = defaultdict(list)
    for index, setter in enumerate(setters):
        rarest = min(setter.conditions, key=counts.__getitem__, default=None)
        if rarest is None:  # takes every event: all others are narrower
            candidates: Iterable[int] = range(index)
        else:
            wider = (with_rarest[each] for each in (None, *setter.conditions))
            candidates = sorted({*having[rarest], *chain.from_iterable(wider)})
        first = next((setters[each] for each in candidates if setters[each].clashes(setter)), None)
        if first is not None:
            yield first, setter
        with_rarest[rarest].append(index)
        for each in setter.conditions:
            having[each].append(index)


def duplicates(mappings: Sequence[Mapping]) -> Iterator[Finding]:
    """Remark on mappings that do the same as an earlier one."""
    seen: dict[Hashable, Mapping] = {}
    for mapping in mappings:
        key = (
            conjuncts(mapping.trigger),
            list_id_of(mapping) or id(mapping),
            _comparable(mapping.email_address),
            _comparable(mapping.audience_key),
            frozenset((field.id, _comparable(field.value)) for field in mapping.fields),
        )
        first = seen.setdefault(key, mapping)
        if first is not mapping:
            where = f"{first.name!r} (line {first.place.line})"
            message = f"the same trigger, list and fields as {where}; keep one of them"
            yield Finding(mapping.place, "duplicate", message)


def _comparable(value: Value | None) -> Hashable:
    """Return a key that is equal for equal constants; a directive is equal only to itself."""
    if value is None:
        return None
    text = field_text(value.constant)
    return id(value) if text is None else text
