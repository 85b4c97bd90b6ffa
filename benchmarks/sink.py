"""A server on loopback that takes everything at once: `python -m benchmarks.sink`."""

from __future__ import annotations

import socketserver

_TOKEN = b'{"access_token":"t","token_type":"Bearer","expires_in":3600}'
_ACCEPTED = b'{"status":201,"resourceId":"1"}'


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
            if b" /token " in request:
                self._answer(b"200 OK", _TOKEN)
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
    """Print the port and serve until killed."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
