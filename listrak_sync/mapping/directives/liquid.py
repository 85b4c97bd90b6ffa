"""The `@liquid` directive, which needs the package python-liquid."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from listrak_sync.events.key_paths import Event, Found, utf16_length
from listrak_sync.mapping.directives.compiler import (
    NOTHING,
    Compiler,
    DirectiveError,
    Value,
    constant,
)
from listrak_sync.mapping.yaml.document import Node

if TYPE_CHECKING:
    from liquid import Environment

MAX_LENGTH: Final = 1000
"""How long a template may be, as JavaScript counts characters."""

_NO_TAGS: Final = ("case", "for", "include", "layout", "render", "tablerow")
_NO_FILTERS: Final = (
    "concat",
    "find",
    "find_index",
    "has",
    "map",
    "newline_to_br",
    "reject",
    "reverse",
    "sort",
    "sort_natural",
    "uniq",
)
"""Filters that Segment switches off, as the tags above."""


def liquid_directive(compiler: Compiler, node: Node) -> Value:
    """Compile a Liquid template, which sees the whole event and resolves to a text."""
    document, template = compiler.document, node.value
    if not isinstance(template, str):
        document.fault(node, f"the template is {node.kind}", "write a text")
        return NOTHING
    if utf16_length(template) > MAX_LENGTH:
        document.fault(node, f"the template is over {MAX_LENGTH} characters", "write a shorter one")
        return NOTHING
    if not template:
        return constant("")
    try:
        compiled = _environment().from_string(template)
    except ImportError:
        instead = "install it with: pip install 'listrak-sync[liquid]'"
        document.fault(node, "@liquid needs the package python-liquid", instead)
        return NOTHING
    except Exception as error:  # noqa: BLE001 - the library lets Python's own errors through
        document.fault(node, f"the template cannot be read: {_words(error)}", "fix the template")
        return NOTHING

    def resolve(event: Event) -> Found:
        try:
            return compiled.render(event)
        except Exception as error:  # as above
            raise DirectiveError(f"@liquid: {_words(error)}") from error

    return Value(resolve, frozenset({()}))


@cache
def _environment() -> Environment:
    """Return Liquid with Segment's limits, and without the tags and filters it switches off."""
    from liquid import Environment  # noqa: PLC0415 - an optional extra

    class Limited(Environment):
        loop_iteration_limit = 1000
        local_namespace_limit = 10_000_000
        output_stream_limit = 1_000_000

    environment = Limited()
    for tag in _NO_TAGS:
        environment.tags.pop(tag, None)
    for name in _NO_FILTERS:
        environment.filters.pop(name, None)
    return environment


def _words(error: Exception) -> str:
    """Return the library's words for a failure, or Python's with the kind of error."""
    return str(getattr(error, "message", "")) or f"{type(error).__name__}: {error}"
