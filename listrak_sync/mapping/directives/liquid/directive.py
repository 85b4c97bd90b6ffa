"""The `@liquid` directive, which needs the package python-liquid."""

from __future__ import annotations

from typing import Final

from listrak_sync.events.key_paths import Event, Found, utf16_length
from listrak_sync.mapping.directives.compiler import (
    NOTHING,
    Compiler,
    DirectiveError,
    Value,
    constant,
)
from listrak_sync.mapping.directives.liquid.bounds import RenderError
from listrak_sync.mapping.yaml.document import Node

MAX_LENGTH: Final = 1000
"""How long a template may be, as JavaScript counts characters."""


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
        from listrak_sync.mapping.directives.liquid.environment import (  # noqa: PLC0415 - an extra
            TemplateError,
            compile_template,
        )
    except ImportError:
        instead = "install it with: pip install 'listrak-sync[liquid]'"
        document.fault(node, "@liquid needs the package python-liquid", instead)
        return NOTHING
    try:
        fill_in = compile_template(template)
    except TemplateError as error:
        document.fault(node, error.message, error.instead, error.span)
        return NOTHING

    def resolve(event: Event) -> Found:
        try:
            return fill_in(event)
        except (RenderError, RecursionError) as error:
            raise DirectiveError(f"@liquid: {error}") from error

    return Value(resolve, frozenset({()}))
