"""The journal's table of when the values happened that were sent last, by contact and field."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

TABLE: Final = """
CREATE TABLE IF NOT EXISTS sent_values (
    key INTEGER PRIMARY KEY,  -- part of a hash of the destination, list, address and field
    instant INTEGER NOT NULL  -- of the event that gave the value, nanoseconds since 1970, or 0
)
"""
_AT_ONCE: Final = 500
"""How many keys are looked up at a time; SQLite takes a limited number."""


class SentField(NamedTuple):
    """A field of a contact of a list; the address is in lower case."""

    list_id: int
    address: str
    field: int


SentValue: TypeAlias = tuple[int, str, int, int]
"""A list, an address in lower case, a field, and the instant of the event that gave the value."""


def note(db: sqlite3.Connection, destination: str, values: Iterable[SentValue]) -> None:
    """Write down values that are sent; they replace earlier ones."""
    rows = (
        (_key(destination, SentField(list_id, address, field)), instant)
        for list_id, address, field, instant in values
    )
    db.executemany("INSERT OR REPLACE INTO sent_values VALUES (?, ?)", rows)


def drop(db: sqlite3.Connection, destination: str, fields: Iterable[SentField]) -> None:
    """Forget values that did not reach Listrak."""
    db.executemany(
        "DELETE FROM sent_values WHERE key = ?",
        ((_key(destination, field),) for field in fields),
    )


def instants(
    db: sqlite3.Connection, destination: str, fields: Sequence[SentField]
) -> dict[SentField, int]:
    """Return when the values happened that were sent last, for those fields that have one."""
    found: dict[SentField, int] = {}
    for some in _some(fields):
        by_key = {_key(destination, field): field for field in some}
        marks = ", ".join("?" * len(by_key))
        query = f"SELECT key, instant FROM sent_values WHERE key IN ({marks})"  # noqa: S608 - marks
        rows = db.execute(query, tuple(by_key))
        found.update((by_key[key], instant) for key, instant in rows)
    return found


def forget(db: sqlite3.Connection) -> None:
    """Delete all of it."""
    db.execute("DELETE FROM sent_values")


def _some(fields: Sequence[SentField]) -> Iterator[list[SentField]]:
    rest = iter(fields)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _key(destination: str, field: SentField) -> int:
    """Return a number of 64 bits that tells fields apart, and from which none can be read."""
    text = f"{destination}\n{field.list_id}\n{field.address}\n{field.field}"
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
