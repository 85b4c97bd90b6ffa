"""What to tell where imports do not end."""

from __future__ import annotations

from collections.abc import Collection

from listrak_sync.delivery.follow import Import
from listrak_sync.errors import UnreachableError


def waited_too_long(running: Collection[Import], seconds: float) -> UnreachableError:
    """Return what to tell where imports do not end."""
    named = ", ".join(f"{import_id} of list {list_id}" for list_id, import_id in sorted(running))
    hint = "Newer values must not overtake them: run it again when Listrak has caught up."
    return UnreachableError(f"imports did not end within {seconds:.0f} s: {named}", hint)
