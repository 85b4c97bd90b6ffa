"""The table of routes: each address with its method, kind, areas and answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from listrak_sync.sandbox import import_routes, lookups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from listrak_sync.sandbox.account import Area
    from listrak_sync.sandbox.behaviour import RouteKind
    from listrak_sync.sandbox.call import Call
    from listrak_sync.sandbox.wire import Answer, Request

API_PATH = "/email/v1"
TOKEN_PATH = "/OAuth2/Token"  # noqa: S105 - an address


@dataclass(frozen=True, slots=True)
class Route:
    """An address under the API with its method, what it needs, and who answers."""

    method: str
    template: tuple[str, ...]
    kind: RouteKind
    areas: frozenset[Area]
    answer: Callable[[Call], Answer]

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Return the segments the template names, None where the address is another."""
        if len(segments) != len(self.template):
            return None
        pairs = list(zip(self.template, segments, strict=True))
        if any(not name.startswith("{") and name != segment for name, segment in pairs):
            return None
        return {name[1:-1]: segment for name, segment in pairs if name.startswith("{")}


def _route(
    line: str, kind: RouteKind, areas: tuple[Area, ...], answer: Callable[[Call], Answer]
) -> Route:
    method, _, path = line.partition(" ")
    return Route(method, tuple(path.strip("/").split("/")), kind, frozenset(areas), answer)


_GROUPS = "GET /List/{listId}/SegmentationFieldGroup"
_IMPORT = "GET /List/{listId}/ListImport/{importFileId}"

# The areas are the published ones. Where none is published (both `Contact` routes) Contact is
# asked for, as the error a real integration without it would meet.
ROUTES = (
    _route("GET /List", "lookups", ("List",), lookups.get_lists),
    _route("GET /List/{listId}", "lookups", ("List",), lookups.get_list),
    _route(_GROUPS, "lookups", ("List", "Segmentation"), lookups.get_groups),
    _route(
        _GROUPS + "/{segmentationFieldGroupId}/SegmentationField",
        "lookups",
        ("List", "Segmentation"),
        lookups.get_fields,
    ),
    _route(
        "POST /List/{listId}/Contact/SegmentationField",
        "profile-fields",
        ("Contact",),
        import_routes.post_profile_fields,
    ),
    _route(
        "GET /List/{listId}/Contact/{contactIdentifier}",
        "lookups",
        ("Contact",),
        lookups.get_contact,
    ),
    _route(
        "POST /List/{listId}/ListImport",
        "list-import",
        ("List", "Contact"),
        import_routes.post_list_import,
    ),
    _route(
        "GET /List/{listId}/ListImport", "status", ("List", "Contact"), import_routes.get_imports
    ),
    _route(_IMPORT, "status", ("List", "Contact"), import_routes.get_import),
    _route(_IMPORT + "/Status", "status", ("List", "Contact", "Report"), import_routes.get_status),
    _route(
        _IMPORT + "/Summary", "status", ("List", "Contact", "Report"), import_routes.get_summary
    ),
    _route(
        _IMPORT + "/Contact",
        "status",
        ("List", "Contact", "Report"),
        import_routes.get_import_contacts,
    ),
)


def kind_of(request: Request) -> RouteKind | None:
    """Return which kind of route a request is for, None where it has no route."""
    if request.path == TOKEN_PATH:
        return "token"
    return next((r.kind for r, _ in routes_of(request.path) if r.method == request.method), None)


def routes_of(path: str) -> Iterator[tuple[Route, dict[str, str]]]:
    """Yield every route a path leads to, whatever its method, with the segments it names."""
    head, _, tail = path.partition(API_PATH + "/")
    if head or not tail:
        return
    segments = tail.split("/")
    for route in ROUTES:
        found = route.match(segments)
        if found is not None:
            yield route, found
