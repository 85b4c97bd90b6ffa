"""Makes profile fields and their group at Listrak, where they are missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from listrak_sync.account import ids
from listrak_sync.delivery.outcomes import check_access
from listrak_sync.delivery.sending import look_up
from listrak_sync.errors import StoppedError
from listrak_sync.listrak.verdicts import (
    Accepted,
    Failure,
    FieldGroup,
    NewFieldGroup,
    NewProfileField,
    ProfileField,
    Refused,
    Unavailable,
    Verdict,
    words_of,
)


class Making(ids.LookUps, Protocol):
    """The part of Listrak's API that makes fields and groups."""

    def make_field_group(self, list_id: int, group: NewFieldGroup) -> Verdict:
        """Make a group of profile fields."""

    def make_field(self, list_id: int, group_id: int, field: NewProfileField) -> Verdict:
        """Make a profile field."""


@dataclass(frozen=True, slots=True)
class WantedFields:
    """Fields that a group of a list is to have; `max_length` 0 means no limit."""

    list_id: int
    group: str
    names: tuple[str, ...]
    data_type: str
    max_length: int = 0


@dataclass(frozen=True, slots=True)
class ThereField:
    """A field that is there now, in its group, and whether we made it."""

    group: FieldGroup
    field: ProfileField
    is_new: bool


def make_fields(api: Making, wanted: WantedFields) -> tuple[ThereField, ...]:
    """Make the fields that the list does not have, and their group; return all that are wanted.

    A field that is there already stays as it is, in whichever group. Raises StoppedError where
    the list does not exist, where a field is there with another type, or where Listrak refuses
    one; else the error that a failure means.
    """
    check_access(api)
    sent: set[str] = set()
    # Each attempt looks first: what was made, but whose answer was lost, is not made twice.
    return ids.of_list(wanted.list_id, look_up(lambda: _attempt(api, wanted, sent)))


def _attempt(api: Making, wanted: WantedFields, sent: set[str]) -> tuple[ThereField, ...] | Failure:
    """Look what is there and make what is missing. Raises StoppedError.

    `sent` gets the names that were asked to be made, also where the answer is lost.
    """
    groups = look_up(lambda: api.field_groups(wanted.list_id))
    if not isinstance(groups, tuple):
        return groups
    there: dict[str, tuple[FieldGroup, ProfileField]] = {}
    taken: dict[int, int] = {}
    for each in groups:
        inside = look_up(lambda asked=each.id: api.fields(wanted.list_id, asked))  # type: ignore[misc]  # bound now
        if not isinstance(inside, tuple):
            return inside
        taken[each.id] = len(inside)
        there.update({_key(one.name): (each, one) for one in inside})
    missing = [name for name in wanted.names if _key(name) not in there]
    _refuse_other_types(wanted, (one for _, one in there.values()))
    group = _find(groups, wanted.group)
    if missing and group is None:
        made = _make_group(api, wanted, len(groups))
        if isinstance(made, Failure):
            return made
        group = made
    for index, name in enumerate(missing):
        assert group is not None  # noqa: S101 - it was made above
        one = _make_field(api, wanted, group, name, taken.get(group.id, 0) + index)
        sent.add(_key(name))
        if isinstance(one, Failure):
            return one
        there[_key(name)] = group, one
    return tuple(ThereField(*there[_key(name)], is_new=_key(name) in sent) for name in wanted.names)


def _key(name: str | None) -> str:
    """Return a name as it is compared: two that differ by case alone are hardly meant."""
    return " ".join((name or "").split()).casefold()


def _find(groups: Sequence[FieldGroup], name: str) -> FieldGroup | None:
    return next((group for group in groups if _key(group.name) == _key(name)), None)


def _refuse_other_types(wanted: WantedFields, there: Iterable[ProfileField]) -> None:
    """Raise StoppedError, before anything is made, where a field has another type."""
    keys = {_key(name) for name in wanted.names}
    others = [
        f"list {wanted.list_id}: field {one.id}, {one.name}, is of type {one.data_type}, "
        f"not {wanted.data_type}"
        for one in there
        if _key(one.name) in keys and one.data_type not in {None, wanted.data_type}
    ]
    if others:
        hint = "Nothing was made. Choose another name, or the type that it has with --type."
        raise StoppedError("\n".join(others), hint)


def _make_group(api: Making, wanted: WantedFields, position: int) -> FieldGroup | Failure:
    answer = api.make_field_group(wanted.list_id, NewFieldGroup(wanted.group, position))
    if isinstance(answer, Refused) and "GROUP_LIMIT" in answer.code:
        message = f"list {wanted.list_id} cannot have another group: {words_of(answer)}"
        raise StoppedError(message, f"Use one of its groups: listrak-sync fields {wanted.list_id}")
    made = _made_id(answer, f"the group {wanted.group!r}", wanted.list_id)
    return FieldGroup(made, wanted.group) if isinstance(made, int) else made


def _make_field(
    api: Making, wanted: WantedFields, group: FieldGroup, name: str, position: int
) -> ProfileField | Failure:
    new = NewProfileField(name, wanted.data_type, wanted.max_length, position)
    answer = api.make_field(wanted.list_id, group.id, new)
    made = _made_id(answer, f"the field {name!r}", wanted.list_id)
    if isinstance(made, int):
        return ProfileField(made, name, wanted.data_type, wanted.max_length)
    return made


def _made_id(answer: Verdict, what: str, list_id: int) -> int | Failure:
    """Return the id of what was made. Raises StoppedError where Listrak refuses it."""
    match answer:
        case Accepted((made,)) if made.isascii() and made.isdigit():
            return int(made)
        case Accepted():
            # It is there, most likely: the next attempt looks for it by its name.
            return Unavailable(f"Listrak names no id for {what}")
        case Refused():
            hint = f"Look at what is there: listrak-sync fields {list_id}"
            raise StoppedError(f"list {list_id}: {what} is refused: {words_of(answer)}", hint)
        case _:
            return answer
