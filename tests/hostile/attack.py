"""An attack: seeded rounds, each in a folder of its own, counted and judged."""

from __future__ import annotations

import os
import secrets
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from math import inf
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from tests.hostile.ground import Ground
from tests.hostile.invariants import TOKEN


@dataclass(frozen=True)
class Attack:
    """One kind of hostility: `attack` plays one round of it, which raises where something broke."""

    part: str
    name: str
    rounds: int
    attack: Callable[[Ground], None]


@dataclass(frozen=True)
class Outcome:
    """What a round came to; `failure` is empty where every invariant held."""

    attack: str
    number: int
    runs: int
    faults: int
    checks: int
    seconds: float
    failure: str = ""


KEEP: Final = "LISTRAK_SYNC_KEEP"
"""The environment variable that names a folder for the folders of rounds that fail."""
_NUMBERS: Final = count()


def play(attack: Attack, number: int, seed: int, until: float = inf) -> Outcome | None:
    """Play one round: its chance depends on the seed, the attack and the number alone.

    Returns None after a moment of `time.monotonic()`, which all processes share.
    """
    if time.monotonic() > until:
        return None
    secrets.token_urlsafe = lambda _=None: f"{TOKEN}-{next(_NUMBERS)}"  # type: ignore[assignment]
    started, failure = time.monotonic(), ""
    random = Random(f"{seed} {attack.name} {number}")  # noqa: S311 - chance, not a secret
    with TemporaryDirectory(prefix="hostile-") as folder:
        ground = Ground(Path(folder).resolve(), random, number)
        try:
            attack.attack(ground)
            ground.check_files()
        except Exception:  # noqa: BLE001 - whatever breaks is a failure of its round
            failure = traceback.format_exc()
            if keep := os.environ.get(KEEP):
                shutil.copytree(folder, Path(keep, attack.name, str(number)), symlinks=True)
        finally:
            ground.end_all()
    seconds = time.monotonic() - started
    return Outcome(attack.name, number, ground.runs, ground.faults, ground.checks, seconds, failure)
