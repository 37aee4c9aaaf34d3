"""What the laws of receivers and of providers work with: what is counted, what is late, and which counterexample is a small one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final
from urllib.parse import parse_qs

import pytest

from contract_tests.loopback import served
from shortcodekit.contract import BoundLaw, provider_laws, receiver_laws
from shortcodekit.contract.client_other_laws import paging
from shortcodekit.contract.events import Case, smaller
from shortcodekit.contract.joining import Joining
from shortcodekit.contract.judge import Request as Asked
from shortcodekit.contract.judging import refuses_account
from shortcodekit.contract.specs import FORM
from shortcodekit.contract.targets import Call, Came
from shortcodekit.contract.ways import WAYS, Way
from shortcodekit.webhooks import Request, Response

from .checking import RECEIPT, App, Gate, right
from .guides import LONGEST

ACCOUNT: Final[dict[str, Any]] = {"api_key": "abcd1234", "api_secret": "a-secret"}


def _receiver(app: App, **more: Any) -> list[BoundLaw]:
    return receiver_laws(app, event=RECEIPT, encodings=["query"], examples=3, **more)


def _law(laws: list[BoundLaw], name: str) -> BoundLaw:
    return next(each for each in laws if each.law.name == name)


# ---- receivers -------------------------------------------------------------------------------------------------------


def test_every_request_is_counted_those_at_the_same_time_too() -> None:
    gate = Gate()
    laws = _receiver(gate)
    bench = laws[0].bench
    one = bench.event(bench.good(bench.rng("count")))
    bench.send(one)
    bench.send_all([one, one])
    bench.send(one)
    assert bench.calls == len(gate.kept) == 4
    bench.target.close()


def test_an_answer_that_came_too_late_is_none() -> None:
    (law, *_) = _receiver(right(), timeout=2)
    late, soon = (Came(200, {"a": "b"}, b"ok", seconds) for seconds in (2.04, 2.0))
    assert law.bench.late(late) == Came(None, {}, b"ok", 2.04, "HTTP 200, but after 2.0 s")
    assert law.bench.late(soon) is soon
    assert (law.bench.taken(late), law.bench.taken(soon)) == (False, True)
    nothing = Came(seconds=9.0, error="no answer within 2 seconds")
    assert law.bench.late(nothing) is nothing
    law.bench.target.close()


def _query(call: Call) -> dict[str, list[str]]:
    return parse_qs(call.query, keep_blank_values=True)


def test_a_counterexample_is_about_what_is_special_and_not_about_what_was_taken_away() -> None:
    """This one refuses a status, and each event without a price."""
    gate = Gate(lambda each: Response(500) if "odd" in each.query or "price" not in each.query else None)
    law = _law(_receiver(gate), "codes-to-come")
    bench = law.bench
    whole = {**bench.way.example, "status": "odd"}
    assert len(whole) > 5
    broken = bench.refused_or_taken(Case(whole, "an odd status", ("status",)), bench.rng("odd"))
    assert broken is not None
    assert broken.about == "an odd status"
    kept = _query(broken.calls[-1])
    assert kept["status"] == ["odd"]
    assert "price" in kept, "without a price the documented status is refused as well"
    assert len(kept) < len(whole)
    bench.target.close()


@pytest.mark.parametrize("case", [Case({}, "nothing special"), Case({}, "a new key", ("to-come",))])
def test_where_nothing_documented_can_take_its_place_any_smaller_document_will_do(case: Case) -> None:
    gate = Gate(lambda _: Response(500))
    bench = _receiver(gate)[0].bench
    whole = {**bench.way.example, **dict.fromkeys(case.path, "x")}
    broken = bench.refused_or_taken(Case(whole, case.about, case.path), bench.rng("all"))
    assert broken is not None
    required = {"msisdn", "status", "messageId", *case.path}
    assert _query(broken.calls[-1]).keys() <= required
    bench.target.close()


def test_an_event_that_is_refused_when_it_comes_again_is_shown_with_all_its_requests() -> None:
    def twice(each: Request) -> Response | None:
        return Response(409) if [request.query for request in gate.kept].count(each.query) > 1 else None

    gate = Gate(twice)
    law = _law(_receiver(gate), "the-same-again")
    broken = law.judged().broken
    assert broken is not None
    assert (broken.about, str(broken.came)) == ("the same event again", "HTTP 409")
    assert len(broken.calls) == 2
    assert law.told(broken).count(" $ curl ") == 2
    law.bench.target.close()


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_no_smaller_document_lacks_what_every_event_has(way: Way) -> None:
    valid = way.api.validator(way.schema).is_valid
    example = dict(way.example)
    needed = {key for key in example if not valid({name: value for name, value in example.items() if name != key})}
    assert needed
    for document in smaller(way, Case(example))(example):
        assert needed <= document.keys()


# ---- both ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bound", [_receiver, lambda app, timeout: provider_laws(app, **ACCOUNT, timeout=timeout)], ids=["receiver", "provider"]
)  # fmt: skip
def test_nobody_is_waited_for_longer_than_was_asked_for(bound: Callable[..., list[BoundLaw]]) -> None:
    given_up = threading.Event()

    def hangs(_: Any, start: Callable[..., Any]) -> list[bytes]:
        given_up.wait(5)
        start("200 OK", [])
        return []

    (law, *_) = bound(hangs, timeout=0.25)
    came = law.bench.target.send(Call("GET"))
    given_up.set()
    assert (came.status, came.error) == (None, "no answer within 0.25 seconds")
    law.bench.target.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="only Linux puts off telling that something arrived")
def test_a_server_hears_at_once_that_the_head_of_its_answer_arrived() -> None:
    """Else one that writes the body apart holds it back for 40 ms."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stream = Joining().connect_tcp(*server.getsockname(), LONGEST)
        peer, _ = server.accept()
        with peer, closing(stream):
            for _ in range(9):  # a connection that goes to and fro tells it late, if it is not told otherwise
                stream.write(b"ping")
                peer.sendall(b"pong")
                assert stream.read(4, LONGEST) == b"pong"
                assert peer.recv(4) == b"ping"
            assert stream.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 1


# ---- providers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "part", "refused"), [(401, "4", True), (401, "3", False), (200, "4", False)])
def test_an_account_is_refused_when_it_can_neither_ask_for_one_opt_out_nor_send(
    status: int, part: str, refused: bool
) -> None:
    def answers(each: Request) -> Response:
        listing = "page-size=1" in f"{each.query}{each.body.decode()}"
        said = '{"error-code": "401", "error-code-label": "no"}' if listing else (
            f'{{"message-count": "1", "messages": [{{"status": "{part}", "error-text": "no"}}]}}'
        )  # fmt: skip
        return Response(status if listing else 200, {"Content-Type": "application/json"}, said.encode())

    with served(Gate(answers)) as url:
        laws = provider_laws(url, **ACCOUNT)
        assert refuses_account(laws) is refused
        laws[0].bench.target.close()


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(60, [1, 2, 3, 7, 99, 999]), (61, [2, 3, 7, 99, 999]), (700, [99, 999]), (2001, [99, 999])],
)
def test_a_long_list_is_asked_for_in_fewer_sizes_of_page_and_nobody_is_accused_of_its_length(
    count: int, sizes: list[int]
) -> None:
    reply = paging([str(15550100000 + number) for number in range(count)])

    def answers(each: Request) -> Response:
        came = reply(
            Asked(each.method, f"/sc/us/alert/opt-in/query/json?{each.query}", {"content-type": FORM}, each.body)
        )
        return Response(came.status, {"Content-Type": "application/json"}, came.body)

    gate = Gate(answers)
    law = _law(provider_laws(gate, **ACCOUNT, allow_sending=False), "opt-in/paging")
    assert law.judged().broken is None
    asked = [parse_qs(each.body.decode()).get("page-size", ["100"])[0] for each in gate.kept]
    assert list(dict.fromkeys(map(int, asked))) == [1000, *sizes, 10, 100]
    law.bench.target.close()
