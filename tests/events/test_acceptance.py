"""The integrations object decides whether an event may go to Listrak."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest
from msgspec import UNSET

from listrak_sync.events.acceptance import DESTINATION, INTEGRATIONS, passes_integrations
from listrak_sync.events.decoding import Decoder
from listrak_sync.events.key_paths import Event, Json

ENTRIES: tuple[object, ...] = (UNSET, None, False, True, {}, {"a": 1}, 0, "", "false")


def _decides(entry: object) -> bool:
    return entry is not UNSET and entry is not None


def test_truth_table() -> None:
    """Our own entry decides, then All, then all; nothing but false filters."""
    for own, upper, lower in product(ENTRIES, repeat=3):
        entries = {DESTINATION: own, "All": upper, "all": lower}
        present = {name: entry for name, entry in entries.items() if entry is not UNSET}
        event = msgspec.json.decode(msgspec.json.encode({"integrations": present}))
        decisive = next(filter(_decides, (own, upper, lower)), True)
        assert passes_integrations(event) is (decisive is not False), present


@pytest.mark.parametrize("integrations", [None, False, True, 0, "All", [], ["All"], {}])
def test_no_entries(integrations: Json) -> None:
    """Integrations that are empty or not an object filter nothing."""
    assert passes_integrations({"integrations": integrations})


def test_absent() -> None:
    """Without an integrations object the event may go."""
    assert passes_integrations({})


@pytest.mark.parametrize("name", ["listrak (actions)", "Listrak", "Listrak (Actions) ", "ALL"])
def test_other_names(name: str) -> None:
    """The names are case-sensitive and exact: another destination's entry decides nothing."""
    assert passes_integrations({"integrations": {name: False}})


@pytest.mark.parametrize(
    "event",
    [
        {"integrations": {DESTINATION: {"deep": [1]}, "All": False}},
        {"integrations": {"all": False, "Other": {"x": 1}}},
        {"integrations": "text"},
        {"integrations": [{"All": False}]},
    ],
)
def test_paths_suffice(event: Event) -> None:
    """An event decoded to INTEGRATIONS alone is judged like the whole one."""
    decoded = Decoder(INTEGRATIONS).decode(msgspec.json.encode(event))
    assert passes_integrations(decoded) is passes_integrations(event)
