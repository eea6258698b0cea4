"""The unread, worked down by HTTP: worst first, one person to a record, no step on what changed meanwhile, every step with its way back."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.core.clock import now
from server.core.database import session
from server.matching import links
from server.vocabulary import FunctionalStatus, SensitivityClass, SiteType


@pytest.fixture
def record(database):
    """``record(people_trapped=True)``: a damage record that nobody has read; gives its public number."""
    opened = [0]

    def make(**given):
        opened[0] += 1
        made = links.new_incident()
        values = {
            "site_type": SiteType.RES_APT, "damage_min": 3, "damage_max": 3, "damage_best": 3, "s_class": SensitivityClass.S1,
            "opened_at": now() - timedelta(hours=100 - opened[0]), "version": 1, **given,
        }  # fmt: skip
        for name, value in values.items():
            setattr(made, name, value)
        session.add(made)
        session.commit()
        return made.public_id

    return make


def shown(page):
    """The number of the record on the page, or None."""
    _before, found, after = page.text.partition('data-item="')
    return after.partition('"')[0] if found else None


def field(page, name):
    return page.text.partition(f'name="{name}" value="')[2].partition('"')[0]


def step(browser, page, key, **more):
    """Press a key as a page without scripts would: the whole form goes."""
    form = {"step": key, "version": field(page, "version"), "queue": field(page, "queue"), "seen": "{}", **more}
    return browser.post(f"/desk/work/{shown(page)}", data=form)


def state(public_id):
    return session.execute(text("SELECT workflow, version FROM incidents WHERE public_id = :id"), {"id": public_id}).one()


def test_the_worst_comes_first_and_each_record_counts_in_one_queue(as_, record):
    rest, protected = record(), record(s_class=SensitivityClass.S3)
    hazard = record(hazards=["HZ.UXO"], s_class=SensitivityClass.S4)
    lifeline = record(site_type=SiteType.HEA_HOSP, functional_status=FunctionalStatus.F2, hazards=["HZ.FIRE"])
    trapped = record(people_trapped=True, hazards=["HZ.GAS"])
    chipo = as_("chipo")
    assert chipo.get("/desk/work/counts").json == {
        "all": 5, "trapped": 1, "lifeline": 1, "hazard": 1, "protected": 1, "rest": 1, "handed": 0, "assigned": 0, "mine": 0,
    }  # fmt: skip
    seen, page = [], chipo.get("/desk/work")
    for _ in range(5):
        seen.append(shown(page))
        page = chipo.get(step(chipo, page, "t").location)
    assert seen == [trapped, lifeline, hazard, protected, rest]
    assert shown(page) is None
    assert chipo.get("/desk/work/counts").json["all"] == 0
    assert {state(number).workflow for number in seen} == {"TRIAGE"}


def test_what_was_left_alone_is_not_shown_again_before_the_others_and_what_waits_longest_leads(as_, record):
    first, second = record(), record()
    chipo = as_("chipo")
    page = chipo.get("/desk/work")
    assert shown(page) == first
    left = step(chipo, page, "skip")
    assert shown(chipo.get(left.location)) == second
    assert state(first).workflow == "NEW"


def test_two_people_never_get_one_record_and_a_claim_that_ends_gives_it_on(as_, record, database):
    one, other = record(), record()
    assert [shown(as_(name).get("/desk/work")) for name in ("chipo", "berta")] == [one, other]
    assert shown(as_("bohdan").get("/desk/work")) is None
    database.execute(text("UPDATE work_claims SET until = now() - interval '1 minute'"))
    assert shown(as_("bohdan").get("/desk/work")) == one


def test_keeping_renews_a_claim_leaving_ends_it_and_nobody_renews_anothers(as_, record, database):
    number = record()
    chipo, berta = as_("chipo"), as_("berta")
    assert shown(chipo.get("/desk/work")) == number
    database.execute(text("UPDATE work_claims SET until = now() + interval '1 second'"))
    assert chipo.post(f"/desk/work/{number}/keep").status_code == 204
    assert database.scalar(text("SELECT until > now() + interval '2 minutes' FROM work_claims"))
    assert berta.post(f"/desk/work/{number}/keep").status_code == 412
    berta.post(f"/desk/work/{number}/release")
    assert shown(berta.get("/desk/work")) is None
    chipo.post(f"/desk/work/{number}/release")
    assert shown(berta.get("/desk/work")) == number


def test_a_step_on_a_record_that_somebody_has_open_is_refused_and_names_them(as_, record):
    number = record()
    chipo, berta = as_("chipo"), as_("berta")
    assert shown(chipo.get("/desk/work")) == number
    page = berta.get(f"/desk/work?record={number}")
    assert "Chipo" in page.text
    refused = step(berta, page, "c")
    assert refused.status_code == 412
    assert "Chipo" in refused.text
    assert state(number).workflow == "NEW"


def test_a_step_on_what_changed_meanwhile_does_nothing_and_shows_both_versions(as_, record, database):
    number = record()
    chipo = as_("chipo")
    page = chipo.get("/desk/work")
    database.execute(text("UPDATE incidents SET certainty = 'PROBABLE', version = version + 1"))
    refused = step(chipo, page, "c", seen='{"Certainty": "Rumour <b>"}')
    assert refused.status_code == 412
    assert "Rumour &lt;b&gt;" in refused.text
    assert "Probable" in refused.text
    assert state(number).workflow == "NEW"
    again = step(chipo, chipo.get(f"/desk/work?record={number}"), "c")
    assert again.status_code == 303
    assert state(number).workflow == "CLOSED"


def test_a_step_is_in_the_history_and_is_taken_back_exactly(as_, record, work):
    number = record()
    chipo = as_("chipo")
    done = step(chipo, chipo.get("/desk/work"), "i")
    assert state(number).workflow == "NEEDS_INFO"
    undo = chipo.get(done.location).text.partition('action="/desk/work/steps/')[2].partition('"')[0]
    assert "The state of work was changed" in chipo.get(f"/desk/incidents/{number}").text
    assert changes(chipo, number) == [("State of work", "New", "Needs information")]
    back = chipo.post(f"/desk/work/steps/{undo}")
    assert back.status_code == 303
    assert state(number).workflow == "NEW"
    assert shown(chipo.get(back.location)) == number
    assert chipo.post(f"/desk/work/steps/{undo}").status_code == 409
    events = set(session.scalars(text("SELECT event FROM ledger")))
    assert {"incident.moved", "change.undone"} <= events


def changes(browser, number):
    """Who reads the history of a record reads from what to what, latest first."""
    page = browser.get(f"/desk/incidents/{number}").text
    return re.findall(r'<p class="small">([\w ]+): <span class="was">.*?Before: </span>(.*?)</span>.*?After: </span><strong>(.*?)</strong>', page)


def test_the_state_of_work_set_on_the_page_of_a_record_is_in_its_history_with_the_way_back(as_, record, database):
    number = record()
    chipo = as_("chipo")
    for to in ("TRIAGE", "CLOSED"):
        assert chipo.post(f"/desk/incidents/{number}/workflow", data={"to": to, "version": state(number).version}).status_code == 303
    assert changes(chipo, number) == [("State of work", "Triage", "Closed record"), ("State of work", "New", "Triage")]
    last = database.scalar(text("SELECT id FROM incident_changes ORDER BY at DESC LIMIT 1"))
    assert chipo.post(f"/desk/incidents/{number}/changes/{last}/undo").status_code == 303
    assert state(number).workflow == "TRIAGE"
    assert chipo.post(f"/desk/incidents/{number}/workflow", data={"to": "CLOSED", "version": 1}).status_code == 412, "an older state of it was seen"
    assert chipo.post(f"/desk/incidents/{number}/workflow", data={"to": "DECIDED", "version": state(number).version}).status_code == 303


def test_a_record_is_given_to_a_person_and_leaves_the_queue_of_the_others(as_, record, people):
    number = record()
    chipo, berta = as_("chipo"), as_("berta")
    chipo.post(f"/desk/work/records/{number}/assign", data={"to": str(people["berta"].id)})
    assert chipo.get("/desk/work/counts").json["all"] == 0
    assert berta.get("/desk/work/counts").json["assigned"] == 1
    assert shown(chipo.get("/desk/work")) is None
    page = berta.get("/desk/work?queue=assigned")
    assert shown(page) == number
    assert step(berta, page, "v").status_code == 303
    assert berta.get("/desk/work/counts").json["assigned"] == 0
    assert chipo.post(f"/desk/work/records/{number}/assign", data={"to": str(people["amal"].id)}).status_code == 422
    assert chipo.post(f"/desk/work/records/{number}/assign", data={"to": ""}).status_code == 409


def test_a_whole_queue_is_handed_over_with_a_note(as_, record, people):
    numbers = [record(people_trapped=True) for _ in range(3)]
    chipo, berta = as_("chipo"), as_("berta")
    page = chipo.get("/desk/work")
    assert shown(page) == numbers[0]
    offered = page.text.partition('id="hand-queue"')[2].partition("</select>")[0]
    assert re.findall(r'value="(\w*)"( selected)?', offered) == [("", ""), ("trapped", ""), ("mine", "")], "only what holds something, and none chosen beforehand"
    told = {"queue": "trapped", "to": str(people["berta"].id), "note": "Rescue team two has the list."}
    assert chipo.post("/desk/work/hand-over", data=told).status_code == 303
    page = berta.get("/desk/work?queue=handed")
    assert "Rescue team two has the list." in page.text
    assert "Chipo" in page.text
    assert shown(page) == numbers[0]
    assert berta.get("/desk/work/counts").json["handed"] == 3
    assert chipo.get("/desk/work/counts").json["trapped"] == 0
    assert chipo.post("/desk/work/hand-over", data=told).status_code == 409
    assert chipo.post("/desk/work/hand-over", data={**told, "to": str(people["chipo"].id)}).status_code == 422


def test_a_note_names_people_and_only_its_writer_takes_it_back(as_, record, people, database):
    number = record()
    chipo, berta = as_("chipo"), as_("berta")
    chipo.post(f"/desk/work/records/{number}/notes", data={"words": "Bridge out. @Berta, @nobody: please ask the <town>."})
    page = berta.get(f"/desk/incidents/{number}")
    assert "@Berta, @nobody: please ask the &lt;town&gt;." in page.text
    note, mentions = database.execute(text("SELECT id, mentions FROM work_notes")).one()
    assert mentions == [people["berta"].id]
    assert database.scalar(text("SELECT count(*) FROM outbox WHERE event = 'note.mentioned' AND subject_id = :id"), {"id": note}) == 1
    assert berta.post(f"/desk/work/records/{number}/notes/{note}/take-back").status_code == 404
    assert chipo.post(f"/desk/work/records/{number}/notes", data={"words": "  "}).status_code == 422
    chipo.post(f"/desk/work/records/{number}/notes/{note}/take-back")
    assert "Bridge out" not in chipo.get(f"/desk/incidents/{number}").text
    assert database.scalar(text("SELECT words FROM work_notes")) == ""


def test_the_record_says_who_has_it_open(as_, record):
    number = record()
    as_("chipo").get("/desk/work")
    assert "<bdi>Chipo</bdi> has this record open" in as_("berta").get(f"/desk/incidents/{number}").text
    assert "has this record open" not in as_("chipo").get(f"/desk/incidents/{number}").text


@pytest.mark.parametrize(("name", "status"), [("amal", 403), ("dario", 403), ("sana", 403), ("ada", 403), ("eve", 403), ("bohdan", 200)])
def test_only_those_who_work_the_queue_see_it(as_, record, name, status):
    record()
    assert as_(name).get("/desk/work").status_code == status


def test_a_step_or_a_queue_that_does_not_exist_is_refused(as_, record):
    number = record()
    chipo = as_("chipo")
    page = chipo.get("/desk/work")
    assert step(chipo, page, "zz").status_code == 422
    assert chipo.get("/desk/work?queue=gossip").status_code == 404
    assert chipo.post("/desk/work/INC-NOSUCH00", data={"step": "t"}).status_code == 404
    assert chipo.post(f"/desk/work/steps/{uuid4()}/undo").status_code == 404
    assert state(number).workflow == "NEW"


def test_a_count_that_did_not_change_costs_headers_alone(as_, record):
    record()
    chipo = as_("chipo")
    answer = chipo.get("/desk/work/counts")
    assert chipo.get("/desk/work/counts", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    record()
    assert chipo.get("/desk/work/counts", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200
