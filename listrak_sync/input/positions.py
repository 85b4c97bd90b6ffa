"""Where in the whole of its input a run is."""

from __future__ import annotations

from collections.abc import Iterable

from listrak_sync.input.sources import Source


class Positions:
    """The bytes of inputs that are read one after the other.

    `total` is None where the size of one of them is not known.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._before: dict[str, int] = {}
        total, is_known = 0, True
        for source in sources:
            self._before.setdefault(source.name, total)
            total += source.size or 0
            is_known = is_known and source.size is not None
        self.total = total if is_known else None

    def of(self, file: str, position: int) -> int:
        """Return how many bytes there are up to a position in a file, by its name."""
        return self._before.get(file, 0) + position
