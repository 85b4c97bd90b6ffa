"""What a run reads, and by which rules."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from listrak_sync.batching.batches import DEFAULT_LIMITS, LIST_IMPORT, PROFILE_FIELDS, Limits, Route
from listrak_sync.batching.list_files import MAX_FILE_BYTES
from listrak_sync.errors import UsageError
from listrak_sync.evaluation.compiled import EvaluationRules
from listrak_sync.evaluation.evaluator import NO_RULES, no_mapping_file
from listrak_sync.evaluation.event_times import Period
from listrak_sync.events.rejects import GivenUpdate, given_update, unwrap
from listrak_sync.guards import Guards
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.input.compression import UNREADABLE
from listrak_sync.input.formats import BOM, check_formats, head_of
from listrak_sync.input.sources import STANDARD_INPUT, InputFormat, RowOptions, Source, expand
from listrak_sync.jobs.in_order import usable_cores
from listrak_sync.mapping.faults import Finding, suggestion
from listrak_sync.mapping.model import Mapping
from listrak_sync.report.record import LastRun

DEFAULT_WINDOW: Final = 1_000_000
DEFAULT_WINDOW_BYTES: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run reads, and by which rules: the same for dry-run and push."""

    sources: Sequence[Source]
    mappings: Sequence[Mapping]
    rules: EvaluationRules = NO_RULES
    remarks: Sequence[Finding] = ()
    mapping_files: Sequence[str] = ()
    inputs: Sequence[str] = ()
    window: int = DEFAULT_WINDOW
    window_bytes: int = DEFAULT_WINDOW_BYTES
    limits: Limits | None = None
    route: Route = PROFILE_FIELDS
    guards: Guards = field(default_factory=Guards)
    flush_every: float | None = None
    skip_older: bool = False
    start: Checkpoint = field(default_factory=Checkpoint)
    jobs: int = 1
    only_changes: bool = False
    reject_unknown: bool = False
    mirror: bool = False
    previous: Sequence[Source] = ()
    last_run: LastRun | None = None
    samples_funnels: bool = False

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


class Undated(StrEnum):
    """What becomes of events that have no time, where only some time is wanted."""

    keep = "keep"
    skip = "skip"


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options that decide which windows and requests a run makes of its input.

    `since` and `until` are in nanoseconds since 1970.
    """

    ignore_integrations: bool = False
    order: Order = Order.timestamp
    window: int = DEFAULT_WINDOW
    window_bytes: int = DEFAULT_WINDOW_BYTES
    route: RouteChoice = RouteChoice.auto
    batch_contacts: int | None = None
    batch_bytes: int | None = None
    only_changes: bool = False
    reject_unknown: bool = False
    mirror: bool = False
    previous: tuple[str, ...] = ()
    audience: str | None = None
    trait: str | None = None
    email_column: str | None = None
    format_in: InputFormat | None = None
    only: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    undated: Undated = Undated.keep
    skip_older: bool = False

    def rows(self) -> RowOptions:
        """Return how the rows of CSV become events.

        Raises UsageError where the options contradict each other.
        """
        if self.audience is not None and self.trait is not None:
            hint = "A file holds the members of an audience, or the values of a trait."
            raise UsageError("--audience and --trait exclude each other", hint)
        key, is_member = self.audience, True
        if self.audience is not None and "=" in self.audience:
            key, _, word = self.audience.rpartition("=")
            if word not in {"true", "false"}:
                hint = "Write --audience KEY, or --audience KEY=false for those who left it."
                raise UsageError(f"--audience {self.audience}: {word!r} is not true or false", hint)
            is_member = word == "true"
        for option, name in (("--audience", key), ("--trait", self.trait)):
            if name is not None and not name.strip():
                hint = "Its key is in the events as context.personas.computation_key."
                raise UsageError(f"{option} names nothing", hint)
            if name is not None and len(name.split()) > 1:
                hint = f"Did you mean {'_'.join(name.lower().split())}? A key is in snake case."
                raise UsageError(f"{option} {name}: this is a name, not a key", hint)
        return RowOptions(key, is_member, self.trait, self.email_column, self.format_in)

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
        previous = expand(self.previous, self.rows()) if self.previous else ()
        if any(source.file == STANDARD_INPUT for source in previous):
            raise UsageError("--previous takes files and folders", "Save the pipe to a file first.")
        check_formats(previous)
        switches_off = self.mirror or bool(previous)
        partial = flush_every is not None or self.since is not None or self.until is not None
        if switches_off and partial:
            hint = "Leave out --flush-every, --since and --until: who is left out would be off."
            raise UsageError("--mirror and --previous need the whole input", hint)
        mappings, left_out = chosen(mappings, self.only)
        return RunSettings(
            mappings=mappings,
            sources=sources,
            rules=self._rules(left_out),
            window=self.window,
            window_bytes=self.window_bytes,
            limits=self._limits(),
            route=self._first_route(),
            guards=guards.switching_off() if switches_off else guards,
            flush_every=flush_every,
            skip_older=self.skip_older,
            start=start or Checkpoint(),
            jobs=jobs or usable_cores(),
            only_changes=self.only_changes,
            reject_unknown=self.reject_unknown,
            mirror=self.mirror,
            previous=previous,
        )

    def _rules(self, left_out: frozenset[str] | None) -> EvaluationRules:
        """Return by which rules events are evaluated. Raises UsageError."""
        period = None
        if self.since is not None or self.until is not None:
            if None not in {self.since, self.until} and (self.since or 0) >= (self.until or 0):
                hint = "Events from --since to before --until are read."
                raise UsageError("--since is not before --until", hint)
            period = Period(self.since, self.until, self.undated is Undated.keep)
        elif self.undated is Undated.skip:
            hint = "Give one of them as well: without them, all events are read."
            raise UsageError("--undated skip goes with --since or --until", hint)
        by_timestamp = self.order is Order.timestamp
        return EvaluationRules(self.ignore_integrations, by_timestamp, period, left_out)

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


def chosen(
    mappings: Sequence[Mapping], only: Sequence[str]
) -> tuple[Sequence[Mapping], frozenset[str] | None]:
    """Return the mappings with one of these names, or with a name like one of these patterns.

    Also returns the names of the others, None where nothing is chosen. Raises UsageError for a
    name that none has, and for one of a mapping that is not enabled.
    """
    if not only:
        return mappings, None
    if not mappings:
        hint = "Name one with -m FILE or LISTRAK_SYNC_MAPPING, or leave --only out."
        raise UsageError(f"--only {only[0]}: there is no mapping file", hint)
    names = [mapping.name for mapping in mappings]
    wanted = set[str]()
    for each in only:
        found = {each} & {*names} or {name for name in names if fnmatchcase(name, each)}
        if not found:
            hint = suggestion(each, names)
            raise UsageError(
                f"--only {each}: no mapping has this name", f"{hint[:1].upper()}{hint[1:]}"
            )
        if not any(mapping.enabled for mapping in mappings if mapping.name in found):
            hint = "Set enabled: true in the mapping file."
            raise UsageError(f"--only {each}: the mapping is not enabled", hint)
        wanted |= found
    kept = tuple(mapping for mapping in mappings if mapping.name in wanted)
    return kept, frozenset(names) - wanted


def check_updates(sources: Iterable[Source]) -> None:
    """Raise UsageError where a run without a mapping file is given events.

    Only the first line of the first file is looked at; the others when they are read.
    """
    for source in sources:
        if source.file == STANDARD_INPUT and sys.stdin.isatty():
            raise no_mapping_file("")
        if not source.can_be_read_again:
            return
        with suppress(*UNREADABLE):
            line = head_of(source).removeprefix(BOM).lstrip().split(b"\n", 1)[0]
            if line and not isinstance(given_update(line) or unwrap(line), GivenUpdate):
                raise no_mapping_file(f"{source.name}: this does not begin with an update, and ")
        return
