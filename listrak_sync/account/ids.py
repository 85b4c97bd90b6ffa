"""Checks whether the lists and fields that mappings name exist at Listrak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, TypeVar

from listrak_sync.delivery.outcomes import answered, check_access
from listrak_sync.delivery.sending import look_up
from listrak_sync.errors import (
    AccessRefusedError,
    ListrakSyncError,
    SettingsError,
    StoppedError,
)
from listrak_sync.listrak.verdicts import (
    Denied,
    Failure,
    FieldGroup,
    ListInfo,
    NotFound,
    ProfileField,
    words_of,
)
from listrak_sync.mapping.faults import Finding
from listrak_sync.mapping.field_types import (
    STRICT_TYPES,
    DescribedField,
    Misfit,
    switch_misfit,
)
from listrak_sync.mapping.model import MappedField, Mapping, list_id_of
from listrak_sync.mapping.profile_fields import constant_misfit, written_misfits
from listrak_sync.mapping.values import field_text

_T = TypeVar("_T")

_AREA_HINT: Final = """\
There is a token, so the client id and the secret are right. Listrak does not say which it was:
  - the integration lacks an area: {areas}
  - its API access is paused, or it does not allow this machine's IP address
Look under Integration Management in Listrak; then: listrak-sync auth test"""


class LookUps(Protocol):
    """The part of Listrak's API that finds lists and fields."""

    def authenticate(self) -> Failure | None:
        """Get a token; return why there is none."""

    def lists(self) -> tuple[ListInfo, ...] | Failure:
        """Return every list of the account."""

    def list(self, list_id: int) -> ListInfo | Failure:
        """Return one list."""

    def field_groups(self, list_id: int) -> tuple[FieldGroup, ...] | Failure:
        """Return the groups of a list's fields."""

    def fields(self, list_id: int, group_id: int) -> tuple[ProfileField, ...] | Failure:
        """Return a group's fields."""


GroupedFields: TypeAlias = tuple[tuple[FieldGroup, ProfileField], ...]
"""A list's fields, each after its group."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The problems that a look at Listrak found, and what could not be looked up."""

    problems: tuple[Finding, ...] = ()
    not_checked: tuple[str, ...] = ()
    lists: int = 0
    """How many lists were found."""
    remarks: tuple[Finding, ...] = ()
    """What is wrong for some events only, or cannot be known beforehand."""

    def error(self, file: str) -> ListrakSyncError | None:
        """Return the error for the problems: a missing list weighs more than a field."""
        if not self.problems:
            return None
        message = "\n".join(problem.shown(file) for problem in self.problems)
        if any(problem.kind == "missing_list" for problem in self.problems):
            return StoppedError(message, "Show the lists of the account with: listrak-sync lists")
        return SettingsError(message, "Show a list's fields with: listrak-sync fields LIST_ID")


def lists(api: LookUps) -> tuple[ListInfo, ...]:
    """Return every list of the account. Raises the error that a failure means."""
    check_access(api)
    return allowed(look_up(api.lists), "the lists of the account", "List")


def fields(api: LookUps, list_id: int) -> GroupedFields:
    """Return a list's fields, each after its group.

    Raises StoppedError where the list does not exist, else the error that a failure means.
    """
    check_access(api)
    return of_list(list_id, _fields(api, list_id))


def of_list(list_id: int, found: _T | Failure) -> _T:
    """Return what was found out about a list's profile fields.

    Raises StoppedError where the list does not exist, else the error that a failure means.
    """
    if isinstance(found, NotFound):
        hint = "Show the lists of the account with: listrak-sync lists"
        raise StoppedError(f"list {list_id}: {words_of(found)}", hint)
    return allowed(found, f"the profile fields of list {list_id}", "List and Segmentation")


def check(mappings: Sequence[Mapping], api: LookUps) -> Checked:
    """Look up every list that the enabled mappings name, once, with its fields.

    What we may not look up is in the result. Raises the error that any other failure means.
    """
    check_access(api)
    by_list: dict[int, list[Mapping]] = {}
    for mapping in mappings:
        list_id = list_id_of(mapping)
        if mapping.enabled and list_id is not None:
            by_list.setdefault(list_id, []).append(mapping)
    problems: list[Finding] = []
    remarks: list[Finding] = []
    not_checked: list[str] = []
    there = 0
    for list_id, naming in by_list.items():
        found = look_up(lambda wanted=list_id: api.list(wanted))  # type: ignore[misc]  # bound now
        if isinstance(found, NotFound):
            message = f"list {list_id} does not exist: {words_of(found)}"
            problems += (_problem(mapping, "missing_list", message) for mapping in naming)
            continue
        if isinstance(found, Denied):
            not_checked.append(
                f"list {list_id} was not checked: {words_of(found)}; "
                "the integration needs the area List"
            )
            continue
        answered(found)
        there += 1
        known = _fields(api, list_id)
        if isinstance(known, Denied):
            not_checked.append(
                f"the fields of list {list_id} were not checked: {words_of(known)}; "
                "the integration needs the areas List and Segmentation"
            )
            continue
        by_id = {field.id: field for _, field in answered(known)}
        for mapping in naming:
            for is_certain, found_there in _field_findings(mapping, list_id, by_id):
                (problems if is_certain else remarks).append(found_there)
    for findings in (problems, remarks):
        findings.sort(key=lambda finding: finding.place.line)
    return Checked(tuple(problems), tuple(not_checked), there, tuple(remarks))


def _fields(api: LookUps, list_id: int) -> GroupedFields | Failure:
    """Return the fields of a list with their groups, or why we cannot have the groups."""
    groups = look_up(lambda: api.field_groups(list_id))
    if not isinstance(groups, tuple):
        return groups
    found: list[tuple[FieldGroup, ProfileField]] = []
    for group in groups:
        inside = look_up(lambda wanted=group.id: api.fields(list_id, wanted))  # type: ignore[misc]  # bound now
        found += ((group, field) for field in answered(inside))
    return tuple(found)


def _field_findings(
    mapping: Mapping, list_id: int, known: dict[int, ProfileField]
) -> Iterator[tuple[bool, Finding]]:
    """Yield what is wrong with a mapping's fields, each with whether that is so for every event."""
    for field in mapping.fields:
        there = known.get(field.id)
        if there is None:
            message = f"list {list_id} has no profile field {field.id}"
            yield True, _problem(mapping, "missing_field", message, field)
            continue
        at_listrak = DescribedField(
            there.id, there.name, there.data_type, there.max_length or 0, list_id
        )
        for is_certain, misfit in _misfits(field, at_listrak):
            yield is_certain, _problem(mapping, misfit.kind, misfit.message, field)


def _misfits(field: MappedField, there: DescribedField) -> Iterator[tuple[bool, Misfit]]:
    """Yield why a field cannot hold what is set, each with whether that is so for every event."""
    described = field.described
    if described and described.data_type not in {None, there.data_type}:
        message = (
            f"{there} is of type {there.data_type}, profile_fields has {described.data_type}; "
            f"write it anew: listrak-sync fields {there.list_id} --yaml"
        )
        yield True, Misfit("outdated_profile_field", message, "")
    text = field_text(field.value.constant)
    if field.may_use_audience and (misfit := switch_misfit(there, "on or off")):
        yield True, misfit
    elif text is not None and not field.may_use_audience:
        if misfit := constant_misfit(there, text):
            yield True, misfit
    elif text is None:
        yield from ((False, misfit) for misfit in written_misfits(field.value, there))
        takes = STRICT_TYPES.get(there.data_type or "")
        if takes is None and there.max_length:
            takes = f"{there.max_length:,} characters"
        if described is None and not field.value.written and takes is not None:
            message = (
                f"{there} is of type {there.data_type}, which takes {takes}; "
                "with profile_fields in the mapping file, values of events are checked"
            )
            yield False, Misfit("unchecked_values", message, "")


def _problem(
    mapping: Mapping, kind: str, message: str, field: MappedField | None = None
) -> Finding:
    """Return a problem at a field's place, or else at its mapping's."""
    place = mapping.place if field is None else field.place
    return Finding(place, kind, f"{mapping.name!r}: {message}")


def allowed(answer: _T | Failure, what: str, areas: str) -> _T:
    """Return the answer to a look-up. Raises an error that names the areas it needs."""
    if isinstance(answer, Denied):
        message = f"{what}: access refused: {words_of(answer)}"
        raise AccessRefusedError(message, _AREA_HINT.format(areas=f"{areas} needed"))
    return answered(answer)
