"""What stops a run before it does harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final

from listrak_sync.batching.window import Window
from listrak_sync.errors import StoppedError

SWITCHING_OFF_RATIO: Final = 0.5
"""`--max-off-ratio` where `--mirror` or `--previous` switch off who is not in the input."""


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits of a run: counts, the share of a window's values that are `off`, and of a change.

    `contacts_before` and `rejects_before` are what a run that is resumed had gathered before.
    Each check raises StoppedError, which names the option that allows more.
    """

    max_rejects: int | None = None
    max_contacts: int | None = None
    max_off_ratio: float | None = None
    min_contacts: int | None = None
    max_change: float | None = None
    contacts_before: int = 0
    rejects_before: int = 0

    def given(self, anew: Guards, *, contacts: int, rejects: int) -> Guards:
        """Return the guards of a run that is resumed: those given anew replace its own.

        `contacts` and `rejects` are counts of the run before it was resumed.
        """
        own = {key: value for key, value in asdict(anew).items() if value is not None}
        before = {"contacts_before": contacts, "rejects_before": rejects}
        return replace(self, **own | before)

    def switching_off(self) -> Guards:
        """Return the guards of a run that switches off who is not in the input."""
        ratio = SWITCHING_OFF_RATIO if self.max_off_ratio is None else self.max_off_ratio
        return replace(self, max_off_ratio=ratio)

    def check_complete(self, rejects: int, *, is_cut_off: bool) -> None:
        """Check that nobody is missing in an input, so that others may be switched off for it."""
        if is_cut_off:
            hint = "Get the whole input; who is missing in it would be switched off."
            raise StoppedError("the input is cut off: its last line cannot be read", hint)
        if rejects and self.max_rejects is None:
            hint = "Fix the rejects, for they would be switched off; or allow some: --max-rejects."
            raise StoppedError(f"rejects: {rejects:,}, so the input may lack some contacts", hint)

    def check_rejects(self, rejects: int) -> None:
        """Check how much is rejected so far."""
        rejects += self.rejects_before
        if self.max_rejects is not None and rejects > self.max_rejects:
            hint = "Look at the rejects; allow more with --max-rejects."
            raise StoppedError(
                f"rejects: {rejects:,}, more than --max-rejects {self.max_rejects}", hint
            )

    def check_contacts(self, contacts: int) -> None:
        """Check the contacts of all windows so far, before the last of them is sent."""
        contacts += self.contacts_before
        if self.max_contacts is not None and contacts > self.max_contacts:
            hint = "Look at dry-run; allow more with --max-contacts."
            raise StoppedError(
                f"contacts: {contacts:,}, more than --max-contacts {self.max_contacts}", hint
            )

    def check_fewest(self, contacts: int) -> None:
        """Check the contacts of the whole input, before the last window is sent."""
        contacts += self.contacts_before
        if self.min_contacts is not None and contacts < self.min_contacts:
            hint = "Is the input whole? Allow fewer with --min-contacts."
            raise StoppedError(
                f"contacts: {contacts:,}, fewer than --min-contacts {self.min_contacts}", hint
            )

    def check_change(
        self, on: Mapping[str, int], before: Mapping[str, int], run: str, *, is_whole: bool
    ) -> None:
        """Check how many values are on, by mapping, against those of an earlier run.

        Until the input is whole, only whether there are too many. Mappings that switched nothing
        on before are not compared.
        """
        if self.max_change is None:
            return
        for name, now in on.items():
            then = before.get(name, 0)
            if then and (is_whole or now > then) and abs(now - then) > self.max_change * then:
                change = f"{now:,} on, {then:,} in run {run}: {(now - then) / then:+.1%}"
                hint = "Is the input whole? Allow a larger change with --max-change."
                allowed = f"more than --max-change {self.max_change:g}"
                raise StoppedError(f"mapping {name!r}: {change}, {allowed}", hint)

    def check_off(self, window: Window) -> None:
        """Check the values of a window before it is sent."""
        if self.max_off_ratio is not None:
            counts = window.value_counts()
            off = sum(count for (*_, value), count in counts.items() if value == "off")
            self.check_off_values(off, counts.total())

    def check_off_values(self, off: int, total: int) -> None:
        """Check how many of all values are `off`."""
        if self.max_off_ratio is None:
            return
        if total and off / total > self.max_off_ratio:
            hint = "Has an audience been emptied by mistake? Allow more with --max-off-ratio."
            ratio = f"{off:,} of {total:,} values are off"
            raise StoppedError(f"{ratio}: more than --max-off-ratio {self.max_off_ratio:g}", hint)
