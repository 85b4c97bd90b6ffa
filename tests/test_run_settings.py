"""The options of a run become its settings."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from listrak_sync.batching.batches import LIST_IMPORT, PROFILE_FIELDS, Limits, Route
from listrak_sync.batching.list_files import MAX_FILE_BYTES
from listrak_sync.errors import UsageError
from listrak_sync.guards import Guards
from listrak_sync.run_settings import Order, RouteChoice, RunOptions, RunSettings, Undated

OPTIONS = RunOptions(
    ignore_integrations=False,
    order=Order.timestamp,
    window=10,
    route=RouteChoice.auto,
    batch_contacts=None,
    batch_bytes=None,
)


def settings(**changed: Any) -> RunSettings:
    """Return the settings that changed options make."""
    return msgspec.structs.replace(OPTIONS, **changed).settings((), (), Guards(), None)


@pytest.mark.parametrize(
    ("choice", "route"),
    [
        (RouteChoice.auto, PROFILE_FIELDS),
        (RouteChoice.profile_fields, PROFILE_FIELDS),
        (RouteChoice.list_import, LIST_IMPORT),
    ],
)
def test_first_route(choice: RouteChoice, route: Route) -> None:
    """A run begins by profile fields unless it is told to send files."""
    assert settings(route=choice).route == route


def test_limits() -> None:
    """The limits that are not given are those of the first route; given none, the route's own."""
    assert settings().limits is None
    assert settings(batch_contacts=5).limits == Limits(5, 1_000_000)
    only_bytes = settings(batch_bytes=7, route=RouteChoice.list_import)
    assert only_bytes.limits == Limits(500_000, 7)


@pytest.mark.parametrize("route", [RouteChoice.auto, RouteChoice.list_import])
def test_too_large(route: RouteChoice) -> None:
    """A file larger than Listrak takes is refused wherever a run may send one."""
    with pytest.raises(UsageError, match="--batch-bytes"):
        settings(batch_bytes=MAX_FILE_BYTES + 1, route=route)
    settings(batch_bytes=MAX_FILE_BYTES + 1, route=RouteChoice.profile_fields)


def test_undated_alone() -> None:
    """Without a period, leaving out what has no time would do nothing: it is refused."""
    with pytest.raises(UsageError, match="--undated skip goes with --since or --until"):
        settings(undated=Undated.skip)
    settings(undated=Undated.skip, since=1)


def test_order_and_jobs() -> None:
    """By default the newest event wins, and every core evaluates."""
    assert settings().rules.by_timestamp
    assert not settings(order=Order.input).rules.by_timestamp
    assert settings().jobs >= 1
