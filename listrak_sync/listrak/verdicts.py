"""What a request came to: one verdict for every reply, or failure to get one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Accepted:
    """Listrak took it: the ids of the imports it started, as far as it named them."""

    resource_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Something in the content is refused, in Listrak's words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The body is larger than Listrak takes."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """No such list, or a body that was too large: the reply does not say which."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NoSuchList:
    """The list is missing: asked for by itself, it was not found either."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The integration may not do this, or may do nothing."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class BetaClosed:
    """The integration may not use the profile-fields route."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A passing failure; `retry_after` in seconds where the reply asks for a pause."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Redirected:
    """A reply that points elsewhere, which is never followed; `message` says where."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A reply that no fault of Listrak's or of the network explains: our bug, most likely."""

    code: str
    message: str


Failure: TypeAlias = (
    Refused
    | TooLarge
    | NotFound
    | NoSuchList
    | Denied
    | BetaClosed
    | Unavailable
    | Redirected
    | Unexpected
)
Verdict: TypeAlias = Accepted | Failure


def words_of(failure: Failure) -> str:
    """Return a failure in one line for people."""
    match failure:
        case Unavailable(reason=reason):
            return reason
        case _:
            return f"{failure.code}: {failure.message}"
