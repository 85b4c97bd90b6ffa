"""The routes that start imports and follow them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from listrak_sync.sandbox.bodies import read_file, read_rows
from listrak_sync.sandbox.contacts import ImportKind
from listrak_sync.sandbox.wire import document, invalid, not_found

if TYPE_CHECKING:
    from listrak_sync.sandbox.contacts import Row
    from listrak_sync.sandbox.imports import AcceptedImport
    from listrak_sync.sandbox.wire import Answer, Known, RoutedRequest


def post_profile_fields(call: RoutedRequest) -> Answer:
    """Answer `POST /List/{listId}/Contact/SegmentationField`."""
    known = call.known()
    rows = read_rows(known.fields, call.request.body)
    return _start(call, known, "Profile fields", ImportKind(), rows)


def post_list_import(call: RoutedRequest) -> Answer:
    """Answer `POST /List/{listId}/ListImport`."""
    known = call.known()
    name, kind, rows = read_file(known.fields, call.request.body)
    if len({row.email.lower() for row in rows}) < call.behaviour.least_rows:
        raise invalid("fileStream")
    return _start(call, known, name, kind, rows)


def _start(
    call: RoutedRequest, known: Known, name: str, kind: ImportKind, rows: list[Row]
) -> Answer:
    poisoned = {email.lower() for email in call.behaviour.poisoned}
    if poisoned and any(row.email.lower() in poisoned for row in rows):
        raise invalid("emailAddress")
    return document(201, {"resourceId": call.imports.start(known.list.id, name, kind, rows)})


def get_imports(call: RoutedRequest) -> Answer:
    """Answer `GET /List/{listId}/ListImport?startDate=&endDate=&cursor=&count=`.

    The published answer of this route has no `nextPageCursor`, and neither has this one.
    """
    known = call.known()
    start = _date(call, "startDate", datetime.min.replace(tzinfo=UTC))
    end = _date(call, "endDate", datetime.max.replace(tzinfo=UTC))
    found = [one for one in call.imports.of_list(known.list.id) if start <= one.started <= end]
    return document(200, {"data": [_import(one) for one in found[call.page()]]})


def get_import(call: RoutedRequest) -> Answer:
    """Answer `GET /List/{listId}/ListImport/{importFileId}`."""
    one, _ = _find(call)
    return document(200, {"data": _import(one)})


def get_status(call: RoutedRequest) -> Answer:
    """Answer `GET …/Status`; no words of `status` are published, so these are the sandbox's."""
    one, applied = _find(call)
    status = {
        "startDate": _text(one.started),
        "endDate": _text(one.due) if applied else None,
        "status": "Completed" if applied else "Processing",
    }
    return document(200, {"data": status})


def get_summary(call: RoutedRequest) -> Answer:
    """Answer `GET …/Summary`: each processed contact is in exactly one other count."""
    one, _ = _find(call)
    counts = one.counts()
    summary = {
        "alreadySubscribedCount": counts["Updated"],
        "alreadyUnsubscribedCount": 0,
        "bannedCount": 0,
        "invalidEmailCount": counts["InvalidEmail"],
        "previouslyUnsubscribedCount": counts["PreviouslyUnsubscribed"],
        "processedCount": counts.total(),
        "skippedCount": counts["Skipped"] + counts["InvalidValue"],
        "subscribedCount": counts["Subscribed"],
        "suppressedCount": counts["Suppressed"],
        "unsubscribedCount": counts["Unsubscribed"],
    }
    return document(200, {"data": summary})


def get_import_contacts(call: RoutedRequest) -> Answer:
    """Answer `GET …/Contact?cursor=&count=`; the words of `importResult` are the sandbox's."""
    one, _ = _find(call)
    place = call.page()
    following = call.following(place) if place.stop < len(one.results) else None
    contacts = [
        {"emailAddress": email, "importResult": result} for email, result in one.results[place]
    ]
    return document(200, {"nextPageCursor": following, "data": contacts})


def _find(call: RoutedRequest) -> tuple[AcceptedImport, bool]:
    known, import_id = call.known(), call.id("importFileId")
    found = call.imports.find(known.list.id, import_id)
    if found is None:
        raise not_found(f"import {import_id} of list {known.list.id}")
    return found


def _date(call: RoutedRequest, name: str, default: datetime) -> datetime:
    text = call.query(name)
    if not text:
        return default
    try:
        date = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(name) from error
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date


def _text(date: datetime) -> str:
    return date.replace(tzinfo=None).isoformat()  # the published examples have no zone


def _import(one: AcceptedImport) -> dict[str, object]:
    return {
        "importFileId": one.id,
        "importFileName": one.file_name,
        "importDate": _text(one.started),
    }
