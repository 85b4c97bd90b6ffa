"""Triggers as Segment's screen writes them: every operator, kind of operand and sort of name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

NAMES = (
    *("plan", "product 1.price", "items.total", "größe", "🎉 vip", "a-b_c", "products[0].sku"),
    *(
        "a/b",
        "it's",
        'say "x"',
        "$total",
        "email (home)",
        "Order Completed!",
        "c++",
        "ключ",
        "2fa",
        "items.0.sku",
    ),
)
TEXTS = (
    *("x", "", "Order Completed", "x[1-3]", "100%", "a*b?", r"a\b", "it's", "A and B", "(x)"),
    *("true", "5", "ünïcode 🎉", " a ", "a, b", "null", "]", "a = b", "OR", "!", "{{a}}", "#1"),
)
NUMBERS = (0, 5, -1, 2.5, 1000000)
SIGNS = ("=", "!=", "<", "<=", ">", ">=")


def escaped(name: str) -> str:
    """Return a name of a path as the screen escapes it: by halves of characters, as JavaScript."""
    units = name.encode("utf-16-be")
    pairs = (units[at : at + 2] for at in range(0, len(units), 2))
    halves = [pair.decode("utf-16-be", "surrogatepass") for pair in pairs]
    return "".join(half if re.match(r"[A-Za-z0-9._-]", half) else f"\\{half}" for half in halves)


def conditions_on(path: str) -> Iterator[str]:
    """Yield every condition that the screen offers for a path."""
    yield from (f"{path} != null", f"{path} = null", f"{path} = true", f"{path} = false")
    yield from (f"{path} {sign} {number}" for sign, number in product(SIGNS, NUMBERS))
    yield from conditions_on_text(path)


def conditions_on_text(path: str) -> Iterator[str]:
    """Yield every condition on a text that the screen offers for a path."""
    yield from (f'{path} {sign} "{text}"' for sign, text in product(("=", "!="), TEXTS))
    for text, negation in product(TEXTS, ("", "!")):
        yield f'{negation}contains({path}, "{text}")'
        yield f'{negation}match({path}, "{text}*")'
        yield f'{negation}match({path}, "*{text}")'


def screen_triggers() -> Iterator[str]:
    """Yield triggers of one condition, and groups: any of all, all of any."""
    yield from (f'type = "{name}"' for name in ("track", "identify", "page", "group", "alias"))
    yield 'type = "track" or type = "identify" or type = "page"'
    yield from ("userId != null", "userId = null")
    for path in ("event", "name", "userId"):
        yield from conditions_on_text(path)
    for part, name in product(("properties", "traits", "context"), NAMES):
        path = f"{part}.{escaped(name)}"
        yield from conditions_on(path)
        yield f'type = "track" and ({path} = "x" or contains(event, "Cart"))'
        yield f'(type = "track" and {path} = "x") or (type = "identify" and {path} != null)'
