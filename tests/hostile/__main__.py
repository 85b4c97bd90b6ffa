"""Plays the attacks and prints what held: `python -m tests.hostile`, or `-m tests --hostile`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from math import ceil
from multiprocessing import get_context
from typing import Final

from tests.hostile import (
    canaries,
    inputs,
    journals,
    machines,
    mapping_files,
    odd_inputs,
    processes,
    servers,
)
from tests.hostile.attack import Attack, Outcome, play

ATTACKS: Final[dict[str, Attack]] = {
    each.name: each
    for each in (
        *servers.ATTACKS,
        *inputs.ATTACKS,
        *odd_inputs.ATTACKS,
        *mapping_files.ATTACKS,
        *processes.ATTACKS,
        *machines.ATTACKS,
        *journals.ATTACKS,
        *canaries.ATTACKS,
    )
}


def main() -> int:
    """Play the chosen attacks; return 1 where an invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m tests --hostile")
    names = [*dict.fromkeys(each.part for each in ATTACKS.values()), *ATTACKS]
    help_ = f"only these parts or attacks: {', '.join(names)}"
    parser.add_argument("only", nargs="*", metavar="PART", help=help_)
    parser.add_argument("--seed", type=int, default=1, help="what chance depends on")
    parser.add_argument("--round", type=int, help="only the round of this number, from 0")
    parser.add_argument("--share", type=float, default=1.0, help="of the rounds, to play")
    parser.add_argument("--minutes", type=float, default=19.0, help="after which none is begun")
    given = parser.parse_args()
    if unknown := [each for each in given.only if each not in names]:
        parser.error(
            f"{unknown[0]} is neither a part nor an attack; choose from {', '.join(names)}"
        )
    attacks = [
        each
        for each in ATTACKS.values()
        if not given.only or {each.part, each.name} & set(given.only)
    ]
    started = time.monotonic()
    found: dict[str, list[Outcome]] = defaultdict(list)
    rounds = sorted(
        (number / each.rounds, each.name, number)
        for each in attacks
        for number in range(ceil(each.rounds * given.share))
        if given.round in {None, number}
    )
    chosen = [(ATTACKS[name], number) for _, name, number in rounds]
    for outcome in outcomes(chosen, given.seed, started + 60 * given.minutes):
        found[outcome.attack].append(outcome)
        if outcome.failure:
            again = f"--hostile {outcome.attack!r} --seed {given.seed} --round {outcome.number}"
            print(f"FAILED, again with {again}\n{outcome.failure}", flush=True)
    print("\n".join(table(attacks, found)))
    failures = sum(bool(one.failure) for several in found.values() for one in several)
    print(f"seed {given.seed}, {time.monotonic() - started:.0f} s, {failures} failures")
    return min(failures, 1)


def outcomes(rounds: Sequence[tuple[Attack, int]], seed: int, until: float) -> Iterator[Outcome]:
    """Play rounds in two processes; yield what they come to as they end.

    None is begun after a moment of `time.monotonic()`.
    """
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(play, attack, number, seed, until) for attack, number in rounds]
        for future in as_completed(futures):
            if (outcome := future.result()) is not None:
                yield outcome


def table(attacks: Sequence[Attack], found: dict[str, list[Outcome]]) -> Iterator[str]:
    """Yield the lines of a table: an attack each, then the sum."""
    columns = "{:10}{:30}{:>8}{:>8}{:>10}{:>9}{:>10}{:>9}"
    yield columns.format(
        "part", "attack", "rounds", "runs", "faults", "checks", "failures", "seconds"
    )
    everything = [one for several in found.values() for one in several]
    for part, name, several in (
        *((each.part, each.name, found[each.name]) for each in attacks),
        ("all", "", everything),
    ):
        yield columns.format(
            part,
            name,
            len(several),
            sum(one.runs for one in several),
            f"{sum(one.faults for one in several):,}",
            f"{sum(one.checks for one in several):,}",
            sum(bool(one.failure) for one in several),
            f"{sum(one.seconds for one in several):.0f}",
        )


if __name__ == "__main__":
    sys.exit(main())
