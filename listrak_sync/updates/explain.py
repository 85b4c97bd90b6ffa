"""What became of each event and mapping, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import Literal

import msgspec

from listrak_sync.events.event import UnreadableError
from listrak_sync.events.paths import Event, Json
from listrak_sync.mapping.explain import MappingExplainer
from listrak_sync.mapping.file import Mapping
from listrak_sync.updates.evaluate import Evaluated, Evaluator, Outcome
from listrak_sync.updates.update import Rejected, Update


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of an event, by one mapping where it came so far.

    `condition` is the first one that failed, `at` its place as file:line:column of the
    mapping file; `found` the value at each path it reads, null where there is none.
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


class Step(msgspec.Struct, frozen=True):
    """A condition of a mapping, and how many events passed it and those before it."""

    condition: str
    at: str
    passed: int


class Funnel(msgspec.Struct, frozen=True):
    """How many events a mapping looked at, and how far they came."""

    mapping: str
    events: int
    steps: tuple[Step, ...]


class ExplainingEvaluator(Evaluator):
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
        self._place = ("", 0)

    def funnels(self) -> Iterator[Funnel]:
        """Yield how far the events came in each mapping."""
        for index, explainer in self._explainers.items():
            steps = (
                Step(explainer.text(step), explainer.at(step), passed)
                for step, passed in zip(explainer.steps, explainer.passed, strict=True)
            )
            yield Funnel(self.names[index], explainer.events, tuple(steps))

    def outcome(self, event: Event, only: str | None = None) -> Outcome:
        """Return what becomes of an event, after having told why."""
        outcome = super().outcome(event, only)
        file, line = self._place
        if isinstance(outcome, str) and outcome != "no_mapping_matched":
            self._on_explanation(Explanation(file, line, "skipped", reason=outcome))
            return outcome
        made = {} if isinstance(outcome, str) else {each.mapping: each for each in outcome}
        for index, explainer in self._explainers.items():
            if only is None or self.names[index] == only:
                self._on_explanation(self._explanation(index, explainer, made.get(index), event))
        return outcome

    def _lines(self, first: int, data: bytes, result: Evaluated) -> None:
        for number, line in enumerate(BytesIO(data), first):
            self._line(number, line.removesuffix(b"\n"), result)

    def _line(self, number: int, line: bytes, result: Evaluated) -> None:
        self._place = (result.file, number)
        super()._line(number, line, result)

    def _reject(
        self, result: Evaluated, number: int, error: UnreadableError, content: bytes
    ) -> None:
        self._on_explanation(
            Explanation(result.file, number, "rejected", reason=error.reason, detail=error.detail)
        )
        super()._reject(result, number, error, content)

    def _explanation(
        self, index: int, explainer: MappingExplainer, made: Update | Rejected | None, event: Event
    ) -> Explanation:
        file, line = self._place
        name = self.names[index]
        failure = explainer.explain(event)
        match made:
            case Update(list_id=list_id, email_address=address, fields=fields):
                values = {str(field_id): value for field_id, value in fields}
                return Explanation(
                    file,
                    line,
                    "matched",
                    name,
                    list_id=list_id,
                    email_address=address,
                    fields=values,
                )
            case Rejected(reason=reason, detail=detail):
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
