"""What a mapping sets, each a constant or a directive: list, contact, audience, field."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from listrak_sync.mapping.directives.compiler import NOTHING, Compiler, Value, is_directive
from listrak_sync.mapping.directives.texts import COMPILERS
from listrak_sync.mapping.values import is_email_address, parse_id
from listrak_sync.mapping.yaml.document import Node
from listrak_sync.mapping.yaml.nodes import Scalar

_Fault: TypeAlias = tuple[str, str]
"""What is wrong with a constant, and what to write instead."""


def list_id(compiler: Compiler, node: Node) -> Value:
    """Compile a list's id."""
    return _single(compiler, node, "the list id", _no_list_id)


def email_address(compiler: Compiler, node: Node) -> Value:
    """Compile an e-mail address."""
    return _single(compiler, node, "the e-mail address", _no_address)


def audience_key(compiler: Compiler, node: Node) -> Value:
    """Compile an audience's key."""
    return _single(compiler, node, "the audience key", _no_audience_key)


def field_value(compiler: Compiler, node: Node) -> Value:
    """Compile the value of a profile field."""
    return _single(compiler, node, "the value", _no_field_value)


def _single(
    compiler: Compiler, node: Node, what: str, fault_of: Callable[[Scalar], _Fault | None]
) -> Value:
    """Compile a scalar or a directive; a list or plain mapping cannot stand here.

    What a directive may come to as it is written is checked like a constant that stands alone,
    but that a branch may say that there is nothing.
    """
    if isinstance(node.value, tuple | dict) and not is_directive(node):
        compiler.document.fault(node, f"{what} is {node.kind}", _instead(node))
        return NOTHING
    value = compiler.value(node)
    for each in value.written:
        fault: _Fault | None = None
        if isinstance(each.value, tuple | dict):
            fault = f"{what} is {each.kind}", _instead(each)
        elif each is node or each.value not in (None, ""):
            fault = fault_of(each.value)
        if fault is not None:
            compiler.document.fault(each, *fault)
    return value


def _instead(node: Node) -> str:
    """Return what to write for a list or mapping: perhaps only the sign of a directive lacks."""
    names = node.value if isinstance(node.value, dict) else ()
    meant = next((name for name in names if f"@{name}" in COMPILERS), None)
    return (
        f'did you mean "@{meant}"?' if meant else "write one value, or a directive that makes one"
    )


def _no_list_id(value: Scalar) -> _Fault | None:
    if parse_id(value) is not None:
        return None
    return "this is no list id", "write a number from 1 to 2147483647"


def _no_address(value: Scalar) -> _Fault | None:
    if isinstance(value, str) and is_email_address(value.strip()):
        return None
    instead = "write an address, or a directive such as '@path': $.traits.email"
    return "this is no e-mail address", instead


def _no_audience_key(value: Scalar) -> _Fault | None:
    if isinstance(value, str) and value:
        return None
    return "this is no audience key", "write a text such as vip_shoppers"


def _no_field_value(value: Scalar) -> _Fault | None:
    if value is None:
        return "the field has no value", "write on, off or useAudienceKey"
    if isinstance(value, float) and not math.isfinite(value):
        return "this is no finite number", "write another, or a text in quotes"
    return None
