"""Parts of the input on their way to whoever evaluates them."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from listrak_sync.events.portions import CompressedFile, Part, Portion
from listrak_sync.updates.evaluated import Evaluated
from listrak_sync.updates.lines import LineEvaluator
from listrak_sync.updates.tasks import END, FAILED
from listrak_sync.updates.worker import Worker


@dataclass(slots=True)
class Assignment:
    """Parts of the input, and who evaluates them: we do, where there is no worker."""

    parts: deque[Part]
    worker: Worker | None = None
    found: deque[Evaluated | bytes] = field(default_factory=deque)
    """What we have found before it is asked for, as answers."""
    line: int = 0
    """Up to which line of the first part there is an answer."""

    @property
    def is_portion(self) -> bool:
        """Say whether it is not read yet."""
        return isinstance(self.parts[0], Portion)

    @property
    def is_compressed(self) -> bool:
        """Say whether it is a compressed file as a whole."""
        return isinstance(self.parts[0], CompressedFile)

    @property
    def is_of_a_file(self) -> bool:
        """Say whether all of it can be read again."""
        return self.is_portion or all(Path(part.file).is_file() for part in self.parts)

    def evaluate(self, evaluator: LineEvaluator) -> None:
        """Evaluate all before it is asked for; where that fails, it is tried anew by then."""
        with suppress(Exception):
            for part in self.parts:
                self.found.extend(evaluator.evaluate_part(part))
                self.found.append(END)

    def take(self) -> Evaluated | bytes | None:
        """Return the next answer, None where it is not there yet."""
        if self.worker is not None:
            return self.worker.take()
        return self.found.popleft() if self.found else FAILED
