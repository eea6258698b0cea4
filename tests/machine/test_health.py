"""Who asks how the server is, and how often, costs it nothing; and what it answers is of this moment."""

import pytest
from sqlalchemy import text

from server.core import health


@pytest.fixture
def tried(database):
    """How often the database was asked to take a write: a number once given out is never given again, even when the write was taken back."""
    return lambda: database.scalar(text("SELECT last_value FROM outbox_id_seq"))


def test_a_stranger_who_asks_without_end_makes_the_database_work_once(client, tried, monkeypatch):
    monkeypatch.setattr(health, "KEPT_S", 3_600.0)
    health.look_again()
    assert client.get("/health/ready").get_json() == {"status": "ready", "checks": {"database": True, "disk": True, "queue": True}}
    first = tried()
    assert [client.get("/health/ready").status_code for _ in range(50)] == [200] * 50
    assert tried() == first
    health.look_again()
    assert (client.get("/health/ready").status_code, tried()) == (200, first + 1)


def test_what_was_found_does_not_outlive_its_second(client, monkeypatch):
    health.look_again()
    assert client.get("/health/ready").status_code == 200
    monkeypatch.setattr(health, "FREE_BYTES", 10**18)
    monkeypatch.setattr(health._KEPT, "until", health.time.monotonic())
    assert (client.get("/health/ready").status_code, client.get("/health/ready").get_json()["checks"]["disk"]) == (503, False)
    monkeypatch.undo()
    health.look_again()
    assert client.get("/health/ready").status_code == 200
