"""Made-up JSON with few names, so that paths meet values."""

from __future__ import annotations

from hypothesis import strategies as st

from listrak_sync.events.key_paths import Event, Json

NAMES = st.sampled_from(["a", "b", "c", "0", "1", "length", "type", "é", ""])

SCALARS: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
)

VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)

EVENTS: st.SearchStrategy[Event] = st.dictionaries(NAMES, VALUES, max_size=5)

PATHS = st.sets(st.lists(NAMES, max_size=4).map(tuple), max_size=5)
