"""The name `forloop`, which tells of the passes of a loop."""

from __future__ import annotations

from msgspec import UNSET

from listrak_sync.events.key_paths import Json
from listrak_sync.mapping.directives import javascript


class StandIn:
    """A word of a template that stands for a value."""

    __slots__ = ()

    def plain(self) -> object:
        """Return the value."""
        raise NotImplementedError


class Forloop(StandIn):
    """How far a loop has come, as LiquidJS's ForloopDrop tells it."""

    __slots__ = ("length", "name", "passes")

    def __init__(self, length: int, name: str) -> None:
        self.length = length
        self.name = name
        self.passes = 0

    def members(self) -> dict[str, Json]:
        """Return what it is as an object, as LiquidJS does."""
        return {"i": self.passes, "length": self.length, "name": self.name}

    def plain(self) -> str:
        """Return what is printed where a template prints all of it."""
        return javascript.json_text(self.members())

    def member(self, name: str) -> object:
        """Return a member by its name, UNSET where there is none."""
        match name:
            case "index":
                return self.passes + 1
            case "index0" | "i":
                return self.passes
            case "rindex":
                return self.length - self.passes
            case "rindex0":
                return self.length - self.passes - 1
            case "first":
                return self.passes == 0
            case "last":
                return self.passes == self.length - 1
            case "length":
                return self.length
            case "name":
                return self.name
            case "valueOf":
                return self.plain()
            case "next":  # LiquidJS calls its own method
                self.passes += 1
        return UNSET
