"""The 5W inside the dated data sets: frozen, tested, signed, and withdrawn with what had to go."""

import csv
import io
from datetime import date

import pytest
from sqlalchemy import select, text

from server.core.database import session
from server.publication import naming
from server.publication.approving import needs_two_people
from server.publication.release_models import Release
from tests.people import actor
from tests.publication import town
from tests.publication.data_packages import faults
from tests.publication.test_releases import few_formats, sign, today, work
from tests.publication.test_who_does_what import working

__all__ = ["few_formats", "today", "work", "working"]
PUBLIC = "/api/v1/public"


@pytest.fixture
def prepared(working, publish, as_, work, norway):
    norway.incident()
    publish()
    as_("sana").post("/desk/releases")
    work()
    return session.scalar(text("SELECT id FROM release_drafts ORDER BY asked_at DESC LIMIT 1"))


class Draft:
    def __init__(self, draft_id):
        self.id = draft_id


def table(client, number, ending="csv"):
    body = client.get(f"{PUBLIC}/releases/{number}/5w-{number}.{ending}", buffered=True).get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))


def test_a_dated_data_set_holds_the_table_of_its_day_with_its_columns_told(
    client, prepared, as_, working, publish, tmp_path
):
    page = as_("sana").get(f"/desk/releases/{prepared}").text
    assert "an organisation of the response" in page
    assert "2026-11" in page
    sign(as_("sana"), Draft(prepared))
    number = session.scalar(select(Release.number))
    working("amal", 7, starts_on=date(2026, 11, 3))
    publish()
    [row] = table(client, number)
    assert (row["release_id"], row["activities"], row["beneficiaries_reached"]) == (number, "6", "185")
    listed = client.get(f"{PUBLIC}/releases/{number}").get_json()["files"]
    kinds = {file["format"] for file in listed}
    assert {"5w.csv", "5w.hxl.csv", "5w.xlsx", "5w-columns.csv"} <= kinds
    for file in listed:
        (tmp_path / file["name"]).write_bytes(
            client.get(f"{PUBLIC}/releases/{number}/{file['name']}", buffered=True).data
        )
    assert "5w: An organisation is named only where it agreed to be." in (tmp_path / "readme.txt").read_text(
        encoding="utf-8"
    )
    assert list(faults(tmp_path)) == []
    (tmp_path / f"5w-{number}.csv").write_bytes(b"row_id\r\n1\r\n1\r\n")
    assert len(list(faults(tmp_path))) > 1, "who looks can see"
    assert "Who does what where (5W)" in client.get(f"/data/{number}").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"org_name": "Clean Wells"},
        {"activities": 2},
        {"beneficiaries_reached": 123},
        {"org_name": "an organisation of the response, call +47 22 33 44 55"},
        {"site": "School 5"},
    ],
    ids=["a name without a word", "a small count", "a count not rounded", "a telephone number", "a column too many"],
)
def test_the_gate_stops_a_table_that_tells_too_much(working, publish, as_, work, norway, database, wrong):
    norway.incident()
    publish()
    as_("sana").post("/desk/releases")
    name, value = next(iter(wrong.items()))
    database.execute(
        text(
            "UPDATE release_activities SET row = row || jsonb_build_object(CAST(:name AS text), CAST(:value AS jsonb))"
        ),
        {"name": name, "value": f'"{value}"' if isinstance(value, str) else str(value)},
    )
    work()
    state, found = session.execute(text("SELECT state, found->'activities' FROM release_drafts")).one()
    assert (state, len(found)) == ("BLOCKED", 1)


def test_a_name_that_is_taken_back_before_the_signature_makes_the_data_set_be_prepared_anew(
    client, working, publish, as_, work, norway, people
):
    norway.incident()
    working("berta", 2)
    naming.agree(actor(people["dario"]), name="Open Hands")
    session.execute(text("INSERT INTO organisations (id, name, kind) VALUES (gen_random_uuid(), 'A third', 'UN')"))
    publish()
    as_("sana").post("/desk/releases")
    work()
    draft = session.scalar(text("SELECT id FROM release_drafts"))
    as_("dario").post("/desk/organisation/unnamed")
    publish()
    assert sign(as_("sana"), Draft(draft)).status_code == 409
    assert session.scalar(select(Release.number)) is None


def test_the_kill_switch_withdraws_the_data_set_and_makes_it_again_without_the_table_of_the_area(
    client, prepared, as_, work
):
    sign(as_("sana"), Draft(prepared))
    number = session.scalar(select(Release.number))
    as_("pilar").post("/desk/publication/take-out", data={"scope": "activities", "code": town.DISTRICTS[0]})
    assert client.get(f"{PUBLIC}/releases/{number}/5w-{number}.csv").status_code == 410
    work()
    latest = client.get(f"{PUBLIC}/releases/latest").get_json()
    assert latest["number"] != number
    assert latest["rows_total"] == 1
    assert table(client, latest["number"]) == []


def test_where_only_the_table_of_helpers_lies_in_a_conflict_two_people_sign(
    working, publish, as_, work, norway, database
):
    norway.incident(lon=10.8)
    publish()
    database.execute(text("UPDATE area_contexts SET pcode = 'NO9002'"))
    assert needs_two_people(town.NOW)
    database.execute(text("DELETE FROM pub.activities"))
    assert not needs_two_people(town.NOW)
