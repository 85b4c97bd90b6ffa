"""The numbers of a run for Prometheus, as a file for its textfile collector."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from listrak_sync.errors import DONE, SOME_REJECTED, UsageError
from listrak_sync.report.record import RunRecord
from listrak_sync.report.whole_file import WholeFile

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

PREFIX: Final = "listrak_sync_"
MARK: Final = f"# HELP {PREFIX}".encode()
_SUCCESS: Final = "last_success_timestamp_seconds"
_LIST_STATES: Final = (
    "accepted",
    "refused",
    "unsent",
    "already_right",
    "not_on_list",
    "unsubscribed",
)


def check_metrics(path: Path) -> None:
    """Raise UsageError where the metrics cannot be written, before a run begins."""
    try:
        import prometheus_client  # noqa: F401, PLC0415 - may be missing
    except ImportError:
        hint = "pip install 'listrak-sync[metrics]'"
        raise UsageError("--metrics-file needs the package prometheus-client", hint) from None
    _file(path).check()


def write_metrics(path: Path, record: RunRecord, started: float, ended: float) -> None:
    """Write the metrics of a run, in place of those of the run before; times since 1970.

    When a run last was a success is kept from the file that was there. Raises OutputError.
    """
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - slow

    registry = CollectorRegistry()
    is_success = record.exit_status in {DONE, SOME_REJECTED}
    success = ended if is_success else _last_success(path)
    for name, value, what in (
        ("last_start_timestamp_seconds", started, "When the last run began."),
        ("last_end_timestamp_seconds", ended, "When the last run ended."),
        (_SUCCESS, success, "When a run last ended with status 0 or 6."),
        ("last_run_success", is_success, "1 where the last run ended with status 0 or 6."),
        ("last_run_exit_status", record.exit_status, "The exit status of the last run."),
        ("last_run_duration_seconds", ended - started, "How long the last run took."),
        ("lines", record.lines, "Lines that were read."),
        ("contacts", record.contacts, "Contacts that were answered for."),
    ):
        if value is not None:
            _gauge(registry, name, what, value)
    _add_counts(registry, record)
    _file(path).write(generate_latest(registry))


def _file(path: Path) -> WholeFile:
    # Others read them, and nobody's address is in them.
    return WholeFile(path, "--metrics-file", "a file of metrics", MARK, 0o644)


def _add_counts(registry: CollectorRegistry, record: RunRecord) -> None:
    """Add the counts by reason, mapping and list."""
    from prometheus_client import Gauge  # noqa: PLC0415 - slow

    by_reason = (
        ("skipped_lines", "Lines that were skipped.", record.skipped),
        ("rejects", "Lines that were rejected.", record.rejected),
        ("refused_contacts", "Contacts that were not accepted.", record.refused),
    )
    for name, what, counts in by_reason:
        gauge = Gauge(f"{PREFIX}{name}", what, ["reason"], registry=registry)
        for reason, count in counts.items():
            gauge.labels(reason).set(count)
    matched = Gauge(f"{PREFIX}mapping_events", "Events taken.", ["mapping"], registry=registry)
    values = Gauge(
        f"{PREFIX}mapping_values", "Values given.", ["mapping", "value"], registry=registry
    )
    for mapping in record.mappings:
        matched.labels(mapping.name).set(mapping.matched)
        for kind in ("on", "off", "other"):
            values.labels(mapping.name, kind).set(getattr(mapping, kind))
    contacts = Gauge(
        f"{PREFIX}list_contacts",
        "Contacts by how they ended.",
        ["list", "state"],
        registry=registry,
    )
    for entry in record.lists:
        for state in _LIST_STATES:
            contacts.labels(str(entry.list_id), state).set(getattr(entry, state))


def _gauge(registry: CollectorRegistry, name: str, what: str, value: float) -> None:
    from prometheus_client import Gauge  # noqa: PLC0415 - slow

    Gauge(f"{PREFIX}{name}", what, registry=registry).set(value)


def _last_success(path: Path) -> float | None:
    """Return when a run last was a success, by the file of the run before, if it says so."""
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - slow

    with suppress(OSError, ValueError):
        for family in text_string_to_metric_families(path.read_text("utf-8")):
            for sample in family.samples:
                if sample.name == f"{PREFIX}{_SUCCESS}":
                    return sample.value
    return None
