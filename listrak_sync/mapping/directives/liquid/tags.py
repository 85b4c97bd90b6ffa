"""The tags that Segment allows, as LiquidJS carries them out."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, MutableMapping
from contextlib import suppress
from io import StringIO
from typing import Final, TextIO, cast

from liquid import BoundTemplate, Environment, Node, RenderContext, Tag, Token, TokenStream
from liquid.ast import BlockNode
from liquid.exceptions import LiquidInterrupt, LiquidSyntaxError
from liquid.parser import get_parser
from liquid.token import (
    TOKEN_CONTENT,
    TOKEN_EOF,
    TOKEN_ILLEGAL,
    TOKEN_OUTPUT,
)

from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.javascript import is_number
from listrak_sync.mapping.directives.liquid.expressions import filtered
from listrak_sync.mapping.directives.liquid.lexer import line_tokens
from listrak_sync.mapping.directives.liquid.paths import value
from listrak_sync.mapping.directives.liquid.scanner import Scanner, syntax_error
from listrak_sync.mapping.directives.liquid.values import (
    Evaluate,
    Scope,
    check_length,
    is_truthy,
    plain,
    stringify,
)
from listrak_sync.mapping.faults import suggestion

NO_TAGS: Final = ("case", "for", "include", "layout", "render", "tablerow")
"""Tags that Segment switches off."""

_UNMARKED_LINE: Final = re.compile(rf"\n[{javascript.SPACE}]*[^#{javascript.SPACE}]")


class Buffer(StringIO):
    """What a template has printed, which may not grow without end."""

    def __init__(self) -> None:
        super().__init__(newline="")
        self.length = 0

    def write(self, text: str, /) -> int:
        """Print a text. Raises RenderError where it is too much."""
        self.length += len(text)
        check_length(self.length)
        return super().write(text)


Render = Callable[[RenderContext, TextIO], object]


class Step(Node):
    """A part of a template as a function that prints it."""

    __slots__ = ("_render",)

    def __init__(self, token: Token, render: Render) -> None:
        super().__init__(token)
        self._render = render

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Print the part."""
        self._render(context, buffer)
        return 0


class StopRenderingError(LiquidInterrupt):
    """The tags `break` and `continue` outside of a loop: nothing behind them is printed."""


def rest(stream: TokenStream) -> Scanner:
    """Go on to what stands behind a tag's name, and return a scanner of it."""
    next(stream)
    return Scanner.of(stream.current)


def block(env: Environment, stream: TokenStream, ends: Container[str], opening: Token) -> BlockNode:
    """Read up to one of some tags, which is then the stream's current token."""
    next(stream)
    found = get_parser(env).parse_block(stream, ends)
    if stream.current.kind == TOKEN_EOF:
        raise _unclosed(opening)
    return found


def _tokens_up_to(stream: TokenStream, end: str, opening: Token) -> list[Token]:
    """Return the tokens before a tag, and go on to what stands behind its name."""
    next(stream)
    found: list[Token] = []
    while not stream.current.is_tag(end):
        if stream.current.kind == TOKEN_EOF:
            raise _unclosed(opening)
        found.append(next(stream))
    next(stream)
    return found


def _unclosed(opening: Token) -> LiquidSyntaxError:
    name = opening.value
    return syntax_error(opening, f"{name} is not closed", f"write {{% end{name} %}}")


class Text(Tag):
    """What is printed as it is."""

    name = TOKEN_CONTENT
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the text."""
        text = stream.current.value
        return Step(stream.current, lambda _, buffer: buffer.write(text))


class Output(Tag):
    """A value between `{{` and `}}`."""

    name = TOKEN_OUTPUT
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the value."""
        return Step(stream.current, _printing(filtered(Scanner.of(stream.current))))


def _printing(evaluate: Evaluate) -> Render:
    return lambda context, buffer: buffer.write(stringify(evaluate(context)))


class Illegal(Tag):
    """A tag that there is not, or that Segment switches off."""

    name = TOKEN_ILLEGAL
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Raise a syntax error."""
        token = stream.current
        if token.value in NO_TAGS:
            instead = "write if, or have your code send the value"
            raise syntax_error(token, f"Segment does not allow the tag {token.value}", instead)
        known = [name for name in self.env.tags if name not in _PSEUDO]
        if token.value in _INNER:
            raise syntax_error(token, f"{token.value} belongs to no tag here", "take it out")
        instead = suggestion(token.value, known)
        raise syntax_error(token, f"there is no tag {token.value}", instead)


_INNER: Final = {
    *("else", "elsif", "endif", "endunless", "endcapture", "endcomment", "endraw", "endblock"),
}
_PSEUDO: Final = (TOKEN_CONTENT, TOKEN_OUTPUT, TOKEN_ILLEGAL)


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

        return Step(token, assign)


class Capture(Tag):
    """`capture name`: what is printed up to `endcapture` becomes the name's value."""

    name = "capture"

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that keeps what others print."""
        token, scanner = stream.current, rest(stream)
        name = scanner.word() or scanner.quoted()
        if name is None:
            raise scanner.fault("the name is missing", "write one")
        steps = block(self.env, stream, {"endcapture"}, token)
        next(stream)

        def capture(context: RenderContext, _: TextIO) -> None:
            buffer = Buffer()
            try:
                steps.render(context, buffer)
            finally:
                context.locals[name] = buffer.getvalue()

        return Step(token, capture)


class If(Tag):
    """`if`, `elsif` and `else`."""

    name = "if"

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the first branch whose condition holds."""
        token = stream.current
        branches = [(filtered(rest(stream)), self._block(stream, token))]
        otherwise: BlockNode | None = None
        while (branch := stream.current).value != "endif":
            scanner = rest(stream)
            if otherwise is not None:
                raise syntax_error(branch, f"{branch.value} stands behind else", "take it out")
            if branch.value == "elsif":
                branches.append((filtered(scanner), self._block(stream, token)))
            else:
                _expect_end(scanner)
                otherwise = self._block(stream, token)
        _expect_end(rest(stream))
        return Step(token, _choosing(branches, otherwise))

    def _block(self, stream: TokenStream, opening: Token) -> BlockNode:
        return block(self.env, stream, {"elsif", "else", "endif"}, opening)


def _expect_end(scanner: Scanner) -> None:
    if not scanner.is_at_end():
        raise scanner.fault("nothing may stand here", "take it out")


def _choosing(
    branches: list[tuple[Callable[[Scope], object], BlockNode]], otherwise: BlockNode | None
) -> Render:
    def render(context: RenderContext, buffer: TextIO) -> None:
        for condition, steps in branches:
            if is_truthy(condition(context)):
                steps.render(context, buffer)
                return
        if otherwise is not None:
            otherwise.render(context, buffer)

    return render


class Unless(Tag):
    """`unless`, which is `if` with its first condition turned round."""

    name = "unless"

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the first branch whose condition holds."""
        token = stream.current
        condition = filtered(rest(stream))
        branches: list[tuple[Evaluate, BlockNode]] = [
            (lambda scope: not is_truthy(condition(scope)), self._block(stream, token))
        ]
        otherwise: BlockNode | None = None
        while (branch := stream.current).value != "endunless":
            scanner = rest(stream)
            if branch.value == "elsif" and otherwise is None:
                branches.append((filtered(scanner), self._block(stream, token)))
                continue
            # As in LiquidJS, what stands behind the first else is read and forgotten.
            steps = self._block(stream, token)
            otherwise = otherwise or steps
        rest(stream)
        return Step(token, _choosing(branches, otherwise))

    def _block(self, stream: TokenStream, opening: Token) -> BlockNode:
        return block(self.env, stream, {"elsif", "else", "endunless"}, opening)


class Comment(Tag):
    """What stands up to `endcomment`, which is not printed."""

    name = "comment"

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints nothing."""
        token = stream.current
        _tokens_up_to(stream, "endcomment", token)
        return Step(token, _nothing)


def _nothing(_: RenderContext, __: TextIO) -> None:
    pass


class InlineComment(Tag):
    """A tag that begins with `#`, as each of its lines must."""

    name = "#"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints nothing."""
        token, scanner = stream.current, rest(stream)
        if _UNMARKED_LINE.search(stream.current.value):
            raise scanner.fault("a line of the comment does not begin with #", "write # before it")
        return Step(token, _nothing)


class Raw(Tag):
    """What stands up to `endraw`, printed as it is written."""

    name = "raw"

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the text."""
        token = stream.current
        next(stream)
        found = _tokens_up_to(stream, "endraw", token)
        text = "".join(each.value for each in found)
        return Step(token, lambda _, buffer: buffer.write(text))


class Echo(Tag):
    """`echo value`, which is `{{ value }}`."""

    name = "echo"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the value."""
        token, scanner = stream.current, rest(stream)
        scanner.skip_blank()
        return Step(token, _nothing if scanner.is_at_end() else _printing(filtered(scanner)))


class Lines(Tag):
    """`liquid`, each line of which is a tag."""

    name = "liquid"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that carries out the lines."""
        token, scanner = stream.current, rest(stream)
        steps = get_parser(self.env).parse(TokenStream(line_tokens(scanner)))
        return Step(token, lambda context, buffer: render_all(steps, context, buffer))


def render_all(steps: list[Node], context: RenderContext, buffer: TextIO) -> None:
    """Carry out steps one after the other."""
    for step in steps:
        step.render(context, buffer)


class Block(Tag):
    """`block`, which without a layout prints what it holds."""

    name = "block"

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the block."""
        token = stream.current
        next(stream)
        steps = block(self.env, stream, {"endblock"}, token)
        next(stream)
        return Step(token, steps.render)


class Break(Tag):
    """`break`, which ends the template where it stands in no loop."""

    name = "break"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints nothing, and lets nothing more be printed."""
        token = stream.current
        next(stream)

        def stop(_: RenderContext, __: TextIO) -> None:
            raise StopRenderingError

        return Step(token, stop)


class Continue(Break):
    """`continue`, which ends the template where it stands in no loop."""

    name = "continue"


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

        return Step(token, count)


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

        return Step(token, cycle)


TAGS: Final = (
    *(Text, Output, Illegal, Assign, Capture, If, Unless, Comment, InlineComment, Raw, Echo),
    *(Lines, Block, Break, Continue, Increment, Decrement, Cycle),
)


def render(template: BoundTemplate, scope: dict[str, object]) -> str:
    """Return what a template prints. Changes the scope where it counts in it."""
    context, buffer = RenderContext(template, globals=scope), Buffer()
    with suppress(StopRenderingError):
        render_all(template.nodes, context, buffer)
    return buffer.getvalue()
