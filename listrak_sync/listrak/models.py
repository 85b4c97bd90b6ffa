"""What Listrak tells about imports, as far as it is read."""

from __future__ import annotations

import msgspec


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
