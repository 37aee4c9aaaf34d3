"""In the sandbox people opt out by a text and in again by a text or through the API, and the list of them can be paged through."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.apis import Api
from contract_tests.profiles import examples
from contract_tests.sandboxed import AS_JSON, CUSTOM, PHONE, WAYS, by_form, credentials, hooks, raw, served, written
from shortcodekit import AlertsClient, OptInClient, opt_in
from shortcodekit.errors import AlertRejected, ApiProblem
from shortcodekit.sandbox import Sandbox
from shortcodekit.webhooks import Receiver, SigSecret

QUERY, MANAGE = "/sc/us/alert/opt-in/query/json", "/sc/us/alert/opt-in/manage/json"
KEYWORDS = {
    branch["const"]: branch["x-code"]
    for branch in Api("opt_in").schemas["CarrierKeyword"]["anyOf"]
    if "const" in branch
}
OUT = [word for word, told in KEYWORDS.items() if told["opted-out"]]
IN = [word for word, told in KEYWORDS.items() if told["opted-in"]]


@pytest.fixture(scope="module")
def client(running: Sandbox) -> Iterator[OptInClient]:
    with OptInClient(running.auth, base_url=running.url) as made:
        yield made


def status(sandbox: Sandbox, msisdn: str = PHONE) -> str:
    """The status of an alert."""
    reply = raw(sandbox, by_form("/sc/us/alert/json", credentials(sandbox), {"to": msisdn, **CUSTOM}))
    return str(reply.part["status"])


def wall(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC).replace(microsecond=0)


# ---- opting out and in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keyword", OUT)
@pytest.mark.parametrize("written_as", ["{}", " {}\n", "{}.", "{} please", "“{}!”"])
def test_every_keyword_of_the_carriers_opts_out_in_any_case_and_with_anything_around(
    sandbox: Sandbox, keyword: str, written_as: str
) -> None:
    for number, word in enumerate((keyword, keyword.lower(), keyword.title(), keyword.swapcase())):
        msisdn = f"1636555322{number}"
        sent = sandbox.phone(msisdn).text(written_as.format(word))
        assert sent["keyword"] == keyword
        assert status(sandbox, msisdn) == "7"
    assert len(sandbox.opt_outs) == 4


@pytest.mark.parametrize(
    "text", ["HELP", "", " ", "Please STOP", "STOPP", "STOPSTOP", "NONSTOP", "ST OP", "Отписаться", "."]
)
def test_other_words_opt_nobody_out(sandbox: Sandbox, text: str) -> None:
    sandbox.phone(PHONE).text(text)
    assert sandbox.opt_outs == []
    assert status(sandbox) == "0"


@pytest.mark.parametrize("keyword", IN)
def test_keywords_of_the_carriers_opt_in_again(sandbox: Sandbox, keyword: str) -> None:
    phone = sandbox.phone(PHONE)
    phone.text("stop")
    phone.text("help")
    assert status(sandbox) == "7"
    phone.text(f" {keyword.lower()} ")
    assert (status(sandbox), sandbox.opt_outs) == ("0", [])


def test_a_stop_is_forwarded_listed_obeyed_and_undone_through_the_api(client: OptInClient, sandbox: Sandbox) -> None:
    heard: list[Any] = []
    receiver = Receiver(verify=SigSecret(sandbox.signature_secret))
    receiver.on("inbound-sms", "/inbound-sms")(heard.append)
    with served(receiver) as base, AlertsClient(sandbox.auth, base_url=sandbox.url) as alerts:
        sandbox.configure(**hooks(base), sign_webhooks=True)
        before = sandbox.now
        sandbox.phone(PHONE).text("Stop, please")
        after = sandbox.now
        sandbox.advance(seconds=1)
        (sms,) = heard
        assert (sms.msisdn, sms.keyword, sms.text, sms.type_) == (PHONE, "STOP", "Stop, please", "text")
        with pytest.raises(AlertRejected) as caught:
            alerts.send({"to": PHONE}, custom=CUSTOM)
        assert caught.value.status == "7"
        assert caught.value.code.opted_out
        (record,) = client.opt_outs()
        assert (record.msisdn, record.opt_in, record.opt_out) == (PHONE, False, True)
        assert record.opt_out_date_utc is not None
        assert wall(before) <= record.opt_out_date_utc <= wall(after)
        sandbox.advance(hours=3)
        again = client.resubscribe(PHONE)
        assert (again.opt_in, again.opt_out) == (True, False)
        assert again.opt_in_date_utc is not None
        assert (again.opt_in_date_utc - record.opt_out_date_utc).total_seconds() >= 3 * 3600
        assert list(client.opt_outs()) == []
        assert alerts.send({"to": PHONE}, custom=CUSTOM).messages[0].status == "0"
    sandbox.configure(**dict.fromkeys(hooks("")), sign_webhooks=False)


def test_dates_tell_when_somebody_left_and_when_they_had_come(client: OptInClient, sandbox: Sandbox) -> None:
    sandbox.phone(PHONE).text("STOP")
    first = client.page().opt_in_list[0]
    sandbox.advance(hours=1)
    sandbox.phone(PHONE).text("STOP")
    assert client.page().opt_in_list[0] == first, "a second STOP changes nothing"
    sandbox.advance(hours=1)
    came = client.resubscribe(PHONE)
    sandbox.advance(hours=1)
    assert client.resubscribe(PHONE) == came, "subscribing again changes nothing"
    sandbox.phone(PHONE).text("QUIT")
    left = client.page().opt_in_list[0]
    assert left.opt_in_date == came.opt_in_date
    assert str(first.opt_out_date) < str(came.opt_in_date) < str(left.opt_out_date)


def test_a_number_that_never_opted_out_is_subscribed_alike(client: OptInClient, sandbox: Sandbox) -> None:
    record = client.resubscribe("441632960960")
    assert (record.msisdn, record.opt_in, record.opt_out) == ("441632960960", True, False)
    assert sandbox.opt_outs == []


# ---- how requests travel ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("way", WAYS)
def test_the_list_and_the_subscribing_are_there_in_every_form_that_a_request_has(
    sandbox: Sandbox, way: str, form: str
) -> None:
    sandbox.phone(PHONE).text("STOP")
    sandbox.phone("441632960960").text("STOP")
    who, made = credentials(sandbox), WAYS[way]
    listed = raw(sandbox, made(QUERY.replace("json", form), who, {"page-size": "1", "page": "1"}))
    again = raw(sandbox, made(MANAGE.replace("json", form), who, {"msisdn": "441632960960"}))
    assert {listed.kind, again.kind} == {f"application/{form}"}
    if form == "xml" and way in AS_JSON:
        assert {listed.status, again.status} == {400}
        assert opt_in.models.RestError.from_xml(listed.body).error_code == "400"
        return
    assert {listed.status, again.status} == {200}
    out, record = opt_in.models.OptOutList, opt_in.models.OptInRecord
    read = out.from_json(listed.body) if form == "json" else out.from_xml(listed.body)
    assert (read.opt_in_count, [each.msisdn for each in read.opt_in_list]) == ("1", ["441632960960"])
    told = record.from_json(again.body) if form == "json" else record.from_xml(again.body)
    assert (told.msisdn, told.opt_in, told.opt_out) == ("441632960960", True, False)
    assert sandbox.opt_outs == [PHONE]


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(
    ("path", "said", "field"),
    [
        (QUERY, {"page": "-1"}, "page"),
        (QUERY, {"page": "one"}, "page"),
        (QUERY, {"page-size": "0"}, "page-size"),
        (QUERY, {"page-size": "1e2"}, "page-size"),
        (MANAGE, {}, "msisdn"),
        (MANAGE, {"msisdn": "+16365553226"}, "msisdn"),
        (MANAGE, {"msisdn": ""}, "msisdn"),
        (MANAGE, {"msisdn": "1" * 16}, "msisdn"),
    ],
)
def test_broken_rules_are_answered_with_http_400_and_the_field(
    sandbox: Sandbox, path: str, said: dict[str, str], field: str, form: str
) -> None:
    reply = raw(sandbox, by_form(path.replace("json", form), credentials(sandbox), said))
    assert (reply.status, reply.kind) == (400, f"application/{form}")
    model = opt_in.models.RestError
    error = model.from_json(reply.body) if form == "json" else model.from_xml(reply.body)
    assert error.error_code == "400"
    assert str(error.error_code_label).startswith(f"{field}: ")


def test_clients_raise_what_was_refused(client: OptInClient, sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="resubscribe", http_status=403)
    with pytest.raises(ApiProblem) as caught:
        client.resubscribe(PHONE)
    assert caught.value.http_status == 403
    reply = raw(sandbox, written("PUT", QUERY))
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")


# ---- pages -----------------------------------------------------------------------------------------------------------


def stop(sandbox: Sandbox, numbers: Sequence[str]) -> None:
    for each in numbers:
        sandbox.phone(each).text("STOP")


def numbers(count: int, begin: int = 0) -> list[str]:
    return [str(16365550000 + begin + each) for each in range(count)]


def pages(client: OptInClient, size: int) -> list[list[str]]:
    """All pages, asked for until one is short."""
    found: list[list[str]] = []
    while not found or len(found[-1]) == size:
        answer = client.page(len(found), size)
        assert answer.opt_in_count == str(len(answer.opt_in_list))
        found.append([each.msisdn for each in answer.opt_in_list])
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7, 12, 13, 100])
def test_pages_are_a_partition_of_the_list(client: OptInClient, sandbox: Sandbox, size: int) -> None:
    everyone = numbers(12)
    stop(sandbox, everyone)
    found = pages(client, size)
    assert [each for page in found for each in page] == everyone
    assert all(len(page) == size for page in found[:-1])
    assert [each.msisdn for each in client.opt_outs(size)] == everyone


def test_page_2_of_size_100_is_the_records_201_to_300_also_when_it_is_asked_for_alone(
    client: OptInClient, sandbox: Sandbox
) -> None:
    everyone = numbers(305)
    stop(sandbox, everyone)
    assert [each.msisdn for each in client.page(2).opt_in_list] == everyone[200:300]
    assert [each.msisdn for each in client.page().opt_in_list] == everyone[:100], "100 is the default"
    assert [each.msisdn for each in client.page(3).opt_in_list] == everyone[300:]
    assert client.page(4).opt_in_list == []
    assert client.page(999_999_999, 999_999_999).opt_in_list == []


def test_who_stays_on_the_list_is_seen_once_though_others_leave_and_join_it_between_pages(
    client: OptInClient, sandbox: Sandbox
) -> None:
    stop(sandbox, numbers(20))
    seen = [each.msisdn for each in client.page(0, 5).opt_in_list]
    for gone in (numbers(20)[0], numbers(20)[3], numbers(20)[7]):
        client.resubscribe(gone)
    stop(sandbox, numbers(3, begin=100))
    number, page = 1, seen
    while len(page) == 5:
        page = [each.msisdn for each in client.page(number, 5).opt_in_list]
        seen += page
        number += 1
    stayed = [each for index, each in enumerate(numbers(20)) if index not in {0, 3, 7}] + numbers(3, begin=100)
    assert [each for each in seen if each in stayed] == stayed


@examples(40)
@given(st.integers(1, 5), st.integers(0, 12), st.integers(0, 2**32))
def test_a_pass_through_the_pages_shows_all_who_stay_once_and_in_order(
    running: Sandbox, client: OptInClient, size: int, count: int, seed: int
) -> None:
    running.reset()
    choice = random.Random(seed)  # noqa: S311  # Hypothesis chooses the seed
    stop(running, numbers(count))
    seen: list[str] = []
    left: set[str] = set()
    joined: list[str] = []
    for number in range(30):
        page = [each.msisdn for each in client.page(number, size).opt_in_list]
        seen += page
        if len(page) < size:
            break
        for each in choice.sample(numbers(count), choice.randint(0, count) // 3):
            left.add(each)
            running.phone(each).text("START") if choice.random() < 0.5 else client.resubscribe(each)
        if choice.random() < 0.4:
            joined.append(numbers(1, begin=100 + number)[0])
            stop(running, joined[-1:])
    stayed = [each for each in numbers(count) if each not in left]
    assert [each for each in seen if each in stayed] == stayed
    assert len(set(seen)) == len(seen)
    assert set(joined) <= set(seen)


def test_two_that_page_with_different_sizes_do_not_disturb_each_other(client: OptInClient, sandbox: Sandbox) -> None:
    stop(sandbox, numbers(10))
    found: dict[int, list[str]] = {2: [], 3: []}
    for page in range(6):
        for size, seen in found.items():
            seen += [each.msisdn for each in client.page(page, size).opt_in_list]
    assert found == {2: numbers(10), 3: numbers(10)}


def test_who_opts_out_again_joins_the_end_of_the_list(client: OptInClient, sandbox: Sandbox) -> None:
    stop(sandbox, numbers(3))
    client.resubscribe(numbers(3)[0])
    stop(sandbox, numbers(1))
    assert sandbox.opt_outs == [*numbers(3)[1:], *numbers(1)]
    assert [page for page in pages(client, 2) if page] == [numbers(3)[1:], numbers(1)]
