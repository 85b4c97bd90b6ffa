"""The service of the stand-in: from a request to its answer, without sockets."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from listrak_sync.sandbox import contact_routes, field_routes, import_routes, lookups
from listrak_sync.sandbox.imports import Imports
from listrak_sync.sandbox.tokens import Tokens
from listrak_sync.sandbox.wire import (
    Known,
    Refusal,
    RoutedRequest,
    not_found,
    refusal,
    unauthorized,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from listrak_sync.sandbox.account import Account, Area
    from listrak_sync.sandbox.behaviour import Behaviour, RouteKind
    from listrak_sync.sandbox.wire import Answer, Request, RoutedRequest


API_PATH = "/email/v1"
TOKEN_PATH = "/OAuth2/Token"  # noqa: S105 - an address


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """An address under the API with its method, what it needs, and who answers."""

    method: str
    template: tuple[str, ...]
    kind: RouteKind
    areas: frozenset[Area]
    answer: Callable[[RoutedRequest], Answer]

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Return the segments the template names, None where the address is another."""
        if len(segments) != len(self.template):
            return None
        pairs = list(zip(self.template, segments, strict=True))
        if any(not name.startswith("{") and name != segment for name, segment in pairs):
            return None
        return {name[1:-1]: segment for name, segment in pairs if name.startswith("{")}


def _route(
    line: str, kind: RouteKind, areas: tuple[Area, ...], answer: Callable[[RoutedRequest], Answer]
) -> ApiRoute:
    method, _, path = line.partition(" ")
    return ApiRoute(method, tuple(path.strip("/").split("/")), kind, frozenset(areas), answer)


_GROUPS = "/List/{listId}/SegmentationFieldGroup"
_FIELDS = _GROUPS + "/{segmentationFieldGroupId}/SegmentationField"
_IMPORT = "GET /List/{listId}/ListImport/{importFileId}"

# The areas are the published ones. Where none is published (both `Contact` routes), Contact is
# needed: a real integration without it would most likely be refused.
ROUTES = (
    _route("GET /List", "lookups", ("List",), lookups.get_lists),
    _route("GET /List/{listId}", "lookups", ("List",), lookups.get_list),
    _route(f"GET {_GROUPS}", "lookups", ("List", "Segmentation"), lookups.get_groups),
    _route(f"GET {_FIELDS}", "lookups", ("List", "Segmentation"), lookups.get_fields),
    _route(f"POST {_GROUPS}", "making", ("List", "Segmentation"), field_routes.post_group),
    _route(f"POST {_FIELDS}", "making", ("List", "Segmentation"), field_routes.post_field),
    _route(
        "POST /List/{listId}/Contact/SegmentationField",
        "profile-fields",
        ("Contact",),
        import_routes.post_profile_fields,
    ),
    _route(
        "GET /List/{listId}/Contact/{contactIdentifier}",
        "contacts",
        ("Contact",),
        contact_routes.get_contact,
    ),
    _route("GET /List/{listId}/Contact", "contacts", ("Contact",), contact_routes.get_contacts),
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


def routes_of(path: str) -> Iterator[tuple[ApiRoute, dict[str, str]]]:
    """Yield every route a path leads to, whatever its method, with the segments it names."""
    head, _, tail = path.partition(API_PATH + "/")
    if head or not tail:
        return
    segments = tail.split("/")
    for route in ROUTES:
        found = route.match(segments)
        if found is not None:
            yield route, found


class Service:
    """Answers requests for one account; safe to share between threads."""

    def __init__(
        self, account: Account, behaviour: Behaviour, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.imports = Imports(account, behaviour, clock)
        self._account = account
        self._behaviour = behaviour
        self._tokens = Tokens(account, behaviour, clock)
        self._lists = {one.id: Known.of(one) for one in account.lists}

    def answer(self, request: Request) -> Answer:
        """Carry out a request and return its answer, also where that is a refusal."""
        try:
            return self._answer(request)
        except Refusal as refused:
            return refused.answer

    def _answer(self, request: Request) -> Answer:
        if request.path == TOKEN_PATH:
            if request.method != "POST":
                raise _not_allowed("POST")
            return self._tokens.issue(request)
        found = list(routes_of(request.path))
        if not found:
            raise not_found("such address")
        for route, path in found:
            if route.method == request.method:
                self._admit(request, route)
                call = RoutedRequest(
                    request, path, self._account, self._behaviour, self.imports, self._lists
                )
                return route.answer(call)
        raise _not_allowed(", ".join(route.method for route, _ in found))

    def _admit(self, request: Request, route: ApiRoute) -> None:
        self._tokens.check(request)
        if missing := route.areas - self._account.areas:
            raise unauthorized(f"This integration has no access to: {', '.join(sorted(missing))}.")
        if route.kind == "profile-fields" and not self._account.beta_route:
            raise refusal(
                self._behaviour.beta_status,
                "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE",
                "This integration may not use this route.",
            )
        if route.method == "POST":
            self._admit_body(request)

    def _admit_body(self, request: Request) -> None:
        if request.media_type() != "application/json":
            raise refusal(415, "ERROR_UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.")
        if request.size > self._behaviour.body_limit:
            match self._behaviour.body_limit_status:
                case 404:
                    raise not_found("resource of this size")
                case 413:
                    raise refusal(413, "ERROR_REQUEST_TOO_LARGE", "The body is too large.")


def _not_allowed(methods: str) -> Refusal:
    message = f"This address answers to {methods}."
    return refusal(405, "ERROR_METHOD_NOT_ALLOWED", message, Allow=methods)
