"""What reading and writing documented samples costs, relative to the least that anyone would do by hand.

The baseline of reading is `json.loads` and plain dicts of the same fields, that of writing `json.dumps` of them. Both sides
run in turns within one process, and a ratio is the median of the rounds, so that a noisy machine disturbs both alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, Final

from benchmarks.rounds import Figure, in_turns, ratios, seconds, tell
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
    """Measures each sample, and prints the table."""
    figures = []
    for api, name, read in SAMPLES:
        document = api.openapi()["components"]["examples"][name]["value"]
        content = json.dumps(document).encode()
        reading = each_round(lambda: read(content), lambda: plain(json.loads(content)))  # noqa: B023  # called at once
        writing = each_round(read(content).to_json, lambda: json.dumps(document).encode())  # noqa: B023
        figures += [Figure(f"{name} read, beside json and dicts", reading), Figure("  written", writing)]
    tell(figures)


def plain(document: Any) -> Any:
    """The same fields in dicts of one's own."""
    if isinstance(document, dict):
        return {key: plain(value) for key, value in document.items()}
    return [plain(item) for item in document] if isinstance(document, list) else document


def each_round(one: Callable[[], object], other: Callable[[], object]) -> list[float]:
    """How many times as long `one` takes as `other`, for each round."""
    return ratios(in_turns(ROUNDS, 1, partial(seconds, one, CALLS), partial(seconds, other, CALLS)), 0, 1)


if __name__ == "__main__":
    main()
