"""What the events of a test must come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from listrak_sync.mapping.faults import nearest, suggestion
from listrak_sync.mapping.values import USE_AUDIENCE_KEY, field_text, is_email_address, parse_id
from listrak_sync.mapping.yaml.document import Document, Node
from listrak_sync.reasons import SKIP_REASONS, Reason

REJECTED: Final = "rejected"
SKIPPED: Final = "skipped"
REJECT_REASONS: Final = frozenset(Reason) - SKIP_REASONS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of events: the values of each contact by list and address, and the reasons.

    Addresses are in lower case; each reason is there once, however often it occurs.
    """

    contacts: Mapping[tuple[int, str], Mapping[int, str]]
    rejected: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()


def read_outcome(document: Document, node: Node) -> Outcome:
    """Return what a test expects, and note faults in the document."""
    if not isinstance(node.value, dict) or not node.value:
        instead = "write 12345: {a@example.com: {789: on}}, or rejected: or skipped: a reason"
        document.fault(node, "this is not what events can come to", instead)
        return Outcome({})
    contacts: dict[tuple[int, str], Mapping[int, str]] = {}
    reasons = {REJECTED: frozenset[str](), SKIPPED: frozenset[str]()}
    for name, entry in node.value.items():
        list_id = parse_id(name)
        if name in reasons:
            reasons[name] = _reasons(document, name, entry.value)
        elif list_id is None:
            message = f"{name} is neither the id of a list nor rejected or skipped"
            near = nearest(name, tuple(reasons))
            instead = f"did you mean {near}?" if near else "write the id of the list, 12345:"
            document.fault(entry.key, message, instead)
        else:
            for address, fields in _contacts(document, entry.value).items():
                contacts[list_id, address] = fields
    return Outcome(contacts, reasons[REJECTED], reasons[SKIPPED])


def _reasons(document: Document, kind: str, node: Node) -> frozenset[str]:
    """Return the reasons to reject or to skip that a test expects."""
    known = REJECT_REASONS if kind == REJECTED else SKIP_REASONS
    nodes = node.value if isinstance(node.value, tuple) and node.value else (node,)
    for each in nodes:
        word = each.value if isinstance(each.value, str) else None
        if word is None:
            document.fault(each, f"a reason is expected, not {each.kind}", _one_of(known))
        elif word not in known:
            other = SKIPPED if kind == REJECTED else REJECTED
            instead = suggestion(word, sorted(known))
            if word in set(Reason):
                instead = f"write {other}: {word}"
            document.fault(each, f"events are not {kind} for the reason {word}", instead)
    return frozenset(str(each.value) for each in nodes)


def _contacts(document: Document, node: Node) -> dict[str, dict[int, str]]:
    """Return the values expected for each address."""
    if not isinstance(node.value, dict) or not node.value:
        instead = "write an address and its fields: a@example.com: {789: on}"
        document.fault(node, "no contact is given", instead)
        return {}
    found: dict[str, dict[int, str]] = {}
    for address, entry in node.value.items():
        if not is_email_address(address.strip()):
            instead = "write the address of the contact, and below it 789: on"
            document.fault(entry.key, f"{address} is not a valid e-mail address", instead)
        key = address.strip().lower()
        if key in found:
            document.fault(entry.key, f"{address} is given twice", "keep one of them")
        found[key] = _fields(document, entry.value)
    return found


def _fields(document: Document, node: Node) -> dict[int, str]:
    """Return the values expected for a contact's fields."""
    if not isinstance(node.value, dict) or not node.value:
        document.fault(node, "no profile field is given", "write its id and value: 789: on")
        return {}
    found: dict[int, str] = {}
    for name, entry in node.value.items():
        field_id, value = parse_id(name), entry.value.value
        text = None if isinstance(value, tuple | dict) else field_text(value)
        if field_id is None:
            instead = "write a number from 1 to 2147483647"
            document.fault(entry.key, f"{name} is not a profile field id", instead)
        elif text is None or text == USE_AUDIENCE_KEY:
            message = (
                f"{USE_AUDIENCE_KEY if text else entry.value.kind} is not a value that is sent"
            )
            document.fault(entry.value, message, "write a text or a number, such as on or off")
        else:
            if field_id in found:
                document.fault(entry.key, f"field {field_id} is given twice", "keep one of them")
            found[field_id] = text
    return found


def _one_of(known: frozenset[Reason]) -> str:
    return f"write one of {', '.join(sorted(known))}"
