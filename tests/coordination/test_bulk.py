"""Many records changed at once: shown before, done through the services, stopped, taken back exactly, and what changed since left alone."""

import re
from uuid import UUID

import pytest
from sqlalchemy import text

from server.coordination import bulk
from server.core.database import session
from tests.coordination.test_desk import HERE, report, send

EAST = 0.02


@pytest.fixture
def records(client, work, database):
    """Three damage records, far from one another; their public numbers, oldest first."""
    for place in range(3):
        send(client, report(HERE[0] + place * EAST, needs=["WATER"]))
    work()
    rows = database.execute(text("SELECT public_id FROM incidents ORDER BY opened_at, id"))
    return [row.public_id for row in rows]


def facts(database):
    """What an act could change of every record, by number; versions apart."""
    query = text(
        "SELECT public_id, workflow, site_type, s_class, needs, event_id, fixed_fields, certainty, damage_best FROM incidents"
    )
    return {row.public_id: tuple(row)[1:] for row in database.execute(query)}


def previewed(browser, change, **more):
    """Ask for a change of many; the address of what would be done."""
    answer = browser.post("/desk/bulk", data={"change": change, "which": "all", **more})
    assert answer.status_code == 303, answer.text
    return answer.location


def begun(browser, change, **more):
    address = previewed(browser, change, **more)
    assert browser.post(f"{address}/begin").status_code == 303
    return address


def test_the_page_offers_the_records_under_the_filters_and_nothing_changes_before_it_was_seen(as_, records, database):
    chipo = as_("chipo")
    page = chipo.get("/desk/bulk?damage=3").text
    assert all(number in page for number in records)
    before = facts(database)
    shown = chipo.get(previewed(chipo, "site_type:HEA.HOSP")).text
    assert "3 records were chosen" in shown
    assert re.search(r"<span class=\"was\">School</span>", shown)
    assert facts(database) == before


@pytest.mark.parametrize(
    ("change", "column", "value"),
    [("workflow:TRIAGE", 0, "TRIAGE"), ("site_type:HEA.HOSP", 1, "HEA.HOSP"), ("need:+FOOD", 3, ["WATER", "FOOD"]), ("no_need:-WATER", 3, [])],
)
def test_a_change_reaches_every_record_its_history_and_the_ledger_and_is_taken_back_exactly(as_, records, database, work, change, column, value):
    chipo, before = as_("chipo"), facts(database)
    address = begun(chipo, change)
    work()
    assert [row[column] for row in facts(database).values()] == [value] * 3
    assert "3 records were changed" in chipo.get(address).text
    assert database.scalar(text("SELECT count(DISTINCT subject_id) FROM ledger WHERE event IN ('incident.moved', 'incident.edited')")) == 3
    chipo.post(f"{address}/undo")
    assert facts(database) == before
    assert "Taken back for 3 records" in chipo.get(address).text
    assert chipo.post(f"{address}/undo").status_code == 409


def test_a_hospital_by_a_persons_word_is_protected_as_one_whatever_the_reports_say(as_, records, database):
    chipo = as_("chipo")
    begun(chipo, "site_type:HEA.HOSP", which="ticked", ids=records[0])
    chipo.post(f"/desk/incidents/{records[0]}/merge", data={"other": records[1], "reason": "One building."})
    row = database.execute(text("SELECT site_type, s_class, report_count FROM incidents WHERE public_id = :id"), {"id": records[0]}).one()
    assert tuple(row) == ("HEA.HOSP", "S3", 2)


def test_records_are_put_with_an_attack_and_taken_out_again(as_, records, database):
    event = database.scalar(
        text("INSERT INTO events (id, public_id, name, cause_group, began_at) VALUES (gen_random_uuid(), 'EVT-1', 'A night', 'UNK', now()) RETURNING id")
    )
    chipo = as_("chipo")
    address = begun(chipo, f"event:{event}")
    assert {row[4] for row in facts(database).values()} == {event}
    chipo.post(f"{address}/undo")
    assert {row[4] for row in facts(database).values()} == {None}


def test_only_ticked_records_are_changed(as_, records, database):
    begun(as_("chipo"), "workflow:CLOSED", which="ticked", ids=records[1])
    assert [facts(database)[number][0] for number in records] == ["NEW", "CLOSED", "NEW"]


def test_a_record_that_changed_after_the_preview_is_left_alone_and_named(as_, records, database):
    chipo = as_("chipo")
    address = previewed(chipo, "workflow:TRIAGE")
    database.execute(text("UPDATE incidents SET version = version + 1 WHERE public_id = :id"), {"id": records[0]})
    chipo.post(f"{address}/begin")
    assert [facts(database)[number][0] for number in records] == ["NEW", "TRIAGE", "TRIAGE"]
    assert records[0] in chipo.get(address).text.partition("Left as they were")[2]


def test_undo_leaves_what_changed_since_and_names_it(as_, records, database):
    chipo = as_("chipo")
    address = begun(chipo, "workflow:TRIAGE")
    version = database.scalar(text("SELECT version FROM incidents WHERE public_id = :id"), {"id": records[2]})
    chipo.post(f"/desk/incidents/{records[2]}/workflow", data={"to": "CLOSED", "version": version})
    chipo.post(f"{address}/undo")
    assert [facts(database)[number][0] for number in records] == ["NEW", "NEW", "CLOSED"]
    assert records[2] in chipo.get(address).text.partition("Not taken back")[2]


def test_many_are_done_by_the_worker_who_hears_a_stop(as_, records, database, work, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "PIECE", 1)
    chipo = as_("chipo")
    address = begun(chipo, "workflow:TRIAGE")
    assert chipo.get(f"{address}/progress").json == {"state": "RUNNING", "total": 3, "left": 3}
    act = UUID(address.rpartition("/")[2])
    assert bulk.advance(act)
    session.commit()
    chipo.post(f"{address}/stop")
    work()
    assert sorted(row[0] for row in facts(database).values()) == ["NEW", "NEW", "TRIAGE"]
    assert "Then it was stopped" in chipo.get(address).text
    chipo.post(f"{address}/undo")
    work()
    assert {row[0] for row in facts(database).values()} == {"NEW"}


def test_a_change_that_is_not_possible_is_refused_row_by_row(as_, records, database):
    chipo = as_("chipo")
    address = begun(chipo, "workflow:REOPENED")
    assert {row[0] for row in facts(database).values()} == {"NEW"}
    assert all(number in chipo.get(address).text for number in records)


@pytest.mark.parametrize("change", ["", "workflow:MERGED_INTO", "certainty:CONFIRMED", "site_type:CASTLE", "event:1", "need:WATER"])
def test_a_change_that_is_not_offered_is_refused(as_, records, change):
    assert as_("chipo").post("/desk/bulk", data={"change": change, "which": "all"}).status_code == 422


def test_a_filter_that_is_not_understood_and_no_tick_at_all_change_nothing(as_, records, database):
    chipo = as_("chipo")
    assert chipo.get("/desk/bulk?certainty=SURE").status_code == 422
    assert chipo.post("/desk/bulk", data={"change": "workflow:CLOSED", "which": "all", "certainty": "SURE"}).status_code == 422
    refused = chipo.post("/desk/bulk", data={"change": "workflow:CLOSED", "which": "ticked", "site_type": "RES.APT"})
    assert refused.status_code == 422
    said = ("Tick at least one record.", 'value="workflow:CLOSED" selected', 'type="hidden" name="site_type" value="RES.APT"')
    assert [words in refused.text for words in said] == [True] * 3, "on the page, with what was chosen"
    nothing = chipo.post("/desk/bulk", data={"change": "workflow:CLOSED", "which": "all", "site_type": "EDU.HIGHER"})
    assert (nothing.status_code, 'role="alert"' in nothing.text) == (409, True)
    assert {row[0] for row in facts(database).values()} == {"NEW"}


@pytest.mark.parametrize(("name", "status"), [("amal", 403), ("dario", 403), ("sana", 403), ("eve", 403), ("bohdan", 303)])
def test_only_who_may_edit_changes_many(as_, records, name, status):
    assert as_(name).post("/desk/bulk", data={"change": "workflow:TRIAGE", "which": "all"}).status_code == status


def test_another_persons_preview_is_carried_out_only_by_who_may_edit_many(as_, records, database):
    address = previewed(as_("chipo"), "workflow:TRIAGE")
    assert as_("amal").post(f"{address}/begin").status_code == 403
    assert as_("berta").get(address).status_code == 200
    assert {row[0] for row in facts(database).values()} == {"NEW"}


@pytest.mark.parametrize("ended", ["UPDATE people SET active = false", "DELETE FROM person_roles"], ids=["closed", "other work"])
def test_a_change_of_many_stops_when_who_began_it_may_not_any_more(as_, records, database, work, people, monkeypatch, ended):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    address = begun(as_("chipo"), "site_type:RES.HOUSE")
    before = facts(database)
    column = "id" if "people SET" in ended else "person_id"
    database.execute(text(f"{ended} WHERE {column} = :who"), {"who": people["chipo"].id})
    work()
    assert facts(database) == before
    assert database.scalar(text("SELECT state FROM bulk_acts")) == "STOPPED"
    assert as_("bohdan").get(address).status_code == 200
