"""Where requests go: to Listrak, or to a stand-in on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from listrak_sync.listrak import credentials
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.mapping.field_types import DescribedField
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.values import USE_AUDIENCE_KEY, field_text, parse_id

if TYPE_CHECKING:
    from listrak_sync.listrak.api import Api
    from listrak_sync.sandbox.account import AccountField, DataType


@contextmanager
def open_listrak(addresses: Addresses, secret_file: Path | None) -> Iterator[Api]:
    """Open Listrak's API for look-ups. Raises SettingsError without credentials."""
    from listrak_sync.listrak.api import Api  # noqa: PLC0415 - loads httpx

    with Api(addresses, credentials.read(os.environ, secret_file)) as api:
        yield api


def destination(
    mappings: Sequence[Mapping], addresses: Addresses, secret_file: Path | None, *, sandbox: bool
) -> AbstractContextManager[tuple[Addresses, Credentials]]:
    """Return a context with the addresses and credentials of a push.

    With `sandbox`, a stand-in runs inside it. Raises SettingsError without credentials.
    """
    if sandbox:
        return _sandbox(mappings)
    return nullcontext((addresses, credentials.read(os.environ, secret_file)))


@contextmanager
def _sandbox(mappings: Sequence[Mapping]) -> Iterator[tuple[Addresses, Credentials]]:
    """Run a stand-in that knows the lists and fields of the mappings, for one run."""
    from listrak_sync.sandbox import Account, Sandbox  # noqa: PLC0415 - only with --sandbox

    with Sandbox(Account.of_fields(known_fields(mappings))) as stand_in:
        access = Credentials("sandbox", "sandbox")
        yield Addresses(stand_in.api_url, stand_in.auth_url), access


def known_fields(
    mappings: Sequence[Mapping],
) -> dict[int, dict[int, AccountField | DataType | None]]:
    """Return the lists and fields that the mappings name, by their ids.

    A field is what the mapping file describes. Without a description, one that is only ever
    switched on or off is a check box; the type of others is None.
    """
    fields: dict[int, dict[int, AccountField | DataType | None]] = {}
    for mapping in mappings:
        list_id = parse_id(mapping.list_id.constant)
        if list_id is None:
            continue
        known = fields.setdefault(list_id, {})
        for field in mapping.fields:
            is_switch = field_text(field.value.constant) in {"on", "off", USE_AUDIENCE_KEY}
            known[field.id] = "CheckBox" if is_switch and known.get(field.id, "CheckBox") else None
            if field.described is not None:
                known[field.id] = _account_field(field.described)
    return fields


def _account_field(described: DescribedField) -> AccountField:
    """Return a field of the stand-in's account for one that the mapping file describes."""
    from listrak_sync.sandbox.account import AccountField  # noqa: PLC0415 - only with a sandbox

    members = {
        "id": described.id,
        "name": described.name or f"Field {described.id}",
        "data_type": described.data_type or "Text",
        "max_length": described.max_length,
    }
    return msgspec.convert(members, AccountField)
