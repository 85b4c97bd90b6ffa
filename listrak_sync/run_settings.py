"""What a run reads, and by which rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec

from listrak_sync.batching.batches import DEFAULT_LIMITS, LIST_IMPORT, PROFILE_FIELDS, Limits, Route
from listrak_sync.batching.list_files import MAX_FILE_BYTES
from listrak_sync.errors import UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.input.sources import Source, expand
from listrak_sync.jobs.in_order import usable_cores
from listrak_sync.mapping.faults import Finding
from listrak_sync.mapping.model import Mapping

DEFAULT_WINDOW: Final = 1_000_000
DEFAULT_WINDOW_BYTES: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run reads, and by which rules: the same for dry-run and push."""

    sources: Sequence[Source]
    mappings: Sequence[Mapping]
    remarks: Sequence[Finding] = ()
    ignore_integrations: bool = False
    by_timestamp: bool = True
    window: int = DEFAULT_WINDOW
    window_bytes: int = DEFAULT_WINDOW_BYTES
    limits: Limits | None = None
    route: Route = PROFILE_FIELDS
    guards: Guards = field(default_factory=Guards)
    flush_every: float | None = None
    start: Checkpoint = field(default_factory=Checkpoint)
    jobs: int = 1
    only_changes: bool = False
    reject_unknown: bool = False
    mirror: bool = False
    previous: Sequence[Source] = ()

    @property
    def switches_off(self) -> bool:
        """Say whether the run switches off who is not in the input, which then must be whole."""
        return self.mirror or bool(self.previous)


class Order(StrEnum):
    """Which of two values for a field is the newer one."""

    timestamp = "timestamp"
    input = "input"


class RouteChoice(StrEnum):
    """By which of Listrak's two routes imports are started."""

    auto = "auto"
    profile_fields = "profile-fields"
    list_import = "list-import"


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options that decide which windows and requests a run makes of its input."""

    ignore_integrations: bool
    order: Order
    window: int
    window_bytes: int = DEFAULT_WINDOW_BYTES
    route: RouteChoice
    batch_contacts: int | None
    batch_bytes: int | None
    only_changes: bool = False
    reject_unknown: bool = False
    mirror: bool = False
    previous: tuple[str, ...] = ()

    def settings(
        self,
        mappings: Sequence[Mapping],
        sources: Sequence[Source],
        guards: Guards,
        jobs: int | None,
        flush_every: float | None = None,
        start: Checkpoint | None = None,
    ) -> RunSettings:
        """Return the settings of a run with these options; without `jobs`, it takes every core.

        Raises UsageError for batches that are larger than Listrak takes, and for an earlier input
        that cannot be read.
        """
        previous = tuple(expand(self.previous)) if self.previous else ()
        switches_off = self.mirror or bool(previous)
        if switches_off and flush_every is not None:
            hint = "Leave out --flush-every: the whole input says who is switched off."
            raise UsageError("--mirror and --previous need the whole input at once", hint)
        return RunSettings(
            mappings=mappings,
            sources=sources,
            ignore_integrations=self.ignore_integrations,
            by_timestamp=self.order is Order.timestamp,
            window=self.window,
            window_bytes=self.window_bytes,
            limits=self._limits(),
            route=self._first_route(),
            guards=guards.switching_off() if switches_off else guards,
            flush_every=flush_every,
            start=start or Checkpoint(),
            jobs=jobs or usable_cores(),
            only_changes=self.only_changes,
            reject_unknown=self.reject_unknown,
            mirror=self.mirror,
            previous=previous,
        )

    def _first_route(self) -> Route:
        """Return the route that a run begins with."""
        return LIST_IMPORT if self.route is RouteChoice.list_import else PROFILE_FIELDS

    def _limits(self) -> Limits | None:
        """Return the limits of a batch, None where they are those of the route.

        Raises UsageError for a file larger than Listrak takes, also where the run only falls
        back to sending files.
        """
        if self.batch_contacts is None and self.batch_bytes is None:
            return None
        usual = DEFAULT_LIMITS[self._first_route()]
        limits = Limits(self.batch_contacts or usual.contacts, self.batch_bytes or usual.bytes)
        if self.route is not RouteChoice.profile_fields and limits.bytes > MAX_FILE_BYTES:
            hint = f"Listrak takes files of up to {MAX_FILE_BYTES:,} bytes."
            raise UsageError(f"--batch-bytes {limits.bytes} is too much for a list import", hint)
        return limits
