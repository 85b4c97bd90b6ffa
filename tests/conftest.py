"""Settings that every test runs under."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from listrak_sync.sandbox import Sandbox
from tests.processes import Launcher, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

settings.register_profile(
    "short", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", parent=settings.get_profile("short"), max_examples=20)
settings.register_profile("long", parent=settings.get_profile("short"), max_examples=3000)
settings.load_profile(os.environ.get("LISTRAK_SYNC_TESTS", "short"))


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """Give what starts the command without a fresh interpreter."""
    launcher = Launcher(clean_environment())
    yield launcher
    launcher.close()


OUTSIDE = (subprocess, socket, pty, Sandbox)
"""What a test knows that starts processes or opens sockets."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start processes or open sockets, by what their modules import."""
    for item in items:
        if isinstance(item, pytest.Function) and any(map(_reaches_out, _modules_of(item))):
            item.add_marker("outside")


def _modules_of(item: pytest.Function) -> Iterator[Mapping[str, object]]:
    """Yield what is known where a test, and where each of its fixtures, is written."""
    yield item.function.__globals__
    for fixtures in item._fixtureinfo.name2fixturedefs.values():
        for fixture in fixtures:
            if fixture.func.__module__.startswith("tests."):
                yield fixture.func.__globals__


def _reaches_out(module: Mapping[str, object]) -> bool:
    return any(
        value is each or (isinstance(value, type) and issubclass(value, Sandbox))
        for value in module.values()
        for each in OUTSIDE
    )
