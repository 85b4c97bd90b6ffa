"""A report as programs get it: what `--json` prints, and what the journal keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from listrak_sync.account.plan import ListPlan
from listrak_sync.account.state import Verified
from listrak_sync.delivery.imports import Applied
from listrak_sync.evaluation.explain import Funnel


class MappingRecord(msgspec.Struct, frozen=True):
    """What became of the events that one mapping took, and the final values that it gave.

    matched = its updates + all rejected.
    """

    name: str
    matched: int
    on: int
    off: int
    other: int
    rejected: Mapping[str, int]

    @property
    def values(self) -> int:
        """Return how many values it gave."""
        return self.on + self.off + self.other


class FieldRecord(msgspec.Struct, frozen=True):
    """The final values of the input for one field of a list."""

    field_id: int
    name: str | None
    on: int
    off: int
    other: int

    @property
    def values(self) -> int:
        """Return how many values there are."""
        return self.on + self.off + self.other


class ListRecord(msgspec.Struct, frozen=True):
    """What was sent to one list, or would be: contacts by how they ended, fields, imports.

    contacts = to_send + accepted + refused + unsent + already_right + not_on_list + unsubscribed
    """

    list_id: int
    contacts: int
    requests: int
    to_send: int
    accepted: int
    refused: int
    unsent: int
    already_right: int
    not_on_list: int
    unsubscribed: int
    fields: Sequence[FieldRecord]
    imports: Sequence[str]
    unverified_requests: int
    refusal: str | None
    refusals: Mapping[str, int]
    applied: Applied | UnsetType = UNSET
    unaccounted: int | UnsetType | None = UNSET
    verified: Verified | UnsetType = UNSET


class SwitchedOff(msgspec.Struct, frozen=True):
    """How many contacts are switched off in a field, not being in the input."""

    list_id: int
    field_id: int
    contacts: int


class LastRun(msgspec.Struct, frozen=True):
    """The run with which this one is compared: values that are on and off, by mapping."""

    run: str
    started: str
    on: Mapping[str, int]
    off: Mapping[str, int]


class PlanRecord(msgspec.Struct, frozen=True):
    """What `plan` found: the requests of a push, and what would become of each list."""

    requests: int
    lists: Sequence[ListPlan]


class RunRecord(msgspec.Struct, frozen=True):
    """What became of a run, or of the part of one that a process did. Times are in UTC."""

    command: str
    exit_status: int
    error: str | None
    run: str | None
    started: str
    mapping_files: Sequence[str]
    inputs: Sequence[str]
    files_read_before: int
    lines: int
    skipped: Mapping[str, int]
    unreadable: int
    undated: int
    matched_lines: int
    matched: Mapping[str, int]
    mappings: Sequence[MappingRecord]
    rejected: Mapping[str, int]
    refused: Mapping[str, int]
    updates: int
    values: int
    superseded: int
    already_right: int
    not_on_list: int
    unsubscribed: int
    ordered_by_line: int
    fed_back: int
    older_than_sent: int
    values_to_send: int
    contacts: int
    switched_off: Sequence[SwitchedOff]
    left_over: int
    route_fell_back: bool
    lists: Sequence[ListRecord]
    remarks: Sequence[Mapping[str, str | int]]
    warnings: Sequence[str]
    seconds: float
    lines_per_second: int | None
    field_names: Mapping[int, str] | UnsetType = UNSET
    last_run: LastRun | UnsetType = UNSET
    plan: PlanRecord | UnsetType = UNSET
    funnels: Sequence[Funnel] | UnsetType = UNSET
    explained_lines: int | UnsetType = UNSET
    """Of how many lines the funnels are, where they are not of all."""
