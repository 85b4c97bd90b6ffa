"""A server on loopback that takes everything at once: `python -m benchmarks.sink [CONTACTS]`.

Its one list holds so many contacts, those of `made_up.write_contacts`, with what these set.
"""

from __future__ import annotations

import re
import socketserver
import sys
from functools import cache

PAGE = 5000

_TOKEN = b'{"access_token":"t","token_type":"Bearer","expires_in":3600}'
_ACCEPTED = b'{"status":201,"resourceId":"1"}'
_LIST = b'{"data":{"listId":100,"listName":"Shop"}}'
_GROUPS = b'{"data":[{"segmentationFieldGroupId":1}]}'
_FIELDS = b'{"data":[{"segmentationFieldId":700,"dataType":"CheckBox"}]}'
_CONTACT = (
    '{"emailAddress":"contact%d@example.com","emailKey":"0123456789abcdef0123456789abcdef",'
    '"subscriptionState":"Subscribed","subscribeMethod":"List Import","externalContactID":null,'
    '"segmentationFieldValues":'
    '[{"segmentationFieldGroupId":1,"segmentationFieldId":700,"value":"on"}]}'
)
_contacts = 0


@cache
def page(number: int) -> bytes:
    """Return a page of the list, counted from 0."""
    numbers = range(number * PAGE, min(_contacts, (number + 1) * PAGE))
    contacts = ",".join([_CONTACT % each for each in numbers])
    following = f'"{number + 1}"' if (number + 1) * PAGE < _contacts else "null"
    return f'{{"status":200,"nextPageCursor":{following},"data":[{contacts}]}}'.encode()


def looked_up(path: bytes) -> bytes:
    """Return the answer to a look-up."""
    if path.endswith(b"/SegmentationFieldGroup"):
        return _GROUPS
    if path.endswith(b"/SegmentationField"):
        return _FIELDS
    if found := re.search(rb"/Contact\?.*cursor=(\w+)", path):
        return page(0 if found[1] == b"Start" else int(found[1]))
    return _LIST


class _Handler(socketserver.StreamRequestHandler):
    """Answers each request of a connection without a look at its body."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer until the connection is closed."""
        while request := self.rfile.readline():
            length = 0
            while (header := self.rfile.readline().strip().lower()) != b"":
                if header.startswith(b"content-length:"):
                    length = int(header.partition(b":")[2])
            self.rfile.read(length)
            method, path, _ = request.split(b" ", 2)
            if path == b"/token":
                self._answer(b"200 OK", _TOKEN)
            elif method == b"GET":
                self._answer(b"200 OK", looked_up(path))
            else:
                self._answer(b"201 Created", _ACCEPTED)

    def _answer(self, status: bytes, body: bytes) -> None:
        self.wfile.write(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(body), body)
        )


class _Server(socketserver.ThreadingTCPServer):
    """A thread for each connection."""

    daemon_threads = True


def main() -> None:
    """Print the port once all pages are made, and serve until killed."""
    global _contacts  # noqa: PLW0603 - known once, at the start
    _contacts = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    for number in range(-(-_contacts // PAGE)):
        page(number)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
