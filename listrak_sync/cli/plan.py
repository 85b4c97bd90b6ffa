"""`listrak-sync plan`: what a push would change at Listrak."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import typer

from listrak_sync.cli.answers import answering, conclude, warn
from listrak_sync.cli.options.delivery import DeliveryOptions
from listrak_sync.cli.options.guarding import GuardOptions
from listrak_sync.cli.options.input import InputOptions
from listrak_sync.cli.options.journal import ReadJournalOptions
from listrak_sync.cli.options.mapping import MappingOptions
from listrak_sync.cli.options.output import PlanFormat, PlanOutput
from listrak_sync.cli.options.run import compared, files_of, planned_task
from listrak_sync.cli.options.sent import ComparedOptions
from listrak_sync.cli.options.spread import spread
from listrak_sync.cli.output import flush, write_line
from listrak_sync.cli.progress import ProgressDisplay
from listrak_sync.cli.run_messages import announce
from listrak_sync.cli.run_outputs import RunOutputs
from listrak_sync.delivery import sending
from listrak_sync.delivery.destination import open_listrak
from listrak_sync.delivery.outcomes import check_access
from listrak_sync.delivery.stop import Stop, interruptible
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.report.reject_samples import RejectSamples
from listrak_sync.report.rejects_file import RejectsFile
from listrak_sync.run_callbacks import RunCallbacks, both
from listrak_sync.sync import plan as run_plan
from listrak_sync.tasks import settings_of

SOMETHING_TO_CHANGE: Final = 8


@spread
def plan(
    read: InputOptions,
    mappings: MappingOptions,
    sent: ComparedOptions,
    guarding: GuardOptions,
    delivery: DeliveryOptions,
    journal: ReadJournalOptions,
    output: PlanOutput,
) -> None:
    """Read the lists, and say what push --only-changes would change there.

    It changes nothing, and leaves the journal alone.

    Example: listrak-sync plan exports/ -m mappings.yaml
    """
    messages, printed = output.messages(), output.printed()
    samples = RejectSamples(output.report_samples)
    outputs = RunOutputs(output.rejects, output.report, samples=samples)
    with answering("plan", messages, as_json=output.as_json, is_run=True):
        outputs.check()
        output.check()
        addresses = Addresses(delivery.api_url, delivery.auth_url)
        task = planned_task(read, mappings, sent, guarding, delivery, output)
        settings = settings_of(
            task,
            jobs=delivery.jobs,
            strict=mappings.strict,
            on_remarks=lambda file, found: warn(messages, file, found),
        )
        settings = compared(settings, task, journal, output, addresses.api, messages)
        needed = (*settings.sources, *settings.previous, *files_of(mappings))
        existing = output.existing_rejects()
        as_it_runs = bool(printed) and not output.as_json
        display = ProgressDisplay(output.progress, messages, prints=True, as_it_runs=as_it_runs)
        stop = Stop()
        try:
            with (
                open_listrak(addresses, delivery.client_secret_file) as api,
                interruptible(stop, display.remove),
            ):
                with stop.breaking_off():
                    check_access(api)
                announce(settings.sources, messages)
                with RejectsFile(output.rejects, needed, existing) as rejects_file, display:
                    result = run_plan(
                        settings,
                        RunCallbacks(
                            both(rejects_file.write, outputs.on_reject),
                            display,
                            on_note=messages.info,
                            on_detail=messages.detail,
                        ),
                        api,
                        sending.DeliveryOptions(
                            delivery.in_flight, on_retry=display.retry, on_progress=display
                        ),
                        on_change=write_line if output.format_ is PlanFormat.changes else None,
                        stop=stop,
                    )
                    result = result.or_else(rejects_file.close())
            flush()
        except BrokenPipeError:  # who reads the data has seen enough
            raise typer.Exit from None
        if output.detailed_exitcode and result.report.values_to_send:
            result = replace(result, something_to_change=SOMETHING_TO_CHANGE)
        raise typer.Exit(
            conclude(
                "plan",
                result,
                messages,
                as_json=output.as_json,
                outputs=outputs,
                table_is_data=not printed,
            )
        )
