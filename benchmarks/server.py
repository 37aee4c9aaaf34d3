"""A service to measure clients against: answers every request with the same accepted alert, as fast as Python can.

It runs in a process of its own, so that its work is not counted as a client's. Of a request it only reads the end;
it keeps connections open, and stops when its input ends, as it does however the process that started it ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

PART: Final = {
    "status": "0",
    "message-id": "0A0000000123ABCD",
    "to": "16365553226",
    "client-ref": "incident-42",
    "remaining-balance": "3.14",
    "message-price": "0.03",
    "network": "310004",
}
BODY: Final = json.dumps({"message-count": "1", "messages": [PART]}, separators=(",", ":")).encode()
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"


@contextmanager
def serving() -> Iterator[str]:
    """Starts the server, gives its address, and stops it."""
    command = [sys.executable, "-I", str(Path(__file__).resolve())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout  # noqa: S101  # asked for in the line above
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.communicate()


class Connection(asyncio.Protocol):
    """Answers each whole request that has arrived, those that come in one piece too."""

    def __init__(self) -> None:
        self._arrived = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps where answers go."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Writes an answer for each request that ends in `data`."""
        self._arrived += data
        while (end := self._arrived.find(END)) >= 0:
            head = self._arrived[:end].lower()
            _, _, after = head.partition(LENGTH)
            whole = end + len(END) + int(after.partition(b"\r\n")[0] or 0)
            if len(self._arrived) < whole:
                return
            self._arrived = self._arrived[whole:]
            self._transport.write(ANSWER)


async def main() -> None:
    """Prints the port, and serves until the input ends."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
