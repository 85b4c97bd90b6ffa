"""What became of each event and mapping, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from listrak_sync.evaluation.lines import LineEvaluator, Outcome
from listrak_sync.evaluation.result import BLANK, NO_MATCH, EvaluationResult
from listrak_sync.evaluation.updates import RejectedUpdate, Update, field_values, made_by
from listrak_sync.events.decoding import UnreadableError
from listrak_sync.events.key_paths import Event, Json
from listrak_sync.events.rejects import ContactUpdate
from listrak_sync.mapping.explain import MappingExplainer
from listrak_sync.mapping.model import Mapping


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a line, by one mapping where it came so far.

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


class ExplainingEvaluator(LineEvaluator):
    """Evaluates as its parent does, and tells why, event by event and mapping by mapping."""

    def __init__(
        self,
        mappings: Sequence[Mapping],
        on_explanation: Callable[[Explanation], None],
        *,
        ignore_integrations: bool = False,
        by_timestamp: bool = True,
    ) -> None:
        super().__init__(
            mappings, ignore_integrations=ignore_integrations, by_timestamp=by_timestamp
        )
        self._on_explanation = on_explanation
        self._explainers = {
            index: MappingExplainer(mapping)
            for index, mapping in enumerate(mappings)
            if mapping.enabled
        }
        self._file = ""

    def funnels(self) -> Iterator[Funnel]:
        """Yield how far the events came in each mapping."""
        for index, explainer in self._explainers.items():
            steps = (
                FunnelStep(explainer.text(step), explainer.at(step), passed)
                for step, passed in zip(explainer.steps, explainer.passed, strict=True)
            )
            yield Funnel(self.names[index], explainer.events, tuple(steps))

    def outcome(self, event: Event, line: int, only: str | None = None) -> Outcome:
        """Return what becomes of an event, after having told why."""
        outcome = super().outcome(event, line, only)
        file = self._file
        if isinstance(outcome, str) and outcome != NO_MATCH:
            self._on_explanation(Explanation(file, line, "skipped", reason=outcome))
            return outcome
        made = {} if isinstance(outcome, str) else {made_by(each): each for each in outcome}
        looking = [index for index in self._explainers if only in {None, self.names[index]}]
        for index in looking:
            self._on_explanation(self._explanation(line, index, made.get(index), event))
        if not looking:
            detail = "no mapping that is enabled looks at it"
            self._on_explanation(Explanation(file, line, "skipped", reason=NO_MATCH, detail=detail))
        return outcome

    def _line(self, number: int, line: bytes, result: EvaluationResult) -> None:
        self._file = result.file
        if not line.strip():
            self._on_explanation(Explanation(result.file, number, "skipped", reason=BLANK))
        super()._line(number, line, result)

    def _judge(self, line: bytes, seen: Event, number: int, only: str | None) -> Outcome:
        try:
            seen = self._whole_look.decode(line)
        except UnreadableError:
            if not isinstance(takers := self._takers(seen), str) and takers:
                raise
        return self.outcome(seen, number, only)

    def _resent(self, number: int, update: ContactUpdate) -> Update:
        resent = super()._resent(number, update)
        self._on_explanation(
            Explanation(
                self._file,
                number,
                "matched",
                detail="values that an earlier run could not deliver, taken as they are",
                list_id=update.list_id,
                email_address=update.email_address,
                fields=update.fields,
            )
        )
        return resent

    def _reject(
        self, result: EvaluationResult, number: int, error: UnreadableError, content: bytes
    ) -> None:
        self._on_explanation(
            Explanation(result.file, number, "rejected", reason=error.reason, detail=error.detail)
        )
        super()._reject(result, number, error, content)

    def _explanation(
        self, line: int, index: int, made: Update | RejectedUpdate | None, event: Event
    ) -> Explanation:
        file = self._file
        name = self.names[index]
        failure = self._explainers[index].explain(event)
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
        if failure is None:
            raise AssertionError("a mapping that matches makes an update or a reject")
        return Explanation(
            file,
            line,
            "unmatched",
            name,
            condition=failure.condition,
            at=failure.at,
            expected=failure.expected,
            found=failure.found,
        )
