"""Why a line, an update or a contact is not sent, in the words of reports and rejects files."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """A reason to skip or reject a line, to reject an update, or to refuse a contact."""

    # We pass over a line.
    BLANK_LINE = "blank_line"
    UNSUPPORTED_EVENT_TYPE = "unsupported_event_type"
    FILTERED_BY_INTEGRATIONS_OBJECT = "filtered_by_integrations_object"
    OUTSIDE_TIME = "outside_time"
    FILTERED_BY_CONSENT = "filtered_by_consent"
    NO_MAPPING_MATCHED = "no_mapping_matched"
    OLDER_THAN_SENT = "older_than_sent"

    # We cannot use a line.
    NOT_JSON = "not_json"
    NOT_UTF8 = "not_utf8"
    NOT_AN_OBJECT = "not_an_object"
    NESTED_TOO_DEEP = "nested_too_deep"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    LINE_TOO_LONG = "line_too_long"
    UNREADABLE_FILE = "unreadable_file"
    BAD_ROW = "bad_row"
    UNKNOWN_MAPPING = "unknown_mapping"
    INVALID_UPDATE = "invalid_update"

    # We cannot use what a mapping makes of an event.
    INVALID_LIST_ID = "invalid_list_id"
    MISSING_EMAIL = "missing_email"
    INVALID_EMAIL = "invalid_email"
    NO_PROFILE_FIELDS = "no_profile_fields"
    UNKNOWN_MEMBERSHIP = "unknown_membership"
    INVALID_FIELD_VALUE = "invalid_field_value"
    DIRECTIVE_FAILED = "directive_failed"

    # Listrak does not take a contact, or was not asked.
    REFUSED_BY_LISTRAK = "refused_by_listrak"
    TOO_LARGE = "too_large"
    LIST_REFUSED = "list_refused"
    UNSENT = "unsent"

    # The list does not hold a contact, or sends it nothing.
    NOT_ON_LIST = "not_on_list"
    UNSUBSCRIBED = "unsubscribed"


SKIP_REASONS: Final = frozenset(
    {
        Reason.BLANK_LINE,
        Reason.UNSUPPORTED_EVENT_TYPE,
        Reason.FILTERED_BY_INTEGRATIONS_OBJECT,
        Reason.OUTSIDE_TIME,
        Reason.FILTERED_BY_CONSENT,
        Reason.NO_MAPPING_MATCHED,
        Reason.OLDER_THAN_SENT,
    }
)
"""The reasons to pass over a line; all others reject it, or an update, or refuse a contact."""


class RejectedError(Exception):
    """Carries the reason out of the steps that turn a line into updates.

    `detail` is a sentence about this line; the wording of a library is never part of a decision.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
