"""The options of a run, from what the groups of a command's options hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.delivery import RequestOptions
from listrak_sync.cli.options.guarding import GuardOptions
from listrak_sync.cli.options.input import InputOptions, single
from listrak_sync.cli.options.journal import ReadJournalOptions
from listrak_sync.cli.options.mapping import MappingOptions
from listrak_sync.cli.options.output import OutputOptions
from listrak_sync.cli.options.sent import SentOptions
from listrak_sync.delivery.journal import default_journal
from listrak_sync.input.choice import FileChoice
from listrak_sync.input.sources import Source
from listrak_sync.last_run import last_run_at, not_compared
from listrak_sync.run_settings import RunOptions, RunSettings
from listrak_sync.tasks import PushTask, new_task


def run_options(*groups: object, **others: Any) -> RunOptions:  # noqa: ANN401 - of any type
    """Return the options of a run, some of which may be given by their names.

    Raises UsageError for several values where one is taken.
    """
    given = {name: value for group in groups for name, value in vars(group).items()} | others
    found = {name: given[name] for name in RunOptions.__struct_fields__ if name in given}
    for name in ("only", "previous"):
        found[name] = tuple(given.get(name) or ())
    for name in ("audience", "trait", "email_column"):
        found[name] = single(f"--{name.replace('_', '-')}", given[name])
    for name in ("since", "until"):
        found[name] = given[name] and given[name].instant
    return RunOptions(**found)


def planned_task(
    read: InputOptions,
    mappings: MappingOptions,
    sent: SentOptions,
    guarding: GuardOptions,
    requests: RequestOptions,
    output: OutputOptions,
) -> PushTask:
    """Return what a run without a journal has to do. Raises UsageError and SettingsError."""
    files, options = mappings.mapping or (), run_options(read, mappings, sent, requests)
    own = [*files, *([output.rejects] if output.rejects else [])]
    choice = FileChoice(read.include or (), read.exclude or (), own, output.messages().info)
    return new_task(files, read.events or (), options, guarding.guards, choice)


def compared(
    settings: RunSettings,
    task: PushTask,
    journal: ReadJournalOptions,
    output: OutputOptions,
    api: str,
    messages: Messages,
) -> RunSettings:
    """Return the settings with the run of before, where a guard or a page compares with it."""
    is_guarded, has_page = task.options.guards.max_change is not None, output.report is not None
    if is_guarded or has_page:
        last = last_run_at(journal.journal or default_journal(), task.options, api)
        settings = replace(settings, last_run=last)
        for note in not_compared(last, settings.mappings) if is_guarded else ():
            messages.info(note)
    return replace(settings, samples_funnels=has_page)


def files_of(mappings: MappingOptions) -> list[Source]:
    """Return the mapping files, which no other file may replace."""
    return [Source(str(file)) for file in mappings.mapping or ()]
