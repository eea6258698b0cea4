"""Who sees where exactly: the desk's own people; everybody else a square, until an assignment they accepted opens one record."""


import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from server.coordination import assignments
from server.core import tiles
from server.core.database import session
from server.core.geography import mercator, metres_between
from server.matching import exactness
from server.matching.models import Incident
from tests.coordination.test_aid import house, ledger, need, norway, school, send
from tests.journeys.conftest import LAT, LON
from tests.people import actor

__all__ = ["need", "norway", "school"]
EXACT = f"{LAT:.5f}, {LON:.5f}"


def shown(browser, school):
    return EXACT in browser.get(f"/desk/incidents/{school}").text


def tile(browser, z=16, **where):
    x, y = (int(part * 2**z) for part in mercator(where.get("lon", LON), where.get("lat", LAT)))
    return [row for dx in range(-2, 3) for dy in range(-2, 3) for row in browser.get(f"/api/v1/desk/map/{z}/{x + dx}/{y + dy}").json.get("incidents", [])]


def give(browser, school, organisation, **more):
    return browser.post(f"/desk/aid/incidents/{school}/assignments", data={"organisation": organisation, "days": 7, "task": "Repair the well", **more})


def first(database):
    return database.scalar(text("SELECT id FROM assignments ORDER BY offered_at DESC LIMIT 1"))


def accept(browser, number):
    return browser.post(f"/desk/aid/assignments/{number}", data={"answer": "accept"})


def make(database, s_class):
    database.execute(text("UPDATE incidents SET s_class = :class"), {"class": s_class})
    session.expire_all()


@pytest.mark.parametrize(("name", "exact"), [("chipo", True), ("dario", False), ("amal", False)])
def test_partners_see_a_square_on_the_page_on_the_map_and_in_the_script(as_, school, name, exact):
    browser = as_(name)
    assert shown(browser, school) is exact
    [found] = tile(browser)
    off_by = metres_between(found[0], found[1], LON, LAT)
    assert (off_by < 1) is exact
    assert off_by < 700
    assert found[5] >= (0 if exact else off_by - 1), "the ring drawn round the middle of a square holds the place"
    assert (f'"lat": {round(LAT, 7)},' in browser.get(f"/desk/incidents/{school}/map.js").text) is exact


def test_a_box_however_small_tells_a_partner_no_more_than_the_square(as_, school):
    dario, chipo = as_("dario"), as_("chipo")
    tiny = f"{LON + 0.0005},{LAT + 0.0005},{LON + 0.0006},{LAT + 0.0006}"
    answers = [browser.get(f"/api/v1/desk/summary?bbox={tiny}").json["total"] for browser in (chipo, dario)]
    [lon, lat, *_rest] = tile(dario)[0]
    here = f"{lon - 1e-6},{lat - 1e-6},{lon + 1e-6},{lat + 1e-6}"
    assert answers[0] == 0
    assert dario.get(f"/api/v1/desk/summary?bbox={here}").json["total"] == 1
    assert school in dario.get(f"/desk/list?bbox={here}").text


def test_at_low_zoom_everybody_counts_the_same(as_, school):
    assert as_("dario").get("/api/v1/desk/map/3/4/2").json == as_("chipo").get("/api/v1/desk/map/3/4/2").json


def test_the_most_sensitive_are_shown_in_a_square_as_wide_as_a_district_and_near_nobody(as_, school, database):
    make(database, "S4")
    dario = as_("dario")
    [cell] = dario.get("/api/v1/desk/map/7/67/37").json.get("cells", []) or [[None] * 3]
    x, y = (int(part * 2**9) for part in mercator(LON, LAT))
    found = [row for dx in (-1, 0, 1) for dy in (-1, 0, 1) for row in dario.get(f"/api/v1/desk/map/9/{x + dx}/{y + dy}").json.get("cells", [])]
    assert metres_between(found[0][0], found[0][1], LON, LAT) > 1_000 or cell
    assert [row[2] for row in found] == [1]
    assert dario.get("/api/v1/nearby", query_string={"lon": LON, "lat": LAT}).json["items"] == []
    assert as_("chipo").get("/api/v1/nearby", query_string={"lon": LON, "lat": LAT}).json["items"] == []
    assert len(as_("pilar").get("/api/v1/nearby", query_string={"lon": LON, "lat": LAT}).json["items"]) == 1


def test_the_most_sensitive_are_exact_for_the_protection_focal_point_alone(as_, school, database, work):
    """Not for who coordinates or verifies either: neither page, report, pair, script, map, box, municipality nor paper tells more."""
    make(database, "S4")
    database.execute(text("UPDATE incidents SET adm3_pcode = 'NO900101'"))
    report = database.scalar(text("SELECT report_id FROM attachments"))
    digits = f"{LAT:.3f}"
    lon, lat, _radius = exactness.square_of(session.scalar(select(Incident)))
    middle = f"{lon - 0.001},{lat - 0.001},{lon + 0.001},{lat + 0.001}"
    for name in ("chipo", "berta", "sana"):
        browser = as_(name)
        pages = (f"/desk/incidents/{school}", f"/desk/incidents/{school}/map.js", f"/desk/reports/{report}", f"/desk/work?record={school}")
        for address in {"chipo": (*pages[:2], pages[3]), "berta": pages, "sana": pages[:2]}[name]:  # the report is of chipo's own house
            assert digits not in browser.get(address).text, (name, address)
        assert tile(browser) == []
        tiny = f"{LON - 0.001},{LAT - 0.001},{LON + 0.001},{LAT + 0.001}"
        assert browser.get(f"/api/v1/desk/summary?bbox={tiny}").json["total"] == 1, "the box grows to the square"
        assert browser.get(f"/api/v1/desk/summary?bbox={middle}").json["total"] == 1
        assert browser.get("/api/v1/desk/summary?adm=NO900101").json["total"] == 0
    assert "Only the protection focal point sees exactly where this is" in as_("chipo").get(f"/desk/incidents/{school}").text
    looks = ledger(database, "point.viewed")
    assert shown(as_("pilar"), school)
    assert ledger(database, "point.viewed") == looks + 1, "each look at one is on record"
    assert EXACT in as_("pilar").get(f"/desk/reports/{report}").text


def test_the_map_counts_the_most_sensitive_in_their_square_whatever_becomes_of_them(as_, school, database, work):
    from server.matching import map_cells

    def counted(z=12):
        x, y = (int(part * 2**z) for part in mercator(LON, LAT))
        found = [as_("chipo").get(f"/api/v1/desk/map/{z}/{x + dx}/{y + dy}").json for dx in range(-9, 10) for dy in range(-9, 10)]
        rows = [row for one in found for row in one.get("incidents", [])]
        return [metres_between(row[0], row[1], LON, LAT) > 300 for row in rows]

    assert counted() == [False]
    make(database, "S4")
    tiles.forget_all()
    assert counted() == [True]
    map_cells.fold()
    before = database.execute(text("SELECT level, cell, n FROM map_cells WHERE n > 0 ORDER BY 1, 2")).all()
    map_cells.rebuild()
    assert database.execute(text("SELECT level, cell, n FROM map_cells ORDER BY 1, 2")).all() == before
    key = database.scalar(text("SELECT tessera_shown_key(cell_key, s_class) FROM incidents"))
    assert key == session.scalar(select(exactness.square_key())), "the database counts where the house shows"


def test_the_protection_focal_point_gives_a_most_sensitive_place_to_those_who_must_go(as_, school, people, database):
    make(database, "S4")
    chipo = as_("chipo")
    assert give(as_("pilar"), school, house(database, "Relief Works")).status_code == 303
    assert not shown(chipo, school)
    assert accept(chipo, first(database)).status_code == 303
    assert shown(chipo, school)
    assert shown(as_("bohdan"), school), "a verifier of that organisation too"
    assert not shown(as_("berta"), school)
    assert chipo.post(f"/desk/aid/assignments/{first(database)}/hand-back").status_code == 303
    assert not shown(chipo, school)


def test_an_accepted_assignment_opens_the_place_to_that_organisation_until_it_is_handed_back(as_, school, people, database):
    chipo, dario = as_("chipo"), as_("dario")
    assert give(chipo, school, house(database, "Open Hands")).status_code == 303
    number = first(database)
    assert not shown(dario, school), "an offer opens nothing"
    assert "For your organisation" in dario.get("/desk/aid").text
    assert accept(as_("amal"), number).status_code == 403, "another organisation cannot accept it"
    assert accept(dario, number).status_code == 303
    looks = ledger(database, "point.viewed")
    assert shown(dario, school)
    assert ledger(database, "point.viewed") == looks + 1
    assert not shown(as_("amal"), school)
    assert dario.post(f"/desk/aid/assignments/{number}/hand-back").status_code == 303
    assert not shown(dario, school)
    assert [ledger(database, f"assignment.{word}") for word in ("offered", "accepted", "handed_back")] == [1, 1, 1]


def test_time_that_runs_out_closes_the_place_before_any_job_does(as_, school, people, database, work):
    give(as_("chipo"), school, house(database, "Open Hands"))
    accept(as_("dario"), number := first(database))
    database.execute(text("UPDATE assignments SET until_at = now() - interval '1 second'"))
    session.expire_all()
    assert not shown(as_("dario"), school)
    assert assignments.keep_time() == 1
    session.commit()
    assert database.scalar(text("SELECT state FROM assignments WHERE id = :id"), {"id": number}) == "EXPIRED"


def test_a_declined_record_opens_nothing_and_needs_a_reason(as_, school, people, database):
    give(as_("chipo"), school, house(database, "Open Hands"))
    number, dario = first(database), as_("dario")
    assert dario.post(f"/desk/aid/assignments/{number}", data={"answer": "decline", "reason": ""}).status_code == 422
    assert dario.post(f"/desk/aid/assignments/{number}", data={"answer": "decline", "reason": "No pump left"}).status_code == 303
    assert not shown(dario, school)
    assert accept(dario, number).status_code == 409
    assert "No pump left" in as_("chipo").get(f"/desk/incidents/{school}").text


def test_who_may_give_a_record_to_an_organisation_hangs_on_how_sensitive_it_is(as_, school, database):
    wanted = (
        ("S2", "dario", 403), ("S2", "bohdan", 403), ("S2", "amal", 403), ("S2", "eve", 403), ("S3", "pilar", 403), ("S4", "chipo", 403),
        ("S2", "chipo", 303), ("S3", "chipo", 303), ("S4", "pilar", 303),
    )  # fmt: skip
    for s_class, name, status in wanted:
        make(database, s_class)
        assert give(as_(name), school, house(database, "Open Hands")).status_code == status, (s_class, name)
        database.execute(text("DELETE FROM assignments"))


def test_a_record_that_becomes_more_sensitive_closes_again(as_, school, people, database):
    give(as_("chipo"), school, house(database, "Open Hands"))
    accept(as_("dario"), first(database))
    assert shown(as_("dario"), school)
    make(database, "S4")
    assert not shown(as_("dario"), school)


def test_a_coordinator_ends_an_assignment_with_a_reason_and_a_partner_cannot(as_, school, people, database):
    give(as_("chipo"), school, house(database, "Open Hands"))
    number, chipo, dario = first(database), as_("chipo"), as_("dario")
    accept(dario, number)
    assert dario.post(f"/desk/aid/assignments/{number}/end", data={"reason": "mine"}).status_code == 403
    assert chipo.post(f"/desk/aid/assignments/{number}/end", data={"reason": ""}).status_code == 422
    assert shown(dario, school)
    assert chipo.post(f"/desk/aid/assignments/{number}/end", data={"reason": "Others are nearer"}).status_code == 303
    assert not shown(dario, school)
    assert give(chipo, school, house(database, "Open Hands")).status_code == 303, "it may be given again"


@pytest.mark.parametrize("path", ["/desk/aid", "/desk/aid/needs", "/desk/aid/activities"])
def test_strangers_are_asked_to_sign_in_and_who_has_no_role_is_refused(client, as_, path):
    assert client.get(path).status_code == 401
    assert as_("eve").get(path).status_code == 403


def test_workers_near_their_own_report_see_how_far_it_is_and_others_only_about(as_, school):
    where = {"lon": LON + 0.0006, "lat": LAT}
    own, other = (as_(name).get("/api/v1/nearby", query_string=where).json["items"] for name in ("amal", "dario"))
    assert 20 <= own[0]["metres"] <= 50
    assert all(item["metres"] % 100 == 0 for item in other)


DEGREES = st.floats(-79.5, 79.5).map(lambda number: round(number, 5) + 0.000003)


@pytest.mark.pure
@settings(deadline=None)
@given(DEGREES, DEGREES, st.sampled_from([exactness.USUAL, exactness.PROTECTED, exactness.SEVERE]))
def test_every_point_of_a_square_gets_the_same_box(lon, lat, level):
    west, south, east, north = box = exactness.grown((lon, lat, lon, lat), level)
    assert west <= lon <= east
    assert south <= lat <= north
    lon, lat = (west + 2 * east) / 3, (south + 2 * north) / 3
    assert exactness.grown((lon, lat, lon, lat), level) == pytest.approx(box, abs=1e-7)


def test_needs_stay_countable_when_a_record_is_laid_on_another(as_, school, work, database):
    send(as_("dario"), east=0.02, text="Another school, the well broke.")
    work()
    numbers = database.scalars(text("SELECT public_id FROM incidents ORDER BY opened_at")).all()
    assert database.scalar(text("SELECT count(*) FROM needs WHERE status = 'OPEN'")) == 4
    as_("chipo").post(f"/desk/incidents/{numbers[0]}/merge", data={"other": numbers[1]})
    work()
    assert database.scalar(text("SELECT count(*) FROM needs WHERE status = 'OPEN'")) == 2
    change = database.scalar(text("SELECT id FROM incident_changes WHERE kind = 'merge'"))
    as_("chipo").post(f"/desk/incidents/{numbers[0]}/changes/{change}/undo")
    work()
    assert database.scalar(text("SELECT count(*) FROM needs WHERE status = 'OPEN'")) == 4


def test_what_was_given_to_an_organisation_stays_given_when_it_is_laid_on_another_record(as_, school, work, database, people):
    send(as_("dario"), east=0.02, text="Another school, the well broke.")
    work()
    stays, goes = database.scalars(text("SELECT public_id FROM incidents ORDER BY opened_at")).all()
    chipo, dario = as_("chipo"), actor(people["dario"])
    give(chipo, goes, house(database, "Open Hands"))
    accept(as_("dario"), first(database))

    def is_open():
        session.expire_all()
        return assignments.opens(dario, session.scalars(select(Incident).where(Incident.public_id == stays)).one()) is not None

    assert not is_open()
    assert chipo.post(f"/desk/incidents/{stays}/merge", data={"other": goes}).status_code == 303
    assert is_open(), "those who are under way do not lose the place"
    assert "Repair the well" in as_("dario").get(f"/desk/incidents/{stays}").text
    as_("dario").post(f"/desk/aid/assignments/{first(database)}/hand-back")
    assert not is_open()
