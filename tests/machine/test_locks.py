"""The locks: every package pinned by hash, the same versions for running and testing, and no index named."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-assets.txt"]

pytestmark = pytest.mark.pure


def pins(lock):
    """{package: version} of a lock."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_by_hash(lock):
    packages = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    assert packages
    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package or "==" not in package] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index(lock):
    written = "\n".join(line for line in (ROOT / lock).read_text().splitlines() if not line.startswith("#"))
    assert re.search(r"https?:|--index|--extra-index|--find-links", written) is None


def test_what_is_tested_is_what_runs():
    run, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: dev.get(name) for name in run} == run


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_that_is_asked_for_is_locked(lock):
    asked = (ROOT / lock.replace(".txt", ".in")).read_text()
    names = set(re.findall(r"^[a-z][a-z0-9-]*", asked, re.MULTILINE))
    assert names - set(pins(lock)) == set()
