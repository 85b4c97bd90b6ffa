"""What Listrak tells about lists, fields and imports, as far as it is read."""

from __future__ import annotations

import msgspec


class ListInfo(msgspec.Struct, frozen=True, rename="camel"):
    """A list's id and name. Source: `GET /List`."""

    list_id: int
    list_name: str | None = None


class FieldGroup(msgspec.Struct, frozen=True):
    """A group of a list's profile fields. Source: `GET /List/{listId}/SegmentationFieldGroup`."""

    id: int = msgspec.field(name="segmentationFieldGroupId")
    name: str | None = msgspec.field(name="segmentationFieldGroupName", default=None)


class ProfileField(msgspec.Struct, frozen=True):
    """A profile field of a list; `max_length` counts characters, 0 and None are no limit.

    Source: `GET /List/{listId}/SegmentationFieldGroup/{groupId}/SegmentationField`.
    """

    id: int = msgspec.field(name="segmentationFieldId")
    name: str | None = msgspec.field(name="segmentationFieldName", default=None)
    data_type: str | None = msgspec.field(name="dataType", default=None)
    max_length: int | None = msgspec.field(name="maxLength", default=None)


class ImportStatus(msgspec.Struct, frozen=True, rename="camel"):
    """Whether an import has ended: then it has an end date.

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
