"""The guide's code runs as it is written, on the sandbox; and its tables name what there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from contract_tests.sandboxed import served
from shortcode_clients import alerts
from shortcodekit import AlertsClient, OptInClient, errors
from shortcodekit.migration import AsyncCampaignClient, CampaignClient
from shortcodekit.sandbox import Sandbox
from shortcodekit.webhooks import Receiver

from .guides import ROOT, blocks, ran

GUIDE: Final = "docs/migration.md"
TEXT: Final = (ROOT / GUIDE).read_text("utf-8")
PHONE: Final = "16365553226"


@pytest.fixture
def surroundings(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """What the guide takes for granted: credentials in the environment, and the service, which is the sandbox here."""
    application = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    private, public = sandbox._key_pair
    sandbox.register(application, public)
    for name, value in {
        "APPLICATION_ID": application,
        "PRIVATE_KEY": private,
        "SIGNATURE_SECRET": sandbox.signature_secret,
        "API_KEY": sandbox.api_key,
        "API_SECRET": sandbox.api_secret,
    }.items():
        monkeypatch.setitem(os.environ, name, value)
    kinds: list[Any] = [AlertsClient, OptInClient, CampaignClient, AsyncCampaignClient]
    for kind in kinds:
        monkeypatch.setattr(kind, "_service", attrs.evolve(kind._service, base_url=sandbox.url))
    monkeypatch.chdir(tmp_path)
    return sandbox


def test_its_code_runs_and_says_what_the_guide_says(surroundings: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    surroundings.phone("15550000001").text("STOP")
    names: dict[str, Any] = {}
    for code in blocks(GUIDE):
        exec(compile(code, GUIDE, "exec"), names)  # noqa: S102  # our own guide
        ran(GUIDE, code)
        said = capsys.readouterr().out.splitlines()
        if "except OptOutListUnavailable" in code:
            assert len(said) == 1
            assert said[0].startswith("the opt-out list: it is not complete: import the service's list ")
        if "campaign.render" in code:
            assert said == [
                "host3 is up again. What happened: https://example.com/host3/mon",
                "1 ()",
                "('server', 'link')",
            ]
        if "def import_opt_outs" in code:
            assert said == ["1 imported, 1 opted out"]
        if "sent = alerts.send" in code:
            assert said == [surroundings.messages[0]["message_uuid"]]
            assert surroundings.phone(PHONE).texts == [
                "host3 is up again. What happened: https://example.com/host3/mon"
            ]
        if "opt_outs.history" in code:
            assert said[:3] == ["2020-01-01 12:00:00+00:00 inbound-sms 0A01 Stop.", "True False", "2 True"]
            assert said[4] == "15559301529 since 2020-01-01"

    opt_outs, send_by_short_code, alert = names["opt_outs"], names["send_by_short_code"], names["alert"]
    with surroundings_served(surroundings, names["receiver"]):
        surroundings.phone(PHONE).text("STOP", to="18335550100")
        surroundings.advance(seconds=1)
        assert PHONE in opt_outs
        with pytest.raises(errors.AlertRejected, match="says the opt-out list"):
            send_by_short_code(alert, names["custom"])
        with names["alerts_client"]() as moved, pytest.raises(errors.AlertRejected):
            moved.send(alert, custom=names["custom"])
        names["resubscribe"](PHONE, "ticket 4711")
        assert PHONE not in opt_outs
        assert send_by_short_code(alert, names["custom"]).message_count == "1"
        assert len(surroundings.phone(PHONE).texts) == 2
        surroundings.configure(inbound_url=None)
        surroundings.phone(PHONE).text("STOP")
        with pytest.raises(errors.AlertRejected):
            send_by_short_code(alert, names["custom"])
        assert opt_outs.standing(PHONE).said == "alert refused with status 7"
    opt_outs.close()
    names["receiver"].replay.close()


@contextmanager
def surroundings_served(sandbox: Sandbox, receiver: Receiver) -> Iterator[None]:
    """The guide's receiver on a socket, and the sandbox's webhooks led to it."""
    with served(receiver) as base:
        sandbox.configure(
            sign_webhooks=True,
            receipt_url=f"{base}/hooks/dlr",
            inbound_url=f"{base}/hooks/sms",
            status_url=f"{base}/hooks/status",
            message_url=f"{base}/hooks/inbound",
        )
        yield


def test_it_says_of_each_parameter_and_of_each_member_of_a_part_what_becomes_of_it() -> None:
    schemas = alerts.openapi()["components"]["schemas"]
    for name in (*schemas["AlertRequest"]["properties"], *schemas["AlertPart"]["properties"]):
        assert f"`{name.replace('-', '_')}`" in TEXT, name


def test_it_names_every_error_that_there_is_and_what_the_package_offers() -> None:
    from shortcodekit import migration

    family = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type)
        and issubclass(kind, errors.ShortcodeKitError)
        and kind is not errors.ShortcodeKitError
    }
    assert family <= {name for name in family if f"`{name}`" in TEXT}
    for name in ("Campaign", "CampaignClient", "AsyncCampaignClient", "SqliteOptOutList", "RedisOptOutList"):
        assert name in migration.__all__
        assert name in TEXT
