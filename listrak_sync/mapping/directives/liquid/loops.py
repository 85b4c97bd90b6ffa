"""The tag `for`, with the ways out of its loop."""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableMapping
from typing import Final, TextIO

from liquid import Node, RenderContext, Tag, TokenStream
from liquid.ast import BlockNode
from msgspec import UNSET

from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.javascript import is_true
from listrak_sync.mapping.directives.liquid.bounds import RenderError, count_steps
from listrak_sync.mapping.directives.liquid.forloop import Forloop
from listrak_sync.mapping.directives.liquid.paths import value
from listrak_sync.mapping.directives.liquid.scanner import Scanner
from listrak_sync.mapping.directives.liquid.steps import (
    NextPassError,
    Render,
    RenderStep,
    StopRenderingError,
    block,
    expect_end,
    rest,
)
from listrak_sync.mapping.directives.liquid.values import Evaluate, plain

_SLICES: Final = ("offset", "limit")


class For(Tag):
    """`for name in list`, with `limit`, `offset`, `reversed` and `else`."""

    name = "for"

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints its block for each item."""
        token, scanner = stream.current, rest(stream)
        loop = _Loop(scanner)
        passes = block(self.env, stream, {"else", "endfor"}, token)
        otherwise: list[BlockNode] = []
        while stream.current.value != "endfor":
            expect_end(rest(stream))
            otherwise.append(block(self.env, stream, {"else", "endfor"}, token))
        cost = stream.current.start_index - token.start_index
        expect_end(rest(stream))
        return RenderStep(token, _looping(loop, passes, otherwise, cost))


class Break(Tag):
    """`break`, which ends its loop, or the template where it stands in none."""

    name = "break"
    block = False
    ending: type[StopRenderingError] = StopRenderingError

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints nothing, and lets nothing more be printed."""
        token, ending = stream.current, self.ending
        next(stream)

        def stop(_: RenderContext, __: TextIO) -> None:
            raise ending

        return RenderStep(token, stop)


class Continue(Break):
    """`continue`, which goes on to the next pass, or ends the template outside of loops."""

    name = "continue"
    ending = NextPassError


class _Names(dict[str, object]):
    """The names that are seen inside a loop: its own, and behind them those of the template.

    What is assigned in a loop is the template's, even where a name of the loop hides it.
    """

    def __init__(self, outer: MutableMapping[str, object], own: Mapping[str, object]) -> None:
        super().__init__(outer)
        self.update(own)
        self._outer = outer
        of_outer = outer.hidden if isinstance(outer, _Names) else frozenset[str]()
        self.hidden: frozenset[str] = of_outer | own.keys()

    def give(self, name: str, value: object) -> None:
        """Give a name of the loop a value."""
        super().__setitem__(name, value)

    def __setitem__(self, name: str, value: object) -> None:
        self._outer[name] = value
        if name not in self.hidden:
            super().__setitem__(name, value)


class _Loop:
    """What stands behind `for`: a name, a list, and which of its items are taken."""

    def __init__(self, scanner: Scanner) -> None:
        self.name = scanner.word()
        if not self.name:
            raise scanner.fault("the name is missing", "write one")
        scanner.skip_blank()
        start = scanner.at
        if scanner.word() != "in":
            raise scanner.fault("for has no in", "write in and a list behind the name", start)
        scanner.skip_blank()
        start = scanner.at
        collection = value(scanner)
        if collection is None:
            raise scanner.fault("the list is missing", "write one behind in", start)
        self.collection = collection
        self.label = f"{self.name}-{scanner.source[start : scanner.at]}"
        self.modifiers = _modifiers(scanner)

    def items(self, context: RenderContext, found: list[object]) -> list[object]:
        """Return the items that are taken, and keep where `offset: continue` goes on."""
        stops = context.tag_namespace["stopindex"]
        given: dict[str, object] = {}
        if self.modifiers:
            before = stops.get(self.label)
            outer = context.locals
            context.locals = _Names(outer, {"continue": before if is_true(before) else {}})
            try:
                given = {name: evaluate(context) for name, evaluate in self.modifiers.items()}
            finally:
                context.locals = outer
        for name in _SLICES:
            at = given.get(name, UNSET)
            if at is not UNSET:
                index = _index(at, len(found))
                found = found[index:] if name == "offset" else found[:index]
        if given.get("reversed", UNSET) is not UNSET:
            found = found[::-1]
        offset = given.get("offset", UNSET)
        # The words nil, empty and blank are objects in LiquidJS, which are true.
        start = plain(offset) if offset is not plain(offset) or is_true(offset) else 0
        stops[self.label] = javascript.plus(start, len(found))
        return found


def _modifiers(scanner: Scanner) -> dict[str, Evaluate]:
    """Read names with values; as in LiquidJS, one without a value is true, the rest is ignored."""
    found: dict[str, Evaluate] = {}
    while True:
        scanner.skip_blank()
        scanner.take(",")
        name = scanner.word()
        if not name:
            return found
        scanner.skip_blank()
        given = value(scanner) if scanner.take(":") else None
        found[name] = given or _true


def _true(_: object) -> object:
    return True


def _index(value: object, length: int) -> int:
    """Return a number as slice() takes it."""
    number = javascript.number(plain(value))
    return 0 if math.isnan(number) else int(max(-length, min(number, length)))


def _items(value: object) -> list[object]:
    """Return what a loop goes through: items, the members of an object, or a text as one item."""
    match plain(value):
        case list() as items:
            return items
        case str() as text if text:
            return [text]
        case dict() as members:
            return [[name, item] for name, item in javascript.in_order(members).items()]
    return []


def _looping(loop: _Loop, passes: BlockNode, otherwise: list[BlockNode], cost: int) -> Render:
    """Return a function that goes through a loop, each pass of which counts as its cost."""

    def render(context: RenderContext, buffer: TextIO) -> None:
        found = _items(loop.collection(context))
        if not found:
            for steps in otherwise:
                steps.render(context, buffer)
            return
        found = loop.items(context, found)
        outer, forloop = context.locals, Forloop(len(found), loop.label)
        names = context.locals = _Names(outer, {"forloop": forloop, loop.name: UNSET})
        try:
            for item in found:
                count_steps(context, cost)
                names.give(loop.name, item)
                try:
                    passes.render(context, buffer)
                except NextPassError:
                    pass
                except StopRenderingError:
                    break
                _next(names["forloop"])
        finally:
            context.locals = outer

    return render


def _next(forloop: object) -> None:
    if not isinstance(forloop, Forloop):
        raise RenderError("forloop cannot be the name of an item")
    forloop.passes += 1
