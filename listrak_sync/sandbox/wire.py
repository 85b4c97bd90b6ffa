"""What goes over the wire, free of sockets: requests, answers, and refusals in Listrak's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as read: `path` and `query` still percent-encoded, header names in lower case.

    `size` is the length of the body sent, in bytes; a body over the limit is not kept.
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
    """Answer with a JSON object that opens with the status."""
    body = msgspec.json.encode({"status": status, **content})
    return Answer(status, body, {"Content-Type": JSON, **headers})


def refusal(status: int, error: str, message: str, **headers: str) -> Refusal:
    """Refuse with an error document, as Listrak does.

    Listrak's own codes are used where one is published; the others, for 405, 413 and 415, are
    the sandbox's.
    """
    return Refusal(document(status, {"error": error, "message": message}, **headers))


def unauthorized(message: str) -> Refusal:
    """Refuse for want of a token, an area or access."""
    return refusal(401, "ERROR_UNAUTHORIZED", message)


def invalid(parameter: str) -> Refusal:
    """Refuse a value by its parameter's name, but not where in the body it stood."""
    return refusal(400, "ERROR_INVALID_PARAMETER", f"The value of {parameter} cannot be used.")


def malformed(detail: str) -> Refusal:
    """Refuse a body that is not JSON or not of the published shape."""
    return refusal(400, "ERROR_MALFORMED_REQUEST_BODY", f"The body cannot be read: {detail}")


def not_found(what: str) -> Refusal:
    """Refuse an address that leads to nothing."""
    return refusal(404, "ERROR_UNABLE_TO_LOCATE_RESOURCE", f"There is no {what}.")
