"""A table brought in from the desk: looked at, mapped, done whole, refused rows handed back, taken back; sealed while it waits."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import text

from server.core.clock import now
from server.core.database import see_as, session
from server.core.jobs import JOBS

TABLE = """Ref,Datum,Lat,Lon,Type,Damage,Comment,Wards
A1,2026-11-03,-34.9011,-56.1645,School,D3,The roof fell in.,4
A2,2026-11-03,-34.9021,-56.1655,Hospital,D4,Canary-9182,7
A3,2026-11-03,north of town,-56.1,School,D2,Where is it?,1
"""


def upload(browser, content=TABLE, source="Town hall"):
    return browser.post("/desk/imports", data={"file": (io.BytesIO(content.encode()), "damage.csv"), "source": source})


def mapped(browser, address, do="look", **targets):
    told = {"Ref": "row_key", "Datum": "event_date", "Lat": "lat", "Lon": "lon", "Type": "site_type", "Damage": "damage", "Comment": "text", "Wards": "", **targets}
    form = {"heading": list(told), "target": list(told.values()), "do": do, "dates": "", "scale": "", "source_type": "AUTH_LOCAL"}
    return browser.post(address, data=form)


def counted(database):
    see_as("all")
    return database.scalar(text("SELECT count(*) FROM reports WHERE withdrawn_at IS NULL"))


def test_a_table_is_looked_at_mapped_brought_in_and_taken_back(as_, database, people):
    chipo = as_("chipo")
    looked = upload(chipo)
    assert looked.status_code == 303
    page = chipo.get(looked.location).text
    assert "3 rows" in page
    assert "These are no coordinates" in page
    assert counted(database) == 0
    mapped(chipo, looked.location)
    assert counted(database) == 0
    done = mapped(chipo, looked.location, do="commit")
    assert done.status_code == 303
    assert counted(database) == 2
    row = database.execute(text("SELECT source_type, channel, organisation_id, person_id FROM reports LIMIT 1")).one()
    assert tuple(row) == ("AUTH_LOCAL", "BULK", None, people["chipo"].id)
    made = database.scalar(text("SELECT id FROM imports"))
    refused = chipo.get(f"/desk/imports/{made}/refused.csv").data.decode("utf-8-sig")
    assert refused.splitlines()[0].startswith("Ref,Datum,Lat")
    assert "A3" in refused
    assert "A1" not in refused
    chipo.post(f"/desk/imports/{made}/undo")
    assert counted(database) == 0
    assert "Taken back" in chipo.get("/desk/imports").text
    assert chipo.get(f"/desk/imports/{made}/refused.csv").status_code == 404


def test_the_next_version_changes_only_what_changed(as_, database):
    chipo = as_("chipo")
    mapped(chipo, upload(chipo).location, do="commit")
    again = upload(chipo, TABLE.replace("The roof fell in.", "The roof and a wall."))
    page = chipo.get(again.location).text
    mapped(chipo, again.location)
    page = chipo.get(again.location).text
    assert "Bring 1 row in" in page
    mapped(chipo, again.location, do="commit")
    assert tuple(database.execute(text("SELECT rows_new, rows_changed, rows_same FROM imports WHERE rows_new = 0")).one()) == (0, 1, 1)
    same = upload(chipo, TABLE.replace("The roof fell in.", "The roof and a wall."))
    assert mapped(chipo, same.location, do="commit").status_code == 409


def test_a_table_that_waits_lies_sealed_belongs_to_one_person_and_is_gone_after_a_day(as_, database):
    chipo = as_("chipo")
    address = upload(chipo).location
    assert b"Canary-9182" not in database.scalar(text("SELECT sealed FROM vault.table_uploads"))
    JOBS["intake.forget_tables"]()
    assert chipo.get(address).status_code == 200
    database.execute(text("UPDATE vault.table_uploads SET at = :old"), {"old": now() - timedelta(days=2)})
    session.commit()
    JOBS["intake.forget_tables"]()
    assert chipo.get(address).status_code == 404


def test_a_table_can_be_thrown_away(as_, database):
    chipo = as_("chipo")
    chipo.post(upload(chipo).location, data={"do": "forget"})
    assert database.scalar(text("SELECT count(*) FROM vault.table_uploads")) == 0
    assert counted(database) == 0


@pytest.mark.parametrize("content", ["", "PK\x03\x04 broken", "\n\n"])
def test_a_file_that_gives_no_rows_is_told_of(as_, database, content):
    answer = upload(as_("chipo"), content)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert database.scalar(text("SELECT count(*) FROM vault.table_uploads")) == 0


def test_a_field_that_no_report_has_is_refused(as_, database):
    chipo = as_("chipo")
    assert mapped(chipo, upload(chipo).location, Ref="perpetrator").status_code == 422
    assert chipo.post(upload(chipo).location, data={"do": "commit", "organisation": "7"}).status_code == 400
    assert counted(database) == 0


@pytest.mark.parametrize(("name", "status"), [("amal", 403), ("bohdan", 403), ("dario", 403), ("eve", 403), ("chipo", 200)])
def test_only_a_coordinator_brings_tables_in(as_, client, name, status):
    assert as_(name).get("/desk/imports").status_code == status
    assert client.get("/desk/imports").status_code == 401


def test_refused_rows_are_kept_sealed_for_a_month_and_no_longer(as_, database, storage_folder):
    chipo = as_("chipo")
    mapped(chipo, upload(chipo).location, do="commit")
    number = database.scalar(text("SELECT id FROM imports"))
    JOBS["intake.forget_tables"]()
    assert "north of town" in chipo.get(f"/desk/imports/{number}/refused.csv").text
    name = database.scalar(text("SELECT refused_ref FROM imports"))
    database.execute(text("UPDATE imports SET begun_at = :old"), {"old": now() - timedelta(days=31)})
    session.commit()
    JOBS["intake.forget_tables"]()
    assert chipo.get(f"/desk/imports/{number}/refused.csv").status_code == 404
    assert not any(path.name == name for path in (storage_folder / "imports").rglob("*"))
