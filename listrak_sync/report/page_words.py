"""Reasons, statuses and times in plain words."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from listrak_sync.reasons import Reason

NAMES: Final = ("on", "off", "other")
"""The kinds of values."""

_OUTCOMES: Final = {
    0: "Done.",
    1: "Ended by an error in the program.",
    2: "Not done: an option or an input cannot be used.",
    3: "Not done: the mapping file, a setting or an output cannot be used.",
    4: "Not done: Listrak refuses access.",
    5: "Not done: Listrak does not answer, or keeps failing. What is unsent is kept.",
    6: "Done, but some lines or contacts were rejected.",
    7: "Stopped by a limit, or Listrak refused a list.",
    8: "Done: there is something to change.",
    75: "Not done: another run was busy.",
    130: "Interrupted.",
    143: "Interrupted.",
}

_WORDS: Final[dict[Reason, str]] = {
    Reason.BLANK_LINE: "blank",
    Reason.UNSUPPORTED_EVENT_TYPE: "events of a type that the destination does not take",
    Reason.FILTERED_BY_INTEGRATIONS_OBJECT: "events that are not meant for Listrak",
    Reason.OUTSIDE_TIME: "events from outside the time that was asked for",
    Reason.FILTERED_BY_CONSENT: "events of contacts without the consent that is needed",
    Reason.NO_MAPPING_MATCHED: "events that no mapping takes",
    Reason.OLDER_THAN_SENT: "values older than what was sent since",
    Reason.NOT_JSON: "lines that are not JSON",
    Reason.NOT_UTF8: "lines that are not UTF-8 text",
    Reason.NOT_AN_OBJECT: "lines that are not a JSON object",
    Reason.NESTED_TOO_DEEP: "lines that are nested too deep",
    Reason.NUMBER_OUT_OF_RANGE: "lines with a number that is too large",
    Reason.LINE_TOO_LONG: "lines that are too long",
    Reason.UNREADABLE_FILE: "files that are damaged or cut off",
    Reason.BAD_ROW: "rows of CSV that cannot be read",
    Reason.UNKNOWN_MAPPING: "rejects of a mapping that does not exist any more",
    Reason.INVALID_UPDATE: "updates that are not complete",
    Reason.INVALID_LIST_ID: "events without a valid list id",
    Reason.MISSING_EMAIL: "events without an e-mail address",
    Reason.INVALID_EMAIL: "events with an e-mail address that is not valid",
    Reason.NO_PROFILE_FIELDS: "events without a value to set",
    Reason.UNKNOWN_MEMBERSHIP: "events that do not say who is in the audience",
    Reason.INVALID_FIELD_VALUE: "events with a value that the field cannot hold",
    Reason.DIRECTIVE_FAILED: "events of which a value cannot be made",
    Reason.REFUSED_BY_LISTRAK: "contacts that Listrak refused",
    Reason.TOO_LARGE: "contacts too large for Listrak",
    Reason.LIST_REFUSED: "contacts of a list that Listrak refused",
    Reason.UNSENT: "contacts that were not sent",
    Reason.NOT_ON_LIST: "contacts that are not on the list",
    Reason.UNSUBSCRIBED: "contacts that are unsubscribed",
}


def outcome(exit_status: int) -> str:
    """Return how a run ended."""
    return _OUTCOMES.get(exit_status, f"Ended with status {exit_status}.")


def reason_words(reason: str) -> str:
    """Return a reason in words, after a count; the reason itself where there are none."""
    try:
        return _WORDS[Reason(reason)]
    except ValueError:
        return reason


def moment(text: str) -> str:
    """Return an instant such as 2026-01-31T23:59:59Z as people write it."""
    return datetime.fromisoformat(text).strftime("%d %B %Y, %H:%M UTC").lstrip("0")


def duration(seconds: float) -> str:
    """Return how long something took."""
    if seconds < 60:
        return f"{seconds:.1f} seconds"
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {left} s"
