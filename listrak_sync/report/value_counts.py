"""How many values are on, off or another one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class ValueCounts:
    """Values by what they are: those of check boxes are `on` or `off`, texts count as `other`."""

    on: int = 0
    off: int = 0
    other: int = 0

    def add(self, value: str, count: int = 1) -> None:
        """Count a value so many times."""
        match value:
            case "on":
                self.on += count
            case "off":
                self.off += count
            case _:
                self.other += count

    def add_all(self, others: ValueCounts) -> None:
        """Add values that were counted elsewhere."""
        self.on += others.on
        self.off += others.off
        self.other += others.other
