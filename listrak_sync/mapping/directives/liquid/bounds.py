"""How much a template may compute."""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeVar

MAX_SIZE: Final = 1_000_000
"""How many characters a text, and how many items and characters a list may have in a template."""

MAX_WORK: Final = 5_000_000
"""How many characters and items all large texts and lists of a template may have together."""

MAX_STEPS: Final = 2_000_000
"""How many characters of the template all passes of its loops may go through."""

_LARGE: Final = 100


class RenderError(Exception):
    """A template that fails for an event; says why."""


class TooLargeError(RenderError):
    """A template whose values grow without end."""


T = TypeVar("T")


class Counts(Protocol):
    """Where it is kept how much was computed."""

    tag_namespace: dict[str, Any]


def check_size(value: object) -> int:
    """Return how many items and characters a value has. Raises RenderError above MAX_SIZE."""
    size = 0
    rest = [value]
    while rest:
        each = rest.pop()
        size += 1
        if isinstance(each, str):
            size += len(each)
        elif isinstance(each, list):
            rest += each
        elif isinstance(each, dict):
            rest += each
            rest += each.values()
        if size > MAX_SIZE:
            raise too_large()
    return size


def too_large() -> TooLargeError:
    """Return the failure of a value that grows without end."""
    return TooLargeError(f"a value is larger than {MAX_SIZE:,} characters or items")


def check_length(length: float) -> None:
    """Raise RenderError where a text or list of this length would be too large."""
    if length > MAX_SIZE:
        raise too_large()


def counted(scope: Counts, value: T) -> T:
    """Return a value, and count it if it is large. Raises RenderError above MAX_WORK."""
    if isinstance(value, str | list) and len(value) > _LARGE:
        _add_work(scope, len(value))
    return value


def count_read(scope: Counts, value: object) -> None:
    """Count a value that is read in a loop if it is large. Raises RenderError above MAX_WORK."""
    if isinstance(value, str):
        counted(scope, value)
    elif isinstance(value, list | dict) and (size := check_size(value)) > _LARGE:
        _add_work(scope, size)


def _add_work(scope: Counts, size: int) -> None:
    work = scope.tag_namespace.get("work", 0) + size
    if work > MAX_WORK:
        raise TooLargeError(f"all values together are larger than {MAX_WORK:,} characters")
    scope.tag_namespace["work"] = work


def count_steps(scope: Counts, steps: int) -> None:
    """Count a pass of a loop. Raises RenderError above MAX_STEPS."""
    steps += scope.tag_namespace.get("steps", 0)
    if steps > MAX_STEPS:
        raise TooLargeError(f"all passes of its loops are larger than {MAX_STEPS:,} characters")
    scope.tag_namespace["steps"] = steps
