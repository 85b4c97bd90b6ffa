"""Settings that every test runs under."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
from types import FunctionType
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from listrak_sync.sandbox import Sandbox
from tests.processes import Launcher, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """Mark the tests that start processes or open sockets, by what their modules know."""
    known: dict[str, bool] = {}
    for item in items:
        if isinstance(item, pytest.Function) and _is_outside(item, known):
            item.add_marker("outside")


def _is_outside(item: pytest.Function, known: dict[str, bool]) -> bool:
    """Say so of a test that evaluates in several processes, or by its module and its fixtures'."""
    jobs = item.callspec.params.get("jobs", 1) if hasattr(item, "callspec") else 1
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    functions = (item.function, *(each.func for several in fixtures for each in several))
    return jobs != 1 or any(_reaches_out(each, known) for each in functions)


def _reaches_out(function: object, known: dict[str, bool]) -> bool:
    """Say whether a function's module, or one of ours that it imports from, knows such things."""
    name = getattr(function, "__module__", "")
    if not isinstance(function, FunctionType) or not name.startswith(("tests.", "benchmarks.")):
        return False
    if name not in known:
        known[name] = False  # for modules that import from each other
        values = function.__globals__.values()
        known[name] = any(
            any(value is each for each in OUTSIDE)
            or (isinstance(value, type) and issubclass(value, Sandbox))
            or _reaches_out(value, known)
            for value in values
        )
    return known[name]
