"""What a failure that ends the run means, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from listrak_sync.delivery.follow import Import
from listrak_sync.errors import AccessRefusedError, ListrakSyncError, UnreachableError
from listrak_sync.listrak.verdicts import BetaClosed, Denied, Failure, Unavailable, words_of

ACCESS_HINT: Final = """\
Listrak does not say which of these it was:
  - LISTRAK_CLIENT_ID or the client secret is wrong, or belongs to another integration
  - the integration is not of type Email, is inactive, or its API access is paused
  - this machine's IP address is not among those the integration allows
  - the integration lacks an area: Contact, List and Segmentation are needed
Look under Integration Management in Listrak; then: listrak-sync auth test"""


def error_for(failure: Failure) -> ListrakSyncError:
    """Return what to tell where a failure ends the run."""
    words = words_of(failure)
    match failure:
        case Unavailable():
            hint = "Check the network, the proxy and Listrak's status, then run it again."
            return UnreachableError(f"Listrak cannot be reached: {words}", hint)
        case Denied():
            return AccessRefusedError(f"access refused: {words}", ACCESS_HINT)
        case BetaClosed():
            hint = "Leave out --route profile-fields: --route auto goes by list import instead."
            return AccessRefusedError(f"the profile-fields route is closed: {words}", hint)
    return ListrakSyncError(f"Listrak answered what it should not: {words}")


def waited_too_long(running: Collection[Import], seconds: float) -> UnreachableError:
    """Return what to tell where imports do not end."""
    named = ", ".join(f"{import_id} of list {list_id}" for list_id, import_id in sorted(running))
    hint = "Newer values must not overtake them: run it again when Listrak has caught up."
    return UnreachableError(f"imports did not end within {seconds:.0f} s: {named}", hint)
