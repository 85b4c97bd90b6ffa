"""What the project depends on is bounded in pyproject.toml and pinned in constraints.txt."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.__main__ import ROOT, lowest_versions, requirements
from tests.spark.conftest import IS_WANTED


def pins_in(file: str) -> dict[str, Requirement]:
    """Return the pins of a file by canonical names."""
    lines = Path(ROOT / file).read_text("utf-8").splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in pins}


PINNED = pins_in("constraints.txt")
PINNED_ENGINES = pins_in("constraints-engines.txt")
DIRECT = list(requirements())


def pulled_in(name: str, extras: frozenset[str], seen: set[tuple[str, str]]) -> set[str]:
    """Return a distribution and all that it requires here, by canonical names."""
    found: set[str] = {canonicalize_name(name)}
    for text in requires(name) or ():
        requirement = Requirement(text)
        for extra in extras | {""}:
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            if (text, extra) not in seen:
                seen.add((text, extra))
                found |= pulled_in(requirement.name, frozenset(requirement.extras), seen)
    return found


def test_everything_is_pinned() -> None:
    """Every distribution that the project brings with its extras has a pin, and no other has."""
    found = pulled_in("listrak-sync", frozenset({"dev", "liquid", "terraform"}), set())
    found.remove("listrak-sync")
    here = {name for name, pin in PINNED.items() if pin.marker is None or pin.marker.evaluate()}
    assert found == here


@pytest.mark.skipif(not IS_WANTED, reason="python -m tests --engines runs it")
def test_engines_are_pinned() -> None:
    """So does every distribution that only the engines bring."""
    found = pulled_in("listrak-sync", frozenset({"engines"}), set())
    assert found - {*PINNED, "listrak-sync", "setuptools"} == {*PINNED_ENGINES}


def test_pins_are_versions() -> None:
    """A pin names one version."""
    for name, pin in (PINNED | PINNED_ENGINES).items():
        assert [each.operator for each in pin.specifier] == ["=="], name


@pytest.mark.parametrize("requirement", DIRECT, ids=str)
def test_bounds_allow_the_pin(requirement: Requirement) -> None:
    """Each requirement has a lower and an upper bound, between which the pin lies."""
    assert {each.operator for each in requirement.specifier} == {">=", "<"}
    (pin,) = (PINNED | PINNED_ENGINES)[canonicalize_name(requirement.name)].specifier
    assert requirement.specifier.contains(pin.version)


def test_lowest_versions() -> None:
    """The lowest versions are one for each requirement, and allowed by it."""
    tried = requirements("spark", "engines")
    for requirement, lowest in zip(tried, lowest_versions(), strict=True):
        (pin,) = Requirement(lowest).specifier
        assert requirement.specifier.contains(pin.version)


def test_what_is_installed_is_found() -> None:
    """A name that is not installed is an error, not an empty tree."""
    with pytest.raises(PackageNotFoundError):
        pulled_in("listrak-sync-of-another-name", frozenset(), set())
