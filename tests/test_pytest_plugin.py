"""What pytest gets from the package, as users meet it: shards, and the number of examples."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .redis_server import NEEDS_REDIS, RedisServer

ROOT = Path(__file__).parent.parent
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(40))
def test_it(number):
    pass
"""


def ran(folder: Path, *options: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def passed_in(told: str) -> set[str]:
    return set(re.findall(r"test_it\[(\d+)\] PASSED", told))


def test_shards_are_a_partition_of_the_tests_and_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "test_many.py").write_text(TESTS, "utf-8")
    shards = [passed_in(ran(tmp_path, f"--shard={number}/3")) for number in (1, 2, 3)]
    assert set().union(*shards) == {str(number) for number in range(40)}
    assert sum(map(len, shards)) == 40
    assert all(shards), "none is empty"
    assert passed_in(ran(tmp_path, "--shard=2/3")) == shards[1]
    assert passed_in(ran(tmp_path, "--shard=1/1")) == set().union(*shards)


@pytest.mark.parametrize("wrong", ["0/2", "3/2", "1"])
def test_a_shard_that_is_none_is_told(wrong: str, tmp_path: Path) -> None:
    assert "K/N, such as 1/4" in ran(tmp_path, f"--shard={wrong}", code=4)


@NEEDS_REDIS
def test_examples_that_failed_can_be_kept_in_a_redis_that_machines_share(redis: RedisServer, tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(
        """
from hypothesis import given, strategies as st
from contract_tests import profiles
profiles.load()

@given(st.integers())
def test_it(number):
    assert number < 1000
""",
        "utf-8",
    )
    environment = {
        **os.environ,
        "SHORTCODEKIT_PROFILE": "deep",
        "SHORTCODEKIT_EXAMPLES_REDIS": redis.url,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_failing.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "1 failed" in done.stdout, done.stdout + done.stderr
    from redis import Redis

    with Redis.from_url(redis.url) as kept:
        assert list(kept.scan_iter("hypothesis-example:*"))
