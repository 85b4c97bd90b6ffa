"""Asks the process that uses the library, which is started at the first request."""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import IO, Final, cast

from listrak_sync.errors import ListrakSyncError, UsageError
from listrak_sync.stores.messages import Request


@dataclass(slots=True, eq=False)
class Ticket:
    """A request that is under way, and its answer once that is received."""

    client: Client
    answer: object = None

    def wait(self) -> object:
        """Return the answer. Raises ListrakSyncError if the process has died."""
        return self.answer or self.client.receive(self)


class Client:
    """Sends requests to a process, and receives the answers in the same order."""

    def __init__(self) -> None:
        """Start the process. Raises UsageError where the library is not installed."""
        if find_spec("obstore") is None:
            hint = "Install it with: pip install 'listrak-sync[stores]'"
            raise UsageError("s3://, gs:// and az:// need the extra stores", hint)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "listrak_sync.stores.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            process_group=0,  # Ctrl-C is for us, who decide what it means
        )
        self._requests = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)
        self.is_closed = False
        self._under_way: deque[Ticket] = deque()
        self._lock = threading.Lock()

    def send(self, request: Request) -> Ticket:
        """Send a request and go on. Raises ListrakSyncError if the process has died."""
        ticket = Ticket(self)
        with self._lock, self._whole_messages():
            pickle.dump(request, self._requests, pickle.HIGHEST_PROTOCOL)
            self._requests.flush()
            self._under_way.append(ticket)
        return ticket

    def receive(self, ticket: Ticket) -> object:
        """Wait for the answer to a request of this client's, and return it."""
        with self._lock, self._whole_messages():
            while ticket.answer is None:
                answer = pickle.load(self._answers)  # noqa: S301 - from a process of ours
                self._under_way.popleft().answer = answer
            return ticket.answer

    def close(self) -> None:
        """End the process."""
        if self.is_closed:
            return
        self.is_closed = True
        self._process.kill()
        self._process.wait()
        self._answers.close()
        with suppress(OSError):  # what it never read
            self._requests.close()

    @contextmanager
    def _whole_messages(self) -> Iterator[None]:
        """End the process where a message is not sent or received to its end."""
        try:
            yield
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self.close()
            message = f"process {self._process.pid}, which reads from the store, died"
            hint = "It may have run out of memory. Run it again."
            raise ListrakSyncError(message, hint) from None
        except BaseException:  # a signal's error
            self.close()
            raise


def _environment() -> dict[str, str]:
    """Return our environment with our own paths; the library takes what is empty for a value."""
    given = {name: value for name, value in os.environ.items() if value}
    return given | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


# A worker is a fork, and has what its parent had. That stays here, because descriptors would be
# closed with it that are others in the worker.
_clients: Final[dict[int, Client]] = {}


def client() -> Client:
    """Return this process's own client. Raises UsageError where the library is not installed."""
    found = _clients.get(os.getpid())
    if found is None or found.is_closed:
        found = _clients[os.getpid()] = Client()
        atexit.register(close)
    return found


def close() -> None:
    """End this process's client, if it has one."""
    found = _clients.pop(os.getpid(), None)
    if found is not None:
        found.close()
