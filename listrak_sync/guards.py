"""What stops a run before it does harm."""

from __future__ import annotations

from dataclasses import dataclass

from listrak_sync.batching.window import Window
from listrak_sync.errors import StoppedError


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits of a run: counts, and the share of a window's values that are `off`.

    Each check raises StoppedError, which names the option that allows more.
    """

    max_rejects: int | None = None
    max_contacts: int | None = None
    max_off_ratio: float | None = None

    def check_rejects(self, rejects: int) -> None:
        """Check how much is rejected so far."""
        if self.max_rejects is not None and rejects > self.max_rejects:
            hint = "Look at the rejects; allow more with --max-rejects."
            raise StoppedError(
                f"rejects: {rejects:,}, more than --max-rejects {self.max_rejects}", hint
            )

    def check_contacts(self, contacts: int) -> None:
        """Check the contacts of all windows so far, before the last of them is sent."""
        if self.max_contacts is not None and contacts > self.max_contacts:
            hint = "Look at dry-run; allow more with --max-contacts."
            raise StoppedError(
                f"contacts: {contacts:,}, more than --max-contacts {self.max_contacts}", hint
            )

    def check_off(self, window: Window) -> None:
        """Check the values of a window before it is sent."""
        if self.max_off_ratio is None:
            return
        off, total = window.off_values()
        if total and off / total > self.max_off_ratio:
            hint = "Has an audience been emptied by mistake? Allow more with --max-off-ratio."
            ratio = f"{off:,} of {total:,} values are off"
            raise StoppedError(f"{ratio}: more than --max-off-ratio {self.max_off_ratio:g}", hint)
