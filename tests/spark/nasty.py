"""An input with all that can be in one: however it is stored, and whatever its lines are."""

from __future__ import annotations

import bz2
import gzip
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LISTS: Final = (100, 101, 102)
KEYS: Final = tuple(f"audience_{number}" for number in range(9))
MAPPINGS: Final = json.dumps(
    {
        "profile_fields": {"795": {"name": "Since", "type": "Date"}},
        "mappings": [
            *(
                {
                    "name": f"{key} gets in",
                    "trigger": f'context.personas.computation_key = "{key}"',
                    "list_id": LISTS[number % 3],
                    "profile_field_values": {str(700 + number % 5): "useAudienceKey"},
                }
                for number, key in enumerate(KEYS[:-1])
            ),
            {
                "name": "alone",
                "trigger": 'context.personas.computation_key = "audience_0"',
                "list_id": 100,
                "profile_field_values": {"700": "useAudienceKey", "790": "seen"},
                "enable_batching": False,
            },
            {
                "name": "plan",
                "trigger": 'type = "identify"',
                "list_id": {"@path": "$.traits.list"},
                "profile_field_values": {"791": {"@path": "$.traits.plan"}},
            },
            {
                "name": "tracked é",
                "trigger": 'type = "track" and properties.total >= 50',
                "list_id": 100,
                "profile_field_values": {
                    "792": {"@template": '{{properties.total}} "é"'},
                    "793": {"@path": {"@path": "$.properties.which"}},
                },
            },
            {
                "name": "since",
                "trigger": 'type = "track" and properties.total < 9',
                "list_id": 101,
                "profile_field_values": {"795": {"@path": "$.properties.since"}},
            },
            {
                "name": "off",
                "enabled": False,
                "list_id": 1,
                "profile_field_values": {"1": "on"},
            },
        ],
    }
)
REASONS: Final = frozenset(
    {
        *("not_json", "not_utf8", "not_an_object", "nested_too_deep", "number_out_of_range"),
        *("line_too_long", "unreadable_file", "unknown_mapping", "invalid_update"),
        *("invalid_list_id", "missing_email", "invalid_email", "no_profile_fields"),
        *("unknown_membership", "invalid_field_value", "directive_failed"),
    }
)
"""Why lines and updates of the input are rejected."""

_DAY: Final = 86_400


def write(folder: Path, lines: int, files: int) -> None:
    """Write so many lines, in so many files of folders and of every kind."""
    chance = random.Random(20261201)  # noqa: S311 - made-up data
    made = _lines(chance, lines)
    for number in range(files):
        content = b"\n".join(next(made) for _ in range(lines // files))
        path = folder / _name(chance, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_stored(number, content))
    (folder / "README.md").write_text("not input")
    (folder / "empty").write_bytes(b"")


def _name(chance: random.Random, number: int) -> str:
    """Return a path whose order is not that of its bytes, or that needs to be quoted."""
    day = chance.choice(
        ["2026-11-30", "2026-11-30.old", "2026-11-30 late", "[2026]", "Zoë", "x%20y"]
    )
    return f"{day}/{chance.choice(['a', 'B', 'a/b', 'a-b', 'part={1}'])}/{number}.json"


def _stored(number: int, content: bytes) -> bytes:
    """Return what a file holds: each number has its own kind of file."""
    zipped: Callable[[bytes], bytes] = gzip.compress
    middle = len(content) // 2
    match number % 15:
        case 0 | 1 | 2:
            return gzip.compress(content)
        case 3:
            return zstd.compress(content)
        case 4:
            return bz2.compress(content)
        case 5:
            return b"\xef\xbb\xbf" + content + b"\n"
        case 6:
            return content.replace(b"\n", b"\r\n")
        case 7:  # cut off
            return zipped(content)[:-999]
        case 8:
            return zstd.compress(content)[:-999]
        case 9:
            return bz2.compress(content)[:-999]
        case 10:  # damaged
            packed = bytearray(zipped(content))
            packed[len(packed) // 2] ^= 0x55
            return bytes(packed)
        case 11:  # in several streams
            return zipped(content[:middle]) + zipped(content[middle:])
        case 12:
            return zipped(content) + b"\0" * 512 + zipped(b"")
        case 13:
            return zipped(b"\xef\xbb\xbf" + content)
    return content


def _lines(chance: random.Random, count: int) -> Iterator[bytes]:
    for number in range(count):
        draw = chance.random()
        if number == 7:
            yield b'{"type":"track","x":"' + b"x" * (16 << 20) + b'"}'
        elif draw < 0.02:
            yield _broken(chance)
        elif draw < 0.04:
            yield json.dumps(_given(chance)).encode()
        elif draw < 0.05:
            mapping = chance.choice(["plan", "off", "gone"])
            reject = {"reason": "invalid_email", "detail": "", "file": "before", "line": 7}
            yield json.dumps(
                {**reject, "mapping": mapping, "event": _event(chance, number, count)}
            ).encode()
        else:
            yield json.dumps(_event(chance, number, count), ensure_ascii=number % 2 == 0).encode()


def _broken(chance: random.Random) -> bytes:
    return chance.choice(
        [
            b"",
            b"\xff",
            b'{"type":"track"',
            b"[]",
            b"[" * 100_000 + b"]" * 100_000,
            b'{"type":"track","properties":{"total":1e999},"context":{}}',
            b'{"a":1}',
            b'{"type":"track","integrations":{"All":false}}',
            b'{"type":"screen"}',
        ]
    )


def _address(chance: random.Random, count: int) -> str:
    address = f"contact{chance.randrange(max(9, count // 8))}@example.com"
    return chance.choice([*[address] * 9, address.upper(), f" {address}", "no address", ""])


def _given(chance: random.Random) -> dict[str, Any]:
    given: dict[str, Any] = {
        "list_id": chance.choice([100, 101, "x"]),
        "email_address": _address(chance, 900).strip(),
        "fields": {str(chance.randrange(700, 703)): chance.choice(["on", "off"])},
    }
    if chance.random() < 0.5:
        given |= {"mappings": ["before"], "file": "before.json", "line": chance.randrange(9)}
    if chance.random() < 0.5:
        given["timestamp"] = _time(chance, chance.randrange(_DAY))
    return given


def _time(chance: random.Random, second: int) -> str:
    """Return a time in one of the ways in which it is written; many are equal."""
    second -= second % 60
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:00"
    return chance.choice([f"2026-11-30T{clock}Z", f"2026-11-30T{clock}.000+00:00"])


def _event(chance: random.Random, number: int, count: int) -> dict[str, Any]:
    second = number * _DAY // count
    if chance.random() < 0.1:  # late
        second = chance.randrange(_DAY)
    key = chance.choice(KEYS)
    member = chance.choice([True, False, "true", "false", True, False, "perhaps"])
    event: dict[str, Any] = {
        "timestamp": _time(chance, second),
        "context": {
            "personas": {"computation_class": "audience", "computation_key": key},
            "traits": {"email": _address(chance, count)},
        },
        "messageId": f"m{number}",
    }
    if chance.random() < 0.5:
        traits = {
            "list": chance.choice([*LISTS, "101", "x"]),
            "plan": chance.choice(["a", 5, None]),
        }
        event |= {"type": "identify", "traits": {key: member} | traits}
    else:
        event |= {
            "type": "track",
            "properties": {
                "audience_key": key,
                key: member,
                "total": chance.randrange(100),
                "which": chance.choice(["$.event", 5, "$.properties.total"]),
                "since": chance.choice(["2026-01-31", "31.1.2026", "yesterday"]),
            },
        }
    if chance.random() < 0.05:
        del event["timestamp"]
    if chance.random() < 0.02:
        event["integrations"] = {"Listrak": False}
    return event
