"""Settings that every test runs under."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.processes import Launcher, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile(
    "short", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", parent=settings.get_profile("short"), max_examples=3000)
settings.load_profile(os.environ.get("LISTRAK_SYNC_TESTS", "short"))


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """Give what starts the command without a fresh interpreter."""
    launcher = Launcher(clean_environment())
    yield launcher
    launcher.close()
