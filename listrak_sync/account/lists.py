"""A list of the account, with the names and types of its fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from listrak_sync.account.ids import LookUps
from listrak_sync.account.reading import Reader
from listrak_sync.delivery.outcomes import answered
from listrak_sync.errors import StoppedError
from listrak_sync.listrak.verdicts import Denied, NotFound, ProfileField, words_of


@dataclass(frozen=True, slots=True)
class KnownList:
    """A list with its name and fields, as far as the integration may look them up.

    `fields` is None where it may not: then types are not known, and values compare as text.
    """

    id: int
    name: str | None = None
    fields: Mapping[int, ProfileField] | None = None

    def type_of(self, field: int) -> str | None:
        """Return the type of a field, None where it is not known."""
        found = self.fields.get(field) if self.fields is not None else None
        return None if found is None else found.data_type

    def check(self, wanted: Collection[int]) -> None:
        """Raise StoppedError where the list lacks one of some fields, as far as that is known."""
        missing = sorted(set(wanted) - self.fields.keys()) if self.fields is not None else []
        if missing:
            named = ", ".join(map(str, missing))
            hint = f"Show the list's fields with: listrak-sync fields {self.id}"
            raise StoppedError(f"list {self.id} has no profile field {named}", hint)

    def name_of(self, field: int) -> str | None:
        """Return the name of a field, None where it is not known."""
        found = self.fields.get(field) if self.fields is not None else None
        return None if found is None else found.name


def known_list(api: LookUps, reader: Reader, list_id: int) -> KnownList:
    """Look up a list.

    Raises StoppedError where there is no such list, else the error that a failure means.
    """
    found = reader.ask(lambda: api.list(list_id))
    if isinstance(found, NotFound):
        hint = "Show the lists of the account with: listrak-sync lists"
        raise StoppedError(f"list {list_id} does not exist: {words_of(found)}", hint)
    name = None if isinstance(found, Denied) else answered(found).list_name
    groups = reader.ask(lambda: api.field_groups(list_id))
    if isinstance(groups, Denied | NotFound):
        return KnownList(list_id, name)
    fields: dict[int, ProfileField] = {}
    for group in answered(groups):
        inside = reader.ask(lambda id_=group.id: api.fields(list_id, id_))  # type: ignore[misc]  # bound now
        if isinstance(inside, Denied | NotFound):
            return KnownList(list_id, name)
        fields |= {field.id: field for field in answered(inside)}
    return KnownList(list_id, name, fields)
