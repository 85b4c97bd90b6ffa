"""Options that say which mappings are used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer


def mapping_file(what: str) -> Any:  # noqa: ANN401 - typer keeps the type of an option to itself
    """Return the option that names a mapping file, with its help."""
    return typer.Option(
        "--mapping",
        "-m",
        readable=False,
        metavar="FILE",
        envvar="LISTRAK_SYNC_MAPPING",
        help=what,
        show_default=False,
    )


OptionalMappingFile = Annotated[Path | None, mapping_file("The mapping file, YAML.")]


@dataclass(frozen=True)
class MappingOptions:
    """Which mappings are used."""

    PANEL: ClassVar = "Mapping"

    mapping: Annotated[
        list[Path] | None,
        mapping_file(
            "A mapping file, YAML; may be given several times. Updates as input need none."
        ),
    ] = None
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MAPPING",
            help="Use only the mappings of this name, or like this pattern (VIP*); may be given "
            "several times.",
            show_default=False,
        ),
    ] = None
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            envvar="LISTRAK_SYNC_STRICT",
            show_envvar=True,
            help="Refuse a mapping file with remarks, which otherwise are warnings.",
        ),
    ] = False
