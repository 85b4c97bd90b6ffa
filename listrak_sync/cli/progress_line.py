"""How far a phase is, as a line that fits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from listrak_sync.cli.folding import cut, width_of
from listrak_sync.progress import Comparing, Reading, Sending, Step, Verifying, Waiting
from listrak_sync.text import counted

RECENT: Final = 30.0
"""The rate is that of this many seconds: what was long ago says nothing about the rest."""

SHORTEST_BAR: Final = 8
LONGEST_BAR: Final = 40
GAP: Final = "  "

_BAR: Final = "━"
_ORDER: Final = ("label", "bar", "share", "amount", "detail", "pace", "rest", "note")

_PREFIXES: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a phase is at a moment, with what is known by then.

    `rate` is how much gets done in a second, `left` how many seconds it takes for the rest, and
    `waited` how many seconds are gone; None where that is not known.
    """

    step: Step
    waited: float
    rate: float | None = None
    left: float | None = None

    @property
    def label(self) -> str:
        """Return what goes on, in a word or two."""
        match self.step:
            case Reading(is_earlier=True):
                return "reading earlier"
            case Reading(is_evaluating=True):
                return "evaluating"
            case step:
                return type(step).__name__.lower()

    @property
    def total(self) -> int | None:
        """Return how much there is to do, None where nobody knows."""
        match self.step:
            case Reading(total=total) | Waiting(total=total) | Sending(total=total):
                return total
        return None

    @property
    def share(self) -> float | None:
        """Return how much of it is done, from 0 to 1, None where nobody knows."""
        match self.step:
            case Sending(is_all=False):
                return None
        return min(1.0, self.step.done / self.total) if self.total else None

    @property
    def amounts(self) -> tuple[str, ...]:
        """Return how much is done, of how much: in full, and shorter."""
        match self.step:
            case Reading(done=done, total=total):
                of, short = (f" of {_bytes(total)}", f" of {_short(total)}") if total else ("", "")
                return f"{_bytes(done)}{of}", f"{_short(done)}{short}"
            case Sending(done=done, total=total, is_all=is_all):
                so_far = "" if is_all else " so far"
                in_full = f"{done:,} of {counted(total, 'contact')}{so_far}"
                return (
                    in_full,
                    f"{done:,} of {total:,}{so_far}",
                    f"{_short(done)} of {_short(total)}",
                )
            case Waiting(awaited="import", done=done, total=total):
                return f"{done:,} of {counted(total, 'import')} applied", f"{done:,} of {total:,}"
            case Waiting(done=done, total=total):
                seen = f"{done:,} of {counted(total, 'value')} seen"
                return seen, f"{_short(done)} of {_short(total)}"
            case Comparing(list_id, done) | Verifying(list_id, done):
                contacts = f"{counted(done, 'contact')} read"
                return f"list {list_id}, {contacts}", contacts, _short(done)

    @property
    def pace(self) -> str:
        """Return how much gets done in a second."""
        match self.step:
            case _ if self.rate is None:
                return ""
            case Waiting():
                return ""
            case Reading():
                return f"{_bytes(self.rate)}/s"
            case _:
                return f"{self.rate:,.0f}/s"

    @property
    def rest(self) -> tuple[str, ...]:
        """Return how long it may still take: in full, and shorter."""
        match self.step:
            case Waiting(at_most=at_most):
                waited = _clock(min(self.waited, at_most))
                return f"{waited} of {_clock(at_most)} at most", f"{waited} of {_clock(at_most)}"
        return () if self.left is None else (f"{_clock(self.left)} left",)

    @property
    def detail(self) -> str:
        """Return what else there is to know."""
        match self.step:
            case Reading(lines=lines):
                return counted(lines, "line")
        return ""


class Pace:
    """The steps of one phase, from which its rate is known."""

    def __init__(self, begun: float) -> None:
        self.begun = begun
        self._steps: deque[tuple[float, Step]] = deque()

    def add(self, step: Step, now: float) -> None:
        """Note a step."""
        self._steps.append((now, step))
        while len(self._steps) > 2 and self._steps[1][0] <= now - RECENT:
            self._steps.popleft()

    def at(self, now: float) -> Moment:
        """Return how far the phase is now, at its last step."""
        (begun, first), (_, last) = self._steps[0], self._steps[-1]
        seconds, done = now - begun, last.done - first.done
        rate = done / seconds if seconds > 0 and done > 0 else None
        moment = Moment(last, now - self.begun, rate)
        if rate is None or moment.share is None or moment.total is None:
            return moment
        return replace(moment, left=max(0, moment.total - last.done) / rate)


class _Fitting:
    """Texts in their order, as many as fit into a width."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._texts = dict.fromkeys(_ORDER, "")

    def add(self, place: str, *texts: str) -> None:
        """Put the first of some texts that fits into its place, where there is one."""
        before, self._texts[place] = self._texts[place], ""
        found = (text for text in texts if text and width_of(text) <= self.left)
        self._texts[place] = next(found, before)

    @property
    def left(self) -> int:
        """Return how many columns one more text may take."""
        texts = filter(None, self._texts.values())
        return self._width - sum(width_of(text) + len(GAP) for text in texts)

    def __str__(self) -> str:
        return GAP.join(filter(None, self._texts.values()))


@dataclass(frozen=True, slots=True)
class Line:
    """A line on a terminal: what stands before its bar, how much of the bar is done, the rest."""

    before: str
    done: str = ""
    to_do: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before}{self.done}{self.to_do}{self.after}"


def line(moment: Moment, width: int, note: str = "") -> Line:
    """Return a line of at most `width` columns.

    A note stands in place of the rate and the rest: it says why nothing goes on.
    """
    share, fitting = moment.share, _Fitting(width)
    fitting.add("label", moment.label, moment.label[:width])
    if share is not None:
        fitting.add("share", f"{int(share * 100)}%")
    if note:
        fitting.add("note", cut(note, fitting.left))
        fitting.add("amount", *moment.amounts)
    else:
        # What matters most first, as short as it can be said; then as long as there is room.
        fitting.add("rest", *moment.rest[-1:])
        fitting.add("amount", *moment.amounts[-1:])
        fitting.add("amount", *moment.amounts)
        fitting.add("rest", *moment.rest)
        fitting.add("pace", moment.pace)
    if share is None or fitting.left < SHORTEST_BAR:
        fitting.add("detail", moment.detail)
        return Line(str(fitting))
    room = fitting.left - SHORTEST_BAR - len(GAP)
    fitting.add("detail", moment.detail if len(moment.detail) <= room else "")
    length = min(LONGEST_BAR, fitting.left)
    fitting.add("bar", _BAR * length)
    before, _, after = str(fitting).partition(_BAR * length)
    done = round(length * share)
    return Line(before, _BAR * done, _BAR * (length - done), after)


def sentence(moment: Moment) -> str:
    """Return the same as a line of a log."""
    share = "" if moment.share is None else f" ({moment.share:.0%})"
    first = f"{moment.label}: {moment.amounts[0]}{share}"
    return ", ".join(filter(None, (first, moment.detail, moment.pace, *moment.rest[:1])))


def details(moment: Moment) -> dict[str, object]:
    """Return the same as the keys of a log's JSON; the rate is for a second."""
    rate, left = moment.rate, moment.left
    return {
        "phase": moment.label,
        "done": moment.step.done,
        "total": moment.total,
        "rate": None if rate is None else round(rate, 1),
        "seconds_left": None if left is None else round(left, 1),
    }


def _bytes(number: float) -> str:
    return _short(number, " ", "B")


def _short(number: float, gap: str = "", unit: str = "") -> str:
    """Return a number with three digits at most, or four: 999, 1.2k, 35M."""
    for size, prefix in _PREFIXES:
        if number >= size:
            digits = 0 if number >= 10 * size else 1
            return f"{number / size:.{digits}f}{gap}{prefix}{unit}"
    return f"{number:.0f}{gap}{unit}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
