"""Papers: a sheet to print in every language, and a heap of them typed row by row, each a report of its own, taken back as one."""

import re

import pytest
from sqlalchemy import text

from server.core.database import see_as
from server.core.i18n import LANGUAGES
from server.intake.paper_form import drawn
from server.intake.papers import COLUMNS

GOOD = {"row_key": "P-1", "place": "-34.9011, -56.1645", "event_date": "3.11.2026", "site_type": "EDU.SCHOOL", "damage": "D3", "text": "The roof."}


def enter(browser, *rows, do="keep", bundle="Shelter 4"):
    form = {name: [row.get(name, "") for row in rows] for name in COLUMNS}
    return browser.post("/desk/paper/enter", data={**form, "do": do, "bundle": bundle, "source_type": "SELF_WITNESS", "lang": "ar"})


def reports(database):
    see_as("all")
    query = "SELECT site_type, damage, channel, organisation_id, lang, source_type, people_trapped FROM reports WHERE withdrawn_at IS NULL ORDER BY site_type"
    return [tuple(row) for row in database.execute(text(query))]


def test_each_paper_becomes_a_report_of_its_own_and_all_are_taken_back_together(as_, database, work):
    chipo = as_("chipo")
    second = {**GOOD, "row_key": "P-2", "site_type": "HEA.HOSP", "damage": "D4", "place": "", "place_text": "Old town", "people_trapped": "yes"}
    page = enter(chipo, GOOD, {}, second).text
    assert "2 papers are kept" in page
    assert reports(database) == [
        ("EDU.SCHOOL", "D3", "BULK", None, "ar", "SELF_WITNESS", None), ("HEA.HOSP", "D4", "BULK", None, "ar", "SELF_WITNESS", True)
    ]  # fmt: skip
    undo = re.search(r'action="(/desk/paper/enter/[^"]+/undo)"', page)[1]
    assert as_("berta").post(undo).status_code == 404
    assert chipo.post(undo).status_code == 200
    assert reports(database) == []


def test_ticked_boxes_are_typed_by_the_numbers_on_the_sheet(as_, database):
    page = enter(as_("chipo"), {**GOOD, "hazards": "1, 3", "needs": "5 6"}, {**GOOD, "row_key": "P-2", "needs": "99"}).text
    see_as("all")
    assert tuple(database.execute(text("SELECT hazards, needs FROM reports")).one()) == (["HZ.UXO", "HZ.FIRE"], ["WATER", "FOOD"])
    assert "This cannot be read: 99." in page


def test_two_papers_of_one_house_typed_by_one_person_are_two_witnesses(as_, database, work):
    enter(as_("chipo"), GOOD, {**GOOD, "row_key": "P-2", "text": "Roof gone, walls stand."})
    work()
    assert tuple(database.execute(text("SELECT sum(report_count), sum(witness_count) FROM incidents WHERE merged_into IS NULL")).one()) == (2, 2)


def test_a_row_that_cannot_be_read_stays_as_typed_with_the_reason_and_the_others_enter(as_, database):
    bad = {**GOOD, "row_key": "P-9", "place": "95.0, 200.0", "text": "Keep <this>."}
    page = enter(as_("chipo"), GOOD, bad, {**GOOD, "row_key": "P-10", "event_date": "some day"}).text
    assert "1 paper is kept" in page
    assert "2 rows need your attention" in page
    assert "This cannot be read: some day." in page
    assert "Keep &lt;this&gt;." in page
    assert 'value="95.0, 200.0"' in page
    assert 'value="P-1"' not in page
    assert len(reports(database)) == 1


def test_looking_keeps_nothing_and_a_paper_typed_twice_in_a_bundle_is_one(as_, database):
    chipo = as_("chipo")
    assert "All rows can be kept" in enter(chipo, GOOD, do="look").text
    assert reports(database) == []
    enter(chipo, GOOD)
    assert enter(chipo, GOOD).status_code == 422
    assert len(reports(database)) == 1
    enter(chipo, GOOD, bundle="Shelter 5")
    assert len(reports(database)) == 2


def test_nothing_typed_is_nothing_kept(as_, database):
    assert enter(as_("chipo"), {}, {}).status_code == 200
    assert reports(database) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_sheet_comes_in_every_language_with_numbers_and_boxes(as_, lang):
    page = as_("chipo").get(f"/desk/paper?lang={lang}&sheets=3").text
    assert f'lang="{lang}"' in page
    assert page.count('class="sheet"') == 3
    assert len(set(re.findall(r"P-[0-9A-F]{6}", page))) == 3
    assert page.count('class="box"') > 60
    assert ('dir="rtl"' in page.partition(">")[2][:120]) == (lang == "ar")


def test_the_picture_on_a_sheet_leads_to_the_row_of_that_sheet_and_once_entered_to_its_report(as_, database):
    """What a phone reads from the printed square is drawn here again from the path, module by module."""
    chipo = as_("chipo")
    page = chipo.get("/desk/paper?written=uk").text
    number = re.search(r"P-[0-9A-F]{6}", page)[0]
    side, outline = int(re.search(r'viewBox="0 0 (\d+) ', page)[1]), re.search(r'<path d="([^"]+)"', page)[1]
    address = f"http://localhost/desk/paper/enter?sheet={number}&written=uk"
    assert (side, outline) == drawn(address)
    dark = {(int(x) + step, int(y)) for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", outline) for step in range(int(width))}
    assert {(0, 0), (6, 0), (0, 6), (3, 3), (side - 1, 0), (0, side - 1)} <= dark, "the three eyes of the code"
    assert not {(1, 1), (7, 7), (side - 2, 1)} & dark
    opened = chipo.get(address).text
    assert f'name="row_key" value="{number}"' in opened
    assert 'value="uk" lang="uk" selected' in opened
    enter(chipo, {**GOOD, "row_key": number})
    again = chipo.get(address).text
    assert f"Paper {number} is entered already" in again
    see_as("all")
    assert f"/desk/reports/{database.scalar(text('SELECT id FROM reports'))}" in again


@pytest.mark.parametrize("sheets", ["0", "-1", "x", "99999999", "²"])
def test_a_number_of_sheets_that_is_none_gives_some(as_, sheets):
    assert 1 <= as_("chipo").get(f"/desk/paper?sheets={sheets}").text.count('class="sheet"') <= 50


@pytest.mark.parametrize(("name", "status"), [("amal", 403), ("dario", 403), ("ada", 403), ("berta", 200)])
def test_only_the_desk_enters_papers(as_, client, name, status):
    assert as_(name).get("/desk/paper/enter").status_code == status
    assert as_(name).get("/desk/paper").status_code == status
    assert client.get("/desk/paper").status_code == 401
