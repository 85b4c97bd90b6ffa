"""Scripted faults: which of them a request meets, and how they change its answer."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from listrak_sync.sandbox.behaviour import Delay, Drop, Reply
from listrak_sync.sandbox.wire import Answer, document

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sync.sandbox.behaviour import Behaviour, RouteKind, Rule


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """What a request meets: seconds of delay, then an end in place of its own, or None."""

    delay: float
    end: Reply | Drop | None


class Faults:
    """Applies the rules to each request; safe to share between threads."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._lock = threading.Lock()
        self._chance = random.Random(behaviour.seed)  # noqa: S311 - chance, not a secret
        self._rules = [_Counted(rule) for rule in behaviour.faults]

    def plan(self, kind: RouteKind | None) -> PlannedFault:
        """Return what the next request of this kind meets; None: an address without a route."""
        delay = 0.0
        with self._lock:
            for counted in self._rules:
                if not counted.fires(kind, self._chance):
                    continue
                match counted.rule.action:
                    case Delay(seconds):
                        delay += seconds
                    case Reply() | Drop() as end:
                        return PlannedFault(delay, end)
        return PlannedFault(delay, None)


@dataclass(slots=True)
class _Counted:
    rule: Rule
    seen: int = 0
    fired: int = 0

    def fires(self, kind: RouteKind | None, chance: random.Random) -> bool:
        if self.rule.route not in ("any", kind):
            return False
        self.seen += 1
        if self.seen <= self.rule.after or self.fired == self.rule.times:
            return False
        if chance.random() >= self.rule.probability:
            return False
        self.fired += 1
        return True


def carry_out(
    plan: PlannedFault, apply: Callable[[], Answer], wait: Callable[[float], object]
) -> Answer | None:
    """Return the answer of a request under its plan, None where the connection closes instead.

    `apply` carries out the request; `wait` waits for a number of seconds.
    """
    if plan.delay:
        wait(plan.delay)
    match plan.end:
        case None:
            return apply()
        case Drop(when):
            if when == "after":
                apply()
            return None
        case Reply(when=when) as reply:
            if when == "after":
                apply()
            return _answer(reply)


def _answer(reply: Reply) -> Answer:
    if reply.body is not None:
        headers = {"Content-Type": "text/html; charset=utf-8"}
        return Answer(reply.status, reply.body.encode(), headers | reply.headers)
    if not reply.error:
        return Answer(reply.status, b"", reply.headers)
    error = document(reply.status, {"error": reply.error, "message": reply.message})
    return Answer(error.status, error.body, {**error.headers, **reply.headers})
