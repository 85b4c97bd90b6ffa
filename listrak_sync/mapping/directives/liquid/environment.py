"""Liquid as Segment has it: python-liquid with LiquidJS's words, tags, filters and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from liquid import Environment, Token
from liquid.exceptions import LiquidError, LiquidSyntaxError

from listrak_sync.mapping.conditions import Span
from listrak_sync.mapping.directives.liquid.lexer import tokens
from listrak_sync.mapping.directives.liquid.lists import members
from listrak_sync.mapping.directives.liquid.steps import render
from listrak_sync.mapping.directives.liquid.tags import TAGS
from listrak_sync.mapping.directives.liquid.values import whole_characters


class TemplateError(Exception):
    """A template that cannot be read: what is wrong, what to write instead, and where."""

    def __init__(self, message: str, instead: str, span: Span) -> None:
        super().__init__(message)
        self.message = message
        self.instead = instead
        self.span = span


class SegmentEnvironment(Environment):
    """An environment with the tags that Segment allows, read by rules of our own."""

    suppress_blank_control_flow_blocks = False
    block_nesting_limit = 1000

    def tokenizer(self) -> Callable[[str], Iterator[Token]]:
        """Return a function that cuts a template into tokens."""
        return tokens

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002 - never
        """Register the tags. Filters are looked up while a template is read, not here."""
        for tag in TAGS:
            self.add_tag(tag)


@cache
def _environment() -> Environment:
    return SegmentEnvironment()


def compile_template(template: str) -> Callable[[object], str]:
    """Return a function that fills in a template from an event. Raises TemplateError.

    The function raises RenderError where the template fails for the event.
    """
    try:
        compiled = _environment().from_string(template)
    except LiquidSyntaxError as error:
        token = error.token
        span = Span(token.start_index, token.start_index + len(token.value)) if token else Span()
        message, instead = map(str, error.args)
        raise TemplateError(message, instead, span) from error
    except LiquidError as error:  # the library lets nothing else through, such as RecursionError
        span = Span(0, len(template))
        raise TemplateError("the template nests too deep", "make it plainer", span) from error

    def fill_in(event: object) -> str:
        return whole_characters(render(compiled, dict(members(event))))

    return fill_in
