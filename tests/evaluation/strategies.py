"""Made-up events and mappings that meet each other often, and go wrong in every way."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.evaluation.reference import AUDIENCE, TRIGGERS, Plain

ADDRESSES = st.sampled_from(
    [
        "ann@example.com",
        "Ann@Example.com",
        " ben@example.com\n",
        "no address",
        "ann@localhost",
        "",
        "  ",
        None,
        5,
        ["ann@example.com"],
    ]
)
KEYS = st.sampled_from(["vip", "vip", "other", "", None, 5])
MEMBERSHIPS: st.SearchStrategy[Any] = st.sampled_from(
    [True, False, "true", "false", "True", "yes", None, 1, 0, {}]
)
ODD: st.SearchStrategy[Any] = st.sampled_from([None, False, "text", 0, []])
VALUES = st.sampled_from(
    ["on", "", "x y", AUDIENCE, 5, 5.0, 2.5, -3, True, False, None, [1], {"a": 1}]
)


def _object(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return objects with some of the members, now and then something else."""
    some: st.SearchStrategy[Any] = st.fixed_dictionaries({}, optional=members)
    return st.one_of(some, some, some, some, some, ODD)


PARTS = _object(
    email=ADDRESSES,
    vip=MEMBERSHIPS,
    other=MEMBERSHIPS,
    audience_key=KEYS,
    value=VALUES,
    list=st.sampled_from([1, 2, "3", "04", 5.0, 0, -1, 2**31, 2.5, "", " 1", True, None, [1]]),
)
EXTERNAL_IDS = st.one_of(
    ODD,
    st.lists(_object(type=st.sampled_from(["email", "phone", None]), id=ADDRESSES), max_size=3),
)
EVENTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify", "page", "group", "alias"])},
    optional={
        "context": _object(
            traits=PARTS, personas=_object(computation_key=KEYS), externalIds=EXTERNAL_IDS
        ),
        "traits": PARTS,
        "properties": PARTS,
        "unread": PARTS,
    },
)

PATHS = st.sampled_from(
    [
        {"@path": "$.properties.value"},
        {"@path": "$.traits.value"},
        {"@path": "$.traits.vip"},
        {"@path": "$.traits.nowhere"},
        {"@path": "$.context.traits"},
    ]
)
CONSTANTS = st.sampled_from(["on", "off", "a text", AUDIENCE, AUDIENCE, 5, 2.5, True])


def _choice(then: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    options = {"exists": PATHS, "then": then, "else": other}
    return st.fixed_dictionaries({"@if": st.fixed_dictionaries(options)})


FIELDS = st.one_of(
    CONSTANTS,
    PATHS,
    _choice(CONSTANTS, CONSTANTS),
    _choice(st.sampled_from(["on", 5]), PATHS),
)
MAPPINGS = st.builds(
    Plain,
    list_id=st.sampled_from(
        [1, 2, "12", {"@path": "$.properties.list"}, {"@path": "$.traits.list"}]
    ),
    fields=st.dictionaries(st.integers(1, 5), FIELDS, min_size=1, max_size=3),
    trigger=st.none() | st.sampled_from(sorted(TRIGGERS)),
    email_address=st.sampled_from(
        [None, None, " eve@example.com ", {"@path": "$.traits.email"}, {"@path": "$.traits"}]
    ),
    audience_key=st.sampled_from([None, None, None, "other", {"@path": "$.traits.audience_key"}]),
)
