"""What the laws cost beside plain schemathesis, and how long a receiver is judged.

Both ask the same sandbox, in a process of its own, over HTTP. A case is a request and its judged answer. Schemathesis runs its
command line over the specs of alerts, opt-outs and messages, as far as it gets without being told what this service's answers mean; how many mistakes each
finds is another matter, which `benchmarks.defects` is about.

`python -m benchmarks.contract`
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

from benchmarks.rounds import Figure, tell
from shortcodekit.contract import check, provider_laws, receiver_laws

ROOT: Final = Path(__file__).parent.parent
KEY: Final = "abcd1234"
SECRET: Final = "api-secret-of-nobody"  # noqa: S105  # as it says
ROUNDS: Final = 3
EXAMPLES: Final = 5000
"""How many messages are drawn. The laws have a thousand more requests, which are not drawn and of which many wait for each other."""
EVENT: Final = "delivery-receipt"


def main() -> None:
    """Measures, and prints the table."""
    ours, theirs = [], []
    with sandbox() as url:
        for _ in range(ROUNDS):
            ours.append(laws(url))
            theirs.append(schemathesis(url))
    judged = [receiver() for _ in range(ROUNDS)]
    tell(
        [
            Figure("cases a second of `check provider`", ours),
            Figure("  of schemathesis' command line", theirs),
            Figure("  the former beside the latter", [a / b for a, b in zip(ours, theirs, strict=True)], at_least=10),
            Figure("seconds to judge a receiver for one event", judged, at_most=20),
        ]
    )


def laws(url: str) -> float:
    """Cases a second of the laws of providers, with examples enough that most cases are drawn, as all of schemathesis' are."""
    report = check(provider_laws(url, api_key=KEY, api_secret=SECRET, signature_secret=SECRET, examples=EXAMPLES))
    if not report.holds:
        raise SystemExit("the sandbox breaks a law, so there is no figure")
    return report.calls / report.seconds


def schemathesis(url: str) -> float:
    """Cases a second of schemathesis, its own start left out."""
    cases, seconds = 0, 0.0
    for name in ("alerts", "opt_in", "messages"):
        spec = ROOT / f"generated/shortcode_clients/{name}/openapi.json"
        words: list[str | Path] = [
            Path(sys.executable).parent / "schemathesis",
            "run",
            spec,
            "--url",
            url,
            "--no-color",
            "--max-examples",
            "60",
        ]
        told = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        cases += int(re.findall(r"(\d+) generated", told)[-1])
        seconds += float(re.findall(r" in ([0-9.]+)s =", told)[-1])
    return cases / seconds


def receiver() -> float:
    """Seconds until a receiver that answers within a millisecond is judged for one event, in each encoding."""

    def taken(environ: dict[str, Any], start: Any) -> list[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        time.sleep(0.001)
        start("200 OK", [("Content-Length", "0")])
        return []

    server = make_server("127.0.0.1", 0, taken, handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        return check(receiver_laws(f"http://127.0.0.1:{server.server_port}/", event=EVENT)).seconds
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing: it is in the way."""


@contextmanager
def sandbox() -> Iterator[str]:
    """A sandbox in a process of its own, and where it is."""
    words = [sys.executable, "-m", "shortcodekit", "sandbox", "--port", "0", "--quiet", "--balance", "999999999"]
    words += ["--api-key", KEY, "--api-secret", SECRET, "--signature-secret", SECRET]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process.stdout.readline().rpartition(" ")[2].strip() if process.stdout else ""
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
