"""What `make release` judges by: breaking changes of specs, versions that allow them, and metadata."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version

from release import audit, building, changes, spec_changes
from release.steps import ROOT, ReleaseError, run

SUMS = ("sha256sum", "--check")
SPECS = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted((ROOT / "specs").glob("*.yaml"))}
ALERTS = SPECS["alerts"]
CHECKOUT = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
Change = Callable[[dict[str, Any]], Any]


def schemas(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]
    return found


def require(document: dict[str, Any], name: str, key: str) -> None:
    schemas(document)[name].setdefault("required", []).append(key)


BREAKS: dict[str, tuple[Change, str]] = {
    "an operation goes": (
        lambda it: it["paths"]["/sc/us/alert/{format}"].pop("get"),
        "GET /sc/us/alert/{format}: is gone",
    ),
    "a webhook goes": (lambda it: it["webhooks"].pop("delivery-receipt"), "GET delivery-receipt: is gone"),
    "a key of an event goes": (
        lambda it: schemas(it)["DeliveryReceipt"]["properties"].pop("status"),
        "DeliveryReceipt.status: is gone",
    ),
    "a key of a request is required": (
        lambda it: require(it, "AlertRequest", "template"),
        "AlertRequest.template: is required",
    ),
    "a key of an answer may be absent": (
        lambda it: schemas(it)["AlertResponse"]["required"].clear(),
        "AlertResponse.messages: may be absent",
    ),
    "a bound of a request is nearer": (
        lambda it: schemas(it)["ClientRef"].update(maxLength=1),
        "ClientRef: maxLength is 1, was 40",
    ),
    "a bound stands beside a reference": (
        lambda it: schemas(it)["AlertRequest"]["properties"]["client-ref"].update(maxLength=1),
        "ClientRef: maxLength is 1, was 40",
    ),
    "an encoding goes": (
        lambda it: it["paths"]["/sc/us/alert/{format}"]["post"]["requestBody"]["content"].pop("application/json"),
        "POST /sc/us/alert/{format}: body: application/json is gone",
    ),
    "a documented answer goes": (
        lambda it: it["paths"]["/sc/us/alert/{format}"]["post"]["responses"].pop("401"),
        "POST /sc/us/alert/{format}: the answer 401 is gone",
    ),
    "an operation has another name": (
        lambda it: it["paths"]["/sc/us/alert/{format}"]["post"].update(operationId="send"),
        "POST /sc/us/alert/{format}: operationId sendAlert is now send",
    ),
    "a schema has another name": (
        lambda it: it.update(yaml.safe_load(yaml.safe_dump(it).replace("AlertPart", "Part"))),
        "AlertPart: is gone",
    ),
}

KEEPS: dict[str, Change] = {
    "a description": lambda it: it["info"].update(description="another one"),
    "a key of a request that may be absent": lambda it: schemas(it)["AlertRequest"]["properties"].update(more={}),
    "a key of an event": lambda it: schemas(it)["DeliveryReceipt"]["properties"].update(more={"type": "string"}),
    "a key that is no more required in a request": lambda it: schemas(it)["AlertRequest"]["required"].clear(),
    "a webhook": lambda it: it["webhooks"].update(another=copy.deepcopy(it["webhooks"]["delivery-receipt"])),
    "a bound that is further": lambda it: schemas(it)["ClientRef"].update(maxLength=99),
}


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_breaks_nothing_of_itself(name: str) -> None:
    assert spec_changes.breaking(SPECS[name], copy.deepcopy(SPECS[name])) == []


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_users_of_a_spec_is_told(name: str) -> None:
    change, told = BREAKS[name]
    after = copy.deepcopy(ALERTS)
    change(after)
    assert told in spec_changes.breaking(ALERTS, after)


@pytest.mark.parametrize("name", KEEPS)
def test_what_is_added_to_a_spec_breaks_nothing(name: str) -> None:
    after = copy.deepcopy(ALERTS)
    KEEPS[name](after)
    assert spec_changes.breaking(ALERTS, after) == []


@pytest.mark.parametrize(
    ("version", "allowed"),
    [("0.2.0", False), ("0.2.1", False), ("0.3.0", True), ("1.0.0", True)],
)
def test_before_1_a_new_minor_version_may_break_what_worked(version: str, allowed: bool) -> None:
    assert changes.allows(Version(version), "v0.2.0") is allowed


@pytest.mark.parametrize(("version", "allowed"), [("1.2.0", False), ("1.3.0", False), ("2.0.0", True)])
def test_from_1_on_only_a_new_major_version_may(version: str, allowed: bool) -> None:
    assert changes.allows(Version(version), "v1.2.0") is allowed


@CHECKOUT
def test_what_is_committed_is_built_with_the_same_bytes_each_time_and_its_metadata_keep_the_rules(
    tmp_path: Path,
) -> None:
    files = building.built(tmp_path)
    assert building.checked(files).name == "shortcodekit"
    done = subprocess.run(SUMS, input=building.sums(list(files.values())), cwd=tmp_path, text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode != 0, "they are elsewhere"
    for file in files.values():
        shutil.copy2(file, tmp_path)
    again = subprocess.run(SUMS, input=building.sums(list(files.values())), cwd=tmp_path, text=True,
                           capture_output=True, check=True)  # fmt: skip
    assert again.stdout.count(": OK\n") == 2


def test_a_build_that_differs_is_told(tmp_path: Path) -> None:
    for folder, said in (("one", b"1"), ("other", b"2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").write_bytes(said)
    with pytest.raises(ReleaseError, match="other bytes"):
        building._same(tmp_path / "one/file", tmp_path / "other/file")


@CHECKOUT
def test_nothing_is_released_that_is_not_committed(tmp_path: Path) -> None:
    run("git", "clone", "--quiet", ROOT, tmp_path)
    (tmp_path / "stray").touch()
    done = subprocess.run([sys.executable, "-m", "release"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "no release: not everything is committed:\n?? stray\n\n"


def advisory(*events: dict[str, str], **more: Any) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": "Some.Package"}
    return {
        "id": "PYSEC-0",
        "summary": "a hole",
        "affected": [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}],
        **more,
    }


@pytest.mark.parametrize(
    ("events", "version", "applies"),
    [
        ([{"introduced": "0"}], "1.0", True),
        ([{"introduced": "0"}, {"fixed": "1.0"}], "0.9", True),
        ([{"introduced": "0"}, {"fixed": "1.0"}], "1.0", False),
        ([{"introduced": "0"}, {"last_affected": "1.0"}], "1.0", True),
        ([{"introduced": "0"}, {"last_affected": "1.0"}], "1.0.1", False),
        ([{"introduced": "2.0"}], "1.9", False),
        ([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "2.0"}, {"fixed": "2.1"}], "1.5", False),
        ([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "2.0"}, {"fixed": "2.1"}], "2.0.5", True),
        ([{"fixed": "1.10"}, {"introduced": "1.9"}], "1.9.3", True),
    ],
)
def test_an_advisory_applies_to_the_versions_in_its_ranges(
    events: list[dict[str, str]], version: str, applies: bool
) -> None:
    told = list(audit.known([advisory(*events)], [("some-package", version)]))
    assert told == ([f"some-package {version}: PYSEC-0: a hole"] if applies else [])


def test_an_advisory_that_was_withdrawn_does_not_count() -> None:
    gone = advisory({"introduced": "0"}, withdrawn="2026-01-01T00:00:00Z")
    assert list(audit.known([gone], [("some-package", "1.0")])) == []


def test_what_is_pinned_is_looked_up_in_the_export_of_advisories(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, version = next(audit.pinned(ROOT / "requirements/dev.txt"))
    about = advisory({"introduced": "0"})
    for title, package, code in (("hit", name, 1), ("miss", "nothing-of-ours", 0)):
        about["affected"][0]["package"]["name"] = package
        with zipfile.ZipFile(tmp_path / title, "w") as archive:
            archive.writestr("PYSEC-0.json", json.dumps(about))
        assert audit.main([str(tmp_path / title)]) == code
        assert (f"{name} {version}: PYSEC-0" in capsys.readouterr().err) is bool(code)


@pytest.mark.parametrize("content", [None, b"", b"PK no zip"])
def test_without_advisories_nothing_is_said_to_be_safe(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "file").write_bytes(content)
    assert audit.main([str(tmp_path / "file")]) == 2
    assert audit.main([]) == 2
