"""Who does what where (5W): entering activities, gaps and overlaps, and the files for three audiences."""

import csv
import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from server.coordination import gaps
from server.core.clock import now
from server.vocabulary import Sector
from tests.coordination.test_aid import house, need, norway, school
from tests.publication import town

__all__ = ["need", "norway", "school"]
TODAY = now().date()


def activity(browser, **more):
    given = {"what": "Water by truck", "need_type": "WATER", "status": "ONGOING", "starts_on": str(TODAY - timedelta(days=3)), "unit": "PERSON"}
    return browser.post("/desk/aid/activities/new", data={**given, "adm2_pcode": town.DISTRICTS[0], "reached": "120", **more})


def rows(browser, audience, name="csv"):
    answer = browser.get(f"/desk/aid/5w/{audience}.{name}")
    assert answer.status_code == 200, answer.status_code
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


def test_a_partner_enters_what_it_does_and_changes_it_and_another_organisation_cannot(as_, school, database):
    dario = as_("dario")
    address = activity(dario, incident=school, adm2_pcode="").location
    assert "Water by truck" in dario.get(f"/desk/incidents/{school}").text
    changed = {"what": "Water by truck, twice a day", "need_type": "WATER", "status": "COMPLETED", "starts_on": str(TODAY), "unit": "PERSON", "incident": school, "version": 1}
    assert as_("amal").post(address, data=changed).status_code == 403
    assert dario.post(address, data=changed).status_code == 303
    assert dario.post(address, data=changed).status_code == 412, "somebody else changed it meanwhile"
    assert database.execute(text("SELECT status, adm2_pcode IS NOT NULL FROM activities")).one() == ("COMPLETED", True)


@pytest.mark.parametrize("wrong", [{"what": ""}, {"ends_on": "2020-01-01"}, {"adm2_pcode": "XX"}, {"incident": "INC-00000000"}, {"reached": "-1"}, {"status": "X"}])
def test_an_activity_with_something_wrong_is_refused_and_what_was_typed_stays(as_, school, wrong, database):
    answer = activity(as_("dario"), implementing_partner="Hands of Solheim", **wrong)
    assert answer.status_code in (404, 422)
    assert "Hands of Solheim" in answer.text
    assert database.scalar(text("SELECT count(*) FROM activities")) == 0


def test_nobody_speaks_for_another_organisation_but_a_coordinator(as_, school, people, database):
    assert activity(as_("dario"), organisation=house(database, "Relief Works")).status_code == 403
    assert activity(as_("chipo"), organisation=house(database, "Open Hands")).status_code == 303


def cell(sector=Sector.WSH):
    found = gaps.matrix()
    return next(row[sector] for row in found.cells.values() if sector in row)


def test_the_matrix_says_where_nobody_is_at_work_where_not_all_is_taken_on_and_where_two_do_the_same(as_, need, people, database):
    assert (cell().mark, cell().untaken, len(cell().organisations)) == ("gap", 1, 0)
    activity(as_("dario"))
    assert (cell().mark, cell().untaken) == ("short", 1)
    as_("dario").post(f"/desk/aid/needs/{need}/claim")
    assert (cell().mark, cell().untaken, cell().live) == ("covered", 0, 1)
    activity(as_("amal"))
    assert (cell().mark, len(cell().organisations)) == ("overlap", 2)
    assert cell(Sector.SHL).mark == "gap"
    page = as_("dario").get("/desk/aid").text
    assert "several at work, nothing left" in page
    assert "gap: nobody is at work" in page
    assert "need=WATER&amp;need=SANITATION" in page


def test_the_counts_are_the_same_before_and_after_they_are_gathered(as_, need, database):
    before = gaps.matrix()
    assert gaps.fold() > 0
    assert gaps.fold() == 0
    assert gaps.matrix() == before
    as_("dario").post(f"/desk/aid/needs/{need}/claim")
    assert gaps.matrix().total.untaken == before.total.untaken - 1


def test_the_table_for_coordinators_has_every_activity_and_asks_who_they_are(as_, school, database):
    activity(as_("dario"), incident=school, adm2_pcode="", what="=cmd|' /C calc'!A0", planned="500")
    [row] = rows(as_("chipo"), "COORD")
    assert (row["org_name"], row["sector_code"], row["damage_record"], row["reached"], row["planned"]) == ("Open Hands", "WSH", school, "120", "500")
    assert row["activity"].startswith("'=")
    assert as_("dario").get("/desk/aid/5w/COORD.csv").status_code == 403
    assert as_("eve").get("/desk/aid/5w/PUBLIC.csv").status_code == 403
    assert database.scalar(text("SELECT count(*) FROM ledger WHERE event = 'export.made'")) == 1


def test_partners_get_sums_with_small_numbers_hidden_and_no_damage_record(as_, school):
    for number in range(7):
        activity(as_("dario"), what=f"Water {number}")
    activity(as_("amal"), need_type="FOOD", incident=school, adm2_pcode="")
    answer = {row["sector_code"]: row for row in rows(as_("dario"), "PARTNER")}
    assert (answer["FSC"]["activities"], answer["FSC"]["people_reached"]) == ("<5", "<5")
    assert answer["WSH"]["org_names"] == "Open Hands"
    assert "damage_record" not in answer["WSH"]
    assert school not in as_("dario").get("/desk/aid/5w/PARTNER.csv").text


def test_the_file_for_the_public_is_the_one_that_everybody_gets(as_, school):
    activity(as_("dario"))
    answer = as_("dario").get("/desk/aid/5w/PUBLIC.csv")
    assert (answer.status_code, answer.location) == (302, "/api/v1/public/activities.csv")


def test_the_workbook_and_the_tagged_table_say_the_same_as_the_plain_one(as_, school):
    activity(as_("dario"))
    chipo = as_("chipo")
    plain = rows(chipo, "COORD")
    tagged = list(csv.reader(io.StringIO(chipo.get("/desk/aid/5w/COORD.hxl.csv").text.lstrip("\ufeff"))))
    assert all(tag.startswith("#") for tag in tagged[1])
    sheet = load_workbook(io.BytesIO(chipo.get("/desk/aid/5w/COORD.xlsx").data)).active
    assert [one.value for one in sheet[1]] == tagged[0] == list(plain[0])
    assert sheet.cell(3, 1 + tagged[0].index("reached")).value == 120
    assert sheet.cell(3, 1 + tagged[0].index("start")).value.date() == TODAY - timedelta(days=3)
