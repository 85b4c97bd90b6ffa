"""Who is told what happens in a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from listrak_sync.delivery.receipts import Receipt
from listrak_sync.delivery.sending import ignore
from listrak_sync.evaluation.explain import Explanation
from listrak_sync.events.rejects import RefusedContact, Reject
from listrak_sync.fed_back import NewestSent
from listrak_sync.progress import OnProgress

OnReject: TypeAlias = Callable[[Reject | RefusedContact], None]


def both(first: OnReject, second: OnReject) -> OnReject:
    """Return a function that hands a reject on to two."""

    def hand_on(reject: Reject | RefusedContact) -> None:
        first(reject)
        second(reject)

    return hand_on


@dataclass(frozen=True, slots=True)
class RunCallbacks:
    """Who is told what happens in a run; of rejects and progress, from several threads.

    `on_note` gets what people should know, `on_detail` what is for those who look closely.
    `on_planning` is called before the journal passes over input whose rejects were handed on.
    `newest_sent` says what was sent while rejects could be fed back; without it nobody knows.
    """

    on_reject: OnReject = ignore
    on_progress: OnProgress = ignore
    on_receipt: Callable[[Receipt], None] = ignore
    on_explanation: Callable[[Explanation], None] | None = None
    on_note: Callable[[str], object] = ignore
    on_planning: Callable[[], None] = ignore
    on_detail: Callable[[str], object] = ignore
    newest_sent: NewestSent | None = None
