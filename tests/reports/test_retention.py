"""What is kept only for a time goes by itself, and nothing else goes with it."""

import json
from uuid import uuid4

from sqlalchemy import text

from server.core.database import session, settled
from server.core.jobs import JOBS
from server.reports import access

BODY = {
    "site_type": "RES.HOUSE",
    "damage": "D2",
    "text": "Half the roof is gone.",
    "place_text": "Mill street 3",
    "contact": "+598 555 0101",
    "consents": ["KEEP_CONTACT"],
}


def send(client, **more):
    report_id = uuid4()
    answer = client.put(
        f"/api/v1/reports/{report_id}", data=json.dumps({**BODY, **more}), content_type="application/json"
    )
    assert answer.status_code == 201
    return report_id


def grow_old(database, days):
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    database.execute(
        text("UPDATE reports SET received_at = received_at - make_interval(days => :days)"), {"days": days}
    )


def words(report_id):
    with settled():
        return access.words_of([report_id])[report_id]


def test_a_contact_is_erased_after_ninety_days_and_the_words_stay(client, database):
    report_id = send(client)
    grow_old(database, 91)
    JOBS["reports.erase_old_contacts"]()
    kept = words(report_id)
    assert kept.contact == ""
    assert kept.text == "Half the roof is gone."


def test_a_younger_contact_stays_and_the_job_may_run_twice(client, database):
    report_id = send(client)
    grow_old(database, 89)
    for _ in range(2):
        JOBS["reports.erase_old_contacts"]()
    assert words(report_id).contact == "+598 555 0101"


def test_words_held_back_are_erased_after_a_day_and_harmless_ones_are_not(client, database):
    held, harmless = send(client, text="Our troops stand behind it."), send(client)
    grow_old(database, 1)
    JOBS["reports.purge_held_back"]()
    assert words(held).is_erased
    assert not words(harmless).is_erased
    session.remove()


def test_words_are_erased_after_a_year_and_the_codes_stay(client, database):
    old, evidence = send(client), send(client, consents=["KEEP_EVIDENCE"])
    grow_old(database, 366)
    JOBS["reports.erase_old_words"]()
    assert words(old).is_erased
    assert words(evidence).text == "Half the roof is gone."
    assert database.execute(text("SELECT damage FROM reports WHERE id = :id"), {"id": old}).scalar() == "D2"
    grow_old(database, 366)
    JOBS["reports.erase_old_words"]()
    assert words(evidence).is_erased


def proofs(database, kind):
    found = database.execute(
        text('SELECT erased, "left" FROM erasure_proofs WHERE kind = :kind ORDER BY made_at'), {"kind": kind}
    )
    return [tuple(row) for row in found]


def test_each_run_leaves_a_proof_with_what_went_and_that_nothing_is_left(client, database):
    send(client)
    grow_old(database, 366)
    JOBS["reports.erase_old_contacts"]()
    JOBS["reports.erase_old_words"]()
    assert proofs(database, "contacts") == [(1, 0)]
    assert proofs(database, "words") == [(1, 0)]
    told = database.execute(text("SELECT count(*) FROM ledger WHERE event = 'erasure.proved'")).scalar()
    assert told == 3


def test_the_proof_shows_what_a_broken_erasure_leaves(client, database, monkeypatch):
    send(client)
    grow_old(database, 366)
    monkeypatch.setattr("server.reports.retention.erase_words", lambda *_ids: None)
    JOBS["reports.erase_old_words"]()
    assert proofs(database, "words") == [(1, 1)]
