"""Liquid as Segment has it: python-liquid with LiquidJS's words, tags, filters and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from liquid import BoundTemplate, Environment, RenderContext, Token
from liquid.exceptions import LiquidError, LiquidSyntaxError
from liquid.token import TOKEN_OUTPUT

from listrak_sync.mapping.conditions import Span
from listrak_sync.mapping.directives.liquid.bounds import RenderError, TooLargeError
from listrak_sync.mapping.directives.liquid.lexer import tokens
from listrak_sync.mapping.directives.liquid.lists import members
from listrak_sync.mapping.directives.liquid.steps import Buffer, StopRenderingError, render
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

    if (failure := _failure_for_every_event(compiled)) is not None:
        raise failure

    def fill_in(event: object) -> str:
        return whole_characters(render(compiled, dict(members(event))))

    return fill_in


class _ReadsEventError(Exception):
    """A part of a template that depends on the event."""


class _AnyEvent(Mapping[str, object]):
    """An event of which nothing is known."""

    def __getitem__(self, name: str) -> object:
        raise _ReadsEventError

    def __contains__(self, name: object) -> bool:
        raise _ReadsEventError

    def __iter__(self) -> Iterator[str]:
        raise _ReadsEventError

    def __len__(self) -> int:
        return 1


def _failure_for_every_event(template: BoundTemplate) -> TemplateError | None:
    """Return the fault of a part that fails although it depends on no event, None without one."""
    context = RenderContext(template, globals=_AnyEvent())
    for step in template.nodes:
        try:
            step.render(context, Buffer())
        except _ReadsEventError:
            if step.token.kind != TOKEN_OUTPUT:
                return None  # what is assigned or ended there is not known from here on
        except (StopRenderingError, TooLargeError, RecursionError):
            return None
        except RenderError as error:
            start = step.token.start_index
            span = Span(start, start + len(step.token.value))
            return TemplateError(f"this fails for every event: {error}", "correct it", span)
    return None
