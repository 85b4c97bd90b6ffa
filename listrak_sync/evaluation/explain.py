"""Tells what became of each event and mapping, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, assert_never

import msgspec

from listrak_sync.evaluation.compiled import CompiledMappings
from listrak_sync.evaluation.line_evaluator import (
    GivenLine,
    LineOutcome,
    MatchedLine,
    RejectedLine,
    SkippedLine,
)
from listrak_sync.evaluation.updates import RejectedUpdate, Update, field_values, made_by
from listrak_sync.events.key_paths import Event, Json
from listrak_sync.mapping.consent import consent_lacks
from listrak_sync.mapping.explain import MappingExplainer
from listrak_sync.reasons import Reason, RejectedError


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a line; where mappings looked at its event, by one of them.

    `condition` is the first one that failed, `at` its place as file:line:column of the
    mapping file; `found` the value at each path it reads, null where there is none. A match
    without a mapping is a line of a rejects file with the values themselves.
    """

    file: str
    line: int
    outcome: Literal["matched", "unmatched", "rejected", "skipped"]
    mapping: str | None = None
    reason: str | None = None
    detail: str | None = None
    condition: str | None = None
    at: str | None = None
    expected: str | None = None
    found: dict[str, Json] | None = None
    list_id: int | None = None
    email_address: str | None = None
    fields: dict[str, str] | None = None


class FunnelStep(msgspec.Struct, frozen=True):
    """A condition of a mapping, and how many events passed it and those before it."""

    condition: str
    at: str
    passed: int


class Funnel(msgspec.Struct, frozen=True):
    """How many events a mapping looked at, and how far they came."""

    mapping: str
    events: int
    steps: tuple[FunnelStep, ...]


class Explainer:
    """Turns the outcome of each line into explanations, and counts how far events come."""

    def __init__(
        self, compiled: CompiledMappings, on_explanation: Callable[[Explanation], None]
    ) -> None:
        self._compiled = compiled
        self._tell = on_explanation
        self._explainers = {
            index: MappingExplainer(mapping) for index, mapping in compiled.enabled.items()
        }

    def funnels(self) -> Iterator[Funnel]:
        """Yield how far the events came in each mapping."""
        for index, explainer in self._explainers.items():
            steps = (
                FunnelStep(explainer.text(step), explainer.at(step), passed)
                for step, passed in zip(explainer.steps, explainer.passed, strict=True)
            )
            yield Funnel(self._compiled.names[index], explainer.events, tuple(steps))

    def explain(self, file: str, line: int, outcome: LineOutcome) -> None:
        """Tell what became of a line: once, or for each mapping that looked at its event."""
        match outcome:
            case RejectedLine(_, reason, detail):
                self._tell(Explanation(file, line, "rejected", reason=reason, detail=detail))
            case GivenLine(update=update):
                self._tell(
                    Explanation(
                        file,
                        line,
                        "matched",
                        detail="an update that is given as input, taken as it is",
                        list_id=update.list_id,
                        email_address=update.email_address,
                        fields=update.fields,
                    )
                )
            case SkippedLine(
                content, Reason.NO_MAPPING_MATCHED | Reason.FILTERED_BY_CONSENT, event, only
            ) if event is not None:
                self._each_mapping(file, line, {}, self._whole(content, event), only)
            case SkippedLine(reason=reason, detail=detail):
                self._tell(Explanation(file, line, "skipped", reason=reason, detail=detail))
            case MatchedLine(content, made, event, only):
                by_mapping = {made_by(each): each for each in made}
                self._each_mapping(file, line, by_mapping, self._whole(content, event), only)
            case _:
                assert_never(outcome)

    def _whole(self, content: bytes, seen: Event) -> Event:
        """Return all that the mappings read of an event, as far as it can be read.

        Where no mapping takes an event, no more was decoded of it than tells that.
        """
        try:
            return self._compiled.whole_look.decode(content)
        except RejectedError:
            return seen

    def _each_mapping(
        self,
        file: str,
        line: int,
        made: dict[int, Update | RejectedUpdate],
        event: Event,
        only: str | None,
    ) -> None:
        looking = [
            index for index in self._explainers if only in {None, self._compiled.names[index]}
        ]
        for index in looking:
            self._tell(self._explanation(file, line, index, made.get(index), event))
        if not looking:
            reason, detail = Reason.NO_MAPPING_MATCHED, "no enabled mapping looks at it"
            self._tell(Explanation(file, line, "skipped", reason=reason, detail=detail))

    def _explanation(
        self, file: str, line: int, index: int, made: Update | RejectedUpdate | None, event: Event
    ) -> Explanation:
        name = self._compiled.names[index]
        failed = self._explainers[index].explain(event)
        match made:
            case (_, address, changes, _):
                values = {str(field_id): value for field_id, value in field_values(changes)}
                return Explanation(
                    file,
                    line,
                    "matched",
                    name,
                    list_id=changes[0].list_id,
                    email_address=address,
                    fields=values,
                )
            case RejectedUpdate(reason=reason, detail=detail):
                return Explanation(file, line, "rejected", name, reason, detail)
        if failed is None:
            return self._without_consent(file, line, index, event)
        return Explanation(
            file,
            line,
            "unmatched",
            name,
            condition=failed.condition,
            at=failed.at,
            expected=failed.expected,
            found=failed.found,
        )

    def _without_consent(self, file: str, line: int, index: int, event: Event) -> Explanation:
        """Return that a mapping would take an event, but for the contact's consent."""
        categories = self._compiled.enabled[index].consent
        lacking = consent_lacks(categories)(event)
        return Explanation(
            file,
            line,
            "skipped",
            self._compiled.names[index],
            Reason.FILTERED_BY_CONSENT,
            f"context.consent.categoryPreferences.{lacking} is not true",
        )
