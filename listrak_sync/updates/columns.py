"""Updates by column, for their way from one process to another."""

from __future__ import annotations

from typing import TypeAlias

from listrak_sync.updates.changes import Change
from listrak_sync.updates.update import Update, change_of

Columns: TypeAlias = tuple[list[int], list[str], list[int], list[int], list[Change]]
"""Lines, addresses, indices of changes, instants; and the changes."""


def by_column(updates: list[Update]) -> Columns:
    """Return updates by column, which is shorter: each change once, and its index instead."""
    index = {change: number for number, change in enumerate(set(map(change_of, updates)))}
    return (
        [line for line, _, _, _ in updates],
        [address for _, address, _, _ in updates],
        [index[change] for _, _, change, _ in updates],
        [instant for _, _, _, instant in updates],
        list(index),
    )


def by_row(columns: Columns) -> list[Update]:
    """Return what columns were made of."""
    lines, addresses, indices, instants, changes = columns
    return list(zip(lines, addresses, map(changes.__getitem__, indices), instants, strict=True))
