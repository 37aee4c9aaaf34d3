"""What is published, and what a fresh machine is set up from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

ROOT = Path(__file__).parent.parent
SOURCES = {"shortcodekit": ROOT / "src/shortcodekit", "shortcode_clients": ROOT / "generated/shortcode_clients"}
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))

# Put together here, so that this file does not hold what it looks for.
ADDRESSES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))
]

NEED_AN_EXTRA = re.compile(
    r"shortcodekit/(webhooks/stores/redis|migration/redis|sandbox/|contract/|cli/[a-z]|pytest_plugin)"
)

IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    print(importlib.import_module(name).__file__)
"""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """The standard output of a command that succeeds."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def built(source: Path, target: Path, kind: str) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "-d", target, "-t", kind, cwd=source)
    (file,) = target.iterdir()
    return file


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("sdist"), "sdist")


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_both_packages_whole_and_nothing_else(wheel: Path) -> None:
    on_disk = {
        f"{package}/{file.relative_to(folder).as_posix()}": file.read_bytes()
        for package, folder in SOURCES.items()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts  # which other tests may be writing to
    }
    assert contents(wheel) == on_disk


def test_the_wheel_tells_type_checkers_that_it_is_typed_and_carries_the_resolved_specs(wheel: Path) -> None:
    names = contents(wheel).keys()
    assert {"shortcodekit/py.typed", "shortcode_clients/py.typed"} <= names
    assert [name for name in names if name.startswith("shortcode_clients/") and name.endswith(".json")]


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = (name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_the_sdist_makes_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    assert contents(built(tree, tree / "dist", "wheel")) == contents(wheel)
    folders = {file.relative_to(ROOT).parts[0] for file in tracked() if file.parent != ROOT}
    assert folders == {each.name for each in tree.iterdir() if each.is_dir()} - {"dist"}, "the sdist holds every folder"


def test_the_wheel_alone_installs_and_every_module_of_it_can_be_imported(wheel: Path, tmp_path: Path) -> None:
    uv = (sys.executable, "-m", "uv")
    python = tmp_path / "fresh/bin/python"
    run(*uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "fresh")
    # The constraints carry hashes. Setting up left the wheels in uv's cache, so the network is a second choice.
    install: list[str | Path] = [
        *uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        "-c",
        ROOT / "requirements/dev.txt",
        wheel,
    ]
    if subprocess.run([*install, "--offline"], capture_output=True, check=False).returncode:
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if re.search(r"dns error|error sending request|failed to (fetch|connect)", done.stderr, re.IGNORECASE):
            pytest.skip("what the wheel needs is not in uv's cache and there is no network to fetch them from")
        assert done.returncode == 0, done.stderr
    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in contents(wheel)
        if name.endswith(".py") and not name.endswith("__main__.py") and not NEED_AN_EXTRA.match(name)
    ]
    files = run(python, "-I", "-c", IMPORT_ALL, *modules, cwd=tmp_path).split()
    assert len(files) == len(modules)
    assert all(Path(file).is_relative_to(tmp_path / "fresh") for file in files)
    command = subprocess.run([tmp_path / "fresh/bin/shortcodekit"], capture_output=True, text=True, check=False)
    told = "error: the command line needs click: pip install 'shortcodekit[cli]'\n"
    assert (command.returncode, command.stderr) == (2, told), "an extra that is missing is named"


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = run("git", "ls-files", "-z").split("\0")
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_no_tracked_file_names_the_address_of_a_registry() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {address}"
        for file in tracked()
        for address in ADDRESSES
        if address.encode() in file.read_bytes()
    ]
    assert not found


@pytest.mark.parametrize("file", [*REQUIREMENTS, ROOT / "tools/package-lock.json"], ids=lambda file: file.name)
def test_no_file_of_pins_holds_an_address(file: Path) -> None:
    assert "://" not in file.read_text("utf-8")


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_every_requirement_is_pinned_and_hashed(file: Path) -> None:
    text = re.sub(r"^ *#.*\n", "", file.read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    for requirement in text.splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; .+?)?( +--hash=sha256:[0-9a-f]{64})+", requirement.rstrip()), (
            requirement
        )


@pytest.mark.parametrize("group", ["bench", "dev", "lowest", "node", "release", "setup"])
def test_the_pins_of_a_dependency_group_are_those_of_its_requirements_file(group: str) -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    pins = re.findall(r"^\S+==\S+", (ROOT / f"requirements/{group}.txt").read_text("utf-8"), flags=re.MULTILINE)
    missing = {pin.replace(".", "-") for pin in groups[group] if isinstance(pin, str)} - {
        p.replace(".", "-") for p in pins
    }
    assert not missing, "run `make requirements`"


def test_the_lowest_versions_that_are_allowed_are_those_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    allowed = [
        each for group in (project["dependencies"], *project["optional-dependencies"].values()) for each in group
    ]
    assert all(">=" in each for each in allowed), "a dependency without a lowest version"
    floors = {name: floor for each in allowed for name, floor in re.findall(r"^([a-z-]+).*?>=([\d.]+)", each)}
    text = (ROOT / "requirements/lowest.txt").read_text("utf-8")
    tested = dict(re.findall(r"^([a-z-]+)==([\d.]+)", text, flags=re.MULTILINE))
    assert {name: Version(tested[name]) for name in floors} == {name: Version(each) for name, each in floors.items()}


def test_make_alone_prints_every_target_of_the_makefile_with_one_line_each() -> None:
    targets = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE)
    printed = re.findall(r"^  make ([a-z-]+) +\S", run("make", "--no-print-directory"), flags=re.MULTILINE)
    assert printed == targets


def test_the_script_of_ci_can_be_run_as_it_is() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_the_jobs_of_ci_call_targets_that_there_are_and_cache_what_is_written() -> None:
    made = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", made, flags=re.MULTILINE))
    for file in sorted((ROOT / ".github/workflows").glob("*.yml")):
        jobs = yaml.safe_load(file.read_text("utf-8"))["jobs"].values()
        steps = [step for job in jobs for step in job["steps"]]
        words = [step["run"].split() for step in steps if step.get("run", "").startswith("make ")]
        assert words, file
        for _, target, *settings in words:
            assert target in targets, file
            assert all(f"$(if $({setting.partition('=')[0]})," in made for setting in settings if "=" in setting), file
        cached = [step["with"]["path"] for step in steps if step.get("uses", "").startswith("actions/cache@")]
        assert cached == ([".cache/hypothesis"] if file.stem == "deep" else [])
    assert '".cache/hypothesis"' in (ROOT / "contract_tests/profiles.py").read_text("utf-8")
