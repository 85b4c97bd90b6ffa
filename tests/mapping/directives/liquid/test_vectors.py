"""Templates print what LiquidJS printed.

vectors.json and loops.json hold events, and cases: a template, the number of its event, and the
text that LiquidJS 10.30 printed for it in the time zone UTC, with the tags and filters switched off
that Segment switches off, but not `for`; null where it failed. The templates were made at random:
each filter with values of every kind, templates as people write them, odd expressions and tags,
dates in many forms, and loops.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from listrak_sync.mapping.directives.liquid.bounds import RenderError
from listrak_sync.mapping.directives.liquid.environment import TemplateError, compile_template
from listrak_sync.mapping.directives.liquid.filters import FILTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sync.events.key_paths import Json

VECTORS, LOOPS = (
    json.loads(Path(__file__).with_name(name).read_text("utf-8"))
    for name in ("vectors.json", "loops.json")
)
CASES: list[tuple[str, int, str | None]] = VECTORS["cases"]


def printed(template: str, event: Json) -> str | None:
    """Return what a template prints, None where it fails for this event or for every one."""
    try:
        return compile_template(template)(event)
    except (RenderError, TemplateError):
        return None


@pytest.mark.parametrize("vectors", [VECTORS, LOOPS], ids=["vectors", "loops"])
def test_vectors(vectors: dict[str, list[Any]]) -> None:
    """Each template prints for its event what LiquidJS prints, and fails where that fails."""
    events = vectors["events"]
    wrong = [
        (template, events[event], text, found)
        for template, event, text in vectors["cases"]
        if (found := printed(template, events[event])) != text
    ]
    assert not wrong, wrong[:5]


def test_every_filter_has_vectors() -> None:
    """Each filter whose result is not left to chance is in the vectors, for values of all kinds."""
    used = [name for template, _, _ in CASES for name in set(re.findall(r"\| (\w+)", template))]
    assert min(used.count(name) for name in FILTERS if name != "sample") >= 10


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine be in another time zone."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_away")
def test_the_zone_of_the_machine() -> None:
    """Dates are in UTC whatever the time zone of the machine."""
    dates = [case for case in CASES if "| date" in case[0]]
    assert len(dates) > 500
    for template, event, text in dates:
        assert printed(template, VECTORS["events"][event]) == text
