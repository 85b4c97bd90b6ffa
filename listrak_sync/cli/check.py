"""`listrak-sync mapping check`: shows the faults of a mapping file, and remarks on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from listrak_sync.cli.answers import answer, answering
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.delivery import ApiUrl, AuthUrl, SecretFile
from listrak_sync.cli.options.mapping import OptionalMappingFile
from listrak_sync.cli.output import print_json, print_text
from listrak_sync.delivery.destination import open_listrak
from listrak_sync.errors import ListrakSyncError, SettingsError, UsageError
from listrak_sync.input.sources import shown
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.mapping.check import NOTES, remarks
from listrak_sync.mapping.faults import Fault, Finding, MappingFileError
from listrak_sync.mapping.file import load
from listrak_sync.mapping.model import Mapping
from listrak_sync.text import counted, printable

if TYPE_CHECKING:
    from listrak_sync.account.ids import Checked


def check(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="The mapping file, also as -m FILE.", show_default=False
        ),
    ] = None,
    mapping: OptionalMappingFile = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            envvar="LISTRAK_SYNC_STRICT",
            help="End with status 3 where a remark is made.",
        ),
    ] = False,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help="Also ask Listrak: whether lists and fields exist, and the fields' types can hold "
            "what is set.",
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help='Print one JSON object: {"file", "mappings", "faults", "remarks", "online"}. '
            "mappings: how many, null where there are faults. "
            'online: {"lists", "problems", "not_checked"}, null without --online.',
        ),
    ] = False,
    api_url: ApiUrl = API_URL,
    auth_url: AuthUrl = AUTH_URL,
    client_secret_file: SecretFile = None,
) -> None:
    """Check a mapping file: show every fault, then remarks on what looks like a mistake.

    Remarks are not faults: the exit status stays 0, unless --strict is given.

    Example: listrak-sync mapping check mappings.yaml --online
    """
    messages = Messages()
    with answering("mapping check", messages, as_json=as_json):
        source = context.get_parameter_source("mapping")
        if file and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"two mapping files: {file} and {mapping}", "Check one at a time.")
        chosen = file or mapping
        if chosen is None:
            hint = "Name one: listrak-sync mapping check FILE, or in LISTRAK_SYNC_MAPPING."
            raise UsageError("no mapping file", hint)
        name, mappings = str(chosen), _loaded(chosen)
    if isinstance(mappings, MappingFileError):
        if as_json:
            print_json(_record(name, faults=mappings.faults))
        raise mappings
    found = remarks(mappings)
    checked: Checked | None = None
    error: ListrakSyncError | None = None
    if online:
        from listrak_sync.account.ids import check as check_online  # noqa: PLC0415 - only with --online

        try:
            with open_listrak(Addresses(api_url, auth_url), client_secret_file) as api:
                checked = check_online(mappings, api)
            error = checked.error(name)
            found += checked.remarks
        except ListrakSyncError as problem:
            error = problem
    if as_json:
        record = _record(name, len(mappings), remarks=found, checked=checked)
        if error is not None and checked is None:
            record = answer("mapping check", error.exit_status, error) | record
        print_json(record)
    else:
        print_text(printable(remark.shown(name)) for remark in found)
        _tell(messages, name, len(mappings), found, checked)
    if error is not None:
        raise error
    if strict and (serious := [remark for remark in found if remark.kind not in NOTES]):
        made = "faults" if len(serious) > 1 else "a fault"
        raise SettingsError(f"{name}: {counted(len(serious), 'remark')} that --strict makes {made}")


def _loaded(file: Path) -> tuple[Mapping, ...] | MappingFileError:
    """Return the mappings of a file, or its faults."""
    try:
        return load(file)
    except MappingFileError as faulty:
        return faulty


def _tell(
    messages: Messages, file: str, count: int, found: Sequence[Finding], checked: Checked | None
) -> None:
    """Tell what was checked, and what could not be checked."""
    for line in checked.not_checked if checked else ():
        messages.info(line)
    counts = f"{counted(count, 'mapping')}, no faults, {counted(len(found), 'remark')}"
    asked = f", {counted(checked.lists, 'list')} found at Listrak" if checked else ""
    messages.info(f"{file}: {counts}{asked}")


def _record(
    file: str,
    mappings: int | None = None,
    *,
    faults: Sequence[Fault] = (),
    remarks: Sequence[Finding] = (),
    checked: Checked | None = None,
) -> dict[str, object]:
    """Return the object that --json prints."""
    keys = ("line", "column", "path", "message", "instead")
    return {
        "file": shown(file),
        "mappings": mappings,
        "faults": [{key: getattr(fault, key) for key in keys} for fault in faults],
        "remarks": [remark.as_json() for remark in remarks],
        "online": checked
        and {
            "lists": checked.lists,
            "problems": [problem.as_json() for problem in checked.problems],
            "not_checked": checked.not_checked,
        },
    }
