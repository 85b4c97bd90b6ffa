"""Inputs made with a fixed seed: events as Segment's Engage exports them, about 1 KB each."""

from __future__ import annotations

import csv
import gzip
import json
import random
from itertools import islice
from pathlib import Path
from typing import Any

AUDIENCES = tuple(f"audience_{number}" for number in range(60))
FIRST_AUDIENCE = 0.125
"""How many of the audiences' events are about the first: so one mapping takes a tenth of all."""

MALFORMED = 0.001
_TRAITS = {
    "first_name": "Ann",
    "last_name": "Example",
    "city": "Portland",
    "state": "OR",
    "country": "US",
    "postal_code": "97201",
    "created_at": "2024-01-01T00:00:00.000Z",
    "last_order": "2026-01-01T00:00:00.000Z",
    "lifetime_value": 1234.5,
    "favourite_category": "shoes",
    "newsletter": True,
}
_EXTERNAL_ID = {"collection": "users", "encoding": "none"}
NAMES = (
    *("José García", "Zoë Müller", "François Lefèvre", "Łukasz Wójcik", "Søren Ångström"),
    *("Юлия Кузнецова", "Ελένη Παπαδοπούλου", "محمد علي", "田中さくら", "김지우", "Nguyễn Thị Hoa"),
)
"""Names of people whose events hold more than ASCII: about a third of all."""

_AGENT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_5) AppleWebKit/537.36 (KHTML, like Gecko)"


def write_events(path: Path, lines: int, untidy: float = 0) -> None:
    """Write a mixture: audiences entered and left, tracks, pages, some filtered, some malformed.

    As large a share of the events as `untidy` says is not quite like the others.
    """
    chance = random.Random(20261123)  # noqa: S311 - made-up data
    another = random.Random(20261128)  # noqa: S311 - made-up data
    with path.open("wb") as file:
        for number in range(lines):
            event = _event(chance, number)
            if another.random() < untidy:
                _make_untidy(another, event)
            line = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
            file.write((line[:-40] if chance.random() < MALFORMED else line) + b"\n")


def write_contacts(path: Path, lines: int) -> None:
    """Write short events, each of another contact, all of the first audience."""
    with path.open("wb") as file:
        for number in range(lines):
            file.write(
                b'{"type":"identify","timestamp":"2026-01-01T00:00:00.000Z","traits":{"email":'
                b'"contact%d@example.com","audience_0":true},"context":{"personas":'
                b'{"computation_key":"audience_0"}}}\n' % number
            )


def write_rows(path: Path, rows: int) -> None:
    """Write an exported audience: its members with their external ids and traits, as JSON."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user_key", "external_ids", "traits", "email"])
        for number in range(rows):
            address = f"contact{number}@example.com"
            anonymous = f"{number:08x}-7a1c-4c5e-9d3f-1b2a3c4d5e6f"
            ids = {"email": address, "user_id": f"u_{number}", "anonymous_id": anonymous}
            entries = [{"id": each, "type": kind, **_EXTERNAL_ID} for kind, each in ids.items()]
            traits = {"email": address, "orders": number % 40, **_TRAITS}
            cells = (json.dumps(entries), json.dumps(traits))
            writer.writerow([f"use_{number:024x}", *cells, address])


def compress(path: Path, packed: Path) -> None:
    """Write a file compressed by gzip."""
    with path.open("rb") as file, gzip.open(packed, "wb", compresslevel=6) as target:
        while block := file.read(1 << 20):
            target.write(block)


def compress_in_parts(path: Path, lines: int, folder: Path, parts: int) -> None:
    """Write the lines of a file to several files of a folder, compressed by gzip."""
    folder.mkdir()
    with path.open("rb") as file:
        for number in range(parts):
            with gzip.open(folder / f"{number}.gz", "wb", compresslevel=6) as target:
                target.writelines(islice(file, -(-lines // parts)))


def write_mappings(path: Path, count: int) -> None:
    """Write a mapping file for the first audiences; JSON is YAML."""
    _write_mappings(
        path, {key: f'context.personas.computation_key = "{key}"' for key in AUDIENCES[:count]}
    )


def write_broad_mapping(path: Path) -> None:
    """Write one mapping that takes the events of every audience."""
    _write_mappings(path, {"all": 'context.personas.computation_class = "audience"'})


def write_directive_mapping(path: Path, name: str, template: str) -> None:
    """Write one mapping that fills in a template for the events of every audience."""
    _write_mappings(
        path, {"all": 'context.personas.computation_class = "audience"'}, {name: template}
    )


def _write_mappings(path: Path, triggers: dict[str, str], value: object = "useAudienceKey") -> None:
    mappings = [
        {
            "name": name,
            "trigger": trigger,
            "list_id": 100 + number % 3,
            "profile_field_values": {str(700 + number): value},
        }
        for number, (name, trigger) in enumerate(triggers.items())
    ]
    path.write_text(json.dumps({"mappings": mappings}, indent=1))


def _event(chance: random.Random, number: int) -> dict[str, Any]:
    user = chance.randrange(200_000)
    name = NAMES[user % len(NAMES)] if user % 3 == 0 else "Jane Smith"
    person = {"email": f"user{user}@example.com", "name": name, "plan": "pro"}
    event: dict[str, Any] = {
        "anonymousId": f"{chance.getrandbits(128):032x}",
        "channel": "server",
        "context": {
            "active": True,
            "app": {"name": "shop", "version": "545", "build": "3.0.1.545"},
            "ip": "127.0.0.1",
            "library": {"name": "engage", "version": "1.0"},
            "locale": "en-US",
            "page": {"path": "/cart", "referrer": "", "title": "Cart", "url": "https://x.io/cart"},
            "traits": person,
            "userAgent": _AGENT,
        },
        "integrations": {"All": False, "Listrak (Actions)": True},
        "messageId": f"engage-{chance.getrandbits(128):032x}",
        "originalTimestamp": "2026-01-01T00:00:00.000Z",
        "receivedAt": "2026-01-01T00:00:01.000Z",
        "sentAt": "2026-01-01T00:00:00.000Z",
        "timestamp": f"2026-01-{1 + number // 86400 % 28:02}T{number // 3600 % 24:02}:"
        f"{number // 60 % 60:02}:{number % 60:02}.123Z",
        "userId": f"user{user}",
        "version": 2,
    }
    kind = chance.random()
    if kind < 0.8:
        is_first = chance.random() < FIRST_AUDIENCE
        key = AUDIENCES[0] if is_first else chance.choice(AUDIENCES[1:])
        member = chance.random() < 0.7
        event["context"]["personas"] = {
            "computation_class": "audience",
            "computation_id": f"aud_{chance.getrandbits(64):016x}",
            "computation_key": key,
            "namespace": "spa_x",
            "space_id": "spa_xyzzy",
        }
        if kind < 0.3:
            del event["context"]["traits"]
            return event | {"type": "identify", "traits": person | {key: member}}
        name = "Audience Entered" if member else "Audience Exited"
        properties = {"audience_key": key, key: member, "total": 12.5}
        return event | {"type": "track", "event": name, "properties": properties}
    if kind < 0.95:
        properties = {"order_id": str(number), "total": 12.5, "products": [{"sku": "A1"}] * 2}
        event |= {"type": "track", "event": "Order Completed", "properties": properties}
    else:
        event |= {"type": "page", "name": "Cart", "properties": {"path": "/cart"}}
    if chance.random() < 0.3:
        event["integrations"] = {"All": False}
    return event


def _make_untidy(chance: random.Random, event: dict[str, Any]) -> None:
    """Change one thing about an event, if it has it, as some of a customer's own sources do."""
    context = event["context"]
    person = event["traits"] if event["type"] == "identify" else context["traits"]
    match chance.randrange(6):
        case 0:
            del person["email"]
        case 1:
            person["email"] = f" {person['email'].title()} "
        case 2:
            context["externalIds"] = [{"type": "email", "id": person.pop("email")}]
        case 3:
            event["timestamp"] = event["timestamp"].replace("Z", "+02:00")
        case 4:
            person["name"] = ""
        case _:
            about = event.get("properties", person)
            about |= {name: str(it).lower() for name, it in about.items() if isinstance(it, bool)}
