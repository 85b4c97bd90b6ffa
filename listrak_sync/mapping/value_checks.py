"""The values of a mapping's keys, compiled and checked as ids, addresses, keys or field values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from listrak_sync.mapping.constants import (
    directive_meant,
    is_misspelt_audience_key,
    remark_on_field_value,
    remark_on_text,
    remark_on_value,
)
from listrak_sync.mapping.directives.compiler import NOTHING, Compiler, Value, is_directive
from listrak_sync.mapping.values import USE_AUDIENCE_KEY, is_email_address, parse_id
from listrak_sync.mapping.yaml.document import Document, Node
from listrak_sync.mapping.yaml.nodes import Scalar

_VARIABLE: Final = re.compile(r"\$[A-Z_][A-Z0-9_]*")
_Fault: TypeAlias = tuple[str, str]
"""The fault of a constant: what is wrong, and what to write instead."""


def list_id(compiler: Compiler, node: Node) -> Value:
    """Compile the id of a list."""
    return _single(compiler, node, "the list id", _list_id_fault)


def email_address(compiler: Compiler, node: Node) -> Value:
    """Compile an e-mail address."""
    return _single(compiler, node, "the e-mail address", _address_fault)


def audience_key(compiler: Compiler, node: Node) -> Value:
    """Compile the key of an audience."""
    return _single(compiler, node, "the audience key", _audience_key_fault, remark_on_value)


def field_value(compiler: Compiler, node: Node, *, is_text: bool = False) -> Value:
    """Compile the value of a profile field; `is_text` says that the field is known to be a text."""
    remark = remark_on_value if is_text else remark_on_field_value
    return _single(compiler, node, "the value", _field_value_fault, remark)


def _single(
    compiler: Compiler,
    node: Node,
    what: str,
    fault_of: Callable[[Scalar], _Fault | None],
    remark: Callable[[Document, Node], None] = remark_on_text,
) -> Value:
    """Compile a scalar or a directive; a list or plain mapping cannot stand here.

    Constants inside a directive, such as the branches of @if, are checked as well. A branch may
    be empty: then the directive resolves to nothing.
    """
    if isinstance(node.value, tuple | dict) and not is_directive(node):
        compiler.document.fault(node, f"{what} is {node.kind}", _instead(compiler, node))
        return NOTHING
    value = compiler.value(node)
    for each in value.written:
        fault: _Fault | None = None
        if isinstance(each.value, tuple | dict):
            fault = f"{what} is {each.kind}", _instead(compiler, each)
        elif each is node or each.value not in (None, ""):
            fault = fault_of(each.value)
        if fault is not None:
            meant = directive_meant(each.value) if isinstance(each.value, str) else None
            wrong, instead = fault
            if isinstance(each.value, str) and _VARIABLE.fullmatch(each.value):
                meant, instead = None, f"write ${{{each.value[1:]}}} for a variable"
            compiler.document.fault(each, wrong, f"write {meant}" if meant else instead)
        else:
            remark(compiler.document, each)
    return value


def _instead(compiler: Compiler, node: Node) -> str:
    """Say what to write instead of a list or mapping, which may be a directive without its @."""
    names = node.value if isinstance(node.value, dict) else ()
    meant = next((name for name in names if compiler.knows(f"@{name}")), None)
    return (
        f'did you mean "@{meant}"?' if meant else "write one value, or a directive that makes one"
    )


def _list_id_fault(value: Scalar) -> _Fault | None:
    if parse_id(value) is not None:
        return None
    return "this is not a valid list id", "write a number from 1 to 2147483647"


def _address_fault(value: Scalar) -> _Fault | None:
    if isinstance(value, str) and is_email_address(value.strip()):
        return None
    instead = "write an address, or a directive such as '@path': $.traits.email"
    return "this is not a valid e-mail address", instead


def _audience_key_fault(value: Scalar) -> _Fault | None:
    if isinstance(value, str) and value:
        return None
    return "this is not a valid audience key", "write a text such as vip_shoppers"


def _field_value_fault(value: Scalar) -> _Fault | None:
    if value is None:
        return "the field has no value", "write on, off or useAudienceKey"
    if isinstance(value, str) and is_misspelt_audience_key(value):
        return f"{value!r} is not {USE_AUDIENCE_KEY}", f"did you mean {USE_AUDIENCE_KEY}?"
    if isinstance(value, float) and not math.isfinite(value):
        return "this number is not finite", "write another number, or a text in quotes"
    return None
