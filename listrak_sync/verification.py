"""Reads back what was sent."""

from __future__ import annotations

from listrak_sync.account.state import AccountState
from listrak_sync.batching.window import Window
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt
from listrak_sync.run import Run


class Verification:
    """Reads back what was accepted of each window, where a run asks for it.

    `uncertain` are the lists for which something was accepted without an import that can be
    followed, and was not read back since.
    """

    def __init__(self, run: Run, account: AccountState, patience: float | None) -> None:
        self._run = run
        self._account = account
        self._patience = patience
        self._not_accepted: set[tuple[int, str]] = set()
        self.uncertain: set[int] = set()

    def take_receipt(self, receipt: Receipt) -> bool:
        """Note what was accepted without an import's id, and whatever was not; hand it on."""
        match receipt:
            case AcceptedBatch(batch, imports):
                if not imports:
                    self.uncertain.add(batch.list_id)
            case _ if self._patience is not None:
                self._not_accepted |= {
                    (each.list_id, each.email_address.lower()) for each in receipt.batch.contacts
                }
        return self._run.take_receipt(receipt)

    def verify(self, window: Window) -> set[int]:
        """Read back what was accepted of a window; return the lists that show all of it.

        What goes wrong ends the run.
        """
        if self._patience is None or self._run.stop.error is not None:
            return set()
        sent = window.sent_rows()
        for list_id, email in self._not_accepted:
            for row in window.contact_rows(list_id, email):
                sent[row] = 0
        self._not_accepted.clear()
        verified, error = self._account.verify(window, sent, self._patience)
        self._run.report.count_verified(verified)
        if error is not None:
            self._run.stop.because(error)
        shown = {list_id for list_id, each in verified.items() if not each.amiss}
        self.uncertain -= shown
        return shown
