"""What the service of a sandbox answers to requests of every kind, and what it keeps of them, written down: `told.json`.

The laws say what has to hold; this says what is said in fact, each word of each refusal included, so that a change of it is seen
and looked at. `python -m contract_tests.sandbox.telling` writes it anew. No server, no clock and no chance are in it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jwt import PyJWS

from contract_tests.sandboxed import PHONE
from shortcodekit import signing
from shortcodekit.contract.laws import without
from shortcodekit.contract.message_laws import examples, new_key_pair
from shortcodekit.errors import InvalidRequest
from shortcodekit.sandbox.clock import Clock
from shortcodekit.sandbox.credentials import Account
from shortcodekit.sandbox.faults import Fault
from shortcodekit.sandbox.incoming import Incoming
from shortcodekit.sandbox.service import Service
from shortcodekit.sandbox.settings import Settings
from shortcodekit.sandbox.storage import Store

FILE: Final = Path(__file__).with_name("told.json")
NOW: Final = 1_600_000_000.0
OTHER: Final = "15550100123"
ACCOUNT: Final = Account("abcd1234", "a-secret", "a-signature-secret")
WHO: Final = {"api_key": ACCOUNT.api_key, "api_secret": ACCOUNT.api_secret}
CUSTOM: Final = {"server": "host3", "link": "https://example.com"}
ALERT: Final = {"to": PHONE, **CUSTOM}
BASIC: Final = ("authorization", f"Basic {base64.b64encode(b'abcd1234:a-secret').decode('ascii')}")

Story = Callable[["Teller"], None]


class Teller:
    """A service whose time stands still and whose ids are known, and what it said so far."""

    def __init__(self, **settings: Any) -> None:
        set_to = Settings(**{"balance": "1.00", **settings})
        self.store = Store(seed="told", balance=set_to.balance)
        self.service = Service(set_to, ACCOUNT, self.store, Clock(real=lambda: NOW), lambda: NOW)
        self.told: list[Any] = []

    def ask(
        self,
        method: str,
        path: str,
        query: bytes | str = "",
        body: bytes | str = b"",
        *headers: tuple[str, str],
    ) -> None:
        """Asks, and tells what came."""
        texts = [each.encode() if isinstance(each, str) else each for each in (query, body)]
        answer = self.service.answer(Incoming(method, path, texts[0], headers, texts[1]))
        asked = self.service.asked[-1].told("http://127.0.0.1:1")
        assert round(asked["seconds"], 6) == asked["seconds"] > 0
        assert asked["answer"] == answer.body[:2000].decode("utf-8", "replace")
        kept = {name: value for name, value in asked.items() if name not in {"seconds", "curl"}}
        self.told.append({**kept, "headers": answer.headers})

    def form(self, path: str, said: Mapping[str, Any], who: Mapping[str, str] = WHO) -> None:
        """Asks by a POST with a form."""
        self.ask("POST", path, "", urlencode({**who, **said}))

    def signed(self, path: str, said: Mapping[str, Any], method: str = "md5hash", **told: str) -> None:
        """Asks by a GET with a signature."""
        whole: dict[str, Any] = {"api_key": ACCOUNT.api_key, "timestamp": str(int(NOW)), **said, **told}
        whole.setdefault("sig", signing.signature(list(whole.items()), ACCOUNT.signature_secret, method))
        self.ask("GET", path, urlencode(whole))

    def alert(self, **said: Any) -> None:
        """Sends an alert."""
        self.form("/sc/us/alert/json", {**ALERT, **{name.replace("_", "-"): value for name, value in said.items()}})

    def message(self, document: Any, *headers: tuple[str, str]) -> None:
        """Sends a message."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.ask("POST", "/v0.1/messages", "", body, *(headers or (BASIC,)))

    def text(
        self, phone: str, text: str = "", to: str | None = None, channel: str = "sms", content: Any = None
    ) -> None:
        """Lets a phone send something."""
        try:
            self.service.text(phone, text=text, to=to, channel=channel, content=content)
        except InvalidRequest as error:
            self.told.append({"text": [phone, text, to, channel, content], "refused": str(error)})

    def kept(self) -> Any:
        """What it keeps."""
        return {
            "balance": self.store.balance,
            "messages": self.store.messages(limit=1000),
            "events": self.store.due(9e18, 1000),
            "phones": self.store.phones(1000),
            "opt_outs": [repr(each) for each in self.store.opt_outs("96167", size=1000)],
            "faults": [repr(each) for each in self.store.faults],
        }


# ---- the stories -----------------------------------------------------------------------------------------------------


def _alerts(teller: Teller) -> None:
    teller.alert(client_ref="é & <1>", status_report_req="1")
    teller.form("/sc/us/alert/xml", {**ALERT, "template": "2"})
    teller.alert(template="1", type="unicode", server="Ω" * 80)
    teller.alert(server="Ω" * 80, more="unused", another="x")
    teller.ask(
        "POST", "/sc/us/alert/json", urlencode(WHO), json.dumps({**ALERT, "template": 4, "status-report-req": True})
    )
    for name in ("to", "server", "link"):
        teller.form("/sc/us/alert/xml", {key: value for key, value in ALERT.items() if key != name})
    teller.form("/sc/us/alert/json", {})
    teller.alert(to="+16365553226")
    teller.alert(template="6")
    teller.alert(template="é")
    teller.alert(client_ref="x" * 41)
    teller.alert(client_ref="\x01")
    teller.alert(type="other")
    teller.alert(status_report_req="perhaps")
    teller.alert(server="x" * 3200)
    teller.ask("POST", "/sc/us/alert/xml", "", json.dumps({**WHO, **ALERT}))
    teller.ask("POST", "/sc/us/alert/json", urlencode(WHO), "[1]")
    teller.ask("POST", "/sc/us/alert/json", urlencode(WHO), '{"to": "1", "to": "2"}')
    teller.ask("GET", "//sc/us/alert/json/", urlencode({**WHO, **ALERT, "to": ""}))
    teller.ask("POST", "/sc/us/alert/json", urlencode(WHO), json.dumps({**ALERT, "to": "\ud83d"}))
    teller.ask("GET", "https://user:word@rest.nexmo.com/sc/us/alert/json", b"a=%C3&api_secret=a-secret")
    for number in ("15550000006", "15550000009", "15550010009", "15550011234", "15550010000", "15550001240"):
        teller.alert(to=number, status_report_req="true")


def _parts(teller: Teller) -> None:
    for size in (159, 160, 161, 307, 400):
        teller.alert(server="x" * size, link="", template="3", status_report_req="1")
    teller.alert(server="x" * 2000)  # which the balance does not cover


def _templates(teller: Teller) -> None:
    teller.store.set_templates({1: "PIN ${ pin } of ${who}", 0: "No place", 3: None, 5: "${a}${a}$b${}"})
    teller.alert(template="0")
    teller.alert(template="1")
    teller.alert(template="1", pin="7", who="é")
    teller.alert(template="3")
    teller.alert(template="5", a="${b}")
    teller.form("/sc/us/2fa/json", {"to": PHONE, "pin": "0042"})
    teller.form("/sc/us/2fa/json", {"to": PHONE, "pin": "0042", "who": "x" * 100})
    teller.form("/sc/us/2fa/json", {"to": PHONE, "pin": "0042", "who": "Ω" * 100})


def _pins(teller: Teller) -> None:
    teller.form("/sc/us/2fa/json", {"to": PHONE, "pin": "0042", "client-ref": "é"})
    teller.form("/sc/us/2fa/xml", {"to": PHONE, "pin": "Ω"})
    teller.ask("POST", "/sc/us/2fa/json", "", json.dumps({**WHO, "to": PHONE, "pin": 42}))
    teller.form("/sc/us/2fa/json", {"to": PHONE})
    teller.form("/sc/us/2fa/xml", {"pin": "1"})
    teller.form("/sc/us/2fa/json", {"to": "x", "pin": "1"})
    teller.form("/sc/us/2fa/json", {"to": PHONE, "pin": ""})
    teller.text(PHONE, "stop")
    teller.form("/sc/us/2fa/json", {"to": PHONE, "pin": "1"})


def _strangers(teller: Teller) -> None:
    for path, said in (
        ("/sc/us/alert/json", ALERT),
        ("/sc/us/2fa/json", {"to": PHONE, "pin": "1"}),
        ("/sc/us/alert/opt-in/query/json", {}),
        ("/sc/us/alert/opt-in/manage/xml", {"msisdn": PHONE}),
    ):
        teller.form(path, said, {})
        teller.form(path, said, {"api_key": "abcd1234"})
        teller.form(path, said, {"api_key": "other", "api_secret": "a-secret"})
        teller.form(path, said, {"api_key": "abcd1234", "api_secret": "a-secre"})
        teller.form(path, said, {**WHO, "sig": "0" * 32, "timestamp": "1"})
        for method in signing.METHODS:
            teller.signed(path, said, method)
        teller.signed(path, said, sig="0" * 32)
        teller.signed(path, said, timestamp="")
        teller.signed(path, said, timestamp="x")
        for moment in (NOW - 301, NOW - 300, NOW + 300, NOW + 301):
            teller.signed(path, said, timestamp=str(int(moment)))


def _opt_outs(teller: Teller) -> None:
    for number in range(7):
        teller.text(
            f"1555010012{number}", ("stop", "Unsubscribe!", "CANCEL", "END", "QUIT", "STOPALL", "hello")[number]
        )
    for said in ({}, {"page-size": "2"}, {"page-size": "2", "page": "1"}, {"page-size": "2", "page": "2"},
                 {"page-size": "2", "page": "3"}, {"page-size": "1000", "page": "1"}, {"page-size": "0"},
                 {"page-size": "1001"}, {"page": "-1"}, {"page": "x"}, {"page": ""}):  # fmt: skip
        teller.form("/sc/us/alert/opt-in/query/json", said)
    teller.form("/sc/us/alert/opt-in/query/xml", {"page-size": "1"})
    for msisdn in ("15550100120", "15550100126", PHONE, "x", ""):
        teller.form("/sc/us/alert/opt-in/manage/json", {"msisdn": msisdn})
    teller.form("/sc/us/alert/opt-in/manage/xml", {"msisdn": "15550100121"})
    teller.form("/sc/us/alert/opt-in/manage/json", {})
    teller.ask("GET", "/sc/us/alert/opt-in/query/json", urlencode({**WHO, "a": "b"}) + "&a=c")
    teller.form("/sc/us/alert/opt-in/query/json", {"page-size": "2"})
    teller.form("/sc/us/alert/opt-in/manage/json", {"msisdn": "15550100122"})
    teller.form("/sc/us/alert/opt-in/query/json", {"page-size": "2", "page": "1"})
    teller.alert(to="15550100123")
    teller.alert(to="15550100120")


def _messages(teller: Teller) -> None:
    for document in examples().values():
        teller.message(document)
    some = examples()["documented"]
    teller.message({**some, "client_ref": "é" * 40})
    for number in ("15550001240", "15550000007", "15550009999"):
        teller.message({**some, "to": {"type": "sms", "number": number}})


def _wrong_messages(teller: Teller) -> None:
    known = examples()
    for document in (known["documented"], known["viber-text"], known["whatsapp-template"]):
        for smaller in without(document, frozenset()):
            teller.message(smaller)
    some = known["documented"]
    for wrong in (
        {**some, "client_ref": "x" * 41},
        {**some, "more\u00e9" + "x" * 60: 1},
        {**some, "to": {"type": "fax", "number": OTHER}},
        {**some, "to": {"type": "sms", "number": "+" + OTHER}},
        {**some, "to": 1},
        [some],
        b"",
        b'{"to": 1, "to": 2}',
        b"\xff",
    ):
        teller.message(wrong)


def _message_strangers(teller: Teller) -> None:
    some = examples()["documented"]
    word = base64.b64encode(b"abcd1234:a-secre").decode("ascii")
    token = ".".join(
        base64.urlsafe_b64encode(json.dumps(each).encode()).decode("ascii") for each in ({"alg": "RS256"}, {}, 1)
    )
    for said in ("Basic", f"Basic {word}", "Basic ?", BASIC[1].rstrip("="), f"{BASIC[1]}=", BASIC[1].replace("Basic", "bAsIc  "), "Digest x", "Bearer", "Bearer x",
                 f"Bearer {token}", f"{BASIC[1]}, Bearer x"):  # fmt: skip
        teller.message(some, ("authorization", said))
    teller.message(some, ("accept", "*/*"))
    teller.message(some, BASIC, BASIC)
    teller.ask("POST", "/v0.1/messages", "api_secret=a-secret", json.dumps(some), BASIC)


def _tokens(teller: Teller) -> None:
    private, public = new_key_pair()
    assert not teller.service.register("none", "no key")
    assert teller.service.register("an-app", public)
    now = int(NOW)
    usual: dict[str, Any] = {"application_id": "an-app", "iat": now, "jti": "once", "exp": now + 900}
    changed: tuple[dict[str, Any], ...] = (
        {}, {"exp": None}, {"exp": now}, {"exp": now + 1}, {"exp": now + 86_400}, {"exp": now + 86_401}, {"exp": True},
        {"exp": "x"}, {"iat": None}, {"iat": "x"}, {"iat": 1.5e12}, {"iat": now - 86_400, "exp": None},
        {"iat": now - 86_401, "exp": None}, *({"iat": now + skew} for skew in (1, 59, 60, 61, 299, 300, 301)), {"jti": None},
        {"jti": ""}, {"jti": 7}, {"application_id": None}, {"application_id": 7}, {"application_id": "another"},
        {"nbf": now + 900}, {"aud": "x"}, {"iss": 7}, {"sub": 7},
    )  # fmt: skip
    for changes in changed:
        claims = {name: value for name, value in {**usual, **changes}.items() if value is not None}
        token = PyJWS().encode(json.dumps(claims).encode(), private, "RS256")
        teller.message(examples()["documented"], ("authorization", f"bearer  {token}"))
    forged = PyJWS().encode(json.dumps(usual).encode(), new_key_pair()[0], "RS256")
    teller.message(examples()["documented"], ("authorization", f"Bearer {forged}"))


def _phones(teller: Teller) -> None:
    for text in ("Hello", "help", "Stop!", "START", "stop please", "", "é" * 300, "Ω" * 71, "x" * 161, "\ud83d", "   "):
        teller.text(PHONE, text)
    teller.text("+1", "Hello")
    teller.text("", "Hello")
    teller.text("1" * 16, "Hello")
    teller.text(PHONE, "To another", to="14155550100")
    teller.text(PHONE, "STOP", to="14155550100")
    teller.message(
        {
            **examples()["documented"],
            "to": {"type": "sms", "number": PHONE},
            "from": {"type": "sms", "number": "14155550100"},
        }
    )
    for document in examples().values():
        channel = document["to"]["type"]
        teller.text(PHONE, "STOP", to="14155550100", channel=channel)
        teller.text(PHONE, to="14155550100", channel=channel, content=document["message"]["content"])
    teller.text(PHONE, "Hello", channel="fax")
    teller.text(PHONE, channel="viber_service_msg", content={"type": "location", "location": {"lat": 1, "long": 2}})
    teller.text(PHONE, channel="whatsapp", content={"type": "location", "location": {"lat": 1, "long": 2}})
    teller.text(PHONE, channel="whatsapp", content={"type": "location", "location": 1})
    teller.text(PHONE, channel="mms", content={"type": "text", "text": 1})
    teller.text(PHONE, channel="messenger", content={"type": "to-come", "to-come": {"a": [1]}})
    teller.text(PHONE, channel="messenger", content={})


def _faults(teller: Teller) -> None:
    some = examples()["documented"]
    for fault in (
        Fault(status="1", error_text="Throughput rate exceeded", times=1),
        Fault(status="9", times=2, operation="sendAlert", msisdn=PHONE),
        Fault(http_status=503, retry_after=7, times=2),
        Fault(http_status=429, times=2),
        Fault(http_status=418, times=1),
        Fault(answer="html", http_status=502, times=2),
        Fault(answer="reset", times=1),
        Fault(receipt_status="rejected", err_code="6", capitals=True, times=2),
        Fault(receipt_status="buffered", times=1),
        Fault(err_code="0", times=1),
        Fault(error=1240, capitals=True, times=2),
        Fault(delay=10, copies=2, reordered=True, times=2),
    ):
        teller.store.add_fault(fault)
        teller.alert(status_report_req="1")
        teller.message(some)
        teller.form("/sc/us/alert/opt-in/query/xml", {})
        teller.store.delete_faults()
    teller.store.add_fault(Fault(msisdn=PHONE, status="5", times=9))
    teller.store.add_fault(Fault(operation="resubscribe", http_status=500))
    teller.store.add_fault(Fault(msisdn="2468013579246801", error=1240))
    teller.message(examples()["messenger-text"])
    teller.alert(to=OTHER)
    teller.alert()
    teller.form("/sc/us/alert/opt-in/manage/json", {"msisdn": OTHER})
    teller.message({**some, "to": {"type": "sms", "number": PHONE}})
    teller.message(b"{}")


def _paths(teller: Teller) -> None:
    # What is kept of this answer ends within a character.
    teller.form("/sc/us/alert/xml", {**ALERT, "client-ref": f"x{'é' * 34}", "server": "x" * 2000})
    for path in ("/", "", "/sc/us/alert", "/sc/us/alert/yaml", "/v0.1/messages/", "/V0.1/messages"):
        teller.ask("GET", path, "a=1")
    for method in ("PUT", "HEAD", "get"):
        for path in ("/sc/us/alert/json", "/sc/us/alert/xml", "/sc/us/2fa/xml", "/v0.1/messages"):
            teller.ask(method, path, urlencode({**WHO, **ALERT}))
    teller.ask("POST", "/sc/us/alert/json", urlencode(WHO), "to=1&x=" + "y" * 20_000)


STORIES: Final[Mapping[str, tuple[Story, Mapping[str, Any]]]] = {
    "alerts": (_alerts, {}),
    "parts": (_parts, {"price": "0.05"}),
    "templates": (_templates, {}),
    "PINs": (_pins, {}),
    "strangers": (_strangers, {}),
    "opt-outs": (_opt_outs, {}),
    "messages": (_messages, {"balance": "0.45"}),
    "wrong messages": (_wrong_messages, {}),
    "message strangers": (_message_strangers, {}),
    "tokens": (_tokens, {}),
    "phones": (_phones, {"price": "0.015", "short_code": "12345"}),
    "faults": (_faults, {}),
    "paths": (_paths, {}),
}
"""Each with the settings of its sandbox."""


def told(name: str) -> Any:
    """What is said in a story, and what is kept at its end."""
    story, settings = STORIES[name]
    teller = Teller(**settings)
    try:
        story(teller)
        return json.loads(json.dumps([*teller.told, teller.kept()]))
    finally:
        teller.store.close()


def main() -> None:
    """Writes the file, with a line for each thing that is told."""
    stories = {name: ",\n ".join(map(json.dumps, told(name))) for name in STORIES}
    FILE.write_text("{" + ",\n".join(f'"{name}": [\n {lines}]' for name, lines in stories.items()) + "}\n", "utf-8")


if __name__ == "__main__":
    main()
