"""Decisions one after another: what is taken back falls no higher than the evidence, and a second word that comes too late is refused."""

import hashlib

import pytest
from sqlalchemy import text

from tests.verification.satellite_files import unosat, written
from tests.verification.test_evidence_on_a_record import certainty, put

WHY = "The neighbour, the channel and the image fit together."


@pytest.fixture
def confirmable(tmp_path, as_, report, records, count_in):
    """A record on which a graded report and an image may confirm, and two items from open sources are probable by themselves."""
    number = report(damage="D4")
    record, bohdan = records()[0], as_("bohdan")
    count_in(written(unosat((5, 6, 1)), tmp_path, "a.geojson"))
    bohdan.post(f"/desk/incidents/{record}/reports/{number}/assess", data={"source_grade": "C", "item_grade": "3", "stance": "SUPPORTS"})
    for name in ("one", "two"):
        put(bohdan, record, address=f"https://{name}.example.org/v", archived_sha256=hashlib.sha256(name.encode()).hexdigest())
    return record


@pytest.fixture
def decide(as_, confirmable, database):
    """``decide("bohdan", "PROBABLE")``: gives the number of the decision."""

    def say(name, to):
        version = database.scalar(text("SELECT version FROM incidents"))
        answer = as_(name).post(f"/desk/incidents/{confirmable}/certainty", data={"to": to, "version": version, "rationale": WHY})
        assert answer.status_code == 303, answer.text
        return database.scalar(text("SELECT id FROM verification_decisions WHERE to_certainty = :to ORDER BY decided_at DESC LIMIT 1"), {"to": to})

    return say


def settle(as_, record, decision, name, word):
    return as_(name).post(f"/desk/incidents/{record}/decisions/{decision}/{word}")


def test_a_decision_that_is_taken_back_leaves_no_certainty_that_lost_its_ground_meanwhile(as_, confirmable, decide, database, work):
    decide("bohdan", "PROBABLE")
    confirmed = decide("bohdan", "CONFIRMED")
    assert settle(as_, confirmable, confirmed, "berta", "agree").status_code == 303
    for number in database.scalars(text("SELECT id FROM open_items")).all():
        as_("bohdan").post(f"/desk/incidents/{confirmable}/evidence/items/{number}/remove")
    work()
    assert certainty(database) == "CONFIRMED", "report and image still stand"
    assert settle(as_, confirmable, confirmed, "berta", "undo").status_code == 303
    assert certainty(database) == "POSSIBLE", "probable stood on the items that are gone"


def test_a_second_word_to_what_somebody_decided_otherwise_meanwhile_is_refused(as_, confirmable, decide, database):
    proposed = decide("bohdan", "CONFIRMED")
    other = decide("chipo", "RUMOUR")
    assert settle(as_, confirmable, proposed, "berta", "agree").status_code == 412
    assert certainty(database) == "RUMOUR"
    assert settle(as_, confirmable, other, "chipo", "undo").status_code == 303
    assert settle(as_, confirmable, proposed, "berta", "agree").status_code == 412, "it is proposed again, with a new reason"
    assert settle(as_, confirmable, decide("bohdan", "CONFIRMED"), "berta", "agree").status_code == 303
    assert certainty(database) == "CONFIRMED"
