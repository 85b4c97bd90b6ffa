"""The tags, as LiquidJS carries them out."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Final, TextIO, cast

from liquid import Node, RenderContext, Tag, TokenStream
from liquid.token import TOKEN_CONTENT, TOKEN_ILLEGAL, TOKEN_OUTPUT

from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.javascript import is_number
from listrak_sync.mapping.directives.liquid.blocks import BLOCKS
from listrak_sync.mapping.directives.liquid.expressions import filtered
from listrak_sync.mapping.directives.liquid.loops import Break, Continue, For
from listrak_sync.mapping.directives.liquid.paths import value
from listrak_sync.mapping.directives.liquid.scanner import Scanner, syntax_error
from listrak_sync.mapping.directives.liquid.steps import (
    RenderStep,
    nothing,
    printing,
    rest,
)
from listrak_sync.mapping.directives.liquid.values import Evaluate, plain, stringify
from listrak_sync.mapping.faults import suggestion

_WRITE_OUT: Final = "write out what it would print"
NO_TAGS: Final[Mapping[str, str]] = {
    "case": "write if and elsif",
    "include": _WRITE_OUT,
    "layout": _WRITE_OUT,
    "render": _WRITE_OUT,
    "tablerow": "write for",
}
"""Tags that Segment switches off, each with what to write instead."""

_UNMARKED_LINE: Final = re.compile(rf"\n[{javascript.SPACE}]*[^#{javascript.SPACE}]")
_INNER: Final = {
    *(
        "else",
        "elsif",
        "endif",
        "endunless",
        "endcapture",
        "endcomment",
        "endraw",
        "endblock",
        "endfor",
    ),
}
_PSEUDO: Final = (TOKEN_CONTENT, TOKEN_OUTPUT, TOKEN_ILLEGAL)


class Text(Tag):
    """What is printed as it is."""

    name = TOKEN_CONTENT
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the text."""
        text = stream.current.value
        return RenderStep(stream.current, lambda _, buffer: buffer.write(text))


class Output(Tag):
    """A value between `{{` and `}}`."""

    name = TOKEN_OUTPUT
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the value."""
        return RenderStep(stream.current, printing(filtered(Scanner.of(stream.current))))


class Illegal(Tag):
    """A tag that there is not, or that Segment switches off."""

    name = TOKEN_ILLEGAL
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Raise a syntax error."""
        token = stream.current
        if token.value in NO_TAGS:
            message = f"Segment does not allow the tag {token.value}"
            raise syntax_error(token, message, NO_TAGS[token.value])
        known = [name for name in self.env.tags if name not in _PSEUDO]
        if token.value in _INNER:
            raise syntax_error(token, f"{token.value} belongs to no tag here", "take it out")
        instead = suggestion(token.value, known)
        raise syntax_error(token, f"there is no tag {token.value}", instead)


class Assign(Tag):
    """`assign name = value`."""

    name = "assign"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that gives a name a value."""
        token, scanner = stream.current, rest(stream)
        name = scanner.word()
        if not name:
            raise scanner.fault("the name is missing", "write one")
        scanner.skip_blank()
        if not scanner.take("="):
            raise scanner.fault("assign has no =", "write = and a value behind the name")
        evaluate = filtered(scanner)

        def assign(scope: RenderContext, _: TextIO) -> None:
            scope.locals[name] = evaluate(scope)

        return RenderStep(token, assign)


class InlineComment(Tag):
    """A tag that begins with `#`, as each of its lines must."""

    name = "#"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints nothing."""
        token, scanner = stream.current, rest(stream)
        if _UNMARKED_LINE.search(stream.current.value):
            raise scanner.fault("a line of the comment does not begin with #", "write # before it")
        return RenderStep(token, nothing)


class Echo(Tag):
    """`echo value`, which is `{{ value }}`."""

    name = "echo"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the value."""
        token, scanner = stream.current, rest(stream)
        scanner.skip_blank()
        return RenderStep(token, nothing if scanner.is_at_end() else printing(filtered(scanner)))


class Increment(Tag):
    """`increment name`: prints a number and adds 1 to it."""

    name = "increment"
    block = False
    step = 1

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that counts."""
        token, name, step = stream.current, rest(stream).word(), self.step

        def count(context: RenderContext, buffer: TextIO) -> None:
            # LiquidJS counts in the event itself, where names of the template do not reach.
            counters = cast("MutableMapping[str, object]", context.globals)
            before = counters.get(name)
            number = javascript.double(before) if is_number(before) else 0.0
            counters[name] = number + step
            buffer.write(stringify(number + min(step, 0)))

        return RenderStep(token, count)


class Decrement(Increment):
    """`decrement name`: takes 1 from a number and prints it."""

    name = "decrement"
    step = -1


class Cycle(Tag):
    """`cycle a, b`: prints one value after the other, each time that it is come to."""

    name = "cycle"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the next value."""
        token, scanner = stream.current, rest(stream)
        start = scanner.at
        group = value(scanner)
        scanner.skip_blank()
        if group is None or not scanner.take(":"):
            group, scanner.at = None, start
        values: list[Evaluate] = []
        written: list[str] = []
        while not scanner.is_at_end():
            begin = scanner.at
            values.append(filtered(scanner))
            written.append(scanner.source[begin : scanner.at])
            scanner.skip_past(",")
        if not values:
            raise syntax_error(token, "cycle has no values", "write some, with commas between")

        def cycle(context: RenderContext, buffer: TextIO) -> None:
            name = "undefined" if group is None else javascript.text(group(context))
            turns = context.tag_namespace["cycles"]
            key = (name, ",".join(written))
            turn = turns.get(key, 0)
            turns[key] = (turn + 1) % len(values)
            found = plain(values[turn](context))
            if javascript.is_true(found):
                buffer.write(stringify(found))

        return RenderStep(token, cycle)


TAGS: Final = (
    *(Text, Output, Illegal, Assign, InlineComment, Echo),
    *(Increment, Decrement, Cycle, *BLOCKS, For, Break, Continue),
)
