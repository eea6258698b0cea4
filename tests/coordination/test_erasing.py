"""Erasing somebody: one report of a stranger by its code, or all that is kept of a person with an account; each is proved."""

import hashlib
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from server.accounts.models import Person
from server.accounts.service import actor_of
from server.coordination import belongings, feeds, webhooks
from server.coordination.telling_models import AlertKind, AlertRule, Delivery, FeedKey, Notice, SavedView, Webhook
from server.core.clock import now
from server.core.database import see_as, session, settled
from server.core.erasure import ErasureProof
from server.matching import retention as matching_retention
from server.matching.models import Attachment, Incident
from server.matching.review_models import ReportAddress, ReportMarks
from server.reports import access, vault
from server.reports.service import erase_words
from server.vocabulary import SensitivityClass, WorkflowState

BODY = {"site_type": "HEA.HOSP", "damage": "D2", "text": "Half the roof is gone.", "contact": "+598 555 0101", "consents": ["KEEP_CONTACT"],
        "point": {"type": "Point", "coordinates": [10.2004, 59.1203]}}  # fmt: skip


def send(client, **more):
    report_id = uuid4()
    answer = client.put(
        f"/api/v1/reports/{report_id}", data=json.dumps({**BODY, **more}), content_type="application/json"
    )
    assert answer.status_code == 201
    return report_id


def kept(report_id):
    with settled():
        return access.words_of([report_id])[report_id]


def proofs(kind):
    return [
        (proof.erased, proof.left) for proof in session.scalars(select(ErasureProof).where(ErasureProof.kind == kind))
    ]


@pytest.fixture
def run(app):
    return lambda *said: app.test_cli_runner().invoke(args=[str(word) for word in said])


def test_a_report_is_erased_by_its_receipt_and_the_proof_says_nothing_is_left(client, database, run):
    code = "7K3Q-9F2M-8A1B-4C5D-6E7F"
    report_id = send(client, receipt_key=hashlib.sha256(vault.normal_code(code).encode()).hexdigest())
    said = run("reports", "erase", code)
    assert said.exit_code == 0, said.output
    assert kept(report_id).is_erased
    assert proofs("one_report") == proofs("photos_of_one") == [(1, 0)]


def test_a_report_is_erased_by_its_number_and_others_stay(client, database, run):
    one, other = send(client), send(client)
    assert run("reports", "erase", one).exit_code == 0
    assert (kept(one).is_erased, kept(other).is_erased) == (True, False)


def test_a_code_nobody_has_erases_nothing(client, database, run):
    assert run("reports", "erase", "0000-0000-0000-0000-0000").exit_code == 1


def test_nothing_that_names_a_person_is_left_of_an_account(people, run):
    number = people["bohdan"].id
    session.commit()
    said = run("users", "erase", "bohdan@example.org")
    assert (said.exit_code, "nothing is left" in said.output) == (0, True), said.output
    session.expire_all()
    person = session.get(Person, number)
    assert (person.active, person.password, person.roles, person.organisation_id) == (False, None, [], None)
    assert "bohdan" not in f"{person.email} {person.alias}".lower()
    assert proofs("person") == [(1, 0)]


def test_an_account_that_was_erased_can_sign_in_no_more(as_, people, run):
    browser = as_("bohdan")
    assert browser.get("/desk").status_code == 200
    session.commit()
    run("users", "erase", "bohdan@example.org")
    assert browser.get("/desk").status_code in (302, 401)


def test_what_somebody_made_for_themselves_at_the_desk_goes_with_them_and_what_they_shared_stays(as_, people, run, database):
    chipo, number = as_("chipo"), people["chipo"].id
    for name, sharing in (("My road home", "OWN"), ("Schools for all", "RESPONSE")):
        chipo.post("/desk/views", data={"name": name, "sharing": sharing, "query": "site_type=EDU.SCHOOL"})
    chipo.post("/desk/alerts/webhooks", data={"address": "https://listen.example.org/mine"})
    chipo.post("/desk/alerts/webhooks", data={"address": "https://listen.example.org/ours", "for_organisation": "true"})
    hook = database.scalar(text("SELECT id FROM webhooks WHERE organisation_id IS NULL"))
    chipo.post("/desk/alerts", data={"kinds": "TRAPPED", "mailing": "NONE", "name": "Of mine", "webhook": str(hook)})
    actor = actor_of("chipo@example.org")
    feeds.add_key(actor, session.scalar(select(SavedView.id).where(SavedView.name == "My road home")))
    rule = session.scalar(select(AlertRule.id))
    session.add(Notice(rule_id=rule, person_id=number, kind=AlertKind.TRAPPED, subject_id=uuid4()))
    webhooks.enqueue(hook, AlertKind.TRAPPED, subject=uuid4(), incident_id=None, public_id=None)
    session.commit()
    kinds = (SavedView, AlertRule, Webhook, Notice, FeedKey, Delivery)
    assert [session.scalar(select(func.count()).select_from(kind)) for kind in kinds] == [2, 1, 2, 1, 1, 1]
    said = run("users", "erase", "chipo@example.org")
    assert (said.exit_code, "nothing is left" in said.output) == (0, True), said.output
    assert [session.scalar(select(func.count()).select_from(kind)) for kind in kinds] == [1, 0, 1, 0, 0, 0]
    assert database.execute(text("SELECT name FROM saved_views")).scalars().all() == ["Schools for all"]
    assert database.scalar(text("SELECT ended_at FROM webhooks WHERE address LIKE '%ours'")) is not None
    assert proofs("person") == [(1, 0)]


def test_the_proof_counts_what_was_not_erased(as_, people, run, monkeypatch):
    as_("chipo").post("/desk/views", data={"name": "My road home", "sharing": "OWN", "query": "site_type=EDU.SCHOOL"})
    monkeypatch.setattr(belongings, "remove", lambda _person_id: None)
    said = run("users", "erase", "chipo@example.org")
    assert (said.exit_code, "1 rows are left" in said.output) == (1, True), said.output


def lay(report_id, **changes):
    """A damage record with one report on it."""
    see_as("all")
    point = session.scalar(text("SELECT point FROM reports WHERE id = :id"), {"id": report_id})
    made = Incident(
        public_id=f"INC-{uuid4().hex[:8]}", s_class=SensitivityClass.S3, point=point, h3_r9="890988a0ac3ffff", site_type="HEA.HOSP",
        **{"workflow": WorkflowState.CLOSED, "changed_at": now(), **changes},
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add(Attachment(report_id=report_id, incident_id=made.id, begun_at=now()))
    session.commit()
    return made.id


def test_the_contact_of_a_closed_record_goes_after_a_month(client, database):
    report_id = send(client)
    lay(report_id, changed_at=now() - timedelta(days=31))
    matching_retention.keep_no_longer()
    assert (kept(report_id).contact, kept(report_id).text) == ("", "Half the roof is gone.")
    assert proofs("contacts_of_closed") == [(1, 0)]


def test_the_contact_of_an_open_record_stays(client, database):
    report_id = send(client)
    lay(report_id, workflow=WorkflowState.DECIDED, changed_at=now() - timedelta(days=31))
    matching_retention.keep_no_longer()
    assert kept(report_id).contact == "+598 555 0101"


@pytest.mark.parametrize(("days", "is_exact"), [(1_096, False), (1_000, True)])
def test_the_exact_place_of_a_hospital_goes_three_years_after_closing(client, database, days, is_exact):
    report_id = send(client)
    number = lay(report_id, changed_at=now() - timedelta(days=days))
    matching_retention.keep_no_longer()
    session.expire_all()
    assert (session.get(Incident, number).accuracy_m is None) is is_exact
    see_as("all")
    place = session.scalar(text("SELECT ST_X(point) FROM reports WHERE id = :id"), {"id": report_id})
    assert (round(place, 4) == 10.2004) is is_exact


def test_what_was_learnt_of_words_goes_when_the_words_do(client, database, work):
    words = "The roof of 12 Gold Street fell into the yard, and three windows of the stairs are broken."
    one, other = send(client, text=words), send(client, text=words)
    work()
    erase_words(one)
    session.commit()
    matching_retention.keep_no_longer()
    left = select(ReportAddress.report_id).union(select(ReportMarks.report_id))
    assert set(session.scalars(left)) == {other}
