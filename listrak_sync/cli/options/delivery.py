"""Options that say how it gets to Listrak."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from listrak_sync.cli.options.values import choice, count
from listrak_sync.cli.startup import parse_duration
from listrak_sync.listrak.addresses import API_URL, AUTH_URL
from listrak_sync.run_settings import DEFAULT_WINDOW, DEFAULT_WINDOW_BYTES, RouteChoice

ApiUrl = Annotated[
    str,
    typer.Option(metavar="URL", envvar="LISTRAK_API_URL", help="Listrak's API."),
]
AuthUrl = Annotated[
    str,
    typer.Option(metavar="URL", envvar="LISTRAK_AUTH_URL", help="Where Listrak gives tokens."),
]
SecretFile = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        metavar="FILE",
        help="Read the client secret from here instead of LISTRAK_CLIENT_SECRET.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class RequestOptions:
    """Which requests are made of the input."""

    PANEL: ClassVar = "Delivery"

    window: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=count(1),
            help="Contacts gathered before sending; of their values, only the newest are sent.",
        ),
    ] = DEFAULT_WINDOW
    window_bytes: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=count(1),
            help="Bytes of values gathered, at most: a window with long values goes out earlier.",
        ),
    ] = DEFAULT_WINDOW_BYTES
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=count(1, 256),
            help="Processes that evaluate.  [default: as many as there are cores to use]",
            show_default=False,
        ),
    ] = None
    route: Annotated[
        RouteChoice,
        typer.Option(
            "--route",
            **choice(RouteChoice),
            help="auto: profile fields, or list imports where that route is closed.",
        ),
    ] = RouteChoice.auto
    batch_contacts: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=count(1),
            help="Contacts in a request, at most.  [default: 10000; by list import 500000]",
            show_default=False,
        ),
    ] = None
    batch_bytes: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=count(1),
            help="Bytes in a request's body, or in its file, at most.  "
            "[default: 1000000; by list import 100000000]",
            show_default=False,
        ),
    ] = None
    api_url: ApiUrl = API_URL


@dataclass(frozen=True)
class DeliveryOptions(RequestOptions):
    """How Listrak is asked."""

    in_flight: Annotated[
        int,
        typer.Option(metavar="N", parser=count(1, 64), help="Requests at the same time, at most."),
    ] = 4
    auth_url: AuthUrl = AUTH_URL
    client_secret_file: SecretFile = None


@dataclass(frozen=True)
class PushDeliveryOptions(DeliveryOptions):
    """How a push is sent."""

    flush_every: Annotated[
        float | None,
        typer.Option(
            metavar="DURATION",
            parser=parse_duration,
            help="Send what is gathered at this interval: for pipes that never end.",
            show_default=False,
        ),
    ] = None
    verify: Annotated[
        float | None,
        typer.Option(
            metavar="[DURATION]",
            parser=parse_duration,
            help="Read back what was sent until it is seen, for 10m unless another time is given.",
            show_default=False,
        ),
    ] = None
    wait: Annotated[
        float | None,
        typer.Option(
            metavar="[DURATION]",
            parser=parse_duration,
            help="Follow the imports to their end, for 10m unless another time is given, and "
            "report what they did.",
            show_default=False,
        ),
    ] = None
    retry_for: Annotated[
        float | None,
        typer.Option(
            metavar="DURATION",
            parser=parse_duration,
            help="Try a request for this long where Listrak is away or busy.  [default: 1m]",
            show_default=False,
        ),
    ] = None
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help="Send to a stand-in on this machine, not to Listrak; no journal."
        ),
    ] = False
