"""A client as engineers write it by hand, correct, and in steps: each of the broken ones changes one step.

It knows nothing of the product, and uses the standard library alone. `Plain` posts forms with key and secret,
asks for JSON, and sends messages with Basic; what stands in `ways` does one of these otherwise.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import urlencode, urlsplit

from attrs import frozen

from .base import Account, ClientError, Part, Trait

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
ALERT: Final = "/sc/us/alert"
QUERY: Final = "/sc/us/alert/opt-in/query"
MANAGE: Final = "/sc/us/alert/opt-in/manage"
MESSAGES: Final = "/v0.1/messages"
DOCUMENTED: Final = frozenset("api_key api_secret sig timestamp to status-report-req client-ref template type".split())
TEMPORARY: Final = frozenset({"1"})
LARGEST_PAGES: Final = 1000

Parameters = dict[str, Any]
Document = dict[str, Any]


@frozen
class Sent:
    """A request; `target` begins with a slash."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@frozen
class Wishes:
    """What an alert has beside its number and its custom parameters."""

    client_ref: str | None
    status_report: bool
    template: int | None
    unicode: bool


@frozen
class Reply:
    """An answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Plain:
    """Is written by hand: forms, JSON answers, key and secret, Basic."""

    traits: ClassVar[tuple[Trait, ...]] = ("json", "secret", "basic", "by-body")
    signs: ClassVar[str] = ""
    form: ClassVar[str] = "json"
    page_size = 100

    def __init__(self, base_url: str, account: Account) -> None:
        self.base_url, self.account = base_url, account

    # ---- the four calls ----------------------------------------------------------------------------------------------

    def send_alert(
        self,
        to: str,
        custom: Mapping[str, str],
        *,
        client_ref: str | None = None,
        status_report: bool = False,
        template: int | None = None,
        unicode: bool = False,
    ) -> list[Part]:
        said: Parameters = {"to": self.number(to)}
        said |= self.options(Wishes(client_ref, status_report, template, unicode))
        said |= self.custom(custom)
        return self.accepted(self.document(self.ask(f"{ALERT}/{self.form}", said)))

    def opt_outs(self) -> list[str]:
        found: list[str] = []
        for page in range(LARGEST_PAGES):
            records = self.records(page)
            new = self.new(records, found)
            found += new
            if self.is_last(records, new):
                return found
        raise ClientError("the pages do not end")

    def resubscribe(self, number: str) -> bool:
        record = self.document(self.ask(f"{MANAGE}/{self.form}", {"msisdn": self.number(number)}))
        return self.flag(record, "opt-in")

    def send_message(self, document: Mapping[str, Any]) -> str:
        headers = {"Content-Type": JSON, **self.authorization()}
        return self.uuid(self.exchange(Sent("POST", MESSAGES, headers, self.message(document))))

    def close(self) -> None:
        """Nothing is kept open."""

    # ---- what an alert says ------------------------------------------------------------------------------------------

    def number(self, text: str) -> str:
        number = text.removeprefix("+")
        if not (number.isascii() and number.isdigit()):
            raise ClientError("a number has digits alone")
        return number

    def options(self, wishes: Wishes) -> Parameters:
        said: Parameters = {}
        if wishes.client_ref is not None:
            said["client-ref"] = self.reference(wishes.client_ref)
        if wishes.status_report:
            said["status-report-req"] = "1"
        if wishes.template is not None:
            said["template"] = self.index(wishes.template)
        if wishes.unicode:
            said["type"] = "unicode"
        return said

    def reference(self, text: str) -> str:
        if len(text) > 40:
            raise ClientError("a reference has at most 40 characters")
        return text

    def index(self, template: int) -> str:
        if template not in range(6):
            raise ClientError("a template is one of 0 to 5")
        return str(template)

    def custom(self, custom: Mapping[str, str]) -> Parameters:
        if not DOCUMENTED.isdisjoint(custom):
            raise ClientError("a custom parameter is named like a documented one")
        return dict(custom)

    # ---- how it travels ----------------------------------------------------------------------------------------------

    def ask(self, path: str, said: Parameters) -> Reply:
        return self.exchange(self.request(path, self.with_credentials(said)))

    def with_credentials(self, said: Parameters) -> Parameters:
        return {"api_key": self.account.api_key, "api_secret": self.account.api_secret, **said}

    def request(self, path: str, said: Parameters) -> Sent:
        return Sent("POST", path, {"Content-Type": FORM}, self.encoded(said).encode("ascii"))

    def encoded(self, said: Parameters) -> str:
        return urlencode(said)

    def exchange(self, sent: Sent) -> Reply:
        """The answer; what is no whole answer, or refuses the request as a whole, is a `ClientError`."""
        try:
            reply = self.talk(sent)
        except (OSError, http.client.HTTPException) as error:
            raise ClientError(f"no answer: {type(error).__name__}") from None
        self.refuse(reply)
        return reply

    def talk(self, sent: Sent) -> Reply:
        connection = self.connection()
        try:
            connection.request(sent.method, sent.target, sent.body or None, dict(sent.headers))
            with connection.getresponse() as response:
                headers = {name.lower(): value for name, value in response.getheaders()}
                return Reply(response.status, headers, response.read())
        finally:
            connection.close()

    def connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.base_url)
        return http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=self.account.timeout)

    # ---- what came back ----------------------------------------------------------------------------------------------

    def refuse(self, reply: Reply) -> None:
        if reply.status not in (200, 202):
            raise ClientError(
                f"refused with HTTP {reply.status}",
                status=str(reply.status),
                retryable=self.is_throttled(reply),
            )

    def is_throttled(self, reply: Reply) -> bool:
        return reply.status == 429

    def document(self, reply: Reply) -> Document:
        """The document of an answer of the rest host, the same of JSON and of XML."""
        if reply.status != 200:
            raise ClientError(f"answered with HTTP {reply.status}")
        return self.object(reply.body)

    def object(self, body: bytes) -> Document:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise ClientError("the answer is not JSON") from None
        if not isinstance(found, dict):
            raise ClientError("the answer is no object")
        return found

    def text(self, record: Document, key: str) -> str | None:
        value = record.get(key)
        return value if isinstance(value, str) else None if value is None else str(value)

    def demanded(self, record: Document, key: str) -> str:
        value = self.text(record, key)
        if value is None:
            raise ClientError(f"the answer has no {key}")
        return value

    def listed(self, document: Document, key: str) -> list[Document]:
        found = document.get(key)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise ClientError(f"the answer has no {key}")
        return found

    # ---- parts of an alert -------------------------------------------------------------------------------------------

    def accepted(self, document: Document) -> list[Part]:
        records = self.listed(document, "messages")
        if not records:
            raise ClientError("the answer has no part")
        statuses = [self.status(each) for each in records]
        refused = [place for place, status in enumerate(statuses) if not self.is_good(status)]
        if refused:
            self.reject([(records[place], statuses[place]) for place in refused], self.good(records, refused))
        return self.parts(records)

    def status(self, record: Document) -> str:
        return self.demanded(record, "status")

    def is_good(self, status: Any) -> bool:
        return bool(status == "0")

    def good(self, records: list[Document], refused: list[int]) -> list[Part]:
        return self.parts([each for place, each in enumerate(records) if place not in refused])

    def reject(self, refused: Sequence[tuple[Document, Any]], accepted: list[Part]) -> None:
        record, status = refused[0]
        raise ClientError(
            f"refused with status {status}: {self.reason(record, status)}",
            status=status,
            retryable=not accepted and self.is_temporary([each for _, each in refused]),
            accepted=accepted,
        )

    def reason(self, record: Document, status: str) -> str:  # noqa: ARG002  # some look the status up
        return self.text(record, "error-text") or "no reason given"

    def is_temporary(self, statuses: Iterable[str]) -> bool:
        return set(statuses) <= TEMPORARY

    def parts(self, records: list[Document]) -> list[Part]:
        return [self.part(each) for each in records]

    def part(self, record: Document) -> Part:
        return Part(
            self.status(record),
            self.text(record, "message-id"),
            self.text(record, "to"),
            self.text(record, "client-ref"),
            self.text(record, "remaining-balance"),
            self.text(record, "message-price"),
            self.text(record, "network"),
        )

    # ---- opt-outs ----------------------------------------------------------------------------------------------------

    def records(self, page: int) -> list[Document]:
        return self.listed(self.page(page), "opt-in-list")

    def page(self, page: int) -> Document:
        said = {"page-size": str(self.page_size), "page": str(page)}
        return self.document(self.ask(f"{QUERY}/{self.form}", said))

    def new(self, records: list[Document], found: list[str]) -> list[str]:
        return [each for each in dict.fromkeys(map(self.opted_out, records)) if each not in found]

    def opted_out(self, record: Document) -> str:
        return self.demanded(record, "msisdn")

    def is_last(self, records: list[Document], new: list[str]) -> bool:
        if len(records) < self.page_size:
            return True
        if not new:
            raise ClientError("a full page has nothing new")
        return False

    def flag(self, record: Document, key: str) -> bool:
        value = record.get(key)
        if value not in ("true", "false", True, False):
            raise ClientError(f"the answer has no {key}")
        return value in ("true", True)

    # ---- messages ----------------------------------------------------------------------------------------------------

    def message(self, document: Mapping[str, Any]) -> bytes:
        try:
            return json.dumps(document, allow_nan=False).encode("ascii")
        except (TypeError, ValueError, RecursionError):
            raise ClientError("the message cannot be written as JSON") from None

    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Basic {self.basic()}"}

    def basic(self) -> str:
        return base64.b64encode(f"{self.account.api_key}:{self.account.api_secret}".encode()).decode("ascii")

    def uuid(self, reply: Reply) -> str:
        if reply.status != 202:
            raise ClientError(f"answered with HTTP {reply.status}")
        found = self.object(reply.body).get("message_uuid")
        if not isinstance(found, str) or not found:
            raise ClientError("the answer has no message_uuid")
        return found
