"""What tags have in common: they become steps, which print into a buffer."""

from __future__ import annotations

from collections.abc import Callable, Container
from contextlib import suppress
from io import StringIO
from typing import TextIO, TypeAlias

from liquid import BoundTemplate, Environment, Node, RenderContext, Token, TokenStream
from liquid.ast import BlockNode
from liquid.exceptions import LiquidInterrupt, LiquidSyntaxError
from liquid.parser import get_parser
from liquid.token import TOKEN_EOF

from listrak_sync.mapping.directives.liquid.bounds import check_length
from listrak_sync.mapping.directives.liquid.scanner import Scanner, syntax_error
from listrak_sync.mapping.directives.liquid.values import Evaluate, stringify


class Buffer(StringIO):
    """What a template has printed, which may not grow without end.

    The texts stay in a list: joining them once is twice as fast as writing each to a stream.
    """

    def __init__(self) -> None:
        super().__init__()
        self._length = 0
        self._texts: list[str] = []

    def write(self, text: str, /) -> int:
        """Print a text. Raises RenderError where it is too much."""
        self._length += len(text)
        check_length(self._length)
        self._texts.append(text)
        return len(text)

    def getvalue(self) -> str:
        """Return everything that was printed."""
        return "".join(self._texts)


Render: TypeAlias = Callable[[RenderContext, TextIO], object]
"""Prints a part of a template."""


class RenderStep(Node):
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
    """The tag `break`: nothing behind it is printed, up to the end of its loop if it has one."""


class NextPassError(StopRenderingError):
    """The tag `continue`: nothing behind it is printed in this pass of its loop."""


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


def tokens_up_to(stream: TokenStream, end: str, opening: Token) -> list[Token]:
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


def printing(evaluate: Evaluate) -> Render:
    """Return a function that prints a value."""
    return lambda context, buffer: buffer.write(stringify(evaluate(context)))


def nothing(_: RenderContext, __: TextIO) -> None:
    """Print nothing."""


def expect_end(scanner: Scanner) -> None:
    """Raise LiquidSyntaxError where anything is left to read."""
    if not scanner.is_at_end():
        raise scanner.fault("nothing may stand here", "take it out")


def render_all(steps: list[Node], context: RenderContext, buffer: TextIO) -> None:
    """Carry out steps one after the other."""
    for step in steps:
        step.render(context, buffer)


def render(template: BoundTemplate, scope: dict[str, object]) -> str:
    """Return what a template prints. Changes the scope where it counts in it."""
    context, buffer = RenderContext(template, globals=scope), Buffer()
    with suppress(StopRenderingError):
        render_all(template.nodes, context, buffer)
    return buffer.getvalue()
