"""Writes a row of an exported audience or computed trait as events, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from listrak_sync.input.columns import Columns, Role
from listrak_sync.input.row_template import scalar
from listrak_sync.reasons import Reason, RejectedError

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode
_TYPOGRAPHIC: Final = dict.fromkeys(map(ord, "“”„‟″"), '"')


class RowWriter:
    """Writes any row of one file."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._options = columns.options
        self._emails = columns.of(Role.EMAIL)
        self._ids = columns.of(Role.EXTERNAL_IDS)
        self._traits = columns.of(Role.TRAITS)
        self._value = columns.of(Role.VALUE)

    def lines(self, row: Sequence[str]) -> list[bytes]:
        """Return the events of a row, one for each address; a blank line for a blank row.

        Raises RejectedError where a cell that must hold JSON does not.
        """
        if not row:
            return [b"\n"]
        ids = [each for index in self._ids for each in self._external_ids(row, index)]
        traits = self._row_traits(row)
        found = [row[index] for index in self._emails]
        if self._options.takes_all_addresses:
            found += [each["id"] for each in ids if _is_address(each)]
            found += [traits["email"]] if isinstance(traits.get("email"), str) else []
        addresses: dict[str, str] = {}
        for each in found:
            if each.strip():
                addresses.setdefault(each.strip().lower(), each.strip())
        event: dict[str, Any] = {"type": "identify"}
        for role, name in ((Role.USER, "userId"), (Role.ANONYMOUS, "anonymousId")):
            for index, _ in self._named(role):
                if row[index]:
                    event.setdefault(name, row[index])
        context: dict[str, Any] = {"personas": self._options.personas}
        if any(row[index] for index in self._ids):
            context["externalIds"] = ids
        lines = []
        for address in addresses.values() or (None,):
            own = dict(traits)
            own.pop("email", None)
            if address is not None:
                own["email"] = address
            own[self._options.key] = self._outcome(row)
            lines.append(_encode(event | {"traits": own, "context": context}) + b"\n")
        return lines

    def _row_traits(self, row: Sequence[str]) -> dict[str, Any]:
        """Return the traits in a row. Raises RejectedError."""
        traits: dict[str, Any] = {}
        for index in self._traits:
            traits |= self._object(row, index)
        named = ((row[index], name) for index, name in self._named(Role.TRAIT))
        return traits | {name: cell for cell, name in named if cell}

    def _named(self, role: Role) -> Iterator[tuple[int, str]]:
        return ((index, self._columns.names[index]) for index in self._columns.of(role))

    def _outcome(self, row: Sequence[str]) -> Any:  # noqa: ANN401 - whatever JSON holds
        if self._value:
            return msgspec.Raw(scalar(row[self._value[0]]).encode())
        return self._options.is_member

    def _external_ids(self, row: Sequence[str], index: int) -> list[dict[str, Any]]:
        """Return the external ids in a cell, which is a list of them or an object by their types.

        Raises RejectedError.
        """
        found = self._json(row, index)
        if isinstance(found, list) and all(isinstance(each, dict) for each in found):
            return found
        if isinstance(found, dict):
            several = {kind: ids if isinstance(ids, list) else [ids] for kind, ids in found.items()}
            return [{"id": each, "type": kind} for kind, ids in several.items() for each in ids]
        raise self._wrong(index, "a list of external ids")

    def _object(self, row: Sequence[str], index: int) -> dict[str, Any]:
        found = self._json(row, index) or {}
        if not isinstance(found, dict):
            raise self._wrong(index, "an object of traits")
        return found

    def _json(self, row: Sequence[str], index: int) -> Any:  # noqa: ANN401 - whatever JSON holds
        cell = row[index].strip()
        if not cell:
            return []
        for text in (cell, cell.translate(_TYPOGRAPHIC)):
            try:
                return _decode(text)
            except (msgspec.DecodeError, RecursionError):
                continue
        raise self._wrong(index, "JSON")

    def _wrong(self, index: int, wanted: str) -> RejectedError:
        detail = f"the column {self._columns.names[index]} does not hold {wanted}"
        return RejectedError(Reason.BAD_ROW, detail)


def _is_address(entry: dict[str, Any]) -> bool:
    return entry.get("type") == "email" and isinstance(entry.get("id"), str) and "@" in entry["id"]
