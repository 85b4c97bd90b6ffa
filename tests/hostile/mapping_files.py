"""Attacks by mapping files: mutated ones, and those that explode."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from listrak_sync.errors import SettingsError
from listrak_sync.mapping.check import remarks
from listrak_sync.mapping.file import parse_bytes
from tests.hostile.attack import Attack
from tests.hostile.feeds import feed
from tests.hostile.ground import Ground
from tests.mapping.test_any_file import RICH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).parents[2]
FILES: Final = 2_000
LONGEST: Final = 10
"""Seconds that one small file may take."""
PIECES: Final = (
    *("&a", "*a", "<<: *a", "!!str", "? ", "- ", "[", "]", "{", "}", ": ", "#", "|\n", ">\n", "%"),
    *("\t", "\r", "\0", "\x85", "\u2028", "\ufeff", "\ud800", "é", "---\n", "...\n", "'", '"'),
    *(
        "@path",
        "@if",
        "@json",
        "@liquid",
        "@case",
        "@template",
        "{{",
        "}}",
        "{% for a in (1..9) %}",
    ),
    *("useAudienceKey", "$.a", "$.a[0]", "..", "any:", "not:", "trigger:", "conditions:", "match("),
    *("and", "or", "!", "(", ")", "=", "!=", ">", "1e999", "9" * 400, "0x1", ".inf", "null", "~"),
)


def _mutate(text: str, random: Random) -> bytes:
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text) + 1)
        match random.randrange(5):
            case 0:
                text = text[:at] + random.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[at + random.randrange(1, 30) :]
            case 2:
                lines = text.splitlines(keepends=True) or [""]
                here = random.randrange(len(lines))
                lines.insert(random.randrange(len(lines)), " " * random.randrange(5) + lines[here])
                text = "".join(lines)
            case 3:
                end = at + random.randrange(40)
                text = text[:at] + random.choice(PIECES) * random.randrange(1, 9) + text[end:]
            case _:
                there = random.randrange(len(text) + 1)
                text = text[:at] + text[there : there + 60] + text[at:]
    data = bytearray(text.encode(errors="surrogatepass"))
    if data and random.random() < 0.1:
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Break off a block that takes too long."""

    def too_long(*_: Any) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def mutated(ground: Ground) -> None:
    """Mutate mapping files: each is read, or is faulty with a place, and nothing else."""
    random = ground.random
    bases = (*(SMALL,) * 8, RICH[: RICH.index("  - conditions")])
    for _ in range(FILES):
        data = _mutate(random.choice(bases), random)
        ground.faults += 1
        ground.checks += 1
        with bounded(LONGEST):
            try:
                with suppress(SettingsError):
                    remarks(parse_bytes(Path("m.yaml"), data))
            except Exception as error:
                raise AssertionError(f"{error!r} for {data!r}") from error
    for _ in range(2):
        ground.write("m.yaml", _mutate(random.choice(bases), random))
        ground.run("mapping", "check", "m.yaml", "--json", allowed={0, 3})


SMALL: Final = """\
mappings:
  - name: A
    conditions: [{type: track}, {any: [{event: {contains: x}}, {not: {event: {is: y}}}]}]
    list_id: 5
    profile_field_values: {1: on, 2: {"@path": $.properties.a}}
"""


def _mappings(count: int, trigger: Callable[[int], str], value: str = "on") -> str:
    return "mappings:\n" + "".join(
        f"  - {{name: M{n}, trigger: '{trigger(n)}', list_id: {n + 1}, "
        f"profile_field_values: {{1: {value}}}}}\n"
        for n in range(count)
    )


def _doubling(levels: int) -> str:
    lines = ["defaults: &a0 {list_id: 1}\n"]
    lines += [f"x{n}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(levels)]
    return "".join(lines) + SMALL


ANY: Final = 'type = "track"'
EXPLODING: Final[dict[str, Callable[[], str]]] = {
    "aliases": lambda: _doubling(40),
    "aliases in lists": lambda: (
        "mappings: " + "".join(f"&b{n} [" for n in range(9)) + "1" + "]" * 9
    ),
    "10,000 mappings": lambda: _mappings(10_000, lambda n: f'event = "e{n}"'),
    "10,000 of one list": lambda: (
        "mappings:\n" + "  - {list_id: 1, profile_field_values: {1: on}}\n" * 10_000
    ),
    "globs": lambda: _mappings(20, lambda n: 'match(event, "' + "*a" * 40 + f'{n}b")'),
    "a long trigger": lambda: _mappings(
        1, lambda _: " or ".join(f'event = "{n}"' for n in range(20_000))
    ),
    "deep parentheses": lambda: _mappings(1, lambda _: "(" * 50_000 + ANY + ")" * 50_000),
    "nots": lambda: _mappings(1, lambda _: "!" * 50_000 + "(" + ANY + ")"),
    "a deep list": lambda: "mappings: " + "[" * 50_000 + "]" * 50_000,
    "a deep mapping": lambda: "mappings:\n" + "".join(" " * n + "a:\n" for n in range(1500)),
    "loops": lambda: _mappings(
        1,
        lambda _: ANY,
        '{"@liquid": "{% for a in (1..100000) %}{% for b in (1..100000) %}{{ a | times: b }}'
        '{% endfor %}{% endfor %}"}',
    ),
    "appends": lambda: _mappings(
        1,
        lambda _: ANY,
        '{"@liquid": "{% assign a = \\"xxxxxxxx\\" %}'
        + "{% assign a = a | append: a %}" * 60
        + '{{ a }}"}',
    ),
    "templates": lambda: _mappings(
        1, lambda _: ANY, '{"@template": "' + "{{properties.note}}" * 50_000 + '"}'
    ),
    "nested directives": lambda: _mappings(
        1,
        lambda _: ANY,
        '{"@case": {operator: lower, value: ' * 400 + '{"@path": $.event}' + "}}" * 400,
    ),
    "replacing": lambda: _mappings(
        1,
        lambda _: ANY,
        '{"@replace": {pattern: e, replacement: ' + "e" * 10_000 + ", value: {'@path': $.event}}}",
    ),
    "a large file": lambda: SMALL + "# " + "x" * 30_000_000,
    "one name": lambda: "mappings:\n  - {" + ", ".join(f"k{n}: 1" for n in range(50_000)) + "}\n",
    "10,000 fields": lambda: (
        "mappings:\n  - {list_id: 1, profile_field_values: {"
        + ", ".join(f"{n}: on" for n in range(1, 10_001))
        + "}}\n"
    ),
}


def exploding(ground: Ground) -> None:
    """Read mapping files that explode, and events by them: bounded in time, and no bug."""
    given = feed(ground.random, events=40)
    text = given.text.replace('"Audience"', '"' + "a" * 2000 + '"')
    ground.write("e.ndjson", text)
    ground.write("m.yaml", list(EXPLODING.values())[ground.number % len(EXPLODING)]())
    ground.faults += 1
    started = time.monotonic()
    ground.run("mapping", "check", "m.yaml", "--json", allowed={0, 3})
    ground.run("dry-run", "e.ndjson", "-m", "m.yaml", "--json", "-q", allowed={0, 3, 6})
    ground.run("dry-run", "e.ndjson", "-m", "m.yaml", "--explain", "-q", allowed={0, 3, 6})
    ground.run("mapping", "test", "m.yaml", allowed={0, 2, 3, 6})
    assert time.monotonic() - started < 240


ATTACKS: Final = (
    Attack("mapping", "mutated files", 100, mutated),
    Attack("mapping", "exploding files", len(EXPLODING), exploding),
)
