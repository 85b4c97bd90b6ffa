"""Tags that hold a part of the template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TextIO

from liquid import Node, RenderContext, Tag, Token, TokenStream
from liquid.ast import BlockNode
from liquid.parser import get_parser
from liquid.token import TOKEN_CONTENT, TOKEN_TAG

from listrak_sync.mapping.directives.liquid.bounds import counted
from listrak_sync.mapping.directives.liquid.expressions import filtered
from listrak_sync.mapping.directives.liquid.lexer import line_tokens
from listrak_sync.mapping.directives.liquid.scanner import syntax_error
from listrak_sync.mapping.directives.liquid.steps import (
    Buffer,
    Render,
    RenderStep,
    block,
    expect_end,
    nothing,
    render_all,
    rest,
    tokens_up_to,
)
from listrak_sync.mapping.directives.liquid.values import Evaluate, Scope, is_truthy


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
                context.locals[name] = counted(context, buffer.getvalue())

        return RenderStep(token, capture)


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
                expect_end(scanner)
                otherwise = self._block(stream, token)
        expect_end(rest(stream))
        return RenderStep(token, _choosing(branches, otherwise))

    def _block(self, stream: TokenStream, opening: Token) -> BlockNode:
        return block(self.env, stream, {"elsif", "else", "endif"}, opening)


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
        return RenderStep(token, _choosing(branches, otherwise))

    def _block(self, stream: TokenStream, opening: Token) -> BlockNode:
        return block(self.env, stream, {"elsif", "else", "endunless"}, opening)


class Comment(Tag):
    """What stands up to `endcomment`, which is not printed."""

    name = "comment"

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints nothing."""
        token = stream.current
        tokens_up_to(stream, "endcomment", token)
        return RenderStep(token, nothing)


class Raw(Tag):
    """What stands up to `endraw`, printed as it is written."""

    name = "raw"

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the text."""
        token = stream.current
        next(stream)
        found = tokens_up_to(stream, "endraw", token)
        text = "".join(_as_written(each) for each in found)
        return RenderStep(token, lambda _, buffer: buffer.write(text))


def _as_written(token: Token) -> str:
    """Return a text, or the line of a tag `liquid` that begins with a name."""
    if token.kind != TOKEN_TAG:
        return token.value if token.kind == TOKEN_CONTENT else ""
    start = token.start_index - token.source.startswith("-", token.start_index - 1)
    return token.source[start : token.source.find("\n", start) + 1]


class Lines(Tag):
    """`liquid`, each line of which is a tag."""

    name = "liquid"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that carries out the lines."""
        token, scanner = stream.current, rest(stream)
        steps = get_parser(self.env).parse(TokenStream(line_tokens(scanner)))
        return RenderStep(token, lambda context, buffer: render_all(steps, context, buffer))


class NamedBlock(Tag):
    """`block`, which without a layout prints what it holds."""

    name = "block"

    def parse(self, stream: TokenStream) -> Node:
        """Return a step that prints the block."""
        token = stream.current
        next(stream)
        steps = block(self.env, stream, {"endblock"}, token)
        next(stream)
        return RenderStep(token, steps.render)


BLOCKS: Final = (Capture, If, Unless, Comment, Raw, Lines, NamedBlock)
