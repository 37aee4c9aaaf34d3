"""The same campaign before and after the move gives each phone the same texts, and the caller the same answers and refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.profiles import examples
from shortcode_clients.alerts.models import AlertResponse
from shortcodekit import Alert, AlertsClient, errors
from shortcodekit.clients.requests import Encoding
from shortcodekit.migration import Campaign, CampaignClient, Rendered, SqliteOptOutList
from shortcodekit.sandbox import Sandbox

OURS: Final = "18335550100"
PHONE: Final = "16365553226"
INDICES: Final = range(6)


class BeforeAndAfter:
    """A service whose campaign is sent both ways."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.opt_outs = SqliteOptOutList(folder / "opt-outs.db")
        self.opt_outs.declare_complete(by="these tests")

    def before(
        self, templates: Mapping[int, str], alert: Alert, custom: Mapping[str, Any], encoding: Encoding = "form"
    ) -> tuple[list[str], AlertResponse | errors.ShortcodeKitError]:
        """The texts that reached the phone, and what the caller got."""
        self.sandbox.reset()
        self.sandbox.set_templates({index: templates.get(index) for index in INDICES})
        with AlertsClient(self.sandbox.auth, base_url=self.sandbox.url, encoding=encoding) as client:
            return self._sent(client, alert, custom)

    def after(
        self, templates: Mapping[int, str], alert: Alert, custom: Mapping[str, Any]
    ) -> tuple[list[str], AlertResponse | errors.ShortcodeKitError]:
        self.sandbox.reset()
        self.sandbox.set_templates(dict.fromkeys(INDICES, "not asked for"))
        with CampaignClient(
            self.sandbox.basic,
            campaign=Campaign(templates),
            opt_outs=self.opt_outs,
            from_=OURS,
            base_url=self.sandbox.url,
        ) as client:
            return self._sent(client, alert, custom)

    def _sent(
        self, client: AlertsClient | CampaignClient, alert: Alert, custom: Mapping[str, Any]
    ) -> tuple[list[str], AlertResponse | errors.ShortcodeKitError]:
        came: AlertResponse | errors.ShortcodeKitError
        try:
            came = client.send(alert, custom=custom)
        except errors.ShortcodeKitError as error:
            came = error
        return self.sandbox.phone(PHONE).texts, came


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BeforeAndAfter]:
    with Sandbox() as sandbox:
        made = BeforeAndAfter(tmp_path_factory.mktemp("lists"), sandbox)
        yield made
        made.opt_outs.close()


def told(came: AlertResponse | errors.ShortcodeKitError) -> Any:
    """What a caller goes by, without ids and what only alerts tell: money and network."""
    if isinstance(came, errors.AlertRejected):
        return type(came), came.status, came.may_have_been_sent, came.retryable, [_part(each) for each in came.parts]
    if isinstance(came, errors.InvalidRequest):
        return type(came), came.field, came.rule, came.source
    assert isinstance(came, AlertResponse), came
    return came.message_count, [_part(each) for each in came.messages]


def _part(part: Any) -> tuple[Any, ...]:
    return part.status, part.to, part.client_ref, part.error_text


# ---- whatever the templates and values -------------------------------------------------------------------------------

NAMES: Final = st.sampled_from(["server", "link", "name", "Server", "a b", "ünïcode", "template2", "0"])
PIECES: Final = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.sampled_from(
        [
            "${server}",
            "${ server }",
            "${link}",
            "${name}",
            "${Server}",
            "${a b}",
            "${ünïcode}",
            "${0}",
            "${",
            "}",
            "$",
            "${}",
            "${ }",
            "${${server}}",
            "$${link}",
            "€",
            "^",
            "[x]",
            "😀",
            "\n",
            " & = % + ?",
            "Ж" * 9,
        ]
    ),
)
TEMPLATES: Final = st.dictionaries(
    st.sampled_from(INDICES), st.lists(PIECES, min_size=1, max_size=6).map("".join).filter(bool), min_size=1
)
VALUES: Final = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.sampled_from(["${link}", "", " ", "€" * 40, "x" * 160, "😀" * 20, "é" * 200, "a&b=c%20+d"]),
)


@examples(80)
@given(
    templates=TEMPLATES,
    index=st.sampled_from([*INDICES, None]),
    kind=st.sampled_from(["text", "unicode", None]),
    reference=st.sampled_from(["", "incident-42", "é€😀", None]),
    custom=st.dictionaries(NAMES, VALUES, max_size=5),
    encoding=st.sampled_from(["form", "json", "query"]),
)
def test_each_phone_gets_the_same_text_and_the_caller_the_same_answer(
    *,
    both: BeforeAndAfter,
    templates: dict[int, str],
    index: int | None,
    kind: Literal["text", "unicode"] | None,
    reference: str | None,
    custom: dict[str, Any],
    encoding: Encoding,
) -> None:
    said = {"template": index, "type_": kind, "client_ref": reference}
    alert = Alert(to=PHONE, **{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]
    texts, came = both.before(templates, alert, custom, encoding)
    texts_after, came_after = both.after(templates, alert, custom)
    if isinstance(came, AlertResponse) and any(len(text) > 1000 for text in texts):
        assert isinstance(came_after, errors.AlertRejected)
        assert (texts_after, came_after.status) == ([], "12")
        return
    assert texts_after == texts
    assert told(came_after) == told(came)


# ---- one rule after the other ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("templates", "alert", "custom", "texts", "outcome"),
    [
        ({0: "Zero"}, {}, {}, ["Zero"], "0"),
        ({0: "Zero", 2: "Two"}, {"template": 2}, {}, ["Two"], "0"),
        ({0: "Zero", 2: "Two"}, {"template": 1}, {}, ["Zero"], "0"),
        ({0: "Zero", 1: "One"}, {"template": 1}, {}, ["One"], "0"),
        ({2: "Two"}, {"template": 1}, {}, [], "3"),
        ({2: "Two"}, {}, {}, [], "3"),
        ({0: "${a} and ${b}"}, {}, {"a": 1}, [], "2"),
        ({0: "${a}"}, {}, {"a": "${b}", "b": "x"}, ["${b}"], "0"),
        ({0: "${a}"}, {}, {"a": True, "B": "x"}, ["true"], "0"),
        ({0: "${a} ${ a }"}, {}, {"a": 0.5}, ["0.5 0.5"], "0"),
        ({0: "Ж €"}, {}, {}, ["? €"], "0"),
        ({0: "Ж €"}, {"type_": "unicode"}, {}, ["Ж €"], "0"),
        ({0: "${a}"}, {}, {"a": "x" * 1000}, ["x" * 1000], "0"),
    ],
)
def test_a_rule_holds_before_and_after(
    *,
    both: BeforeAndAfter,
    templates: dict[int, str],
    alert: dict[str, Any],
    custom: dict[str, Any],
    texts: list[str],
    outcome: str,
) -> None:
    asked = Alert(to=PHONE, client_ref="incident-42", **alert)
    before, came = both.before(templates, asked, custom)
    after, came_after = both.after(templates, asked, custom)
    assert before == after == texts
    assert told(came) == told(came_after)
    assert (came.status if isinstance(came, errors.AlertRejected) else came.messages[0].status) == outcome  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("x" * 160, "text", 1),
        ("x" * 161, "text", 2),
        ("€" * 81, "text", 2),
        ("Ж" * 70, "unicode", 1),
        ("Ж" * 71, "unicode", 2),
        ("x" * 307, "text", 3),
        ("😀" * 36, "unicode", 2),
    ],
)
def test_a_text_has_as_many_parts_as_before_and_they_share_an_id(
    both: BeforeAndAfter, text: str, kind: Any, parts: int
) -> None:
    alert = Alert(to=PHONE, type_=kind)
    _, came = both.before({0: text}, alert, {})
    _, came_after = both.after({0: text}, alert, {})
    assert isinstance(came, AlertResponse)
    assert isinstance(came_after, AlertResponse)
    assert came.message_count == came_after.message_count == str(parts)
    assert len(came_after.messages) == parts
    (uuid,) = {part.message_id for part in came_after.messages}
    assert uuid == both.sandbox.messages[0]["message_uuid"]


@pytest.mark.parametrize("length", [1001, 3200, 3201])
def test_a_text_that_one_message_cannot_carry_is_refused_whole(both: BeforeAndAfter, length: int) -> None:
    texts, came = both.after({0: "${a}"}, Alert(to=PHONE), {"a": "x" * length})
    assert isinstance(came, errors.AlertRejected)
    assert (texts, came.status, came.may_have_been_sent, came.attempts) == ([], "12", False, 0)
    assert str(length) in str(came)


def test_what_the_spec_forbids_is_refused_as_before(both: BeforeAndAfter) -> None:
    for alert, custom in (
        (Alert(to="447700900000"), {}),
        (Alert(to=PHONE, client_ref="x" * 41), {}),
        (Alert(to=PHONE), {"to": "another"}),
        (Alert(to=PHONE), {"a": ["a list"]}),
        (Alert(to=PHONE, template=6), {}),
    ):
        (_, before), (_, after) = both.before({0: "Zero"}, alert, custom), both.after({0: "Zero"}, alert, custom)
        assert isinstance(before, errors.InvalidRequest)
        assert told(after) == told(before)


# ---- the campaign by itself ------------------------------------------------------------------------------------------


def test_a_campaign_renders_without_sending() -> None:
    campaign = Campaign({0: "Your ${server} is down, see ${ link } or ${server}", 2: "Two"})
    assert (campaign.places(0), campaign.places(2)) == (("server", "link"), ())
    rendered = campaign.render(Alert(to=PHONE, template=1), custom={"server": "host3", "link": 7, "more": 1})
    assert isinstance(rendered, Rendered)
    assert rendered.text == "Your host3 is down, see 7 or host3"
    assert (rendered.index, rendered.unused, len(rendered.split.parts)) == (0, ("more",), 1)
    with pytest.raises(errors.InvalidRequest, match="one of the campaign's templates"):
        campaign.places(1)
    with pytest.raises(errors.AlertRejected, match="\\$\\{link\\}"):
        campaign.render(Alert(to=PHONE), custom={"server": "host3"})
    with pytest.raises(errors.AlertRejected, match="at most 3200"):
        campaign.render({"to": PHONE}, custom={"server": "x" * 3200, "link": ""})


@pytest.mark.parametrize(
    "templates", [{}, None, {6: "x"}, {-1: "x"}, {True: "x"}, {"0": "x"}, {0: ""}, {0: None}, {0: "\ud800"}, ["x"]]
)
def test_what_is_no_campaign_is_refused(templates: Any) -> None:
    with pytest.raises(errors.InvalidRequest, match="templates"):
        Campaign(templates)


def test_a_campaign_does_not_change_with_what_it_was_made_of() -> None:
    templates = {0: "Zero"}
    campaign = Campaign(templates)
    templates[0] = "One"
    assert campaign.render(Alert(to=PHONE)).text == "Zero"
