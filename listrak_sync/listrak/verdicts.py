"""What a request came to: a verdict on the reply, or what was looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec


@dataclass(frozen=True, slots=True)
class Accepted:
    """Listrak took it: the ids of the imports it started, where it named them."""

    resource_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Listrak refuses something in the content, in these words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The body is larger than Listrak takes."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """There is no such list, or the body is too large: the reply does not say which."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NoSuchList:
    """The list is missing: Listrak does not find it by itself either."""

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
    """A failure that passes; `retry_after` is the pause in seconds that the reply asks for."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Redirected:
    """A reply that points elsewhere, which we never follow; `message` says where."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A reply that neither Listrak nor the network explains: most likely a bug of ours."""

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


class ListInfo(msgspec.Struct, frozen=True, rename="camel"):
    """A list's id and name. Source: `GET /List`."""

    list_id: int
    list_name: str | None = None


class FieldGroup(msgspec.Struct, frozen=True):
    """A group of a list's profile fields. Source: `GET /List/{listId}/SegmentationFieldGroup`."""

    id: int = msgspec.field(name="segmentationFieldGroupId")
    name: str | None = msgspec.field(name="segmentationFieldGroupName", default=None)


class ProfileField(msgspec.Struct, frozen=True):
    """A profile field of a list; `max_length` counts characters, 0 and None mean no limit.

    Source: `GET /List/{listId}/SegmentationFieldGroup/{groupId}/SegmentationField`.
    """

    id: int = msgspec.field(name="segmentationFieldId")
    name: str | None = msgspec.field(name="segmentationFieldName", default=None)
    data_type: str | None = msgspec.field(name="dataType", default=None)
    max_length: int | None = msgspec.field(name="maxLength", default=None)


SubscriptionState: TypeAlias = Literal["Subscribed", "Unsubscribed"]


class HeldValue(msgspec.Struct, frozen=True, gc=False):
    """A contact's value for a profile field, as Listrak reads it back."""

    field: int = msgspec.field(name="segmentationFieldId")
    value: str | bool | int | float | None = None


class HeldContact(msgspec.Struct, frozen=True, gc=False):
    """A contact of a list with its values. Source: `GET /List/{listId}/Contact`."""

    email_address: str | None = msgspec.field(name="emailAddress", default=None)
    state: str | None = msgspec.field(name="subscriptionState", default=None)
    values: tuple[HeldValue, ...] | None = msgspec.field(
        name="segmentationFieldValues", default=None
    )

    @property
    def is_subscribed(self) -> bool:
        """Say whether the list's mailings reach it, as far as Listrak says so."""
        return (self.state or "Subscribed").casefold() == "subscribed"


class ContactPage(msgspec.Struct, frozen=True, gc=False):
    """Some contacts of a list, and the cursor of the next page, None after the last."""

    contacts: tuple[HeldContact, ...]
    following: str | None = None


class NewFieldGroup(msgspec.Struct, frozen=True):
    """A group to make, and its place among the others.

    Source: `POST /List/{listId}/SegmentationFieldGroup`.
    """

    name: str = msgspec.field(name="segmentationFieldGroupName")
    position: int


class NewProfileField(msgspec.Struct, frozen=True):
    """A profile field to make, and its place in its group; `max_length` 0 means no limit.

    Source: `POST …/SegmentationFieldGroup/{groupId}/SegmentationField`; all four are required.
    """

    name: str = msgspec.field(name="segmentationFieldName")
    data_type: str = msgspec.field(name="dataType")
    max_length: int = msgspec.field(name="maxLength")
    position: int


class ImportStatus(msgspec.Struct, frozen=True, rename="camel"):
    """Whether an import has ended: if so, it has an end date.

    Source: `GET /List/{listId}/ListImport/{importFileId}/Status`.
    """

    end_date: str | None = None


class ImportSummary(msgspec.Struct, frozen=True, rename="camel"):
    """How many contacts of an import ended how.

    Source: `GET /List/{listId}/ListImport/{importFileId}/Summary`.
    """

    processed_count: int = 0
    skipped_count: int = 0
    invalid_email_count: int = 0
    banned_count: int = 0
    suppressed_count: int = 0
    previously_unsubscribed_count: int = 0
