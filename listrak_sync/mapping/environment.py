"""Ids that stand in the environment: ${NAME} in place of a list's or a field's."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from listrak_sync.mapping.yaml.document import Document, Node

VARIABLE: Final = r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}"

_VARIABLE: Final = re.compile(VARIABLE)
_VARIABLES: Final = re.compile(VARIABLE.encode())


def filled(document: Document, node: Node) -> Node:
    """Return a node with the value of the variable that its text names.

    A variable that is not set is noted in the document.
    """
    if not isinstance(node.value, str) or "${" not in node.value:
        return node
    found = _VARIABLE.fullmatch(node.value.strip())
    if found is None:
        document.fault(node, "a variable must stand alone", "write ${NAME} and nothing else")
    elif not (value := os.environ.get(found[1], "").strip()):
        message = f"the environment variable {found[1]} is not set"
        document.fault(node, message, f"set it: export {found[1]}=…")
    else:
        return replace(node, value=value)
    return node


def variables_in(contents: Sequence[bytes]) -> str:
    """Return the variables that mapping files name, each with its value now."""
    names = sorted({each.decode() for data in contents for each in _VARIABLES.findall(data)})
    return "".join(f"\0{name}={os.environ.get(name)}" for name in names)
