"""How a run ended: its report, the error that ended it, its exit status."""

from __future__ import annotations

from typing import Final

from listrak_sync.cli.answers import answer
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.output import draw, print_json
from listrak_sync.cli.tables import summary
from listrak_sync.errors import ListrakSyncError, StoppedError
from listrak_sync.sync import RunResult

DONE: Final = 0
SOME_REJECTED: Final = 6


def conclude(
    command: str,
    outcome: RunResult,
    messages: Messages,
    *,
    as_json: bool,
    keeps_rejects: bool,
    title: str | None = None,
    table_is_data: bool = False,
) -> int:
    """Show how a run ended; return its exit status."""
    if as_json:
        print_json(_record(command, outcome))
    else:
        table = summary(title or command, outcome.report)
        if table_is_data:
            draw(table)
        else:
            messages.table(table)
        messages.record("ended", _record(command, outcome))
    if outcome.report.fell_back:
        messages.info("the profile-fields route is closed: the rest went by list import")
    if outcome.report.reject_count and not keeps_rejects:
        messages.info("rejects are not kept: --rejects FILE gets them, each with its reason")
    match _error(outcome):
        case ListrakSyncError() as error:
            messages.error(error)
        case Exception() as error:
            raise error
    return exit_status(outcome)


def exit_status(outcome: RunResult) -> int:
    """Return the status that tells a script how a run went."""
    match _error(outcome):
        case None:
            return SOME_REJECTED if outcome.report.reject_count else DONE
        case ListrakSyncError(exit_status=status):
            return status
    return 1


def _error(outcome: RunResult) -> Exception | None:
    """Return what went wrong: why the run ended early, or which lists Listrak refused."""
    refusals = {key: each.refusal for key, each in outcome.report.lists.items() if each.refusal}
    if outcome.error is not None or not refusals:
        return outcome.error
    lines = (f"list {key}: {text.removeprefix(f'list {key}: ')}" for key, text in refusals.items())
    hint = "Mend the mapping, see: listrak-sync mapping check --online; then push the input again."
    return StoppedError("\n".join(lines), hint)


def _record(command: str, outcome: RunResult) -> dict[str, object]:
    """Return the report with the exit status and the error that ended the run."""
    return answer(command, exit_status(outcome), _error(outcome)) | outcome.report.as_json()
