"""The mappings of a run, compiled once: what they read, and which of them may take an event."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from listrak_sync.evaluation.dispatch import Candidate, Dispatch, Takers
from listrak_sync.evaluation.updates import (
    TIMESTAMP,
    UpdateMaker,
    seldom_paths,
    trigger_paths,
    update_paths,
)
from listrak_sync.events.acceptance import (
    ACCEPTED_TYPES,
    INTEGRATIONS,
    TYPE,
    find_type,
    passes_integrations,
)
from listrak_sync.events.decoding import Decoder
from listrak_sync.events.key_paths import Event, column_finder, finder
from listrak_sync.events.timestamps import NEVER, instants
from listrak_sync.mapping.model import Mapping
from listrak_sync.reasons import Reason

_timestamps: Final = column_finder(TIMESTAMP)


class CompiledMappings:
    """The enabled mappings as functions of events; `names` are those of all, by index."""

    def __init__(
        self, mappings: Sequence[Mapping], *, ignore_integrations: bool, by_timestamp: bool
    ) -> None:
        self.names: Final = [mapping.name for mapping in mappings]
        self.enabled: Final = {
            index: mapping for index, mapping in enumerate(mappings) if mapping.enabled
        }
        self.dispatch: Final = Dispatch(
            [
                Candidate(mapping.trigger, UpdateMaker.of(index, mapping))
                for index, mapping in self.enabled.items()
            ]
        )
        self.happened: Final = _happened if by_timestamp else _never
        self._ignore_integrations = ignore_integrations
        self._find_text = finder(self.dispatch.path)
        deciding = {TYPE, *INTEGRATIONS, self.dispatch.path}
        read = {
            path
            for mapping in self.enabled.values()
            for path in (*trigger_paths(mapping), *update_paths(mapping))
        }
        seldom = {path for mapping in self.enabled.values() for path in seldom_paths(mapping)}
        self.first_look: Final = Decoder(deciding)
        """Decodes no more than tells which mappings may take an event."""
        self.whole_look: Final = Decoder(deciding | read, seldom)
        """Decodes all that the mappings read."""

    def takers(self, event: Event) -> Reason | Takers:
        """Return the mappings that may take an event, or why none does."""
        kind = find_type(event)
        if not isinstance(kind, str) or kind not in ACCEPTED_TYPES:
            return Reason.UNSUPPORTED_EVENT_TYPE
        if not (self._ignore_integrations or passes_integrations(event)):
            return Reason.FILTERED_BY_INTEGRATIONS_OBJECT
        text = self._find_text(event)
        others = self.dispatch.others
        return self.dispatch.by_text.get(text, others) if isinstance(text, str) else others


def _happened(events: Sequence[Event]) -> array[int]:
    """Return when events happened."""
    return instants(_timestamps(events))


def _never(events: Sequence[Event]) -> array[int]:
    """Return NEVER for each event, as nobody asks when it happened."""
    return array("q", [NEVER]) * len(events)
