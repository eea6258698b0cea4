"""The systemd units that the operators' guide hands out: systemd understands them, and they may write where the guide says that things lie."""

import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT

UNITS = ROOT / "docs/operators/examples"

pytestmark = pytest.mark.pure


def settings_of(name):
    """{setting: value} of a unit."""
    return dict(re.findall(r"^(\w+)=(.*)$", (UNITS / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", ["tessera.service", "tessera-log.service"])
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_understands_the_unit_and_it_runs_as_nobody_of_power(name):
    told = subprocess.run(["systemd-analyze", "verify", UNITS / name], capture_output=True, text=True, check=False).stderr.splitlines()
    assert [line for line in told if name in line and "is not executable" not in line] == [], "the program itself is not installed here"
    found = settings_of(name)
    assert (found["User"], found["NoNewPrivileges"], found["ProtectSystem"], found["CapabilityBoundingSet"]) == ("tessera", "true", "strict", "")


def test_the_service_may_write_where_the_guide_says_that_photos_and_backups_lie():
    found = settings_of("tessera.service")
    writable = [path.removeprefix("-") for path in found["ReadWritePaths"].split()] + [f"/var/lib/{found['StateDirectory']}"]
    [backups] = re.findall(r"^    BACKUP_FOLDER=(\S+)$", (ROOT / "docs/operators/backups.md").read_text(), re.MULTILINE)
    [photos] = re.findall(r'^#STORAGE_URL="file://([^"]+)"$', (ROOT / ".env.example").read_text(), re.MULTILINE)
    for place in (backups, photos, "/opt/tessera/var"):
        assert any(place == path or place.startswith(f"{path}/") for path in writable), place
