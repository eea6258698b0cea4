"""Sheets for a team that goes out: what is known and where, as exactly as who prints may see it; each printing is in the ledger."""

import re

import pytest
from sqlalchemy import text

from tests.coordination.test_desk import HERE, one_record, records, report, send

__all__ = ["one_record"]

EXACT = f"{HERE[1]:.5f}, {HERE[0]:.5f}"


def sheets(browser, **asked):
    answer = browser.get("/desk/sheets", query_string=asked)
    assert answer.status_code == 200, answer.status_code
    return re.findall(r'<article class="sheet">(.*?)</article>', answer.text, re.DOTALL)


def test_a_coordinator_prints_a_sheet_from_the_record_with_the_place_and_room_for_what_is_found(
    as_, one_record, database
):
    chipo = as_("chipo")
    address = re.search(r'href="(/desk/sheets\?q=[^"]+)"', chipo.get(f"/desk/incidents/{one_record}").text)[1]
    assert address.endswith(one_record)
    (sheet,) = sheets(chipo, q=one_record)
    assert EXACT in sheet
    assert one_record in sheet
    assert "The roof of school 17" not in sheet, "words of reports stay at the desk"
    for question in (
        "How badly is it damaged?",
        "Is there danger at the place?",
        "What is needed?",
        "What did you see?",
    ):
        assert question in sheet
    export, rows = database.execute(
        text("SELECT subject_id, details->>'rows' FROM ledger WHERE event = 'export.made'")
    ).one()
    assert rows == "1"
    assert str(export)[:8] in sheet


def test_the_filters_of_the_desk_choose_the_sheets(as_, client, work, one_record, database):
    send(client, report(HERE[0] + 0.5, HERE[1], site_type="TRA.BRIDGE", damage="D4", text="The bridge is down."))
    work()
    assert len(records(database)) == 2
    assert len(sheets(as_("chipo"))) == 2
    (sheet,) = sheets(as_("chipo"), damage="4")
    assert "Bridge" in sheet
    assert sheets(as_("chipo"), damage="0") == []
    assert as_("chipo").get("/desk/sheets?damage=9").status_code == 422


@pytest.mark.parametrize(
    ("name", "most_protected", "is_exact"), [("dario", False, False), ("chipo", True, False), ("pilar", True, True)]
)
def test_a_place_is_as_exact_as_on_the_page_of_the_record(as_, one_record, database, name, most_protected, is_exact):
    if most_protected:
        database.execute(text("UPDATE incidents SET s_class = 'S4'"))
    (sheet,) = sheets(as_(name), q=one_record)
    assert (EXACT in sheet) is is_exact


def test_who_gave_the_password_long_ago_is_asked_again_and_strangers_get_nothing(as_, client, one_record, database):
    assert client.get("/desk/sheets").status_code == 401
    assert as_("eve").get("/desk/sheets").status_code == 403
    chipo = as_("chipo")
    database.execute(
        text("UPDATE sign_ins SET contents = contents || CAST('{\"fs_paa\": 1}' AS jsonb) - CAST('fs_gexp' AS text)")
    )
    assert "/account/confirm" in chipo.get("/desk/sheets").headers["Location"]
