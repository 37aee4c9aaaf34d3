"""What reading and writing documented samples costs, relative to the least that anyone would do by hand.

The baseline of reading is `json.loads` and plain dicts of the same fields, that of writing `json.dumps` of them. Both sides
run in turns within one process, and a ratio is the median of the rounds, so that a noisy machine disturbs both alike.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, Final

from benchmarks.rounds import in_turns, ratios, seconds
from shortcode_clients import alerts, messages, opt_in
from shortcode_clients.alerts.models import AlertResponse, DeliveryReceipt
from shortcode_clients.messages.models import MessageStatus, inbound_message_from_json
from shortcode_clients.opt_in.models import InboundSms, OptOutList

ROUNDS: Final = 41
CALLS: Final = 400
SAMPLES: Final[tuple[tuple[ModuleType, str, Callable[[bytes], Any]], ...]] = (
    (alerts, "AlertResponse", AlertResponse.from_json),
    (alerts, "DeliveryReceipt", DeliveryReceipt.from_json),
    (opt_in, "InboundStop", InboundSms.from_json),
    (opt_in, "OptOutList", OptOutList.from_json),
    (messages, "MessageStatus", MessageStatus.from_json),
    (messages, "InboundSmsText", inbound_message_from_json),
    (messages, "InboundWhatsappLocation", inbound_message_from_json),
    (messages, "InboundContentToCome", inbound_message_from_json),
)


def main() -> None:
    """Prints a line for each sample."""
    print(f"{'sample':<26}{'read':>6}{'write':>8}   times the standard library's JSON and plain dicts")
    for api, name, read in SAMPLES:
        document = api.openapi()["components"]["examples"][name]["value"]
        content = json.dumps(document).encode()
        reading = ratio(lambda: read(content), lambda: plain(json.loads(content)))  # noqa: B023  # called at once
        writing = ratio(read(content).to_json, lambda: json.dumps(document).encode())  # noqa: B023
        print(f"{name:<26}{reading:6.2f}{writing:8.2f}")


def plain(document: Any) -> Any:
    """The same fields in dicts of one's own."""
    if isinstance(document, dict):
        return {key: plain(value) for key, value in document.items()}
    return [plain(item) for item in document] if isinstance(document, list) else document


def ratio(one: Callable[[], object], other: Callable[[], object]) -> float:
    """How many times as long `one` takes as `other`: the median of the rounds."""
    return statistics.median(
        ratios(in_turns(ROUNDS, 1, partial(seconds, one, CALLS), partial(seconds, other, CALLS)), 0, 1)
    )


if __name__ == "__main__":
    main()
