"""The desk, through its pages: what a coordinator sees and does, and what others may not."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

HERE = (-56.1645, -34.9011)


def report(lon=HERE[0], lat=HERE[1], days_ago=2, **more):
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days_ago)
    return {
        "site_type": "EDU.SCHOOL",
        "damage": "D3",
        "point": {"type": "Point", "coordinates": [lon, lat]},
        "pin_accuracy_m": 15,
        "event_earliest": at.isoformat(),
        "event_latest": (at + timedelta(hours=1)).isoformat(),
        "event_precision": "HOUR",
        "text": "The roof of school 17 fell in.",
        "witness_proximity": "SAW_IT",
        **more,
    }


def send(client, body, report_id=None):
    report_id = report_id or uuid4()
    answer = client.put(f"/api/v1/reports/{report_id}", data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.json
    return report_id


def records(database):
    return list(database.execute(text("SELECT public_id, report_count, certainty FROM incidents WHERE merged_into IS NULL ORDER BY opened_at")))


@pytest.fixture
def one_record(client, work, database):
    send(client, report())
    work()
    return records(database)[0].public_id


@pytest.mark.parametrize("path", ["/desk", "/desk/list", "/desk/review", "/desk/reports", "/desk/map.js", "/api/v1/desk/map/0/0/0"])
def test_a_stranger_is_asked_to_sign_in_before_anything_of_the_desk(client, path):
    assert client.get(path).status_code == 401


def test_somebody_without_a_role_sees_nothing_of_the_desk(as_):
    assert as_("eve").get("/desk").status_code == 403


def test_a_coordinator_sees_the_record_in_the_list_and_the_number_on_the_map(as_, one_record):
    chipo = as_("chipo")
    page = chipo.get("/desk").text
    assert one_record in page
    assert "1 damage record" in page
    tile = chipo.get("/api/v1/desk/map/0/0/0").json
    assert sum(cell[2] for cell in tile["cells"]) == 1
    assert tile["cells"][0][6] == 1  # of grade D3


def test_filters_that_fit_nothing_show_nothing_and_say_so(as_, one_record):
    page = as_("chipo").get("/desk?damage=0").text
    assert one_record not in page
    assert "No damage record fits" in page


def test_a_filter_outside_its_list_is_left_out_and_named(as_, one_record):
    page = as_("chipo").get("/desk?certainty=SURE").text
    assert one_record in page
    assert "<code>certainty</code>" in page


def test_the_page_of_a_record_shows_the_words_and_why_the_report_lies_there(as_, one_record):
    page = as_("chipo").get(f"/desk/incidents/{one_record}").text
    assert "The roof of school 17 fell in." in page
    assert "the first report of this damage" in page


def test_a_partner_of_another_organisation_sees_the_record_but_not_the_report(as_, one_record):
    answer = as_("dario").get(f"/desk/incidents/{one_record}")
    assert answer.status_code == 200
    assert "school 17" not in answer.text


def test_possible_is_decided_by_one_person_with_a_reason_and_confirmed_is_refused_with_what_is_missing(as_, client, work, database):
    send(client, report())
    work()
    public_id = records(database)[0].public_id
    bohdan = as_("bohdan")
    refused = bohdan.post(f"/desk/incidents/{public_id}/certainty", data={"to": "CONFIRMED", "version": _version(database), "rationale": "x" * 30})
    assert refused.status_code == 422
    assert "CONFIRMED needs a field visit" in refused.text
    done = bohdan.post(f"/desk/incidents/{public_id}/certainty", data={"to": "RUMOUR", "version": _version(database), "rationale": "Nothing else is known yet."})
    assert done.status_code == 303


def test_who_saw_an_older_state_is_told_so_on_the_record_before_anything_moves(as_, client, work, database):
    send(client, report())
    work()
    public_id, version = records(database)[0].public_id, _version(database)
    chipo, address = as_("chipo"), f"/desk/incidents/{public_id}/workflow"
    form = chipo.get(f"/desk/incidents/{public_id}").text.partition(f'action="{address}"')[2].partition("</form>")[0]
    assert f'name="version" value="{version}"' in form
    assert chipo.post(address, data={"to": "TRIAGE"}).status_code == 400
    assert chipo.post(address, data={"to": "TRIAGE", "version": version}).status_code == 303
    late = chipo.post(address, data={"to": "CLOSED", "version": version})
    assert (late.status_code, database.scalar(text("SELECT workflow FROM incidents"))) == (412, "TRIAGE")
    form = late.text.partition(f'action="{address}"')[2].partition("</form>")[0]
    assert f'name="version" value="{version + 1}"' in form, "the page shows what holds now, to choose again"
    assert 'href="#move-to"' in late.text
    assert chipo.post(address, data={"to": "CLOSED", "version": version + 1}).status_code == 303


def _version(database):
    return database.scalar(text("SELECT version FROM incidents"))


def test_confirmed_waits_for_a_second_person_who_is_not_the_first(as_, work, database, app, people):
    _field_visit(app, people, database)
    work()
    public_id = records(database)[0].public_id
    bohdan, berta = as_("bohdan"), as_("berta")
    answer = berta.post(f"/desk/incidents/{public_id}/certainty", data={"to": "CONFIRMED", "version": _version(database), "rationale": "Our own team saw it and took photos."})
    assert answer.status_code == 303, answer.text
    assert records(database)[0].certainty != "CONFIRMED"
    decision = database.scalar(text("SELECT id FROM verification_decisions"))
    again = berta.post(f"/desk/incidents/{public_id}/decisions/{decision}/agree")
    assert again.status_code == 422
    assert bohdan.post(f"/desk/incidents/{public_id}/decisions/{decision}/agree").status_code in (303, 422)


def _field_visit(app, people, database):
    """A report of a field worker of Relief Works, with one clean photo."""
    from server.accounts.service import add_key
    from server.core.database import session
    from tests.people import actor

    key = add_key(people["amal"].organisation_id, "van 1", actor=actor(people["ada"]))
    session.commit()
    client, report_id = app.test_client(), uuid4()
    body = report(source_type="FIELD_NGO", text="We went there.")
    answer = client.put(f"/api/v1/reports/{report_id}", data=json.dumps(body), content_type="application/json", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 201
    database.execute(
        text(
            "INSERT INTO photos (id, report_id, position, state, original_sha256, original_bytes, perceptual_hash) "
            "VALUES (gen_random_uuid(), :report, 1, 'CLEAN', sha256('x'), 1, 42)"
        ),
        {"report": report_id},
    )


def test_two_records_are_laid_together_and_taken_apart_again(as_, client, work, database):
    send(client, report())
    send(client, report(lon=HERE[0] + 0.02, text="The bakery at number 4 burns.", site_type="FOO.PROC"))
    work()
    first, second = (row.public_id for row in records(database))
    chipo = as_("chipo")
    assert chipo.post(f"/desk/incidents/{first}/merge", data={"other": second, "reason": "same yard"}).status_code == 303
    assert [row.report_count for row in records(database)] == [2]
    moved = chipo.get(f"/desk/incidents/{second}")
    assert moved.status_code == 302
    assert moved.location.endswith(first)
    change = database.scalar(text("SELECT id FROM incident_changes WHERE kind = 'merge'"))
    assert chipo.post(f"/desk/incidents/{first}/changes/{change}/undo").status_code == 303
    assert [row.report_count for row in records(database)] == [1, 1]


def test_a_report_without_a_place_waits_at_the_desk_and_opens_a_record_where_a_person_finds_it(as_, client, work, database):
    body = report(text="My house behind the old mill is burning.")
    del body["point"]
    report_id = send(client, {**body, "place_text": "behind the old mill"})
    work()
    chipo = as_("chipo")
    assert str(report_id) in chipo.get("/desk/reports").text
    assert chipo.post(f"/desk/reports/{report_id}/place", data={"place": "-34.9011, -56.1645"}).status_code == 303
    work()
    assert [row.report_count for row in records(database)] == [1]
    assert str(report_id) not in chipo.get("/desk/reports").text


def test_words_about_the_military_are_held_back_until_a_person_frees_them_and_the_facts_count_at_once(as_, client, work, database):
    report_id = send(client, report(text="Our troops stand behind school 17."))
    work()
    assert [row.report_count for row in records(database)] == [1]
    chipo = as_("chipo")
    page = chipo.get(f"/desk/reports/{report_id}").text
    assert "held back" in page
    assert "stand behind school" not in page
    assert chipo.post(f"/desk/reports/{report_id}/free").status_code == 303
    work()
    assert [row.report_count for row in records(database)] == [1]
