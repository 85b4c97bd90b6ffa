"""What imports did is told by list; what nobody can know is told as unverified."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from listrak_sync.batching.batches import LIST_IMPORT, PROFILE_FIELDS, Limits, Route, batches
from listrak_sync.batching.window import Contact
from listrak_sync.delivery.imports import Applied, wait_for_imports
from listrak_sync.delivery.sending import DeliveryOptions, Timing
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import InterruptedRunError
from listrak_sync.listrak.verdicts import Accepted, ImportSummary
from listrak_sync.report.counts import Report
from listrak_sync.report.list_report import ListReport
from listrak_sync.sandbox import Account, Behaviour, Reply, Rule
from listrak_sync.sandbox.account import AccountField, AccountFieldGroup, MailingList
from tests.delivery.conftest import StillTime, connected

if TYPE_CHECKING:
    from listrak_sync.delivery.receipts import ImportKey
    from listrak_sync.listrak.api import Api

GROUPS = (AccountFieldGroup(id=1, fields=(AccountField(id=1),)),)
MEMBERS: dict[str, dict[int, str]] = {f"c{number}@example.com": {} for number in range(6)}
ACCOUNT = Account(
    lists=(
        MailingList(id=7, groups=GROUPS, contacts=MEMBERS),
        MailingList(id=8, groups=GROUPS, contacts=MEMBERS),
    ),
    suppressed=frozenset({"c5@example.com"}),
)
QUICK = Timing(rest=lambda event, seconds: event.wait(min(seconds, 0.002)))


def started(
    api: Api, emails: list[str], list_id: int = 7, route: Route = PROFILE_FIELDS, each: int = 100
) -> list[ImportKey]:
    """Start imports that set a field of contacts; return their ids as Listrak names them."""
    contacts = [Contact(list_id, email, ((1, "on"),), (0,), 0, 1) for email in emails]
    found: list[ImportKey] = []
    for batch in batches(lambda: contacts, route, Limits(each, 1_000_000)):
        post = api.start_list_import if route == LIST_IMPORT else api.update_profile_fields
        verdict = post(list_id, batch.body)
        assert isinstance(verdict, Accepted)
        found += [(list_id, import_id) for import_id in verdict.resource_ids]
    return found


@pytest.mark.parametrize("ids", ["one", "several"])
def test_counts(ids: str) -> None:
    """Applied, skipped, suppressed and invalid contacts are counted by list, over all imports."""
    behaviour = Behaviour(import_delay=0.05, resource_ids="several" if ids == "several" else "one")
    with connected(behaviour, ACCOUNT) as (_, api):
        emails = [*MEMBERS, "stranger@example.com", "nobody"]
        imports = [
            *started(api, emails, route=LIST_IMPORT, each=3),
            *started(api, emails[2:4], 8),
        ]
        told = wait_for_imports(api, imports, 60, Stop(), DeliveryOptions(timing=QUICK))
    several = 2 if ids == "several" else 1
    assert told == {
        7: Applied(ended=3 * several, applied=5, skipped=1, suppressed=1, invalid=1),
        8: Applied(ended=several, applied=2),
    }
    assert told[7].unaccounted(8) == 0
    assert told[7].unaccounted(10) == 2


def test_previously_unsubscribed() -> None:
    """Contacts that an update passes over, since they had unsubscribed, are not applied."""
    applied = Applied()
    summary = b'{"processedCount": 9, "skippedCount": 1, "previouslyUnsubscribedCount": 3}'
    applied.count(msgspec.json.decode(summary, type=ImportSummary))
    assert applied == Applied(applied=5, skipped=1, previously_unsubscribed=3)
    assert applied.unaccounted(10) == 1
    assert applied.unaccounted(8) == 0


def test_no_patience() -> None:
    """What has not ended when the wait is over is told as running, with no counts."""
    still = StillTime()
    with connected(Behaviour(resource_ids="one", import_delay=1e8), ACCOUNT) as (_, api):
        imports = started(api, list(MEMBERS), each=3)
        told = wait_for_imports(api, imports, 30, Stop(), DeliveryOptions(timing=still.timing()))
    assert told == {7: Applied(running=2)}
    assert told[7].unaccounted(6) is None
    assert still.now == 30


def test_some_in_time() -> None:
    """Those that end in time are counted beside those that do not."""
    with connected(None, ACCOUNT) as (_, api):
        imports = [*started(api, ["c0@example.com"]), (7, "no id"), (8, "99999")]
        told = wait_for_imports(api, imports, 30, Stop(), DeliveryOptions(timing=QUICK))
    assert told == {7: Applied(ended=1, unverified=1, applied=1), 8: Applied(unverified=1)}
    assert told[7].unaccounted(1) is None


def test_no_ids() -> None:
    """Without ids nothing is asked and nothing is claimed."""
    with connected(Behaviour(resource_ids="empty"), ACCOUNT) as (sandbox, api):
        imports = started(api, list(MEMBERS))
        assert imports == []
        assert wait_for_imports(api, imports, 30, Stop(), DeliveryOptions(timing=QUICK)) == {}
        assert {one.method for one in sandbox.requests} == {"POST"}


@pytest.mark.parametrize(
    "reply", [Reply(status=404), Reply(status=503), Reply(status=200, body="{}")]
)
def test_no_summary(reply: Reply) -> None:
    """An import that has ended, and of which no counts are told, is unverified."""
    rule = Rule(action=reply, route="status", after=1)
    with connected(Behaviour(resource_ids="one", faults=(rule,)), ACCOUNT) as (_, api):
        imports = started(api, list(MEMBERS))
        told = wait_for_imports(
            api, imports, 30, Stop(), DeliveryOptions(timing=StillTime().timing())
        )
    assert told == {7: Applied(unverified=1)}


def test_a_summary_that_fails_in_passing() -> None:
    """A summary that cannot be had at first is asked for again."""
    rule = Rule(action=Reply(status=503), route="status", after=1, times=1)
    with connected(Behaviour(resource_ids="one", faults=(rule,)), ACCOUNT) as (_, api):
        told = wait_for_imports(
            api,
            started(api, list(MEMBERS)),
            30,
            Stop(),
            DeliveryOptions(timing=StillTime().timing()),
        )
    assert (told[7].ended, told[7].unverified, told[7].running) == (1, 0, 0)


def test_a_signal_ends_the_wait() -> None:
    """A signal ends the wait at once: what has ended is counted, the rest is running."""
    stop = Stop()
    with connected(Behaviour(resource_ids="one", import_delay=1e8), ACCOUNT) as (_, api):
        imports = started(api, list(MEMBERS))
        threading.Timer(0.1, stop.because, [InterruptedRunError(15)]).start()
        told = wait_for_imports(api, imports, 600, stop, DeliveryOptions())
    assert told == {7: Applied(running=1)}


def test_never_less_than_none() -> None:
    """Counts that do not add up make no contact applied that was not, and none less than none."""
    applied = Applied()
    applied.count(ImportSummary(processed_count=2, skipped_count=5, banned_count=1))
    assert applied == Applied(skipped=5, invalid=1)


def test_in_the_report() -> None:
    """The report tells by list what imports did, and how many contacts Listrak does not mention."""
    report = Report([])
    report.lists = {7: ListReport(requests=1, accepted=6, imports=["1"]), 8: ListReport()}
    report.applied = {7: Applied(ended=1, applied=4, skipped=1)}
    first, second = report.record("push", 0, None).lists
    assert first.applied == Applied(ended=1, applied=4, skipped=1)
    assert first.unaccounted == 1
    assert second.applied is msgspec.UNSET
