"""YAML text as PyYAML's nodes, by the quickest parser that takes it."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import yaml

_NO_RESOLVERS: Final[dict[str, list[object]]] = {}
"""Every plain scalar stays a text: it is read by YAML 1.2's core schema elsewhere."""


class _OwnLoader(yaml.SafeLoader):
    """PyYAML's own parser."""

    yaml_implicit_resolvers = _NO_RESOLVERS


if yaml.__with_libyaml__:

    class _QuickLoader(yaml.CSafeLoader):
        """Libyaml: twenty times as fast, and nearer to YAML where a tab or `?` is in a word."""

        yaml_implicit_resolvers = _NO_RESOLVERS


def compose(text: str) -> yaml.Node | None:
    """Return the nodes of a text, None where there is nothing in it.

    Where libyaml refuses it, PyYAML's own parser is asked: it takes escaped halves of surrogate
    pairs, as JSON has them, and its faults say more. Raises yaml.MarkedYAMLError,
    yaml.reader.ReaderError, RecursionError, ValueError or OverflowError.
    """
    if yaml.__with_libyaml__ and "\ufeff" not in text:  # whose places it does not count in
        with suppress(yaml.YAMLError, ValueError):  # the latter for halves of surrogate pairs
            return yaml.compose(text, Loader=_QuickLoader)
    return yaml.compose(text, Loader=_OwnLoader)
