"""Settings: what `.env.example` promises is what the program reads, and nonsense stops the start with a sentence."""

import re
from dataclasses import fields

import pytest

from server.core.settings import Settings, UnusableSettings
from tests.house.rooms import ROOT, SERVER, files

pytestmark = pytest.mark.pure

LINE = re.compile(r"#?([A-Z][A-Z_]*)=")
STARTER = {"HOST", "PORT", "WEB_WORKERS", "TLS_CERTIFICATE", "TLS_KEY", "DRAIN_S"}  # read by the web server's start, before there is a program
GOOD = {"DATABASE_URL": "postgresql+psycopg://x/y", "SECRET_KEY": "k" * 40}


def told():
    """The settings of `.env.example`, each with the sentences above it."""
    found, said = {}, []
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if match := LINE.match(line):
            found[match[1]] = " ".join(said)
            said = []
        else:
            said = [*said, line.removeprefix("#").strip()] if line.startswith("#") else []
    return found


def test_the_example_names_exactly_the_settings_that_are_read():
    read = {field.name.upper() for field in fields(Settings)} - {"TESTING"}
    assert set(told()) == read | STARTER


def test_every_setting_is_told_in_a_sentence():
    assert [name for name, words in told().items() if len(words) < 12 or not words.endswith(".")] == []


def test_nothing_but_the_settings_reads_the_environment():
    readers = re.compile(r"os\.environ|getenv|\bEnv\(")
    assert [p.name for p in files(SERVER) if readers.search(p.read_text(encoding="utf-8"))] == ["settings.py"]


@pytest.fixture
def environment(monkeypatch):
    def use(**changes):
        for field in fields(Settings):
            monkeypatch.delenv(field.name.upper(), raising=False)
        for name, value in {**GOOD, **changes}.items():
            monkeypatch.setenv(name, value)
        return Settings.from_env()

    return use


def test_two_settings_are_enough_and_the_rest_is_careful(environment):
    settings = environment()
    assert (settings.exercise, settings.demo, settings.secure_cookies, settings.trusted_proxies) == (False, False, True, 0)
    assert settings.languages == ("en", "uk", "ar", "fr", "es", "ru")
    assert settings.testing is False


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"SECRET_KEY": "short"}, "32 characters"),
        ({"TIME_ZONE": "Mars/Olympus"}, "TIME_ZONE"),
        ({"STORAGE_URL": "/var/lib/tessera"}, "STORAGE_URL"),
        ({"REPLICA_LAG_S": "0"}, "REPLICA_LAG_S"),
        ({"PUBLIC_REPLICA_DATABASE_URL": "postgresql+psycopg://x/y"}, "goes with a REPLICA_DATABASE_URL"),
        ({"SECURE_COOKIES": "false", "TRUSTED_HOSTS": "reports.example.org"}, "take over a session"),
        ({"DATABASE_FOLDERS": "/var,/no/such/disk"}, "names /no/such/disk"),
        ({"OPERATING_AREA": "1,2,3"}, "west,south,east,north"),
        ({"OPERATING_AREA": "40,44,22,52"}, "west,south,east,north"),
    ],
)
def test_nonsense_stops_the_start_with_a_sentence(environment, changes, words):
    with pytest.raises(UnusableSettings, match=words):
        environment(**changes)


def test_no_setting_can_store_addresses_or_loosen_the_headers():
    names = {field.name for field in fields(Settings)}
    assert not [name for name in names if re.search(r"\bip\b|_ip|address|agent|csp|header|cors|debug", name)]
