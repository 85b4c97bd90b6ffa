"""What to write instead of a name that nobody knows: one that is near, or any that is known."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that an unknown one is taken for, upper case or lower, or None."""
    by_lower = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_lower, 1)
    return by_lower[near[0]] if near else None


def suggestion(name: str, known: Collection[str]) -> str:
    """Return what to write instead of an unknown name, as the end of a message."""
    near = nearest(name, known)
    return f"known: {', '.join(known)}" if near is None else f"did you mean {near}?"
