"""A push from its request to its result: opens everything that it needs, then runs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from listrak_sync import sync
from listrak_sync.delivery.destination import destination
from listrak_sync.delivery.journal import Journal, files_of, open_journal
from listrak_sync.delivery.outcomes import check_access
from listrak_sync.delivery.receipts import Receipt
from listrak_sync.delivery.sending import BRIEF, PATIENT, DeliveryOptions, OnRetry, ignore
from listrak_sync.delivery.stop import Stop, interruptible
from listrak_sync.errors import SettingsError, StoppedError, UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.choice import FileChoice
from listrak_sync.input.sources import Source
from listrak_sync.last_run import last_run, not_compared
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.credentials import is_read_by_others, secret_file_of
from listrak_sync.mapping.faults import Finding
from listrak_sync.progress import OnProgress
from listrak_sync.report.rejects_file import ExistingRejects, RejectsFile
from listrak_sync.resume import (
    check_destination,
    finish_pipes,
    resumed_task,
    runs_elsewhere,
    way_on,
)
from listrak_sync.run_callbacks import OnReject, RunCallbacks, both
from listrak_sync.run_settings import RouteChoice, RunOptions, RunSettings
from listrak_sync.sync import RunResult
from listrak_sync.tasks import Once, PushTask, new_task, settings_of
from listrak_sync.text import json_line


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run over the whole of its input: the names of files and folders, `-` for a pipe.

    `include` and `exclude` are patterns of files in folders. With `once`, files that a finished
    run has read are left out; `times` are `--since` and `--until` as they were given.
    """

    mappings: Sequence[Path]
    events: Sequence[str]
    options: RunOptions
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    once: bool = False
    times: Sequence[str | None] = ()


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """An unfinished run of the journal, by its id; without one, the newest."""

    id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRequest:
    """What a push is asked to do.

    `flush_every`, `wait`, `verify`, `lock_wait` and `retry_for` are in
    seconds. Without `jobs`, a process for
    each core evaluates; without `journal`, the journal is the user's own; without `rejects`,
    rejects are only counted. With `sandbox`, requests go to a stand-in, and only a journal that is
    named is written.
    """

    run: NewRun | EarlierRun
    addresses: Addresses
    secret_file: Path | None = None
    guards: Guards
    jobs: int | None = None
    flush_every: float | None = None
    in_flight: int = 4
    wait: float | None = None
    verify: float | None = None
    rejects: Path | None = None
    existing_rejects: ExistingRejects = ExistingRejects.REFUSE
    strict: bool = False
    journal: Path | None = None
    no_journal: bool = False
    lock_wait: float = 0.0
    retry_for: float | None = None
    samples_funnels: bool = False
    sandbox: bool = False

    @property
    def wants_journal(self) -> bool:
        """Say whether a journal is written."""
        return not (self.no_journal or (self.sandbox and self.journal is None))


@dataclass(frozen=True, slots=True)
class PushCallbacks:
    """Who is told what happens in a push; all but `on_reading` are called from several threads.

    `on_note` gets what people should know, `on_detail` what is for those who look closely,
    `on_remarks` the mapping file and the likely mistakes in it. `on_reading` is called before the
    first input is read, and returns a context that lasts as long as the run. `on_signal` gets a
    message when a signal asks for the end.
    """

    on_note: Callable[[str], object] = ignore
    on_reading: Callable[[Sequence[Source]], AbstractContextManager[object]] = lambda _: (
        nullcontext()
    )
    on_remarks: Callable[[str, Sequence[Finding]], None] = ignore
    on_reject: OnReject = ignore
    on_receipt: Callable[[Receipt], None] = ignore
    on_retry: OnRetry = ignore
    on_progress: OnProgress = ignore
    on_signal: Callable[[str], object] = ignore
    on_detail: Callable[[str], object] = ignore


@dataclass(frozen=True, slots=True)
class PushResult:
    """How a push ended; `way_on` says how to resume it, or what of a pipe is lost; else None."""

    run: RunResult
    way_on: str | None


def run_push(request: PushRequest, callbacks: PushCallbacks) -> PushResult:
    """Send what the input asks for, and answer for every contact.

    Raises a ListrakSyncError where the run cannot begin. What ends it later is in the result.
    """
    with open_journal(
        request.journal,
        wanted=request.wants_journal,
        patience=request.lock_wait,
        on_wait=callbacks.on_note,
    ) as journal:
        task = _task(request, callbacks, journal)
        if task.lost is not None:
            callbacks.on_note(task.lost)
        settings = settings_of(
            task,
            jobs=request.jobs,
            strict=request.strict,
            on_remarks=callbacks.on_remarks,
            flush_every=request.flush_every,
        )
        if journal is None and request.guards.max_change is not None:
            raise _no_journal("--max-change", request)
        settings = replace(settings, samples_funnels=request.samples_funnels)
        if journal is not None:
            settings = _compared(request, callbacks, task, settings, journal)
        result = _sent(request, callbacks, task, settings, journal)
        if journal is None:
            return PushResult(result, None)
        result.report.run = journal.run
        result = result.or_else(_written(journal, result))
        if isinstance(result.error, UsageError) and not (result.report.lines or task.start):
            journal.forget([journal.run])  # a pipe that holds something else: nothing to resume
            return PushResult(result, None)
        by_guard = isinstance(result.error, StoppedError)
        lost = [*finish_pipes(journal)]  # also of earlier runs, which were killed
        way = None
        if result.error is not None:
            way = way_on(journal, task.options, by_guard=by_guard)
        return PushResult(result, "\n".join(lost) if lost else way)


def _compared(
    request: PushRequest,
    callbacks: PushCallbacks,
    task: PushTask,
    settings: RunSettings,
    journal: Journal,
) -> RunSettings:
    """Return the settings with the run of before with which this one is compared."""
    destination = "sandbox" if request.sandbox else request.addresses.api
    last = last_run(journal, task.options, destination)
    if settings.guards.max_change is not None:
        if isinstance(request.run, EarlierRun) and settings.guards.contacts_before:
            # What of it is counted in the parts before, and read again now, is not known.
            callbacks.on_note("--max-change: part of the run is sent, so the rest is not compared")
            return settings
        for note in not_compared(last, settings.mappings):
            callbacks.on_note(note)
    return replace(settings, last_run=last)


def _written(journal: Journal, result: RunResult) -> Exception | None:
    """Write the report into the journal; return the error where it cannot be written."""
    try:
        journal.end_part(json_line(result.record("push")))
    except SettingsError as error:
        return error
    return None


def _task(request: PushRequest, callbacks: PushCallbacks, journal: Journal | None) -> PushTask:
    """Return what there is to do. Raises UsageError and SettingsError."""
    match request.run:
        case NewRun(mappings, events, options) as run:
            if request.sandbox and not mappings:
                hint = "Name a mapping file with -m: it knows the lists and fields in there."
                raise UsageError("--sandbox needs a mapping file", hint)
            own = [*mappings, *([request.rejects] if request.rejects else [])]
            choice = FileChoice(run.include, run.exclude, own, callbacks.on_note)
            once = _once(request, run, journal) if run.once else None
            return new_task(mappings, events, options, request.guards, choice, once)
        case EarlierRun(run) if journal is not None:
            return resumed_task(journal, run, request.guards)
    raise _no_journal("--resume", request)


def _no_journal(option: str, request: PushRequest) -> UsageError:
    """Return the error of an option that needs the journal that is left out."""
    hint = f"Leave out {'--no-journal' if request.no_journal else '--sandbox'}."
    return UsageError(f"{option} needs a journal", hint)


def _once(request: PushRequest, run: NewRun, journal: Journal | None) -> Once:
    """Return what tells which files need not be read again. Raises UsageError without a journal."""
    if journal is None:
        raise _no_journal("--once", request)
    destination = "sandbox" if request.sandbox else request.addresses.api
    return Once(destination, journal.files_read, run.times)


def _sent(
    request: PushRequest,
    callbacks: PushCallbacks,
    task: PushTask,
    settings: RunSettings,
    journal: Journal | None,
) -> RunResult:
    """Open the API and the rejects file, and run the push."""
    from listrak_sync.listrak.api import Api  # noqa: PLC0415 - loads httpx

    resumes, stop = isinstance(request.run, EarlierRun), Stop()
    policy, first = PATIENT, BRIEF
    if request.retry_for is not None:
        policy = first = replace(PATIENT, seconds=request.retry_for)
    options = DeliveryOptions(
        request.in_flight,
        fall_back=task.options.route is RouteChoice.auto,
        policy=policy,
        on_retry=callbacks.on_retry,
        on_progress=callbacks.on_progress,
    )
    with destination(
        settings.mappings, request.addresses, request.secret_file, sandbox=request.sandbox
    ) as (addresses, access):
        secret_file = secret_file_of(os.environ, request.secret_file)
        if secret_file is not None and not request.sandbox and is_read_by_others(secret_file):
            callbacks.on_note(f"{secret_file}: others can read the client secret: chmod 600")
        if journal is not None and resumes:
            check_destination(journal, addresses)
        with (
            Api(addresses, access) as api,
            interruptible(stop, callbacks.on_signal),
        ):
            # Before the rejects file is emptied and the journal gets another run.
            with stop.breaking_off():
                check_access(api, first, callbacks.on_retry)
            needed = (*_files(request, task), *files_of(journal))
            existing = ExistingRejects.APPEND if resumes else request.existing_rejects
            with RejectsFile(request.rejects, needed, existing) as rejects:
                if rejects.note is not None:
                    callbacks.on_note(rejects.note)
                if journal is not None:
                    if resumes:
                        journal.go_on()
                    else:
                        journal.begin(task.options.encoded(addresses), task.once)
                    for note in runs_elsewhere(journal, addresses):
                        callbacks.on_note(note)
                with callbacks.on_reading(settings.sources):
                    result = sync.push(
                        settings,
                        RunCallbacks(
                            both(rejects.write, callbacks.on_reject),
                            callbacks.on_progress,
                            callbacks.on_receipt,
                            on_note=callbacks.on_note,
                            on_planning=rejects.sync,
                            on_detail=callbacks.on_detail,
                            newest_sent=None if journal is None else journal.newest_sent,
                        ),
                        api,
                        options,
                        journal=journal,
                        wait=request.wait,
                        verify=request.verify,
                        stop=stop,
                    )
                    result.report.files_read_before = task.read_before
                    return result.or_else(rejects.close())


def _files(request: PushRequest, task: PushTask) -> Iterator[Source]:
    """Yield the files that a push reads."""
    yield from task.sources
    yield from map(Source, task.options.previous)
    yield from map(Source, task.options.events)  # those that are read already
    yield from (Source(str(file)) for file in task.options.mapping_files)
    secret_file = secret_file_of(os.environ, request.secret_file)
    certificates = os.environ.get("SSL_CERT_FILE")
    yield from (Source(str(each)) for each in (secret_file, certificates) if each)
