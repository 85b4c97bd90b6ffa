"""What goes over the wire, without sockets: requests, answers, and refusals in Listrak's form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlencode

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_sync.sandbox.account import Account, AccountField, AccountFieldGroup, MailingList
    from listrak_sync.sandbox.behaviour import Behaviour
    from listrak_sync.sandbox.imports import Imports


JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as read: `path` and `query` still percent-encoded, header names in lower case.

    `size` is the length of the body sent, in bytes; a body above the limit is not kept.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    size: int

    def media_type(self) -> str:
        """Return the content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers that include the content type, and a body."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Refusal(Exception):  # noqa: N818 - it ends a request, not the program
    """Ends a request with its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def document(status: int, content: Mapping[str, object], **headers: str) -> Answer:
    """Return an answer with a JSON object that begins with the status."""
    body = msgspec.json.encode({"status": status, **content})
    return Answer(status, body, {"Content-Type": JSON, **headers})


def refusal(status: int, error: str, message: str, **headers: str) -> Refusal:
    """Return a refusal with an error document, as Listrak sends it.

    The codes are Listrak's where they are published; those for 405, 413 and 415 are the
    sandbox's.
    """
    return Refusal(document(status, {"error": error, "message": message}, **headers))


def unauthorized(message: str) -> Refusal:
    """Return the refusal where a token, an area or access is missing."""
    return refusal(401, "ERROR_UNAUTHORIZED", message)


def invalid(parameter: str) -> Refusal:
    """Return the refusal of a value: it names the parameter, but not the place in the body."""
    return refusal(400, "ERROR_INVALID_PARAMETER", f"The value of {parameter} cannot be used.")


def malformed(detail: str) -> Refusal:
    """Return the refusal of a body that is not JSON, or not of the published shape."""
    return refusal(400, "ERROR_MALFORMED_REQUEST_BODY", f"The body cannot be read: {detail}")


def not_found(what: str) -> Refusal:
    """Return the refusal of an address that leads to nothing."""
    return refusal(404, "ERROR_UNABLE_TO_LOCATE_RESOURCE", f"There is no {what}.")


_START = "Start"
_OPAQUE = "+/=="
"""What cursors end with: who takes them for numbers, or does not escape them, fails."""
_DIGITS = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Known:
    """A list of the account with its fields by id, each after its group."""

    list: MailingList
    fields: Mapping[int, AccountField]
    groups: Mapping[int, AccountFieldGroup]

    @classmethod
    def of(cls, mailing_list: MailingList) -> Known:
        """Index a list's fields, and the groups they stand in, by field id."""
        pairs = list(mailing_list.fields())
        return cls(
            mailing_list,
            {field.id: field for _, field in pairs},
            {field.id: group for group, field in pairs},
        )


@dataclass(frozen=True, slots=True)
class RoutedRequest:
    """A request, the parts of its path by the names of the template, and its account."""

    request: Request
    path: Mapping[str, str]
    account: Account
    behaviour: Behaviour
    imports: Imports
    lists: dict[int, Known]

    def id(self, name: str) -> int:
        """Return an id of the path. Raises Refusal unless it is an int32 from 1."""
        return _int32(unquote(self.path[name]), name)

    def known(self) -> Known:
        """Return the list that the path names. Raises Refusal where there is none."""
        list_id = self.id("listId")
        if list_id not in self.lists:
            raise not_found(f"list {list_id}")
        return self.lists[list_id]

    def query(self, name: str) -> str:
        """Return a query parameter, empty where it is not given."""
        return parse_qs(self.request.query).get(name, [""])[-1]

    def ids(self, name: str, most: int) -> list[int]:
        """Return a comma-separated query parameter of at most so many ids. Raises Refusal."""
        text = self.query(name)
        parts = text.split(",") if text else []
        if len(parts) > most:
            message = f"At most {most} fields may be asked for at a time."
            raise refusal(400, "ERROR_TOO_MANY_SEGMENTATION_FIELDS", message)
        return [_int32(part, name) for part in parts]

    def page(self) -> slice:
        """Return which members the page holds.

        Reads `cursor` (`Start` by default) and `count` (1000 by default, 5000 at most). Raises
        Refusal.
        """
        count = _int32(self.query("count") or "1000", "count")
        if count > 5000:
            raise invalid("count")
        cursor = self.query("cursor") or _START
        start = 0 if cursor == _START else _int32(cursor.removesuffix(_OPAQUE), "cursor")
        return slice(start, start + count)

    def following(self, place: slice) -> str:
        """Return the cursor of the page after another, or its address."""
        cursor = f"{place.stop}{_OPAQUE}"
        match self.behaviour.next_page:
            case "cursor":
                return cursor
            case "address":
                host = self.request.headers.get("host", "")
                query = {name: values[-1] for name, values in parse_qs(self.request.query).items()}
                count = place.stop - place.start
                following = urlencode(query | {"cursor": cursor, "count": count})
                return f"http://{host}{self.request.path}?{following}"


def _int32(text: str, name: str) -> int:
    if _DIGITS.fullmatch(text) is None or not 1 <= int(text) < 2**31:
        raise invalid(name)
    return int(text)
