"""Updates that are given as input: lines of dry-run, or of a rejects file."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any, Final, TypeGuard

from msgspec import UNSET

from listrak_sync.evaluation.result import RESENT
from listrak_sync.evaluation.updates import Origin, Update, shared
from listrak_sync.evaluation.updates import given as given_changes
from listrak_sync.events.key_paths import excerpt
from listrak_sync.events.rejects import ContactUpdate, GivenUpdate
from listrak_sync.mapping.values import field_text, is_email_address, parse_id
from listrak_sync.reasons import Reason, RejectedError

_KEYS: Final = ("list_id", "email_address", "fields")


def checked(update: GivenUpdate) -> ContactUpdate:
    """Return the values of an update. Raises RejectedError where something of it is not valid."""
    missing = [key for key in _KEYS if getattr(update, key) is UNSET]
    if missing:
        raise _invalid(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    list_id, address = parse_id(update.list_id), update.email_address
    if list_id is None:
        raise _invalid(f"{excerpt(update.list_id)} is not a valid list id")
    if not isinstance(address, str) or is_email_address(address.strip()) is None:
        raise _invalid(f"{excerpt(address)} is not a valid e-mail address")
    if not isinstance(update.fields, dict) or not update.fields:
        raise _invalid("fields is not an object of profile field ids with their values")
    fields: dict[str, str] = {}
    for key, value in update.fields.items():
        text = field_text(value)
        if parse_id(key) is None:
            raise _invalid(f"{excerpt(key)} is not a valid profile field id")
        if text is None:
            raise _invalid(f"field {key}: {excerpt(value)} is not a text, a number or a boolean")
        fields[key] = text
    return ContactUpdate(list_id, address.strip(), fields)


def update_of(number: int, values: ContactUpdate, given: GivenUpdate, instant: int) -> Update:
    """Return the update of a line with this number, from its checked values."""
    fields = tuple((parse_id(field) or 0, value) for field, value in values.fields.items())
    if _are_names(given.mappings) and isinstance(given.file, str) and isinstance(given.line, int):
        origin = Origin(_interned(tuple(given.mappings)), sys.intern(given.file), given.line)
        changes = given_changes(RESENT, values.list_id, fields, origin)
    else:
        changes = shared(RESENT, values.list_id, fields)
    return number, values.email_address, changes, instant


@lru_cache(maxsize=1024)
def _interned(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return equal names as one object: many updates have the same."""
    return names


def _are_names(names: Any) -> TypeGuard[list[str]]:  # noqa: ANN401 - whatever JSON holds
    return isinstance(names, list) and all(isinstance(each, str) for each in names)


def _invalid(detail: str) -> RejectedError:
    return RejectedError(Reason.INVALID_UPDATE, detail)
