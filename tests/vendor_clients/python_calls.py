"""Runs in an environment that has clients of the vendor, and calls them as it is told.

The first line of the input is a JSON object: which client, and its credentials. Each further line names a call and its
argument; the answer to it is a line with what the client returned or raised.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

Calls = dict[str, Callable[[Any], Any]]
ALERT = "/sc/us/alert/json"
MESSAGES = "/v0.1/messages"


def nexmo_1(given: dict[str, Any]) -> Calls:
    client: Any = import_module("nexmo").Client(key=given["key"], secret=given["secret"])
    return {
        "alert": client.send_event_alert_message,
        "resubscribe": client.resubscribe_event_alert_number,
        "opt_outs": lambda _: client.get_event_alert_numbers(),
    }


def nexmo_2(given: dict[str, Any]) -> Calls:
    client: Any = import_module("nexmo").Client(
        key=given["key"], secret=given["secret"], signature_secret=given["signature_secret"]
    )
    return {
        "alert": client.send_event_alert_message,
        "signed_alert": lambda alert: client.post(client.host(), ALERT, alert, supports_signature_auth=True),
        "resubscribe": client.resubscribe_event_alert_number,
        "opt_outs": lambda _: client.get_event_alert_numbers(),
    }


def vonage_3(given: dict[str, Any]) -> Calls:
    client: Any = import_module("vonage").Client(
        key=given["key"],
        secret=given["secret"],
        signature_secret=given["signature_secret"],
        signature_method="sha256",
        application_id=given["application_id"],
        private_key=given["private_key"],
    )
    rest, api = client.host(), client.api_host()
    return {
        "alert": client.short_codes.send_event_alert_message,
        "signed_alert": lambda alert: client.post(rest, ALERT, alert, supports_signature_auth=True),
        "resubscribe": client.short_codes.resubscribe_event_alert_number,
        "opt_outs": lambda _: client.short_codes.get_event_alert_numbers(),
        "message": lambda message: client.post(api, MESSAGES, message, auth_type="jwt"),
        "message_with_key_and_secret": lambda message: client.post(api, MESSAGES, message, auth_type="header"),
    }


def vonage_4(given: dict[str, Any]) -> Calls:
    vonage: Any = import_module("vonage")
    auth = vonage.Auth(
        api_key=given["key"],
        api_secret=given["secret"],
        signature_secret=given["signature_secret"],
        signature_method="sha512",
        application_id=given["application_id"],
        private_key=given["private_key"],
    )
    http = vonage.Vonage(auth).http_client
    rest, api, opt_in = http.rest_host, http.api_host, "/sc/us/alert/opt-in"
    return {
        "alert": lambda alert: http.post(rest, ALERT, alert, "body", "form"),
        "signed_alert": lambda alert: http.post(rest, ALERT, alert, "signature", "form"),
        "resubscribe": lambda number: http.post(rest, f"{opt_in}/manage/json", number, "body", "json"),
        "opt_outs": lambda page: http.get(rest, f"{opt_in}/query/json", page, "body", "query_params"),
        "message": lambda message: http.post(api, MESSAGES, message, "jwt", "json"),
        "message_with_key_and_secret": lambda message: http.post(api, MESSAGES, message, "basic", "json"),
    }


def main() -> None:
    given = json.loads(sys.stdin.readline())
    calls: Calls = globals()[given["client"].replace("-", "_")](given)
    print(json.dumps({"returned": sorted(calls)}), flush=True)
    for line in sys.stdin:
        name, argument = json.loads(line)
        try:
            answer = {"returned": calls[name](argument)}
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what the client makes of the answer
            answer = {"raised": type(error).__name__, "said": str(error)}
        print(json.dumps(answer, default=repr), flush=True)  # some return the bytes of what they cannot read


if __name__ == "__main__":
    main()
