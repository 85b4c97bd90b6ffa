"""Settings that every test runs under."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "short", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", parent=settings.get_profile("short"), max_examples=3000)
settings.load_profile(os.environ.get("LISTRAK_SYNC_TESTS", "short"))
